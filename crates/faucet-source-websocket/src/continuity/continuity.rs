//! Everything that a feed's continuity needs, at the record that is handed over next.

use std::borrow::Cow;
use std::collections::VecDeque;

use faucet_common_websocket::Recurring;
use faucet_common_websocket::session::keys::OnGap;
use faucet_common_websocket::session::plan::{Plan, Sent};
use faucet_common_websocket::session::script::{Mark, MarkKind};
use faucet_common_websocket::session::template::Token;

use crate::continuity::numbers::{Numbers, Step};
use crate::continuity::place::{Place, Point, Restored};
use crate::continuity::repeats::Repeats;

/// The missing messages in front of the next record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Before {
    /// How many messages are missing, if the feed is numbered and the message before was counted; `Some(None)`:
    /// some are, nobody knows how many.
    pub(crate) missing: Option<Option<u64>>,
}

/// How a feed goes on, in the order in which records are handed over. Pure.
#[derive(Debug)]
pub(crate) struct Continuity {
    numbers: Option<Numbers>,
    pub(crate) repeats: Option<Repeats>,
    pub(crate) place: Place,
    /// Taken off a cursor where the feed goes on.
    rewind: u64,
    has_position: bool,
    /// Marks of the batch that were not reached yet.
    marks: VecDeque<Mark>,
    before: Before,
    /// Answers that wait until the records before are flushed, each with the number of those.
    replies: VecDeque<(u64, Sent)>,
    handed_over: u64,
    /// How many records were remembered before the one that goes into a page next.
    remembered: u64,
    /// The points at which pages begin that may not be handed over yet, each with the number of its page.
    begins: VecDeque<(u64, Point)>,
    /// How many records the sinks have flushed.
    flushed: u64,
    duplicates: u64,
    /// Numbers that are not larger than the one before.
    steps_back: Recurring,
    /// The topics of the connection.
    topics: Vec<Token>,
}

impl Continuity {
    /// The continuity that `plan` asks for; `None`: none.
    pub(crate) fn new(plan: &Plan, topics: &[Token]) -> Option<Self> {
        let keys = plan.continuity();
        let has_replies = plan.has_late_replies();
        if !keys.has_resume && keys.dedup.is_none() && keys.sequence.is_none() && !has_replies {
            return None;
        }
        Some(Self {
            numbers: keys.sequence.clone().map(Numbers::new),
            repeats: keys.dedup.as_ref().map(Repeats::new),
            place: Place::default(),
            rewind: keys.cursor.as_ref().map_or(0, |cursor| cursor.rewind),
            has_position: keys.has_resume || has_replies,
            marks: VecDeque::new(),
            before: Before::default(),
            replies: VecDeque::new(),
            handed_over: 0,
            remembered: 0,
            begins: VecDeque::new(),
            flushed: 0,
            duplicates: 0,
            steps_back: Recurring::default(),
            topics: topics.to_vec(),
        })
    }

    /// Goes on from a saved position.
    pub(crate) fn restore(&mut self, restored: Restored) {
        let Restored { place, seen } = restored;
        self.place = place;
        let Some(repeats) = &mut self.repeats else { return };
        for seen in &seen {
            if let Err(error) = repeats.restore(&seen.bytes, seen.cursor) {
                tracing::warn!("{error}");
            }
        }
    }

    /// Whether the connection has a place to save.
    pub(crate) fn has_position(&self) -> bool {
        self.has_position
    }

    /// The topics of the connection.
    pub(crate) fn topics(&self) -> &[Token] {
        &self.topics
    }

    /// The next record goes into the page number `page`, and the page `next` is the next to be handed over.
    pub(crate) fn begin_page(&mut self, page: u64, next: u64) {
        if self.begins.back().is_some_and(|(last, _)| *last == page) {
            return;
        }
        while self.begins.front().is_some_and(|(number, _)| *number < next) {
            self.begins.pop_front();
        }
        let remembered = self.remembered;
        let point = Point { place: self.place.clone(), records: self.handed_over, remembered };
        self.begins.push_back((page, point));
    }

    /// The point behind the last record that was handed over, where the page `next` is handed over next. A page
    /// may be half full when somebody asks.
    pub(crate) fn point(&self, next: u64) -> Cow<'_, Point> {
        let begin = self.begins.iter().find(|(number, _)| *number >= next);
        begin.map_or_else(
            || {
                let remembered = self.repeats.as_ref().map_or(0, Repeats::remembered);
                let place = self.place.clone();
                Cow::Owned(Point { place, records: self.handed_over, remembered })
            },
            |(_, point)| Cow::Borrowed(point),
        )
    }

    /// The remembered records up to a point that the server may send again.
    pub(crate) fn seen(&self, point: &Point) -> Option<Vec<u8>> {
        let from = point.place.number().map(|cursor| cursor - i128::from(self.rewind));
        self.repeats.as_ref().map(|repeats| repeats.to_bytes(from, point.remembered))
    }

    /// A batch begins, whose marks these are.
    pub(crate) fn begin(&mut self, marks: Vec<Mark>) {
        self.marks.extend(marks);
    }

    /// The number of the record before which the next mark stands; `None`: there is no mark.
    pub(crate) fn next_mark(&self) -> Option<usize> {
        self.marks.front().map(|mark| mark.at)
    }

    /// Passes all marks in front of the record number `next` of the batch.
    ///
    /// # Errors
    /// The wanted consequence of a hole, if it is more than a report.
    pub(crate) fn pass(&mut self, next: usize) -> Result<(), OnGap> {
        while self.next_mark().is_some_and(|at| at <= next) {
            let Some(mark) = self.marks.pop_front() else { break };
            match mark.what {
                MarkKind::Cursor(cursor) => self.place.cursor = cursor,
                MarkKind::Kept(kept) => self.place.kept = kept,
                MarkKind::Reply(reply) => self.replies.push_back((self.handed_over, reply)),
                MarkKind::CountReset(key) => {
                    self.numbers.iter_mut().for_each(|numbers| numbers.reset(&key));
                }
                MarkKind::Number(number) => {
                    let Some(numbers) = &mut self.numbers else { continue };
                    let missing = match numbers.count(&number) {
                        Step::Begins => continue,
                        Step::Follows => Some(0),
                        Step::Hole(missing) => missing,
                        Step::Back => {
                            self.warn_of_step_back(number.last);
                            continue;
                        }
                    };
                    let before = self.before.missing.unwrap_or(Some(0));
                    let sum = before.zip(missing).map(|(one, other)| one.saturating_add(other));
                    self.before.missing = Some(sum);
                    if missing != Some(0) && numbers.plan.on_gap != OnGap::Report {
                        return Err(numbers.plan.on_gap);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn warn_of_step_back(&mut self, last: i128) {
        let now = tokio::time::Instant::now().into_std();
        if let Some(telling) = self.steps_back.note(now) {
            let times = telling.count;
            tracing::warn!(
                last,
                times,
                "the number of a message is not larger than the one before"
            );
        }
    }

    /// Whether messages are missing before the next record.
    pub(crate) fn is_hole_ahead(&self) -> bool {
        !matches!(self.before.missing, None | Some(Some(0)))
    }

    /// Takes what stands before the next record.
    pub(crate) fn take_before(&mut self) -> Before {
        std::mem::take(&mut self.before)
    }

    /// Records were handed over.
    pub(crate) fn handed_over(&mut self, records: usize) {
        self.handed_over += records as u64;
    }

    /// Whether a record was there before.
    pub(crate) fn is_repeat(&mut self, record: &[u8], is_json: bool) -> bool {
        let cursor = self.place.number();
        let Some(repeats) = &mut self.repeats else { return false };
        self.remembered = repeats.remembered();
        let is_repeat = repeats.is_repeat(record, is_json, cursor);
        self.duplicates += u64::from(is_repeat);
        is_repeat
    }

    /// How many records were left out as repeated since the last call.
    pub(crate) fn take_duplicates(&mut self) -> u64 {
        std::mem::take(&mut self.duplicates)
    }

    /// The connection was lost.
    pub(crate) fn lost(&mut self) {
        if let Some(numbers) = &mut self.numbers {
            numbers.lost();
        }
        // The next connection cannot answer what this one was asked.
        self.replies.clear();
    }

    /// The sinks have flushed so many records.
    pub(crate) fn flushed(&mut self, records: u64) {
        self.flushed = self.flushed.max(records);
    }

    /// The next answer that may leave: the sinks have flushed every record before it. The answer to a repeated
    /// record waits for the records before that one only.
    pub(crate) fn take_reply(&mut self) -> Option<Sent> {
        self.replies.front().filter(|(records, _)| *records <= self.flushed)?;
        self.replies.pop_front().map(|(_, reply)| reply)
    }
}
