//! What users see of their mistakes.
