//! HTTP calls over real and in-memory streams.

mod answers;
mod calls;
mod redirects;
mod requests;
mod streams;
mod times;
