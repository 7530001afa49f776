//! Holes in the numbers of messages.

use std::collections::{HashMap, VecDeque};

use faucet_common_websocket::session::keys::{CountScope, NumberOrder};
use faucet_common_websocket::session::plan::SequencePlan;
use faucet_common_websocket::session::script::MessageNumber;

/// The most counts that are remembered.
const MOST_COUNTS: usize = 100_000;

/// The relation of a number to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing: a count begins.
    Begins,
    /// None is missing.
    Follows,
    /// So many are missing; `None`: some.
    Hole(Option<u64>),
    /// The number is not larger than the one before, although numbers only grow.
    Back,
}

/// The counts of the messages of a feed. Pure.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) plan: SequencePlan,
    /// The last number of each; `None`: the next number begins the count.
    counts: HashMap<Vec<u8>, Option<i128>>,
    /// The keys in the order in which their counts began.
    order: VecDeque<Vec<u8>>,
}

impl Numbers {
    pub(crate) fn new(plan: SequencePlan) -> Self {
        Self { plan, counts: HashMap::new(), order: VecDeque::new() }
    }

    /// The connection was lost.
    pub(crate) fn lost(&mut self) {
        if self.plan.scope == CountScope::Connection {
            self.counts.clear();
            self.order.clear();
        }
    }

    /// Counts a message.
    pub(crate) fn count(&mut self, number: &MessageNumber) -> Step {
        let before = match self.counts.get(&number.key) {
            None => {
                self.begin(number);
                return Step::Begins;
            }
            Some(Some(before)) if !number.resets => *before,
            Some(_) => {
                self.set(number);
                return Step::Begins;
            }
        };
        let step = self.step(number, before);
        // A message that was there before does not turn the count back.
        if number.last > before || self.plan.order == NumberOrder::Increasing {
            self.set(number);
        }
        step
    }

    fn step(&self, number: &MessageNumber, before: i128) -> Step {
        if let Some(previous) = number.previous {
            return match previous == before || number.last <= before {
                true => Step::Follows,
                false => Step::Hole(None),
            };
        }
        match self.plan.order {
            NumberOrder::Increasing if number.last <= before => Step::Back,
            NumberOrder::Increasing => Step::Follows,
            NumberOrder::Dense => match number.first.saturating_sub(before).saturating_sub(1) {
                ..=0 => Step::Follows,
                missing => Step::Hole(Some(u64::try_from(missing).unwrap_or(u64::MAX))),
            },
        }
    }

    fn begin(&mut self, number: &MessageNumber) {
        self.order.push_back(number.key.clone());
        self.set(number);
        if self.order.len() > MOST_COUNTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
    }

    fn set(&mut self, number: &MessageNumber) {
        self.counts.insert(number.key.clone(), Some(number.last));
    }

    /// A message without a number begins the count of `key` anew.
    pub(crate) fn reset(&mut self, key: &[u8]) {
        if let Some(count) = self.counts.get_mut(key) {
            *count = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(order: NumberOrder, scope: CountScope) -> SequencePlan {
        let config = serde_json::json!({"last": "/n"});
        let mut plan = SequencePlan::of(serde_json::from_value(config).unwrap());
        (plan.order, plan.scope) = (order, scope);
        plan
    }

    fn number(key: &str, first: i128, last: i128) -> MessageNumber {
        MessageNumber { key: key.into(), first, last, previous: None, resets: false }
    }

    #[test]
    fn dense_numbers_have_holes_and_repeats_have_none() {
        let mut numbers = Numbers::new(plan(NumberOrder::Dense, CountScope::Feed));
        for (key, first, last, step) in [
            ("a", 5, 5, Step::Begins),
            ("a", 6, 6, Step::Follows),
            ("b", 1, 1, Step::Begins),
            ("a", 9, 10, Step::Hole(Some(2))),
            ("a", 8, 8, Step::Follows),
            ("a", 10, 12, Step::Follows),
            ("a", 13, 13, Step::Follows),
            ("b", 3, 3, Step::Hole(Some(1))),
        ] {
            assert_eq!(numbers.count(&number(key, first, last)), step, "{key} {first}");
        }
        numbers.lost();
        assert_eq!(numbers.count(&number("a", 17, 17)), Step::Hole(Some(3)));
        assert_eq!(numbers.count(&number("a", 0, i128::MAX)), Step::Follows);
    }

    #[test]
    fn a_count_of_a_connection_begins_anew_on_the_next() {
        let mut numbers = Numbers::new(plan(NumberOrder::Dense, CountScope::Connection));
        numbers.count(&number("", 5, 5));
        numbers.lost();
        assert_eq!(numbers.count(&number("", 9, 9)), Step::Begins);
        let reset = MessageNumber { resets: true, ..number("", 1, 1) };
        assert_eq!(numbers.count(&reset), Step::Begins);
        assert_eq!(numbers.count(&number("", 2, 2)), Step::Follows);
    }

    #[test]
    fn a_chain_names_the_message_before() {
        let mut numbers = Numbers::new(plan(NumberOrder::Dense, CountScope::Feed));
        let chained = |previous: i128, last: i128| MessageNumber {
            previous: Some(previous),
            ..number("", last, last)
        };
        for (previous, last, step) in [
            (0, 10, Step::Begins),
            (10, 17, Step::Follows),
            (17, 40, Step::Follows),
            (41, 50, Step::Hole(None)),
            (17, 40, Step::Follows),
            (50, 51, Step::Follows),
        ] {
            assert_eq!(numbers.count(&chained(previous, last)), step, "{last}");
        }
    }

    #[test]
    fn growing_numbers_only_tell_when_they_fall() {
        let mut numbers = Numbers::new(plan(NumberOrder::Increasing, CountScope::Feed));
        for (last, step) in [
            (5, Step::Begins),
            (90, Step::Follows),
            (90, Step::Back),
            (7, Step::Back),
            (8, Step::Follows),
        ] {
            assert_eq!(numbers.count(&number("", last, last)), step, "{last}");
        }
    }

    #[test]
    fn the_oldest_counts_are_forgotten() {
        let mut numbers = Numbers::new(plan(NumberOrder::Dense, CountScope::Feed));
        for n in 0..=MOST_COUNTS {
            assert_eq!(numbers.count(&number(&n.to_string(), 1, 1)), Step::Begins);
        }
        assert_eq!(numbers.counts.len(), MOST_COUNTS);
        assert_eq!(numbers.count(&number("0", 5, 5)), Step::Begins);
    }
}
