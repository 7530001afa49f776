//! The transforms of faucet-stream: `filter`, `pick`, `split` and `dedup`.
//!
//! All of them find places in the bytes of a record without parsing it into a tree. Bytes that a
//! transform does not change stay as they came: the spelling of numbers, whitespace, the order of
//! members. A transform reads the payload of a record; the envelope of a source stays around it.
//!
//! A transform never drops a record in silence: a record that is dropped on purpose is counted, and
//! a record that a transform cannot handle goes to its `dead_letter` or ends the run.

mod dedup;
mod factory;
mod filter;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod memory;
mod pick;
mod pick_config;
mod place;
#[cfg(test)]
mod properties;
mod split;

pub use dedup::{Dedup, DedupConfig};
pub use factory::register;
pub use filter::{Filter, FilterConfig};
pub use pick::Pick;
pub use pick_config::PickConfig;
pub use split::{Split, SplitConfig};

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
