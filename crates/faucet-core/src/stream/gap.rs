//! Marks that stand between records.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
/// sources and the buffers between components make gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Shown", into = "Shown")]
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

/// A hole in a feed, as reports and files show it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Gap")]
struct Shown {
    /// The component that lost the records.
    source: Option<String>,
    /// When the last message before the hole was received, in Unix milliseconds.
    from: Option<u64>,
    /// When the first message behind the hole was received, in Unix milliseconds.
    to: Option<u64>,
    /// How long the hole is, where both ends are known.
    #[serde(default)]
    seconds: Option<f64>,
    /// How many attempts to connect the hole took.
    #[serde(default)]
    attempts: u32,
    /// Why: `outage` (the connection was lost), `dropped` (a full buffer), `sequence` (the feed's own
    /// numbers jump), `restart` (the run began behind an earlier one), or a word of the connector.
    reason: String,
    /// How many records are missing; null where nobody knows, 0 where a replay filled the hole.
    missing: Option<u64>,
}

impl From<Gap> for Shown {
    fn from(gap: Gap) -> Self {
        let millis = |at: Option<Timestamp>| at.map(Timestamp::as_unix_millis);
        Self {
            source: gap.source.as_deref().map(str::to_owned),
            from: millis(gap.from),
            to: millis(gap.to),
            seconds: gap.duration().map(|duration| duration.as_secs_f64()),
            attempts: gap.attempts,
            reason: gap.reason.as_str().to_owned(),
            missing: gap.missing,
        }
    }
}

impl From<Shown> for Gap {
    fn from(shown: Shown) -> Self {
        let at = |millis: Option<u64>| millis.map(Timestamp::from_unix_millis);
        let Shown { source, from, to, attempts, reason, missing, .. } = shown;
        let (source, reason) = (source.map(Arc::from), reason.as_str().into());
        Self { source, from: at(from), to: at(to), reason, attempts, missing }
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
