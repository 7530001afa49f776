//! Why a proxy brought no connection.

use std::io;

use crate::tls_failure::TlsFailure;

/// Why a proxy brought no connection to the far end.
#[derive(Debug, thiserror::Error)]
#[error("proxy {proxy}: {fault}")]
#[non_exhaustive]
pub struct ProxyFailure {
    /// The proxy's URL without user info, and the variable that named it if one did.
    pub proxy: String,
    /// The reason.
    #[source]
    pub fault: ProxyFault,
}

/// In which way a proxy failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyFault {
    /// The proxy's name has no address.
    #[error("dns: {0}")]
    Dns(#[source] io::Error),
    /// No address of the proxy took the connection.
    #[error("{0}")]
    Unreachable(#[source] io::Error),
    /// TLS with the proxy itself failed.
    #[error(transparent)]
    Tls(TlsFailure),
    /// The connection ended before the proxy had answered.
    #[error("closed before it answered: {0}")]
    Lost(#[source] io::Error),
    /// The far end's name, which a `socks5://` proxy cannot look up, has no address.
    #[error("dns: the far end: {0}")]
    FarEnd(#[source] io::Error),
    /// The answer is not of the proxy's protocol.
    #[error("the answer is not that of a proxy of this kind")]
    NotAProxy,
    /// A SOCKS5 proxy wants a user and a password, or others.
    #[error("the user and password are refused or missing")]
    Credentials,
    /// An HTTP proxy answered with this status; 407 is about credentials.
    #[error("the proxy answered with status {0}")]
    Status(u16),
    /// A SOCKS5 proxy refused.
    #[error("the proxy refused: {0}")]
    Socks(SocksRefusal),
}

/// Why a SOCKS5 proxy refused (RFC 1928 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SocksRefusal {
    /// No reason was given.
    #[error("general failure")]
    General,
    /// The proxy's rules forbid the connection.
    #[error("not allowed by its rules")]
    NotAllowed,
    /// No way to the far end's network.
    #[error("network unreachable")]
    NetworkUnreachable,
    /// No way to the far end, or no address for its name.
    #[error("host unreachable")]
    HostUnreachable,
    /// The far end refused the connection.
    #[error("connection refused")]
    ConnectionRefused,
    /// The time to live ran out.
    #[error("TTL expired")]
    Expired,
    /// The proxy does not know the kind of address.
    #[error("address type not supported")]
    AddressType,
    /// The proxy does not connect at all.
    #[error("command not supported")]
    Command,
}
