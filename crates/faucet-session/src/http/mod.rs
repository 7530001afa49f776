//! HTTP/1.1 calls before a connect and in a session: one request on one connection, through the same
//! proxy and TLS keys as the session itself.

mod answer;
mod call;
mod client;
mod exchange;
mod failed;
mod redirect;
mod url;

pub use crate::keys::HttpMethod;
pub use answer::HttpAnswer;
pub use call::{HttpCall, is_reserved};
pub use client::HttpClient;
pub use failed::{HttpFailed, HttpPhase};
pub use url::{HttpUrl, HttpUrlFault};
