//! What one process measures.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::payload::Payload;

/// What one process measures, and against which servers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) subject: Subject,
    pub(crate) payload: Payload,
    pub(crate) compression: Compression,
    pub(crate) messages: u64,
    pub(crate) connections: usize,
    /// Where messages come from. Sinks alone have none.
    pub(crate) from: Endpoint,
    /// Where messages go to over a WebSocket.
    pub(crate) to: Endpoint,
    /// A folder for what is written.
    pub(crate) directory: PathBuf,
}

/// Whether messages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Compression {
    None,
    /// The dictionary goes on from message to message.
    Takeover,
    /// The dictionary begins anew with each message.
    Reset,
}

/// The code that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Subject {
    /// A scan of frame headers by hand, the limit; with compression it inflates too.
    Scan,
    /// tokio-tungstenite that discards what it receives.
    Tungstenite,
    /// The loop that everybody writes first: a `serde_json::Value` for each message, and timers.
    Naive,
    /// `stream_pages` with `message_format: raw_string`.
    PagesRaw,
    /// `stream_pages` with `message_format: json`.
    PagesJson,
    /// A pipeline from the source to a file of JSON Lines, raw strings.
    LinesRaw,
    /// The same with JSON.
    LinesJson,
    /// A pipeline from WebSocket to WebSocket, `at_most_once`.
    RelayAtMostOnce,
    /// The same, `at_least_once`.
    RelayAtLeastOnce,
    /// The same, `at_least_once`, with messages that are checked to be JSON.
    RelayJson,
    /// Frames encoded by hand, a page in one write: the limit of a sink.
    SinkHand,
    /// tokio-tungstenite that feeds 1,000 messages and flushes.
    SinkTungstenite,
    /// The sink alone, `at_most_once`.
    SinkAtMostOnce,
    /// The sink alone, `at_least_once`.
    SinkAtLeastOnce,
    /// Many connections, scanned by hand, with a buffer only while there is something to read.
    ManyScan,
    /// Many connections of tokio-tungstenite with a read buffer of 4 KiB.
    ManyTungstenite,
    /// Many runs of the source, with a page age of 10 ms.
    ManyPages,
    /// From a signal to the message in the hands of tokio-tungstenite.
    EchoTungstenite,
    /// From a signal to the page, with `batch_size: 1`.
    EchoPages,
    /// From the send of a slow feed to the sink of a pipeline, with the defaults of all keys.
    SlowFeed,
}
