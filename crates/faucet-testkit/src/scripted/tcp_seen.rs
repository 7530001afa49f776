//! The log of a scripted TCP peer.

use bytes::BytesMut;
use tokio::time::Instant;

use super::log::{Entry, Logged};

/// How a connection ended, seen from the scripted peer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TcpEnd {
    /// The script said so.
    Script,
    /// The client ended the stream.
    ClientLeft,
    /// The client's stream broke; usually a reset.
    Broken(String),
    /// The client did not do what the script asks for.
    Failure(String),
}

/// One connection as the scripted peer saw it so far.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TcpSeen {
    /// When it was accepted, on tokio's clock.
    pub accepted_at: Instant,
    /// Everything that the client sent. A script that stalls reads no byte.
    pub received: BytesMut,
    /// How it ended; `None` while it goes on.
    pub end: Option<TcpEnd>,
    /// The step of the script at the moment.
    pub(crate) doing: String,
    /// Whether the script will not do anything more by itself.
    pub(crate) resting: bool,
}

impl TcpSeen {
    /// A connection that was accepted now.
    pub(crate) fn accepted() -> Self {
        Self {
            accepted_at: Instant::now(),
            received: BytesMut::new(),
            end: None,
            doing: "accepted".into(),
            resting: false,
        }
    }

    /// All bytes from the client as text; U+FFFD stands for bytes that are not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// The complete lines that the client sent, without their line breaks (`\n` or `\r\n`).
    pub fn lines(&self) -> Vec<String> {
        let text = self.text();
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        whole.lines().map(str::to_owned).collect()
    }

    /// Whether the connection goes on.
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// The client's mistake.
    pub fn failure(&self) -> Option<&str> {
        match &self.end {
            Some(TcpEnd::Failure(why)) => Some(why),
            _ => None,
        }
    }
}

impl Logged for TcpSeen {
    fn waits_for(&self) -> Option<String> {
        (!self.resting).then(|| self.doing.clone())
    }

    fn failure(&self) -> Option<&str> {
        self.failure()
    }
}

/// One connection's place in the log.
pub(crate) type TcpEntry = Entry<TcpSeen>;

impl Entry<TcpSeen> {
    pub(crate) fn doing(&self, what: String) {
        self.update(|seen| seen.doing = what);
    }

    pub(crate) fn resting(&self) {
        self.update(|seen| seen.resting = true);
    }

    pub(crate) fn end(&self, end: TcpEnd) {
        self.update(|seen| {
            // The first end is the reason; what follows is its consequence.
            seen.end.get_or_insert(end);
            seen.resting = true;
        });
    }
}
