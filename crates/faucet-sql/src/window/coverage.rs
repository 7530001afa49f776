//! Which times a query has seen whole. Pure.

use std::collections::VecDeque;

/// The most holes that are kept: older ones are joined.
const MOST_HOLES: usize = 64;

/// Which times a query has seen whole: from its beginning, without the holes of its feeds.
#[derive(Debug, Clone)]
pub(crate) struct Coverage {
    /// `None`: no row has said yet where the run begins.
    began: Option<i64>,
    holes: VecDeque<(i64, i64)>,
    /// A hole that has begun and whose end is not known.
    open_hole: Option<i64>,
}

impl Coverage {
    /// The run sees everything from `began` on, or from its first row on.
    pub(crate) fn new(began: Option<i64>) -> Self {
        Self { began, holes: VecDeque::new(), open_hole: None }
    }

    /// Rows from `first` on have come: they begin the run where nothing else did, and end a hole.
    pub(crate) fn saw(&mut self, first: i64) {
        self.began.get_or_insert(first);
        if let Some(from) = self.open_hole.take() {
            self.hole(from, first.max(from));
        }
    }

    /// Something is missing between `from` and `to`.
    pub(crate) fn hole(&mut self, from: i64, to: i64) {
        if self.holes.len() == MOST_HOLES
            && let Some((oldest, _)) = self.holes.pop_front()
            && let Some(next) = self.holes.front_mut()
        {
            next.0 = next.0.min(oldest);
        }
        self.holes.push_back((from, to));
    }

    /// Something is missing from `from` on, until the next row.
    pub(crate) fn hole_from(&mut self, from: i64) {
        let known = self.open_hole.unwrap_or(from);
        self.open_hole = Some(known.min(from));
    }

    /// No window that ends at `closed` or before is asked about any more.
    pub(crate) fn forget(&mut self, closed: i64, size: i64) {
        // Windows that are open may have begun up to their size before.
        let oldest = closed.saturating_sub(size);
        self.holes.retain(|(_, to)| *to >= oldest);
    }

    /// Whether everything between `start` and `end` was seen.
    pub(crate) fn is_whole(&self, start: i64, end: i64) -> bool {
        let overlaps = |from: i64, to: i64| from < end && to > start;
        self.began.is_some_and(|began| began <= start)
            && self.open_hole.is_none_or(|from| from >= end)
            // A hole of no length lost what lay between two rows of one millisecond.
            && !self.holes.iter().any(|(from, to)| overlaps(*from, (*to).max(*from + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_whole_without_holes_and_behind_the_beginning() {
        let mut coverage = Coverage::new(Some(100));
        for (start, end, whole) in [(90, 110, false), (100, 110, true), (110, 120, true)] {
            assert_eq!(coverage.is_whole(start, end), whole, "{start}");
        }
        coverage.hole(115, 131);
        for (start, end, whole) in [
            (100, 110, true),
            (110, 120, false),
            (120, 130, false),
            (130, 140, false),
            (140, 150, true),
        ] {
            assert_eq!(coverage.is_whole(start, end), whole, "{start}");
        }
        coverage.hole(145, 145);
        assert!(!coverage.is_whole(140, 150));
    }

    #[test]
    fn a_hole_without_an_end_ends_with_the_next_row() {
        let mut coverage = Coverage::new(None);
        assert!(!coverage.is_whole(0, 10), "nothing was seen");
        coverage.saw(10);
        coverage.saw(25);
        assert!(coverage.is_whole(10, 20) && !coverage.is_whole(0, 10));
        coverage.hole_from(25);
        assert!(
            coverage.is_whole(10, 20) && !coverage.is_whole(20, 30) && !coverage.is_whole(900, 910)
        );
        coverage.saw(41);
        assert!(!coverage.is_whole(40, 50) && coverage.is_whole(50, 60));
    }

    #[test]
    fn old_holes_are_joined_and_forgotten() {
        let mut coverage = Coverage::new(Some(0));
        for n in 0..1000 {
            coverage.hole(n * 10, n * 10 + 1);
        }
        assert_eq!(coverage.holes.len(), MOST_HOLES);
        assert!(!coverage.is_whole(5, 6), "it stands in a hole that was joined");
        coverage.forget(9_990, 10);
        assert!(coverage.holes.len() <= 2 && coverage.is_whole(20_000, 20_010));
    }
}
