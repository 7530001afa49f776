//! Why an attempt to connect failed.

use std::any::Any;
use std::io;
use std::time::Duration;

use faucet_connect::{
    DialFailure, ProxyFailure, ProxyFault, Secrets, SocksRefusal, TlsFailure, io_words,
};
use faucet_core::{Error, Problem};
use faucet_session::connect::DialingFailed;
use faucet_session::keys::CloseAction;

use crate::machine::{Class, Verdict, dialing_verdict, ruled};
use crate::upgrade_failed::UpgradeFailed;
use faucet_connect::Quote;

/// Why an attempt to connect failed. `Display` says what happened, without the URL, and shows no
/// secret. `source` leads to the error of the operating system or of the TLS library.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectFailed {
    /// The provider of credentials failed, or brought headers that may not be sent.
    #[error(transparent)]
    Credentials(Error),
    /// The name of the host has no address.
    #[error("dns: {}", io_words(.0))]
    Dns(#[source] io::Error),
    /// No address took the connection.
    #[error("{}", io_words(.0))]
    Tcp(#[source] io::Error),
    /// The proxy on the way brought no connection.
    #[error(transparent)]
    Proxy(ProxyFailure),
    /// The dialer failed by an error of its own.
    #[error(transparent)]
    Dialer(Error),
    /// The stream broke during a handshake.
    #[error("{}", broken_words(.error))]
    Broken {
        /// The handshake.
        during: Handshake,
        /// How the stream broke.
        #[source]
        error: io::Error,
    },
    /// The TLS handshake failed. A TLS 1.3 server judges the client's certificate only when the
    /// upgrade is asked for.
    #[error(transparent)]
    Tls(TlsFailure),
    /// The answer to the upgrade was no proper one.
    #[error(transparent)]
    Upgrade(#[from] UpgradeFailed),
    /// There was no connection within `connect_timeout`.
    #[error("timed out after {}", seconds(*.limit))]
    TimedOut {
        /// The step that was not over: `auth`, `dns`, `tcp`, `proxy`, `tls`, `upgrade`, or one of the
        /// dialer's own.
        phase: &'static str,
        /// `connect_timeout`.
        limit: Duration,
    },
    /// A call, a value or a URL of the configuration could not be made.
    #[error(transparent)]
    Dialing(DialingFailed),
    /// The URL that was made is none.
    #[error("{0}")]
    Url(Problem),
    /// There is no URL to connect to.
    #[error("there is no URL to connect to")]
    NoUrl,
    /// A rule of `close_rules` decides about an answer to the upgrade.
    #[error(transparent)]
    Ruled(RuledAnswer),
    /// A dialer or a provider of credentials, which are not ours, has panicked.
    #[error("a plugin panicked: {0}")]
    Panicked(Quote),
}

/// An answer to the upgrade, and what a rule of `close_rules` does about it.
#[derive(Debug, thiserror::Error)]
#[error("{failed}")]
pub struct RuledAnswer {
    /// The answer.
    pub failed: UpgradeFailed,
    /// The action of the rule.
    pub action: CloseAction,
    /// The wait before the next connect.
    pub delay: Option<Duration>,
}

/// A handshake on a stream that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// The TLS handshake.
    Tls,
    /// The upgrade to WebSocket.
    Upgrade,
}

fn broken_words(error: &io::Error) -> String {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let words = io_words(error);
    match error.kind() {
        UnexpectedEof | ConnectionReset | BrokenPipe => {
            format!("closed during handshake ({words})")
        }
        _ => words,
    }
}

fn seconds(limit: Duration) -> String {
    let unit = if limit == Duration::from_secs(1) { "second" } else { "seconds" };
    format!("{} {unit}", limit.as_secs_f64())
}

impl ConnectFailed {
    /// The handshake failed, or the stream below it.
    pub(crate) fn handshake(during: Handshake, failure: TlsFailure) -> Self {
        match failure {
            TlsFailure::Io(error) => Self::Broken { during, error },
            failure => Self::Tls(failure),
        }
    }

    /// A plugin has panicked, whose words may repeat `secrets`.
    pub(crate) fn panicked(panic: &(dyn Any + Send), secrets: &Secrets) -> Self {
        Self::Panicked(Quote::of_panic(panic, secrets))
    }

    /// The meaning of the failure for the next attempt.
    pub(crate) fn verdict(&self) -> Verdict {
        let class = match self {
            Self::Credentials(error) | Self::Dialer(error) if error.is_retryable() => {
                Class::Transient
            }
            Self::Credentials(_) => Class::Credentials,
            Self::Dialer(_) | Self::Panicked(_) => Class::Fatal,
            Self::Dns(_) | Self::Tcp(_) | Self::Broken { .. } | Self::TimedOut { .. } => {
                Class::Transient
            }
            Self::Proxy(failure) => class_of_proxy(&failure.fault),
            Self::Tls(_) => Class::Certificate,
            Self::Upgrade(failed) => return failed.verdict(),
            Self::Dialing(failed) => return dialing_verdict(failed),
            Self::Ruled(answer) => return ruled(answer.action, answer.delay),
            Self::Url(_) | Self::NoUrl => Class::Fatal,
        };
        class.into()
    }
}

impl From<DialFailure> for ConnectFailed {
    fn from(failure: DialFailure) -> Self {
        match failure {
            DialFailure::Dns(error) => Self::Dns(error),
            DialFailure::Tcp(error) => Self::Tcp(error),
            DialFailure::Proxy(failure) => Self::Proxy(failure),
            DialFailure::Other(error) => Self::Dialer(error),
            other => Self::Tcp(io::Error::other(other)),
        }
    }
}

fn class_of_proxy(fault: &ProxyFault) -> Class {
    match fault {
        ProxyFault::Dns(_)
        | ProxyFault::Unreachable(_)
        | ProxyFault::Lost(_)
        | ProxyFault::FarEnd(_)
        | ProxyFault::Tls(TlsFailure::Io(_)) => Class::Transient,
        ProxyFault::Tls(_) => Class::Certificate,
        ProxyFault::Credentials | ProxyFault::Status(407) => Class::Credentials,
        ProxyFault::Status(408 | 425 | 429 | 500 | 502 | 503 | 504) => Class::Transient,
        ProxyFault::Status(status) => Class::Answer(*status),
        ProxyFault::Socks(
            SocksRefusal::NotAllowed | SocksRefusal::AddressType | SocksRefusal::Command,
        ) => Class::Handshake,
        ProxyFault::Socks(_) => Class::Transient,
        _ => Class::Handshake,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn the_words_of_a_panic_are_fit_to_print() {
        let secrets = Secrets::new(&HeaderMap::new(), vec!["hunter22".into()]);
        let panics: [(Box<dyn Any + Send>, &str); 3] = [
            (Box::new("no\nvault"), "a plugin panicked: no\\nvault"),
            (Box::new("hunter22 is no token".to_owned()), "a plugin panicked: *** is no token"),
            (Box::new(7), "a plugin panicked: no message"),
        ];
        for (panic, words) in panics {
            let failed = ConnectFailed::panicked(&*panic, &secrets);
            assert_eq!(failed.to_string(), words);
            assert!(!format!("{failed:?}").contains("hunter22"));
        }
    }

    #[test]
    fn a_handshake_tells_tls_from_the_stream_below_it() {
        let during = Handshake::Upgrade;
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        let broken = ConnectFailed::handshake(during, TlsFailure::Io(reset()));
        assert!(
            matches!(broken, ConnectFailed::Broken { during: Handshake::Upgrade, .. }),
            "{broken:?}"
        );
        let refused = ConnectFailed::handshake(during, TlsFailure::NotTls(reset()));
        assert!(matches!(refused, ConnectFailed::Tls(_)), "{refused:?}");
    }
}
