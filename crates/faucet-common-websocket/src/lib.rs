//! The shared part of the WebSocket source and sink: one connect budget over DNS, TCP, TLS and a strictly
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
mod connect_failed;
mod connect_limit;
mod driver;
mod endpoint;
mod extensions;
mod frame;
mod machine;
mod made;
pub mod options;
mod recurring;
mod refusal;
mod schema_rules;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
mod server_upgrade;
mod site;
mod target;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
mod upgrade;
mod upgrade_failed;
pub mod url;
mod url_text;
mod words;

pub use check::CheckProfile;
pub use compression::Compression;
pub use config::{ConnectOptions, FeedOptions, RequestOptions, TimeOptions};
pub use connect_failed::{ConnectFailed, Handshake, RuledAnswer};
pub use driver::{Driver, Received};
pub use endpoint::Endpoint;
pub use extensions::BadChoice;
pub use faucet_connect::{
    Auth, AuthProvider, Backoff, Destination, Dial, DialFailure, Io, ProxyEnvironment,
    ProxySetting, Quote, ReconnectKeys, ReconnectPolicy, StepLog, TlsConfig, TlsVersion, patterns,
};
pub use faucet_session as session;
pub use faucet_session::keys::SessionMessage;
pub use frame::Frame;
pub use machine::{
    Class, Discarded, End, Event, Failure, GaveUp, NoAttempt, Outbox, Over, RunFailed, Stamp,
    Taken, Utf8Policy, Violation,
};
pub use made::Made;
pub use recurring::{Recurring, Telling};
pub use refusal::Refusal;
pub use schema_rules::connection_rules;
pub use upgrade_failed::UpgradeFailed;
pub use url::WsUrl;
pub use url_text::UrlText;
pub use words::{Advice, never_ponged};
