//! The numbers of trades, which show missing and repeated ones.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The largest number of gaps that are kept, so that strange numbers do not fill the memory. A late
/// number of a gap that is not kept counts as repeated.
const MOST_GAPS: usize = 10_000;

/// The trade number of `message`: the member `t` of a JSON object. `None` for other messages.
pub fn number_of(message: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Trade {
        t: u64,
    }
    serde_json::from_slice(message).ok().map(|Trade { t }| t)
}

/// Counters over the trade numbers of all connections.
#[derive(Debug, Clone, Default)]
pub struct Numbers {
    seen: u64,
    missing: u64,
    repeated: u64,
    disordered: u64,
    /// The least and the greatest.
    span: Option<(u64, u64)>,
    /// The numbers missing between them: the first of each gap, and its last.
    gaps: BTreeMap<u64, u64>,
}

impl Numbers {
    /// Counts `number`, which came after `previous` on the same connection.
    pub fn see(&mut self, previous: Option<u64>, number: u64) {
        let (least, greatest) = *self.span.get_or_insert((number, number));
        let (new, late) = if self.seen == 0 {
            (true, false)
        } else if number > greatest {
            self.span = Some((least, number));
            self.open(greatest + 1, number - 1);
            (true, false)
        } else if number < least {
            self.span = Some((number, greatest));
            self.open(number + 1, least - 1);
            (true, true)
        } else {
            let late = self.fill(number);
            (late, late)
        };
        self.seen += 1;
        self.repeated += u64::from(!new);
        self.disordered += u64::from(late || previous.is_some_and(|previous| number < previous));
    }

    fn open(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        self.missing += last - first + 1;
        if self.gaps.len() < MOST_GAPS {
            self.gaps.insert(first, last);
        }
    }

    /// Takes `number` out of its gap, if it is in one.
    fn fill(&mut self, number: u64) -> bool {
        let Some((&first, &last)) = self.gaps.range(..=number).next_back() else { return false };
        if number > last {
            return false;
        }
        self.gaps.remove(&first);
        if first < number {
            self.gaps.insert(first, number - 1);
        }
        if number < last {
            self.gaps.insert(number + 1, last);
        }
        self.missing -= 1;
        true
    }

    /// Numbers seen, repeated ones included.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Different numbers seen.
    pub fn distinct(&self) -> u64 {
        self.seen - self.repeated
    }

    /// Numbers between the least and the greatest that were not seen.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Numbers that had been seen before.
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// `in order` if on each connection the numbers grew and no gap was filled late, else `not all in
    /// order`.
    pub fn order(&self) -> &'static str {
        match self.disordered {
            0 => "in order",
            _ => "not all in order",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is counted on connections that bring these numbers one after the other.
    fn counted(connections: &[&[u64]]) -> (u64, u64, u64, &'static str) {
        let mut numbers = Numbers::default();
        for connection in connections {
            let mut previous = None;
            for number in *connection {
                numbers.see(previous, *number);
                previous = Some(*number);
            }
        }
        let all: usize = connections.iter().map(|connection| connection.len()).sum();
        assert_eq!(numbers.seen(), all as u64);
        (numbers.distinct(), numbers.missing(), numbers.repeated(), numbers.order())
    }

    #[test]
    fn gaps_repetitions_and_disorder_are_told_apart() {
        let (well, badly) = ("in order", "not all in order");
        for (connections, expected) in [
            (&[&[][..]][..], (0, 0, 0, well)),
            (&[&[7, 8, 9]], (3, 0, 0, well)),
            (&[&[1, 2, 5, 9]], (4, 5, 0, well)),
            // Late, and so neither missing nor repeated.
            (&[&[1, 2, 5, 6, 4]], (5, 1, 0, badly)),
            (&[&[1, 9, 5, 4, 6]], (5, 4, 0, badly)),
            (&[&[5, 2]], (2, 2, 0, badly)),
            (&[&[1, 2, 2, 3]], (3, 0, 1, well)),
            (&[&[1, 2, 3, 2, 3]], (3, 0, 2, badly)),
            // A sink that reconnects and sends some again.
            (&[&[1, 2, 3, 4], &[3, 4, 5]], (5, 0, 2, well)),
            (&[&[1, 2], &[4, 5]], (4, 1, 0, well)),
            (&[&[1, 4], &[1, 4, 5]], (3, 2, 2, well)),
            (&[&[1, 4], &[2, 3]], (4, 0, 0, badly)),
            (&[&[0, u64::MAX]], (2, u64::MAX - 1, 0, well)),
        ] {
            assert_eq!(counted(connections), expected, "{connections:?}");
        }
    }

    #[test]
    fn strange_numbers_do_not_fill_the_memory() {
        let mut numbers = Numbers::default();
        (0..20_000).for_each(|number| numbers.see(None, number * 2));
        assert_eq!((numbers.missing(), numbers.gaps.len()), (19_999, MOST_GAPS));
    }

    #[test]
    fn only_a_trade_has_a_number() {
        assert_eq!(number_of(br#" {"e":"trade","s":"a\"b","t":12,"x":[{"t":1}]} "#), Some(12));
        for other in ["", "12", "not a trade", "{\"x\":{\"t\":1}}", "{\"t\":\"1\"}", "{\"t\":-1}"] {
            assert_eq!(number_of(other.as_bytes()), None, "{other}");
        }
    }
}
