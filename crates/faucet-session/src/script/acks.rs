//! The answers to subscriptions.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use faucet_core::select::{Match, Message};

/// The answers to one subscription message.
#[derive(Debug)]
struct Pending {
    ack: Match,
    fail: Option<Match>,
    left: u32,
    /// Whether an answer is about one of several topics.
    one_each: bool,
    /// The numbers of the topics in the message.
    topics: std::ops::Range<usize>,
}

/// The answers that are awaited. Pure.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    /// In the order of their messages: servers mostly answer in that order.
    pending: VecDeque<Pending>,
    /// A message that fits none of these is no answer to any message: the feed goes on while thousands of
    /// answers are awaited.
    any: Vec<Match>,
    /// The time from which the answers are waited for.
    since: Option<Instant>,
}

/// The meaning of a message for the subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing.
    None,
    /// Yes.
    Yes,
    /// No, to these topics, or with `one` to one of them that the server does not name. `left` answers to
    /// the message are still awaited.
    No { topics: std::ops::Range<usize>, one: bool, left: u32 },
}

impl Acks {
    /// The answers to come fit one of `any`; none: they may have any shape.
    pub(crate) fn new(any: Vec<Match>) -> Self {
        Self { any, ..Self::default() }
    }

    /// A message with `topics` was sent, which gets `answers` answers.
    pub(crate) fn expect(
        &mut self,
        ack: Match,
        fail: Option<Match>,
        answers: u32,
        topics: std::ops::Range<usize>,
    ) {
        let one_each = answers > 1;
        self.pending.push_back(Pending { ack, fail, left: answers, one_each, topics });
    }

    /// The last message has left.
    pub(crate) fn sent(&mut self, now: Instant) {
        self.since = Some(now);
    }

    /// Moves the time from which the answers are waited for.
    pub(crate) fn resumed(&mut self, pause: Duration, now: Instant) {
        self.since = self.since.map(|since| now.min(since + pause));
    }

    /// When the wait is over.
    pub(crate) fn due(&self, timeout: Duration) -> Option<Instant> {
        self.since.filter(|_| !self.pending.is_empty())?.checked_add(timeout)
    }

    /// Whether all answers are there.
    pub(crate) fn is_done(&self) -> bool {
        self.pending.is_empty()
    }

    /// Looks at a message. A match without number and topic fits all subscriptions: the oldest counts.
    pub(crate) fn look(&mut self, message: Message<'_>) -> Answer {
        if !self.any.is_empty() && !self.any.iter().any(|any| any.matches(message)) {
            return Answer::None;
        }
        for (index, pending) in self.pending.iter_mut().enumerate() {
            let refuses = pending.fail.as_ref().is_some_and(|fail| fail.matches(message));
            if !refuses && !pending.ack.matches(message) {
                continue;
            }
            pending.left -= 1;
            let (topics, left, one) = (pending.topics.clone(), pending.left, pending.one_each);
            if left == 0 {
                self.pending.remove(index);
            }
            return if refuses { Answer::No { topics, one, left } } else { Answer::Yes };
        }
        Answer::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(text: &str) -> Match {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn answers_may_come_in_any_order_and_are_counted() {
        let mut acks = Acks::default();
        let by = |id: u32| matching(&format!(r#"{{"/id":{id},"/ok":true}}"#));
        let no = |id: u32| Some(matching(&format!(r#"{{"/id":{id},"/ok":false}}"#)));
        acks.expect(by(1), no(1), 1, 0..1);
        acks.expect(by(2), no(2), 2, 1..3);
        for (message, expected) in [
            (r#"{"id":2,"ok":true}"#, Answer::Yes),
            (r#"{"id":3,"ok":true}"#, Answer::None),
            ("data", Answer::None),
            (r#"{"id":2,"ok":false}"#, Answer::No { topics: 1..3, one: true, left: 0 }),
            (r#"{"id":2,"ok":true}"#, Answer::None),
            (r#"{"id":1,"ok":true}"#, Answer::Yes),
        ] {
            assert_eq!(acks.look(Message::unchecked(message.as_bytes())), expected, "{message}");
        }
        assert!(acks.is_done());
    }

    #[test]
    fn a_message_that_fits_no_answer_is_none() {
        let mut acks = Acks::new(vec![matching(r#"{"/id":{"exists":true}}"#)]);
        acks.expect(matching(r#"{"/id":1}"#), Some(matching(r#"{"/ok":false}"#)), 1, 0..1);
        for (message, expected) in [
            (r#"{"ok":false}"#, Answer::None),
            (r#"{"id":2}"#, Answer::None),
            (r#"{"id":1}"#, Answer::Yes),
        ] {
            assert_eq!(acks.look(Message::unchecked(message.as_bytes())), expected, "{message}");
        }
    }

    #[test]
    fn an_answer_without_a_number_is_that_to_the_oldest() {
        let mut acks = Acks::default();
        for topics in [0..1, 1..2] {
            acks.expect(
                matching(r#"{"text":"ok"}"#),
                Some(matching(r#"{"text":"no"}"#)),
                1,
                topics,
            );
        }
        let t0 = Instant::now();
        assert_eq!(acks.due(Duration::from_secs(1)), None);
        acks.sent(t0);
        assert_eq!(acks.due(Duration::from_secs(1)), Some(t0 + Duration::from_secs(1)));
        assert_eq!(
            acks.look(Message::unchecked(b"no")),
            Answer::No { topics: 0..1, one: false, left: 0 }
        );
        assert_eq!(acks.look(Message::unchecked(b"ok")), Answer::Yes);
        assert_eq!((acks.is_done(), acks.due(Duration::ZERO)), (true, None));
    }
}
