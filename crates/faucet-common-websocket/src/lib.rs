//! What the WebSocket source and sink share: one connect budget over DNS, TCP, TLS and a strictly
//! checked upgrade, credentials, keepalive, backoff and the life cycle.
//!
//! Policy is pure and takes `now` ([`lifecycle`], [`backoff`], [`keepalive`], [`close`]); the
//! [`Session`] does the I/O and is polled by its owner. No type of the WebSocket library appears in
//! a public signature.

pub mod alarm;
pub mod auth;
pub mod backoff;
mod check;
pub mod close;
pub mod config;
mod connection;
pub mod dial;
mod endpoint;
mod error;
pub mod event;
mod frame;
pub mod greeting;
mod hold;
pub mod keepalive;
pub mod lifecycle;
pub mod options;
mod scan;
#[cfg(feature = "server")]
pub mod server;
pub mod session;
mod session_policy;
mod steps;
mod target;
pub mod tls;
mod tls_error;
mod upgrade;
pub mod url;
pub mod wire;

pub use alarm::Alarm;
pub use auth::{Auth, AuthProvider};
pub use check::Wanted;
pub use config::ConnectOptions;
pub use endpoint::Endpoint;
pub use error::never_ponged;
pub use event::{Event, Outgoing};
pub use frame::Frame;
pub use greeting::ConnectMessage;
pub use session::Session;
pub use steps::StepLog;
pub use tls::TlsConfig;
pub use url::{UrlText, WsUrl};
