//! How a feed goes on over connections and runs, in the order in which records are handed over. Pure.
//!
//! `numbers` finds holes in the numbers of messages, `repeats` knows the records that were there before,
//! and `place` is the position of one connection. `places` is that of the run, as the
//! runner saves it.

#[expect(clippy::module_inception, reason = "the continuity is the noun of its folder")]
mod continuity;
mod numbers;
mod place;
mod places;
mod repeats;

pub(crate) use continuity::Continuity;
pub(crate) use places::Places;
