//! The one error type of the contract.

use std::error::Error as StdError;
use std::fmt;

/// The result of everything in the contract that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong. The command's exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is wrong; nothing was tried.
    Config,
    /// The far end could not be reached.
    Connect,
    /// The far end refused the credentials.
    Auth,
    /// The TLS handshake failed; there was no fall-back to plain text.
    Tls,
    /// The far end broke the protocol or answered something else than asked.
    Protocol,
    /// The connection ended and the run was not allowed to open another.
    Closed,
    /// Something took longer than its limit.
    Timeout,
    /// A record could not be decoded.
    Decode,
    /// A frame, message or record is larger than its limit.
    TooLarge,
    /// A sink could not take a page.
    Sink,
    /// The consumer no longer wants data; a run ends well on it.
    Cancelled,
    /// None of the above.
    Other,
}

impl ErrorKind {
    /// The kind in lower case, as reports and logs print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Connect => "connect",
            Self::Auth => "auth",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Decode => "decode",
            Self::TooLarge => "too_large",
            Self::Sink => "sink",
            Self::Cancelled => "cancelled",
            Self::Other => "other",
        }
    }
}

/// What happened, where, and who may retry.
///
/// `Display` prints this error's own level; [`std::error::Error::source`] carries the causes, and
/// the alternate form `{:#}` prints all levels and the hint in one line.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    retryable: bool,
    phase: Option<&'static str>,
    endpoint: Option<String>,
    attempt: Option<(u32, Option<u32>)>,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `message` says what happened and names the key, URL or frame.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            retryable: false,
            phase: None,
            endpoint: None,
            attempt: None,
            hint: None,
            source: None,
        }))
    }

    /// A configuration error. `message` begins with the key.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Marks the error as one that trying again may cure.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Names the step in which it happened (`dns`, `tcp`, `tls`, `upgrade`, `read`, …).
    #[must_use]
    pub fn with_phase(mut self, phase: &'static str) -> Self {
        self.0.phase = Some(phase);
        self
    }

    /// Names the far end. Pass a redacted form: it is printed.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.0.endpoint = Some(endpoint.into());
        self
    }

    /// Says that this was attempt `n` of `of` (`None`: unlimited).
    #[must_use]
    pub fn with_attempt(mut self, n: u32, of: Option<u32>) -> Self {
        self.0.attempt = Some((n, of));
        self
    }

    /// One line that says what the user can do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind of error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether trying the same again may help.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// The step in which it happened.
    pub fn phase(&self) -> Option<&'static str> {
        self.0.phase
    }

    /// The far end, redacted.
    pub fn endpoint(&self) -> Option<&str> {
        self.0.endpoint.as_deref()
    }

    /// Attempt n of N, if the error ended a series of attempts.
    pub fn attempt(&self) -> Option<(u32, Option<u32>)> {
        self.0.attempt
    }

    /// The problems of a configuration, one by one; of any other error its message.
    pub fn problems(&self) -> impl Iterator<Item = &str> {
        let message = self.0.message.as_str();
        let list = message.split_once(LIST).map(|(_, list)| list);
        list.filter(|_| self.0.kind == ErrorKind::Config).unwrap_or(message).split(ITEM)
    }

    /// The words of the causes, the nearest first, without those that the message says already.
    pub fn causes(&self) -> impl Iterator<Item = String> {
        let chain = std::iter::successors(self.source(), |error| (*error).source());
        chain.map(ToString::to_string).filter(|words| {
            // The operating system's number is no reason to say the same twice.
            let known = words.split(" (os error").next().unwrap_or(words);
            !self.0.message.contains(known)
        })
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match self.0.attempt {
            Some((n, Some(of))) => write!(f, " (attempt {n}/{of})")?,
            Some((n, None)) => write!(f, " (attempt {n})")?,
            None => {}
        }
        if !f.alternate() {
            return Ok(());
        }
        for words in self.causes() {
            write!(f, ": {words}")?;
        }
        match &self.0.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self:#}", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

/// Stand between the number of problems and the first, and between two.
const LIST: &str = " problems:\n  - ";
const ITEM: &str = "\n  - ";

/// Collects the problems of a configuration, so that all are reported together.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// No problems yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem; `what` begins with the key it is about.
    pub fn push(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }

    /// Whether one of them has `words`.
    pub(crate) fn mention(&self, words: &str) -> bool {
        self.0.iter().any(|problem| problem.contains(words))
    }

    /// Adds `what` when `wrong` holds.
    pub fn push_if(&mut self, wrong: bool, what: impl Into<String>) {
        if wrong {
            self.push(what);
        }
    }

    /// Whether there are none so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` when there were none; else one configuration error that lists them all.
    pub fn into_result(self) -> Result<()> {
        match self.0.len() {
            0 => Ok(()),
            1 => Err(Error::config(self.0.into_iter().next().unwrap_or_default())),
            n => Err(Error::config(format!("{n}{LIST}{}", self.0.join(ITEM)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_prints_its_own_level_and_the_alternate_form_all() {
        let error = Error::new(ErrorKind::Connect, "Failed to connect to WebSocket ws://h/")
            .with_attempt(3, Some(3))
            .with_source(std::io::Error::other("Connection refused"))
            .with_hint("is the server running?");
        assert_eq!(error.to_string(), "Failed to connect to WebSocket ws://h/ (attempt 3/3)");
        assert_eq!(
            format!("{error:#}"),
            "Failed to connect to WebSocket ws://h/ (attempt 3/3): Connection refused \
             (hint: is the server running?)"
        );
    }

    #[test]
    fn a_cause_that_the_message_names_is_not_repeated() {
        let error = Error::new(ErrorKind::Connect, "cannot connect: Connection refused")
            .with_source(std::io::Error::other("Connection refused (os error 111)"));
        assert_eq!(format!("{error:#}"), "cannot connect: Connection refused");
    }

    #[test]
    fn problems_are_reported_together() {
        let mut problems = Problems::new();
        problems.push_if(true, "batch_bytes: must not be zero");
        problems.push_if(false, "never");
        problems.push("url: no host");
        let error = problems.into_result().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.to_string(),
            "2 problems:\n  - batch_bytes: must not be zero\n  - url: no host"
        );
        let listed: Vec<&str> = error.problems().collect();
        assert_eq!(listed, ["batch_bytes: must not be zero", "url: no host"]);
        assert_eq!(Error::config("url: no host").problems().count(), 1);
        assert!(Problems::new().into_result().is_ok());
    }
}
