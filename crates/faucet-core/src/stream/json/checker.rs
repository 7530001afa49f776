//! The check of batches one after the other.

use crate::stream::json::bulk::is_all_json;
use crate::stream::span::Span;

/// The pass over the whole batch is left out when it says no so many times in a row.
const PATIENCE: u32 = 4;

/// How many batches it is then left out for. Each further no doubles this.
const FIRST_PAUSE: u32 = 16;

/// The most batches that it is left out for: a feed may change its habits.
const LONGEST_PAUSE: u32 = 1024;

/// Checks the batches of one feed with [`is_all_json`], and leaves the check out for a while when it
/// does not pay: the messages of a feed that pretty-prints its JSON are all checked one by one.
#[derive(Debug, Clone, Default)]
pub struct BatchChecker {
    refused_in_a_row: u32,
    /// How many of the next batches the check is left out for.
    pause: u32,
}

impl BatchChecker {
    /// A checker for a new feed.
    pub const fn new() -> Self {
        Self { refused_in_a_row: 0, pause: 0 }
    }

    /// As [`is_all_json`]. `false` may also mean that the check was left out: ask
    /// [`check`](crate::json::check) about each message.
    ///
    /// # Panics
    /// When the messages do not lie in the chunk.
    pub fn check(&mut self, chunk: &[u8], spans: &[Span]) -> bool {
        if !self.is_next_checked() {
            return false;
        }
        let all = is_all_json(chunk, spans);
        self.note(all);
        all
    }

    /// Whether the check pays for the next batch.
    fn is_next_checked(&mut self) -> bool {
        let is_checked = self.pause == 0;
        self.pause = self.pause.saturating_sub(1);
        is_checked
    }

    /// Notes what the check said.
    fn note(&mut self, all_json: bool) {
        if all_json {
            *self = Self::new();
            return;
        }
        self.refused_in_a_row = self.refused_in_a_row.saturating_add(1);
        if let Some(further) = self.refused_in_a_row.checked_sub(PATIENCE) {
            let doublings = further.min(LONGEST_PAUSE.ilog2());
            self.pause = (FIRST_PAUSE << doublings).min(LONGEST_PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MessageKind;

    /// Which of `batches` batches are checked when each check says `all_json`.
    fn checked(checker: &mut BatchChecker, batches: usize, all_json: bool) -> Vec<usize> {
        let is_checked = |_: &usize| {
            let is_checked = checker.is_next_checked();
            if is_checked {
                checker.note(all_json);
            }
            is_checked
        };
        (0..batches).filter(is_checked).collect()
    }

    #[test]
    fn the_check_is_left_out_ever_longer_while_it_says_no() {
        let mut checker = BatchChecker::new();
        assert_eq!(checked(&mut checker, 100, false), [0, 1, 2, 3, 20, 53]);
        // Each pause is at most so long.
        let later = checked(&mut checker, 1_000_000, false);
        assert_eq!(later.windows(2).map(|pair| pair[1] - pair[0] - 1).max(), Some(1024));
        // One yes is enough to check all batches again.
        let first = checked(&mut checker, 1025, true);
        assert_eq!(first, (first[0]..1025).collect::<Vec<_>>());
        assert_eq!(checked(&mut checker, 10, false), [0, 1, 2, 3]);
    }

    #[test]
    fn batches_are_judged() {
        let span = Span { at: 1, len: 2, kind: MessageKind::Text };
        let mut checker = BatchChecker::new();
        for n in 0..100 {
            assert!(checker.check(b"\n17", &[span]), "{n}");
        }
        for n in 0..4 {
            assert!(!checker.check(b"\n1x", &[span]), "{n}");
        }
        assert!(!checker.check(b"\n17", &[span]));
        assert!((0..16).any(|_| checker.check(b"\n17", &[span])));
    }
}
