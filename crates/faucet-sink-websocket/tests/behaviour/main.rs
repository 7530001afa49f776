//! The sink against peers that do what a script says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod client_refused;
mod compression;
mod conformance;
mod connecting;
mod dead_letters;
mod dropped;
mod every_byte;
mod flushes;
mod idle;
mod keys;
mod losses;
mod options;
mod reconnects;
mod records;
mod refusals;
mod session_start;
mod session_upkeep;
mod slow;
mod support;
