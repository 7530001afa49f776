//! Why an HTTP call brought nothing.

use std::time::Duration;

use faucet_connect::Quote;
use faucet_core::select::Pointer;

/// Why an HTTP call of a conversation brought nothing. `Display` shows no secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallFailed {
    /// There was no answer.
    #[cfg(feature = "http")]
    #[error("{0}")]
    Http(#[source] crate::http::HttpFailed),
    /// A header or the URL cannot be sent.
    #[error("{0}")]
    Unsendable(String),
    /// The answer has a status that is not among the good ones.
    #[error("answered with status {status}: \"{words}\"")]
    Status {
        /// The status.
        status: u16,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
        /// The beginning of the body.
        words: Quote,
    },
    /// The answer does not hold what is expected.
    #[error("refused: \"{0}\"")]
    Refused(Quote),
    /// A taken value is not there.
    #[error("the answer has no value at {0}")]
    NotTaken(Pointer),
    /// The build has no HTTP client. The check of the configuration refuses the key before.
    #[error("this build has no HTTP client (feature session-http)")]
    NoClient,
}
