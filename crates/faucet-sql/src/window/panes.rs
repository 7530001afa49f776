//! Cuts rows by time.

use std::collections::BTreeMap;
use std::ops::Range;

/// A part of time, and the rows of a batch that lie in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pane {
    /// The time at which it begins.
    pub(crate) begin: i64,
    pub(crate) rows: PaneRows,
}

/// The rows of a batch that lie in one pane, by their places in the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PaneRows {
    /// They stand together.
    Slice(Range<usize>),
    /// Rows of other panes stand between them.
    Taken(Vec<u32>),
}

impl PaneRows {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Slice(rows) => rows.len(),
            Self::Taken(rows) => rows.len(),
        }
    }

    /// The place of one of them in the batch.
    pub(crate) fn place(&self, row: usize) -> usize {
        match self {
            Self::Slice(rows) => rows.start + row,
            Self::Taken(rows) => rows[row] as usize,
        }
    }
}

/// Cuts rows at `times` into panes of `slide` milliseconds.
pub(crate) fn cut(times: &[i64], slide: i64) -> Vec<Pane> {
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
    panes.into_iter().map(|(begin, runs)| Pane { begin, rows: together(runs) }).collect()
}

fn together(mut runs: Vec<Range<usize>>) -> PaneRows {
    match runs.len() {
        1 => PaneRows::Slice(runs.remove(0)),
        // A page has less than four billion rows: their places are 32 bits wide elsewhere too.
        _ => PaneRows::Taken(runs.into_iter().flatten().map(|row| row as u32).collect()),
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
                vec![
                    (0, PaneRows::Slice(0..2)),
                    (10, PaneRows::Slice(2..4)),
                    (20, PaneRows::Slice(4..5)),
                ],
            ),
            // Before 1970.
            (&[-1, 0], 10, vec![(-10, PaneRows::Slice(0..1)), (0, PaneRows::Slice(1..2))]),
            // Out of order.
            (
                &[5, 15, 6, 7],
                10,
                vec![(0, PaneRows::Taken(vec![0, 2, 3])), (10, PaneRows::Slice(1..2))],
            ),
        ] {
            let panes = cut(times, slide).into_iter().map(|pane| (pane.begin, pane.rows));
            assert_eq!(panes.collect::<Vec<_>>(), expected, "{times:?}");
        }
    }
}
