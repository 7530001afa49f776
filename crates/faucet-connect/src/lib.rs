//! Parts of a connector that reaches a far end, for any protocol: credentials ([`Auth`],
//! [`AuthProvider`], [`Credentials`]), TLS keys ([`TlsConfig`], [`Tls`]), TCP ([`Dial`], [`NetDial`]),
//! proxies ([`ProxySetting`], [`ProxyEnvironment`]) and the policy for connecting again ([`ReconnectKeys`], [`Backoff`], [`Attempts`]).
//!
//! The connectors of faucet-stream use this crate, and a connector of yours can use it in the same
//! way. Put the configuration structs into your own, call their `check` where you check the other
//! keys, and your keys have the same names, rules and messages as those of faucet-stream.
//!
//! ```
//! use std::time::{Duration, Instant};
//!
//! use faucet_connect::{Attempts, ReconnectKeys};
//! use faucet_core::Problems;
//!
//! let keys = ReconnectKeys {
//!     reconnect: true,
//!     max_backoff: Some(Duration::from_secs(30)),
//!     ..ReconnectKeys::default()
//! };
//! let mut problems = Problems::new();
//! let policy = keys.check(&mut problems);
//! assert!(problems.is_empty());
//!
//! let mut attempts = Attempts::new(policy);
//! let retry = attempts.failed(Instant::now(), 0.0).expect("attempts are not limited");
//! assert_eq!((retry.attempt, retry.wait), (1, Duration::from_secs(1)));
//! ```
//!
//! Policy is pure and takes `now`. [`NetDial`] and [`Tls`] do the I/O; the caller bounds its time.

mod attempts;
mod auth;
mod backoff;
mod certificate;
mod credentials;
mod dial;
mod headers;
mod io;
mod io_words;
pub mod patterns;
mod pem_file;
mod proxy;
mod quote;
mod reconnect;
mod secret_fault;
mod secrets;
mod steps;
mod tls;
mod tls_failure;
mod tls_version;
mod verifier;

pub use attempts::{Attempts, Retry, STABLE};
pub use auth::{Auth, AuthProvider, basic_headers};
pub use backoff::Backoff;
pub use credentials::Credentials;
pub use dial::{Destination, Dial, DialFailure, NetDial};
pub use headers::{USER_AGENT, check_headers, is_reserved};
pub use io::Io;
pub use io_words::io_words;
pub use proxy::{
    ProxyChoice, ProxyDial, ProxyEnvironment, ProxyFailure, ProxyFault, ProxyScheme, ProxySetting,
    ProxyUrl, ProxyUrlFault, SocksRefusal,
};
pub use quote::Quote;
pub use reconnect::{ReconnectKeys, ReconnectPolicy};
pub use secret_fault::{SecretFault, SecretUse, check_header_value, check_secret};
pub use secrets::Secrets;
pub use steps::StepLog;
pub use tls::{Secured, Tls, TlsConfig};
pub use tls_failure::{CertificateFault, TlsFailure};
pub use tls_version::TlsVersion;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
