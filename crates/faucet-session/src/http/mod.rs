//! HTTP calls.
