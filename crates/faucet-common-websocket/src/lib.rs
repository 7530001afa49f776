//! What the WebSocket source and sink share: one connect budget over DNS, TCP, TLS and a strictly
//! checked upgrade, keepalive, close codes and the life cycle. Credentials, TLS keys, dialling and
//! backoff come from [`faucet_connect`], where connectors of other protocols find them too.
//!
//! Policy is pure and takes `now` ([`lifecycle`], [`keepalive`], [`close`]); the [`Session`] does the
//! I/O and its owner polls it. No type of the WebSocket library appears in a public signature.

mod answer;
mod check;
pub mod close;
pub mod config;
mod connection;
pub mod deadline_timer;
mod endpoint;
mod error;
pub mod event;
mod frame;
pub mod greeting;
mod hold;
pub mod keepalive;
pub mod lifecycle;
pub mod options;
mod proxy_error;
mod scan;
#[cfg(feature = "server")]
pub mod server;
pub mod session;
mod session_policy;
mod target;
mod upgrade;
pub mod url;
pub mod wire;

pub use check::CheckProfile;
pub use config::ConnectOptions;
pub use deadline_timer::DeadlineTimer;
pub use endpoint::Endpoint;
pub use error::never_ponged;
pub use event::{Event, Outgoing};
pub use faucet_connect::{
    Auth, AuthProvider, Backoff, Destination, Dial, DialFailure, Io, ProxyEnvironment,
    ProxySetting, ReconnectKeys, ReconnectPolicy, StepLog, TlsConfig,
};
pub use frame::Frame;
pub use greeting::ConnectMessage;
pub use session::Session;
pub use url::{UrlText, WsUrl};
