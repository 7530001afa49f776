//! The words for a proxy that brought no connection.

use std::io;

use faucet_connect::{ProxyFault, SocksRefusal, TlsFailure};
use faucet_core::ErrorKind;

use crate::words::advice::Advice;
use crate::words::explanation::Explanation;

const NOT_THIS_KIND: &str =
    "check the scheme and the port of the proxy: something else than such a proxy answered";

const GIVE_CREDENTIALS: &str =
    "give the proxy's user and password: scheme://user:password@host:port";

pub(super) fn explanation(fault: &ProxyFault) -> Explanation {
    let (kind, advice) = kind_and_advice(fault);
    Explanation::new(kind, "proxy", advice)
}

fn kind_and_advice(fault: &ProxyFault) -> (ErrorKind, Advice) {
    let (kind, hint) = match fault {
        ProxyFault::Dns(_) => {
            (ErrorKind::Connect, "check the proxy's host name and the DNS configuration")
        }
        ProxyFault::Unreachable(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            return (ErrorKind::Connect, Advice::ProxyDown);
        }
        ProxyFault::Unreachable(_) => return (ErrorKind::Connect, Advice::ProxyUnreachable),
        ProxyFault::Lost(_) => (ErrorKind::Connect, NOT_THIS_KIND),
        ProxyFault::FarEnd(_) => {
            (ErrorKind::Connect, "check the host of url; with socks5h:// the proxy looks it up")
        }
        ProxyFault::Tls(TlsFailure::Io(_)) => {
            (ErrorKind::Connect, "does the proxy speak TLS, or is it an http:// proxy?")
        }
        ProxyFault::Tls(TlsFailure::NotTls(_)) => {
            (ErrorKind::Tls, "it speaks plain text: use http://")
        }
        ProxyFault::Tls(_) => return (ErrorKind::Tls, Advice::TrustProxy),
        ProxyFault::Credentials | ProxyFault::Status(407) => (ErrorKind::Auth, GIVE_CREDENTIALS),
        ProxyFault::Status(408 | 425 | 429 | 500 | 502 | 503 | 504) => {
            (ErrorKind::Connect, "the proxy is busy or cannot reach the endpoint; it may recover")
        }
        ProxyFault::Status(_) => (
            ErrorKind::Connect,
            "the proxy does not let this connection through: ask its operator to allow CONNECT to \
             the host and port of url",
        ),
        ProxyFault::Socks(
            SocksRefusal::NotAllowed | SocksRefusal::AddressType | SocksRefusal::Command,
        ) => (
            ErrorKind::Connect,
            "the proxy does not let this connection through: ask its operator to allow the host and \
             port of url, or try socks5h:// in place of socks5:// (or the reverse)",
        ),
        ProxyFault::Socks(_) => (
            ErrorKind::Connect,
            "the proxy cannot reach the endpoint; check the host and port of url",
        ),
        _ => (ErrorKind::Protocol, NOT_THIS_KIND),
    };
    (kind, Advice::General(hint))
}
