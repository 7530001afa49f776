//! The line of a gap.

use faucet_core::{Gap, Timestamp};
use serde::Serialize;

#[derive(Serialize)]
struct GapLine<'a> {
    faucet_gap: &'a Gap,
}

/// The line of a gap, without its line break, and the end of the gap.
pub(crate) fn gap_line(gap: &Gap) -> (Vec<u8>, Timestamp) {
    let line = serde_json::to_vec(&GapLine { faucet_gap: gap });
    (line.expect("a gap can be written as JSON"), gap.to.unwrap_or_else(Timestamp::now))
}
