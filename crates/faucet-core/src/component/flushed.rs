//! The result of a flush.

use bytes::Bytes;

use crate::stream::Rejected;

/// What a flush proved about the records that were taken since the last one. Opaque: more may be
/// added to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Flushed {
    unconfirmed: u64,
    rejected: Vec<Rejected>,
    saved: Option<Bytes>,
}

impl Flushed {
    /// Everything taken so far is delivered as [`Info::delivery`](crate::Info) promises.
    pub const ALL: Self = Self { unconfirmed: 0, rejected: Vec::new(), saved: None };

    /// All but `records` of the records taken since the last flush: those may be lost.
    pub fn but_unconfirmed(records: u64) -> Self {
        Self { unconfirmed: records, ..Self::ALL }
    }

    /// Adds records that the far end rejected. They are not delivered, and they do not come again.
    /// Without a `dead_letter` for the sink the run ends with an error that names the first.
    pub fn with_rejected(mut self, rejected: Vec<Rejected>) -> Self {
        self.rejected = rejected;
        self
    }

    /// Adds a few bytes that are saved in the same write as the positions behind this flush. The
    /// next run gets them as [`Scope::saved`](crate::Scope::saved). They hold no secret.
    pub fn with_saved(mut self, saved: impl Into<Bytes>) -> Self {
        self.saved = Some(saved.into());
        self
    }

    /// How many records may be lost.
    pub fn unconfirmed(&self) -> u64 {
        self.unconfirmed
    }

    /// The records that the far end rejected.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// Takes the rejected records out.
    pub fn take_rejected(&mut self) -> Vec<Rejected> {
        std::mem::take(&mut self.rejected)
    }

    /// The bytes to save.
    pub fn saved(&self) -> Option<&Bytes> {
        self.saved.as_ref()
    }
}
