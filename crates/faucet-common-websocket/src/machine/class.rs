//! The classes of ends, on which the life cycle decides.

use std::time::Duration;

/// The kind of end that an attempt or a connection had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Close 1000 or a Close without code.
    Clean,
    /// Network trouble, a server that is busy or restarts: always worth another try.
    Transient,
    /// The peer or the feed fell silent. Worth another try like trouble on the line, but however
    /// long the silence was, the connection was not stable.
    Silent,
    /// The credentials were refused. They are resolved anew before the next try.
    Credentials,
    /// The upgrade was answered with this HTTP status.
    Answer(u16),
    /// The certificate or the TLS handshake was refused.
    Certificate,
    /// The answer to the upgrade was no proper one.
    Handshake,
    /// The peer broke the WebSocket protocol.
    Violation,
    /// The peer says that we broke the protocol, or lack an extension.
    Complaint,
    /// The peer refused a message that we sent.
    Refusal,
    /// The peer closed with a code of its own.
    Application(u16),
    /// A connect was planned. A connection that brought records does not wait for the next.
    Planned,
    /// The configuration ends the run well.
    Finished,
    /// A value of the configuration could not be made: nothing helps before the first connect.
    Value,
    /// A message was larger than the limit, or the configuration is wrong: nothing helps.
    Fatal,
}

impl Class {
    /// The class in one word, as metrics print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Transient => "transient",
            Self::Silent => "silent",
            Self::Credentials => "credentials",
            Self::Answer(_) => "answer",
            Self::Certificate => "certificate",
            Self::Handshake => "handshake",
            Self::Violation => "violation",
            Self::Complaint => "complaint",
            Self::Refusal => "refusal",
            Self::Application(_) => "application",
            Self::Planned => "planned",
            Self::Finished => "finished",
            Self::Value => "value",
            Self::Fatal => "fatal",
        }
    }
}

/// The meaning of an end for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How the life cycle treats the end.
    pub(crate) class: Class,
    /// The next attempt comes no sooner.
    pub(crate) wait_at_least: Duration,
}

impl From<Class> for Verdict {
    /// No particular wait is asked for.
    fn from(class: Class) -> Self {
        Self { class, wait_at_least: Duration::ZERO }
    }
}
