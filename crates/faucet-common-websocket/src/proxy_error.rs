//! The words for a proxy that brought no connection.

use std::io;

use faucet_connect::{ProxyFailure, ProxyFault, SocksRefusal, TlsFailure};
use faucet_core::ErrorKind;
use http::StatusCode;

use crate::error::{ErrorContext, io_words};
use crate::machine::{Class, Failure};

/// What is told about a failure: its class and kind, the words, the advice.
type Told = (Class, ErrorKind, String, &'static str);

const NOT_THIS_KIND: &str =
    "check the scheme and the port of the proxy: something else than such a proxy answered";

const GIVE_CREDENTIALS: &str =
    "give the proxy's user and password: scheme://user:password@host:port";

impl ErrorContext<'_> {
    /// The proxy on the way to the endpoint brought no connection.
    pub(crate) fn proxy(&self, failure: ProxyFailure) -> Failure {
        let (class, kind, what, hint) = told(&failure.fault);
        let what = format!("proxy {}: {what}", failure.proxy);
        let error = self
            .connect(kind, "proxy", &what)
            .with_hint(hint)
            .with_source(io::Error::other(failure))
            .retryable(class == Class::Transient);
        Failure::new(class, error)
    }
}

fn told(fault: &ProxyFault) -> Told {
    let trouble = |what: String, hint| (Class::Transient, ErrorKind::Connect, what, hint);
    match fault {
        ProxyFault::Dns(error) => trouble(
            format!("dns: {}", io_words(error)),
            "check the proxy's host name and the DNS configuration",
        ),
        ProxyFault::Unreachable(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            trouble(
                "Connection refused".into(),
                "is the proxy running, and is its port right? proxy: none connects without it",
            )
        }
        ProxyFault::Unreachable(error) => trouble(
            io_words(error),
            "check the proxy's host, its port and the network; proxy: none connects without it",
        ),
        ProxyFault::Lost(error) => {
            trouble(format!("closed before it answered ({})", io_words(error)), NOT_THIS_KIND)
        }
        ProxyFault::FarEnd(error) => trouble(
            format!("dns: {}", io_words(error)),
            "check the host of url; with socks5h:// the proxy looks it up",
        ),
        ProxyFault::Tls(failure) => told_of_tls(failure),
        ProxyFault::Credentials => {
            (Class::Credentials, ErrorKind::Auth, fault.to_string(), GIVE_CREDENTIALS)
        }
        ProxyFault::Status(status) => told_of_status(*status),
        ProxyFault::Socks(refusal) => told_of_socks(*refusal),
        other => (Class::Handshake, ErrorKind::Protocol, other.to_string(), NOT_THIS_KIND),
    }
}

fn told_of_tls(failure: &TlsFailure) -> Told {
    let what = failure.to_string();
    match failure {
        TlsFailure::Io(error) => (
            Class::Transient,
            ErrorKind::Connect,
            format!("closed during the TLS handshake ({})", io_words(error)),
            "does the proxy speak TLS, or is it an http:// proxy?",
        ),
        TlsFailure::NotTls(_) => {
            (Class::Certificate, ErrorKind::Tls, what, "it speaks plain text: use http://")
        }
        _ => (
            Class::Certificate,
            ErrorKind::Tls,
            what,
            "give the authority of the proxy's certificate as tls.ca_file",
        ),
    }
}

fn told_of_status(status: u16) -> Told {
    let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let what = format!("{status} {}", name.unwrap_or_default());
    let what = what.trim_end().to_owned();
    match status {
        407 => (Class::Credentials, ErrorKind::Auth, what, GIVE_CREDENTIALS),
        408 | 425 | 429 | 500 | 502 | 503 | 504 => (
            Class::Transient,
            ErrorKind::Connect,
            what,
            "the proxy is busy or cannot reach the endpoint; it may recover",
        ),
        _ => (
            Class::Answer(status),
            ErrorKind::Connect,
            what,
            "the proxy does not let this connection through: ask its operator to allow CONNECT to \
             the host and port of url",
        ),
    }
}

fn told_of_socks(refusal: SocksRefusal) -> Told {
    match refusal {
        SocksRefusal::NotAllowed | SocksRefusal::AddressType | SocksRefusal::Command => (
            Class::Handshake,
            ErrorKind::Connect,
            refusal.to_string(),
            "the proxy does not let this connection through: ask its operator to allow the host and \
             port of url, or try socks5h:// in place of socks5:// (or the reverse)",
        ),
        _ => (
            Class::Transient,
            ErrorKind::Connect,
            refusal.to_string(),
            "the proxy cannot reach the endpoint; check the host and port of url",
        ),
    }
}
