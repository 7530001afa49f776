//! Where messages may be missing. Pure.

use faucet_core::{Gap, GapReason, Timestamp};

/// A time without a connection, or with one that brought no message.
#[derive(Debug)]
struct Outage {
    from: Timestamp,
    /// When the first message after it was received. That message may be one that no record is
    /// made of.
    to: Option<Timestamp>,
    attempts: u32,
}

/// Follows messages and losses, and makes one gap of each outage.
///
/// Several failed attempts are one outage, and so are connections that bring no message. An outage
/// before the first record of a run, or without a record after it, makes no gap.
#[derive(Debug, Default)]
pub(crate) struct Outages {
    /// When the last message was received, once there was a record.
    last_message: Option<Timestamp>,
    current: Option<Outage>,
}

impl Outages {
    /// Whether there was an outage since the last record.
    pub(crate) fn is_open(&self) -> bool {
        self.current.is_some()
    }

    /// When the last message was received, once there was a record.
    pub(crate) fn last_message(&self) -> Option<Timestamp> {
        self.last_message
    }

    /// The connection or an attempt was lost, and an attempt follows.
    pub(crate) fn lost(&mut self) {
        let Some(from) = self.last_message else { return };
        let outage = self.current.get_or_insert(Outage { from, to: None, attempts: 0 });
        outage.attempts = outage.attempts.saturating_add(1);
        outage.to = None;
    }

    /// A message was received at `at`.
    pub(crate) fn message(&mut self, at: Timestamp) {
        if let Some(outage) = &mut self.current {
            outage.to.get_or_insert(at);
        }
        if self.last_message.is_some() {
            self.last_message = Some(at);
        }
    }

    /// The message of `at` is handed over. Returns the gap that stands before it.
    pub(crate) fn handed_over(&mut self, at: Timestamp) -> Option<Gap> {
        self.last_message = Some(at);
        let Outage { from, to, attempts } = self.current.take()?;
        let gap = Gap::new(GapReason::Outage).between(from, to.unwrap_or(at));
        Some(gap.with_attempts(attempts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event in a story.
    enum Event {
        Lost,
        /// A message that becomes a record, received at this time.
        Record(u64),
        /// A message that becomes none.
        Skipped(u64),
    }
    use Event::{Lost, Record, Skipped};

    /// The gaps of a story: from, to, attempts.
    fn gaps(story: &[Event]) -> Vec<(u64, u64, u32)> {
        let (mut outages, mut found) = (Outages::default(), Vec::new());
        for event in story {
            match *event {
                Lost => outages.lost(),
                Skipped(at) => outages.message(Timestamp::from_unix_millis(at)),
                Record(at) => {
                    let at = Timestamp::from_unix_millis(at);
                    outages.message(at);
                    found.extend(outages.handed_over(at));
                }
            }
        }
        let millis = |at: Option<Timestamp>| at.unwrap().as_unix_millis();
        assert!(found.iter().all(|gap| gap.reason == GapReason::Outage && gap.missing.is_none()));
        found.iter().map(|gap| (millis(gap.from), millis(gap.to), gap.attempts)).collect()
    }

    #[test]
    fn each_outage_between_two_records_is_one_gap() {
        for (story, expected) in [
            (vec![Record(1), Record(2)], vec![]),
            (vec![Record(1), Record(2), Lost, Record(9), Record(10)], vec![(2, 9, 1)]),
            (vec![Record(1), Lost, Lost, Lost, Record(9)], vec![(1, 9, 3)]),
            (vec![Record(1), Lost, Record(2), Lost, Record(3)], vec![(1, 2, 1), (2, 3, 1)]),
            (vec![Lost, Lost, Record(1)], vec![]),
            (vec![Record(1), Lost], vec![]),
            // Messages without a record: the hole ends with the first message, and the gap comes
            // with the first record.
            (vec![Skipped(1), Lost, Record(2)], vec![]),
            (vec![Record(1), Skipped(3), Lost, Skipped(7), Record(9)], vec![(3, 7, 1)]),
            (vec![Record(1), Lost, Skipped(7), Lost, Record(9)], vec![(1, 9, 2)]),
        ] {
            assert_eq!(gaps(&story), expected);
        }
    }
}
