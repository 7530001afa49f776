//! How named values are made.
