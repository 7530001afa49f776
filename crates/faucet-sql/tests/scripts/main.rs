//! Scripts and queries at work, against a scripted server and doubles.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod bad_rows;
mod errors;
mod internal;
mod large;
mod pipeline_file;
mod properties;
mod specification;
mod support;
mod windows;
