//! HTTP calls over real and in-memory streams.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod answers;
mod calls;
mod redirects;
mod requests;
mod streams;
mod times;
