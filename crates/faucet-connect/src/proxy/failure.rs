//! Why a proxy brought no connection.

use std::io;

use http::StatusCode;

use crate::io_words::io_words;
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

impl ProxyFailure {
    /// The proxy `proxy`, a URL without user info, has failed by `fault`.
    pub fn new(proxy: impl Into<String>, fault: ProxyFault) -> Self {
        Self { proxy: proxy.into(), fault }
    }
}

/// In which way a proxy failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyFault {
    /// The proxy's name has no address.
    #[error("dns: {}", io_words(.0))]
    Dns(#[source] io::Error),
    /// No address of the proxy took the connection.
    #[error("{}", io_words(.0))]
    Unreachable(#[source] io::Error),
    /// TLS with the proxy itself failed.
    #[error("{}", tls_words(.0))]
    Tls(#[source] TlsFailure),
    /// The connection ended before the proxy had answered.
    #[error("closed before it answered ({})", io_words(.0))]
    Lost(#[source] io::Error),
    /// The far end's name, which a `socks5://` proxy cannot look up, has no address.
    #[error("dns: {}", io_words(.0))]
    FarEnd(#[source] io::Error),
    /// The answer is not of the proxy's protocol.
    #[error("the answer is not that of a proxy of this kind")]
    NotAProxy,
    /// A SOCKS5 proxy wants a user and a password, or others.
    #[error("the user and password are refused or missing")]
    Credentials,
    /// An HTTP proxy answered with this status; 407 is about credentials.
    #[error("{}", status_words(*.0))]
    Status(u16),
    /// A SOCKS5 proxy refused.
    #[error(transparent)]
    Socks(SocksRefusal),
}

fn tls_words(failure: &TlsFailure) -> String {
    match failure {
        TlsFailure::Io(error) => format!("closed during the TLS handshake ({})", io_words(error)),
        other => other.to_string(),
    }
}

/// The status with its usual name.
fn status_words(status: u16) -> String {
    let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    name.map_or_else(|| status.to_string(), |name| format!("{status} {name}"))
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

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn each_fault_has_words_and_its_cause() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for (fault, words, caused) in [
            (ProxyFault::Dns(io::Error::other("no address")), "dns: no address", true),
            (ProxyFault::FarEnd(io::Error::other("no address")), "dns: no address", true),
            (ProxyFault::Unreachable(refused()), "Connection refused", true),
            (
                ProxyFault::Tls(TlsFailure::Io(refused())),
                "closed during the TLS handshake (Connection refused)",
                true,
            ),
            (
                ProxyFault::Tls(TlsFailure::NotTls(refused())),
                "TLS handshake failed: the server does not speak TLS",
                true,
            ),
            (ProxyFault::Lost(refused()), "closed before it answered (Connection refused)", true),
            (ProxyFault::NotAProxy, "the answer is not that of a proxy of this kind", false),
            (ProxyFault::Credentials, "the user and password are refused or missing", false),
            (ProxyFault::Status(502), "502 Bad Gateway", false),
            (ProxyFault::Status(599), "599", false),
            (ProxyFault::Socks(SocksRefusal::Expired), "TTL expired", false),
        ] {
            assert_eq!(fault.to_string(), words);
            assert_eq!(fault.source().is_some(), caused, "{words}");
            let failure = ProxyFailure::new("http://p", fault);
            assert_eq!(failure.to_string(), format!("proxy http://p: {words}"));
            assert!(failure.source().is_some_and(|fault| fault.is::<ProxyFault>()));
        }
    }
}
