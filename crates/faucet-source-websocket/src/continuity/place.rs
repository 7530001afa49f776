//! The place of one connection in a feed.

use faucet_common_websocket::session::script::Kept;
use faucet_common_websocket::session::template::Token;
use faucet_core::select::Number;

/// The place of one connection in a feed: behind the last record that was handed over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub(crate) cursor: Option<Token>,
    pub(crate) kept: Kept,
}

/// The end of the records that came before a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Point {
    pub(crate) place: Place,
    /// How many records went into pages.
    pub(crate) records: u64,
    /// How many records were remembered for `dedup`.
    pub(crate) remembered: u64,
}

/// The saved records of a connection.
#[derive(Debug)]
pub(crate) struct Remembered {
    pub(crate) bytes: Vec<u8>,
    /// The cursor of the connection, if it is a whole number.
    pub(crate) cursor: Option<i128>,
}

/// The position that a connection goes on from.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    pub(crate) place: Place,
    /// The remembered records of all connections that had one of the topics.
    pub(crate) seen: Vec<Remembered>,
}

impl Place {
    /// The cursor as a whole number.
    pub(crate) fn number(&self) -> Option<i128> {
        self.cursor.as_ref()?.words().parse().ok()
    }

    /// Whether the place comes before `other`. A feed without a cursor begins before all; cursors that
    /// are no numbers have no order.
    pub(crate) fn is_older_than(&self, other: &Self) -> bool {
        let number = |place: &Self| Some(place.cursor.as_ref()?.words().to_owned());
        match (number(self), number(other)) {
            (None, Some(_)) => true,
            (Some(one), Some(other)) => {
                let (one, other) = (Number::new(one.as_bytes()), Number::new(other.as_bytes()));
                one.zip(other).is_some_and(|(one, other)| one < other)
            }
            _ => false,
        }
    }
}
