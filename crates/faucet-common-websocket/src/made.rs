//! How a connection was made.

use std::time::Duration;

use faucet_connect::TlsVersion;

/// How a connection was made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Made {
    /// From the first step to the answer to the upgrade. Calls before the connect count.
    pub took: Duration,
    /// The version of TLS; `None` on a `ws://` URL.
    pub tls: Option<TlsVersion>,
    /// The subprotocol that the server chose.
    pub subprotocol: Option<String>,
    /// Whether the server chose compression.
    pub compressed: bool,
}
