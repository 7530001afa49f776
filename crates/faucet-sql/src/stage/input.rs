//! A stream that a query reads, and how.

use std::sync::Arc;

use crate::rows::Format;
use crate::schema::Column;

/// A stream that a query reads, and how.
#[derive(Debug, Clone)]
pub(crate) struct InputPlan {
    pub(crate) name: Arc<str>,
    pub(crate) format: Format,
    /// The columns that are decoded: those that the query reads, and behind them that of the time
    /// if it does not read it.
    pub(crate) columns: Vec<Column>,
    /// How many of the columns the query reads.
    pub(crate) visible: usize,
    pub(crate) time: Option<TimeColumn>,
    pub(crate) on_bad_row: OnBadRow,
}

/// The column that holds the time of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeColumn {
    /// Its place among the columns that are decoded.
    pub(crate) column: usize,
    pub(crate) unit: TimeUnit,
}

/// The unit of a time in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TimeUnit {
    Seconds,
    #[default]
    Millis,
    Micros,
    Nanos,
}

impl TimeUnit {
    /// All of them, and the words for them.
    pub(crate) const ALL: [Self; 4] = [Self::Seconds, Self::Millis, Self::Micros, Self::Nanos];
    pub(crate) const WORDS: [&'static str; 4] = ["s", "ms", "us", "ns"];

    /// A number of this unit in milliseconds since 1970.
    pub(crate) fn millis(self, number: i64) -> Option<i64> {
        match self {
            Self::Seconds => number.checked_mul(1000),
            Self::Millis => Some(number),
            Self::Micros => Some(number.div_euclid(1000)),
            Self::Nanos => Some(number.div_euclid(1_000_000)),
        }
    }
}

/// What happens to a row that does not fit its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum OnBadRow {
    /// It goes to the dead letter, or ends the run.
    #[default]
    Fail,
    /// It is counted and left out.
    Skip,
}

impl OnBadRow {
    /// All of them, and the words for them.
    pub(crate) const ALL: [Self; 2] = [Self::Fail, Self::Skip];
    pub(crate) const WORDS: [&'static str; 2] = ["fail", "skip"];
}
