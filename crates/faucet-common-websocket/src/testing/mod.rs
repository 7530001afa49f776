//! Support for tests of this crate and of the connectors above it, and the entries of the fuzz
//! targets. Not a part of the public API: anything may change at any time.
//!
//! A cargo feature hides it, because the tests of other crates need it too: `cfg(test)` and
//! `cfg(fuzzing)` reach one crate and one tool.

mod differential;
pub mod fuzz;
mod judge;
pub mod pair;
#[cfg(test)]
pub(crate) mod random_stream;
#[cfg(test)]
pub(crate) mod raw_frame;
