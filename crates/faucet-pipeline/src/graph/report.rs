//! What a run did, once it is over.

use std::collections::BTreeMap;

use faucet_core::{Ended, Error, Result};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::Progress;
use crate::flow::Exit;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// `max_messages` records were read.
    MaxMessages,
    /// Nothing arrived for `idle_timeout`.
    Idle,
    /// The far end of the source closed it, or the reader of the sink left.
    Closed,
    /// There was nothing more to read.
    Exhausted,
    /// The caller asked for it.
    Shutdown,
    /// Something failed; [`Report::error`] says what.
    Error,
}

impl End {
    /// The end as reports print it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxMessages => "max_messages",
            Self::Idle => "idle",
            Self::Closed => "closed",
            Self::Exhausted => "exhausted",
            Self::Shutdown => "shutdown",
            Self::Error => "error",
        }
    }
}

impl Serialize for End {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl From<Exit> for End {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Ended(Ended::MaxMessages) => Self::MaxMessages,
            Exit::Ended(Ended::Idle) => Self::Idle,
            Exit::Ended(Ended::Closed) | Exit::SinkClosed => Self::Closed,
            Exit::Ended(_) => Self::Exhausted,
            Exit::Shutdown => Self::Shutdown,
            Exit::Failed => Self::Error,
        }
    }
}

/// What a run did. Serializes as an object with these fields.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// How the run ended: [`End::Error`] exactly when there is an `error`.
    pub ended: End,
    /// The first thing that failed; serialized as its kind and its whole message, or null.
    #[serde(serialize_with = "failure")]
    pub error: Option<Error>,
    /// Records that were written.
    pub records: u64,
    /// Their payloads in bytes.
    pub bytes: u64,
    /// The pages they came in.
    pub pages: u64,
    /// Connections that the source opened after its first: what a live feed sent in between is lost.
    pub reconnects: u64,
    /// Connections that the sink opened after its first.
    pub sink_reconnects: u64,
    /// What did not reach the sink, by reason. `not_written` counts the records that were read and
    /// whose page the sink did not take; of a page that failed a part may have been written, as the
    /// error says.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Records delivered as the sink promises.
    pub delivered: u64,
    /// Records written that may have been lost.
    pub unconfirmed: u64,
    /// Records written again after a reconnect.
    pub resent: u64,
    /// How long the run took, in seconds.
    pub elapsed_seconds: f64,
}

impl Report {
    pub(crate) fn new(exit: Exit, error: Option<Error>, progress: &Progress) -> Self {
        let meter = progress.meter();
        Self {
            ended: exit.into(),
            error,
            records: progress.records(),
            bytes: progress.bytes(),
            pages: progress.pages(),
            reconnects: meter.reconnects,
            sink_reconnects: meter.sink_reconnects,
            skipped: meter.skipped,
            delivered: meter.delivered,
            unconfirmed: meter.unconfirmed,
            resent: meter.resent,
            elapsed_seconds: progress.elapsed().as_secs_f64(),
        }
    }

    /// The report of a run that `error` kept from beginning.
    pub fn failed(error: Error) -> Self {
        let progress = Progress::new(faucet_core::RunContext::default());
        Self { elapsed_seconds: 0.0, ..Self::new(Exit::Failed, Some(error), &progress) }
    }

    /// The report of a run that ended well.
    ///
    /// # Errors
    /// What failed. To keep the counts, look at [`error`](Self::error) instead.
    pub fn into_result(mut self) -> Result<Self> {
        match self.error.take() {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }
}

fn failure<S: Serializer>(error: &Option<Error>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(error) = error else { return serializer.serialize_none() };
    let mut object = serializer.serialize_struct("Error", 2)?;
    object.serialize_field("kind", error.kind().as_str())?;
    object.serialize_field("message", &format!("{error:#}"))?;
    object.end()
}
