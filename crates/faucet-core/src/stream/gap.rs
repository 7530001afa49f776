//! Marks that stand between records.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::stream::record::Timestamp;

/// Why records are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// The connection was lost and opened again; a live feed went on meanwhile.
    Outage,
    /// A buffer was full and dropped what it could not hold.
    Dropped,
    /// The feed's own sequence numbers jump.
    Sequence,
    /// The run began behind an earlier run without a position to resume from.
    Restart,
    /// A reason of a connector's own, in one word.
    Other(Arc<str>),
}

impl GapReason {
    /// The reason in one word, as reports and files print it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Outage => "outage",
            Self::Dropped => "dropped",
            Self::Sequence => "sequence",
            Self::Restart => "restart",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for GapReason {
    fn from(word: &str) -> Self {
        match word {
            "outage" => Self::Outage,
            "dropped" => Self::Dropped,
            "sequence" => Self::Sequence,
            "restart" => Self::Restart,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One hole in a feed: between two records something is missing, or may be.
///
/// One hole is one gap. A gap waits for the first message after it, so that `to` is known. Only
/// sources and the buffers between components make gaps. Serializes as the object that reports and
/// files show.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The component that lost the records. The runner sets it; a source leaves it empty.
    pub source: Option<Arc<str>>,
    /// When the last message before the hole was received.
    pub from: Option<Timestamp>,
    /// When the first message behind the hole was received.
    pub to: Option<Timestamp>,
    /// Why.
    pub reason: GapReason,
    /// How many attempts to connect the hole took.
    pub attempts: u32,
    /// How many records are missing. `None`: not known; 0: a replay filled the hole.
    pub missing: Option<u64>,
}

impl Gap {
    /// A gap of unknown size.
    pub fn new(reason: GapReason) -> Self {
        Self { source: None, from: None, to: None, reason, attempts: 0, missing: None }
    }

    /// Says when the hole began and when it ended. An end before the beginning (the system clock
    /// may jump back) counts as the beginning.
    #[must_use]
    pub fn between(mut self, from: Timestamp, to: Timestamp) -> Self {
        (self.from, self.to) = (Some(from), Some(to.max(from)));
        self
    }

    /// Says how many attempts to connect the hole took.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Says how many records are missing.
    #[must_use]
    pub fn with_missing(mut self, records: u64) -> Self {
        self.missing = Some(records);
        self
    }

    /// Names the component that lost the records, unless one is named already.
    pub fn set_source(&mut self, id: &Arc<str>) {
        self.source.get_or_insert_with(|| Arc::clone(id));
    }

    /// How long the hole is, where both ends are known.
    pub fn duration(&self) -> Option<Duration> {
        let (from, to) = (self.from?.as_unix_millis(), self.to?.as_unix_millis());
        Some(Duration::from_millis(to.saturating_sub(from)))
    }

    /// Joins the next gap to this one, so that a list of gaps stays short.
    pub(crate) fn join(&mut self, next: &Self) {
        self.from = self.from.or(next.from);
        self.to = next.to.or(self.to);
        self.attempts = self.attempts.saturating_add(next.attempts);
        self.missing = self.missing.zip(next.missing).map(|(one, other)| one.saturating_add(other));
    }
}

impl Serialize for Gap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let millis = |at: Option<Timestamp>| at.map(Timestamp::as_unix_millis);
        let mut object = serializer.serialize_struct("Gap", 7)?;
        object.serialize_field("source", &self.source.as_deref())?;
        object.serialize_field("from", &millis(self.from))?;
        object.serialize_field("to", &millis(self.to))?;
        object.serialize_field("seconds", &self.duration().map(|d| d.as_secs_f64()))?;
        object.serialize_field("attempts", &self.attempts)?;
        object.serialize_field("reason", self.reason.as_str())?;
        object.serialize_field("missing", &self.missing)?;
        object.end()
    }
}

/// A gap as files show it.
#[derive(Deserialize)]
struct Shown {
    source: Option<String>,
    from: Option<u64>,
    to: Option<u64>,
    #[serde(default)]
    attempts: u32,
    reason: String,
    missing: Option<u64>,
}

impl<'de> Deserialize<'de> for Gap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Shown { source, from, to, attempts, reason, missing } =
            Shown::deserialize(deserializer)?;
        let (from, to) =
            (from.map(Timestamp::from_unix_millis), to.map(Timestamp::from_unix_millis));
        let (source, reason) = (source.map(Arc::from), reason.as_str().into());
        Ok(Self { source, from, to, reason, attempts, missing })
    }
}

/// A mark between the records of a feed: a gap or a watermark.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mark {
    /// Records are missing at this place.
    Gap(Gap),
    /// No record older than this follows.
    Watermark(Timestamp),
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Timestamp {
        Timestamp::from_unix_millis(millis)
    }

    #[test]
    fn a_gap_is_shown_with_its_length() {
        let mut gap = Gap::new(GapReason::Outage).between(at(1000), at(3500)).with_attempts(2);
        gap.set_source(&"trades".into());
        gap.set_source(&"later".into());
        assert_eq!(
            serde_json::to_value(&gap).unwrap(),
            serde_json::json!({
                "source": "trades", "from": 1000, "to": 3500, "seconds": 2.5, "attempts": 2,
                "reason": "outage", "missing": null,
            })
        );
        let shown = serde_json::to_string(&gap).unwrap();
        assert_eq!(serde_json::from_str::<Gap>(&shown).unwrap(), gap);
        for word in ["outage", "dropped", "sequence", "restart", "leak"] {
            assert_eq!(GapReason::from(word).as_str(), word);
        }
        assert_eq!(Gap::new(GapReason::Restart).between(at(5), at(3)).to, Some(at(5)));
    }

    #[test]
    fn joined_gaps_reach_from_the_first_to_the_last() {
        let mut one = Gap::new(GapReason::Dropped).between(at(1), at(2)).with_missing(3);
        one.join(&Gap::new(GapReason::Dropped).between(at(4), at(9)).with_missing(4));
        assert_eq!((one.from, one.to, one.missing), (Some(at(1)), Some(at(9)), Some(7)));
        one.join(&Gap::new(GapReason::Outage));
        assert_eq!((one.to, one.missing), (Some(at(9)), None));
    }
}
