//! Cuts rows by time.

use std::collections::BTreeMap;
use std::ops::Range;

/// The rows of a batch that lie in one pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rows {
    /// They stand together.
    Slice(Range<usize>),
    /// Rows of other panes stand between them.
    Taken(Vec<u32>),
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Slice(rows) => rows.len(),
            Self::Taken(rows) => rows.len(),
        }
    }
}

/// Cuts rows at `times` into panes of `slide` milliseconds. A pane is named by the time at which it begins.
pub(crate) fn cut(times: &[i64], slide: i64) -> Vec<(i64, Rows)> {
    let pane = |time: i64| time.div_euclid(slide) * slide;
    let mut runs: Vec<(i64, Range<usize>)> = Vec::new();
    for (row, &time) in times.iter().enumerate() {
        match runs.last_mut() {
            Some((begin, run)) if (*begin..*begin + slide).contains(&time) => run.end = row + 1,
            _ => runs.push((pane(time), row..row + 1)),
        }
    }
    let mut panes: BTreeMap<i64, Vec<Range<usize>>> = BTreeMap::new();
    for (begin, run) in runs {
        panes.entry(begin).or_default().push(run);
    }
    panes.into_iter().map(|(begin, runs)| (begin, together(runs))).collect()
}

fn together(mut runs: Vec<Range<usize>>) -> Rows {
    match runs.len() {
        1 => Rows::Slice(runs.remove(0)),
        // A page has less than four billion rows: their places are 32 bits wide elsewhere too.
        _ => Rows::Taken(runs.into_iter().flatten().map(|row| row as u32).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_by_their_times() {
        for (times, slide, expected) in [
            (&[][..], 10, vec![]),
            (
                &[0, 9, 10, 19, 20],
                10,
                vec![(0, Rows::Slice(0..2)), (10, Rows::Slice(2..4)), (20, Rows::Slice(4..5))],
            ),
            // Before 1970.
            (&[-1, 0], 10, vec![(-10, Rows::Slice(0..1)), (0, Rows::Slice(1..2))]),
            // Out of order.
            (&[5, 15, 6, 7], 10, vec![(0, Rows::Taken(vec![0, 2, 3])), (10, Rows::Slice(1..2))]),
        ] {
            assert_eq!(cut(times, slide), expected, "{times:?}");
        }
    }
}
