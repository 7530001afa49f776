//! A line of the bench: some code, some messages, some way.

use std::fmt;

use serde::Serialize;

use crate::payload::Payload;
use crate::work::{Compression, Subject};

/// How messages come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Plain,
    Tls,
    Deflate,
    /// The dictionary begins anew with each message.
    DeflateReset,
}

impl Transport {
    pub(crate) const ALL: [Self; 4] = [Self::Plain, Self::Tls, Self::Deflate, Self::DeflateReset];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
            Self::Deflate => "deflate",
            Self::DeflateReset => "deflate-reset",
        }
    }

    pub(crate) fn compression(self) -> Compression {
        match self {
            Self::Plain | Self::Tls => Compression::None,
            Self::Deflate => Compression::Takeover,
            Self::DeflateReset => Compression::Reset,
        }
    }
}

/// The name of a line: what `--filter` looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn of(subject: Subject, payload: Payload, transport: Transport) -> Self {
        Self(format!("{}/{payload}/{}", subject.name(), transport.name()))
    }

    /// Of a line with many connections.
    pub(crate) fn many(subject: Subject, connections: usize) -> Self {
        Self(format!("{}/{connections}", subject.name()))
    }

    /// Of a line that has no other like it.
    pub(crate) fn only(subject: Subject) -> Self {
        Self(subject.name().into())
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.0.contains(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A line of the bench.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: Name,
    pub(crate) subject: Subject,
    pub(crate) payload: Payload,
    pub(crate) transport: Transport,
    pub(crate) connections: usize,
    pub(crate) messages: u64,
    /// What the line is compared with.
    pub(crate) base: Option<Name>,
    /// Whether it runs without a filter.
    pub(crate) by_default: bool,
}

impl Subject {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Tungstenite => "tungstenite",
            Self::Naive => "naive",
            Self::PagesRaw => "pages-raw",
            Self::PagesJson => "pages-json",
            Self::LinesRaw => "jsonl-raw",
            Self::LinesJson => "jsonl-json",
            Self::RelayAtMostOnce => "relay-at_most_once",
            Self::RelayAtLeastOnce => "relay-at_least_once",
            Self::RelayJson => "relay-json",
            Self::SinkHand => "sink-hand",
            Self::SinkTungstenite => "sink-tungstenite",
            Self::SinkAtMostOnce => "sink-at_most_once",
            Self::SinkAtLeastOnce => "sink-at_least_once",
            Self::ManyScan => "many-scan",
            Self::ManyTungstenite => "many-tungstenite",
            Self::ManyPages => "many-pages",
            Self::EchoTungstenite => "echo-tungstenite",
            Self::EchoPages => "echo-pages",
            Self::SlowFeed => "slow-feed",
        }
    }

    /// What stands beside its bar in a chart.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Scan | Self::ManyScan => "frame scan by hand: the limit",
            Self::Tungstenite => "tokio-tungstenite, discards",
            Self::Naive => "serde_json::Value, select! with timers",
            Self::PagesRaw => "faucet: pages, raw",
            Self::PagesJson => "faucet: pages, json",
            Self::LinesRaw => "faucet: JSON Lines, raw",
            Self::LinesJson => "faucet: JSON Lines, json",
            Self::RelayAtMostOnce => "faucet: to WebSocket, at_most_once",
            Self::RelayAtLeastOnce => "faucet: to WebSocket, at_least_once",
            Self::RelayJson => "faucet: to WebSocket, json",
            Self::SinkHand => "frames by hand: the limit",
            Self::SinkTungstenite => "tokio-tungstenite, feed and flush",
            Self::SinkAtMostOnce => "faucet: sink, at_most_once",
            Self::SinkAtLeastOnce => "faucet: sink, at_least_once",
            Self::ManyTungstenite => "tokio-tungstenite, 4 KiB buffers",
            Self::ManyPages => "faucet: pages, age 10 ms",
            Self::EchoTungstenite => "tokio-tungstenite",
            Self::EchoPages => "faucet: batch_size: 1",
            Self::SlowFeed => "faucet: slow feed",
        }
    }

    /// Whether it is a part of faucet-stream.
    pub(crate) fn is_ours(self) -> bool {
        self.label().starts_with("faucet")
    }

    /// Whether our sink sends what it gets.
    pub(crate) fn sends(self) -> bool {
        matches!(
            self,
            Self::RelayAtMostOnce
                | Self::RelayAtLeastOnce
                | Self::RelayJson
                | Self::SinkAtMostOnce
                | Self::SinkAtLeastOnce
        )
    }

    /// Whether it only sends.
    pub(crate) fn is_sink(self) -> bool {
        self.name().starts_with("sink-")
    }

    /// Whether the limit of all.
    pub(crate) fn is_limit(self) -> bool {
        matches!(self, Self::Scan | Self::ManyScan | Self::SinkHand)
    }
}
