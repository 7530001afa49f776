//! What the WebSocket source and sink share: one connect budget over DNS, TCP, TLS and a strictly
//! checked upgrade, keepalive, close codes and the life cycle. Credentials, TLS keys, dialling and
//! backoff come from [`faucet_connect`], where connectors of other protocols find them too.
//!
//! The connection is a pure machine (`machine/`) that takes bytes and `now`; the [`Driver`] gives it
//! a socket and a clock, and its owner polls the driver. No type of the WebSocket library appears in
//! a public signature.

mod answer;
mod check;
mod compression;
pub mod config;
mod driver;
mod endpoint;
mod error;
mod extensions;
mod frame;
pub mod greeting;
mod machine;
pub mod options;
mod proxy_error;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
mod server_upgrade;
mod target;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
mod upgrade;
pub mod url;

pub use check::CheckProfile;
pub use compression::Compression;
pub use config::{ConnectOptions, FeedOptions};
pub use driver::Driver;
pub use endpoint::Endpoint;
pub use error::never_ponged;
pub use faucet_connect::{
    Auth, AuthProvider, Backoff, Destination, Dial, DialFailure, Io, ProxyEnvironment,
    ProxySetting, ReconnectKeys, ReconnectPolicy, StepLog, TlsConfig,
};
pub use frame::Frame;
pub use greeting::ConnectMessage;
pub use machine::{
    Class, Discarded, Event, Failure, GaveUp, Outbox, Over, Stamp, Taken, Utf8Policy,
};
pub use url::{UrlText, WsUrl};
