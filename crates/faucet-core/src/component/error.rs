//! The one error type of the contract.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;

use crate::config::problem::{Problem, Problems};

/// The result of everything in the contract that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong. The command's exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema)]
#[schemars(rename_all = "snake_case")]
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
    /// A component panicked.
    Panic,
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
            Self::Panic => "panic",
            Self::Other => "other",
        }
    }
}

/// What happened, where, and who may retry.
///
/// `Display` prints this error's own level; [`std::error::Error::source`] carries the causes, and
/// the alternate form `{:#}` prints all levels and the hint in one line. A clone shares its causes.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    retryable: bool,
    phase: Option<&'static str>,
    endpoint: Option<String>,
    attempt: Option<(u32, Option<u32>)>,
    hint: Option<String>,
    component: Option<Arc<str>>,
    written: Option<u64>,
    problems: Problems,
    source: Option<Arc<dyn StdError + Send + Sync>>,
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
            component: None,
            written: None,
            problems: Problems::new(),
            source: None,
        }))
    }

    /// A configuration error. The problems stay a list: [`problems`](Self::problems) has them.
    pub fn config(problems: impl Into<Problems>) -> Self {
        let problems = problems.into();
        let mut error = Self::new(ErrorKind::Config, problems.to_string());
        if problems.len() == 1 {
            error.0.hint = problems.iter().next().and_then(Problem::hint).map(str::to_owned);
        }
        error.0.problems = problems;
        error
    }

    /// An error of the command line or of a program around the contract, about no key of a file.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Replaces the message. All else stays, the cause too.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
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

    /// Takes the advice away: whoever shows the error has another.
    #[must_use]
    pub fn without_hint(mut self) -> Self {
        self.0.hint = None;
        self
    }

    /// Names the component of the pipeline in which it happened, unless one is named already.
    #[must_use]
    pub fn with_component(mut self, id: &Arc<str>) -> Self {
        self.0.component.get_or_insert_with(|| Arc::clone(id));
        self
    }

    /// Says how many records of the page were taken before a write failed; see
    /// [`PageWriter::write_page`](crate::PageWriter::write_page).
    #[must_use]
    pub fn with_written(mut self, records: u64) -> Self {
        self.0.written = Some(records);
        self
    }

    /// The cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// The cause, where somebody else keeps it too.
    #[must_use]
    pub fn with_shared_source(mut self, source: Arc<dyn StdError + Send + Sync>) -> Self {
        self.0.source = Some(source);
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

    /// The component of the pipeline in which it happened.
    pub fn component(&self) -> Option<&Arc<str>> {
        self.0.component.as_ref()
    }

    /// How many records of the page were taken before a write failed.
    pub fn written(&self) -> Option<u64> {
        self.0.written
    }

    /// The problems of a configuration; none of any other error.
    pub fn problems(&self) -> &Problems {
        &self.0.problems
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

    /// Advice for the user.
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
        self.write_place(f)?;
        for words in self.causes() {
            write!(f, ": {words}")?;
        }
        match &self.0.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl Error {
    /// Where it happened: what the message does not say itself.
    fn write_place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let new = |words: &&str| !self.0.message.contains(*words);
        let endpoint = self.endpoint().filter(new);
        match (self.phase().filter(new), endpoint) {
            (Some(phase), Some(endpoint)) => write!(f, " ({phase}, {endpoint})"),
            (Some(words), None) | (None, Some(words)) => write!(f, " ({words})"),
            (None, None) => Ok(()),
        }
    }
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::config(problems)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::config(problem)
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
    fn a_clone_has_the_cause() {
        let kind = std::io::ErrorKind::ConnectionRefused;
        let error = Error::new(ErrorKind::Connect, "cannot connect")
            .with_shared_source(Arc::new(std::io::Error::from(kind)))
            .with_hint("is the server running?");
        let clone = error.clone();
        assert_eq!(format!("{clone:?}"), format!("{error:?}"));
        let cause = clone.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
        assert_eq!(cause.map(std::io::Error::kind), Some(kind));
    }

    #[test]
    fn the_place_is_shown_where_the_message_does_not_say_it() {
        let error = Error::new(ErrorKind::Connect, "cannot connect")
            .with_phase("tcp")
            .with_endpoint("http://h/x")
            .with_component(&"orders".into())
            .with_component(&"other".into())
            .with_written(3);
        assert_eq!(format!("{error:#}"), "cannot connect (tcp, http://h/x)");
        assert_eq!(error.component().map(|id| &**id), Some("orders"));
        assert_eq!(error.written(), Some(3));
    }

    #[test]
    fn a_list_of_problems_stays_a_list() {
        let mut problems = Problems::new();
        problems.push(Problem::missing("url").help("give one"));
        let one = Error::from(problems.clone());
        assert_eq!((one.to_string(), one.hint()), ("url: missing".to_owned(), Some("give one")));
        problems.push(Problem::conflict("a", "b"));
        let error = Error::from(problems);
        assert_eq!((error.kind(), error.problems().len()), (ErrorKind::Config, 2));
        assert_eq!(
            error.to_string(),
            "2 problems:\n  - url: missing (hint: give one)\n  - a: not together with b"
        );
    }
}
