//! Why an HTTP call brought no answer.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use faucet_connect::{DialFailure, ProxyFailure, TlsFailure, io_words};
use faucet_core::{Error, Problem};

/// Why an HTTP call brought no answer. An answer with any status is no failure. `Display` says what
/// happened, without the URL, and shows no header and no body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpFailed {
    /// The keys of TLS or the proxy variables of the environment are unusable.
    #[error("{0}")]
    Setup(Problem),
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
    /// The TLS handshake failed. A TLS 1.3 server judges the client's certificate only when it reads
    /// the request.
    #[error(transparent)]
    Tls(TlsFailure),
    /// The stream broke.
    #[error("closed {} ({})", .during.words(), io_words(.error))]
    Broken {
        /// The part of the call.
        during: HttpPhase,
        /// How the stream broke.
        #[source]
        error: io::Error,
    },
    /// There was no complete answer in time.
    #[error("timed out after {} s", .limit.as_secs_f64())]
    TimedOut {
        /// The step that was not over: `dns`, `tcp`, `proxy`, `tls`, `request`, `body`, or one of the
        /// dialer's own.
        phase: &'static str,
        /// The timeout of the call.
        limit: Duration,
    },
    /// The answer is no HTTP/1 or breaks its rules, or its headers are longer than 64 KiB or more than
    /// 100.
    #[error("the answer is no HTTP, or its headers are malformed or too long")]
    Malformed,
    /// The body of the answer is longer than 1 MiB.
    #[error("the answer exceeds 1 MiB")]
    BodyTooLong,
    /// The answer is a redirect to another scheme, host or port. Credentials may not go there.
    #[error("the answer redirects elsewhere, to {to}; give the final URL")]
    RedirectElsewhere {
        /// Scheme, host and port.
        to: String,
    },
    /// The answer is a redirect to what is no URL of an HTTP call.
    #[error("the answer redirects to an invalid URL")]
    RedirectInvalid,
    /// The answer is the sixth redirect.
    #[error("the answers redirect more than 5 times")]
    TooManyRedirects,
}

/// A part of an HTTP call on a stream that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpPhase {
    /// The TLS handshake.
    Tls,
    /// From the request to the headers of the answer.
    Head,
    /// The body of the answer.
    Body,
}

impl HttpPhase {
    const fn words(self) -> &'static str {
        match self {
            Self::Tls => "during the TLS handshake",
            Self::Head => "before the answer was there",
            Self::Body => "in the middle of the answer",
        }
    }
}

impl HttpFailed {
    /// TLS failed, or the stream below it.
    pub(super) fn of_tls(during: HttpPhase, failure: TlsFailure) -> Self {
        match failure {
            TlsFailure::Io(error) => Self::Broken { during, error },
            failure => Self::Tls(failure),
        }
    }

    /// The HTTP library gave up.
    pub(super) fn of_hyper(during: HttpPhase, failure: &hyper::Error) -> Self {
        let failure = innermost(failure);
        match stream_error(failure) {
            // A chunk or a length that is none.
            Some(error) if is_about_content(&error) => Self::Malformed,
            Some(error) => Self::of_tls(during, error.into()),
            None if failure.is_incomplete_message() || failure.is_canceled() => {
                Self::Broken { during, error: io::ErrorKind::UnexpectedEof.into() }
            }
            // An answer that cannot be read, or one that came before the request.
            None => Self::Malformed,
        }
    }
}

/// The error of the connection, where the request was dropped because of one.
fn innermost(mut failure: &hyper::Error) -> &hyper::Error {
    while let Some(cause) = failure.source().and_then(|cause| cause.downcast_ref()) {
        failure = cause;
    }
    failure
}

fn is_about_content(error: &io::Error) -> bool {
    let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) && !is_tls
}

/// The error of the stream below, which the library only lends.
fn stream_error(failure: &hyper::Error) -> Option<io::Error> {
    let error: &io::Error = failure.source()?.downcast_ref()?;
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    Some(match (tls, error.raw_os_error()) {
        (Some(tls), _) => io::Error::new(error.kind(), tls.clone()),
        (None, Some(number)) => io::Error::from_raw_os_error(number),
        (None, None) if error.kind() == io::ErrorKind::UnexpectedEof => error.kind().into(),
        (None, None) => io::Error::new(error.kind(), io_words(error)),
    })
}

impl From<DialFailure> for HttpFailed {
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
