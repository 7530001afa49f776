//! What `faucet tap` is made of.

pub(crate) mod advice;
pub(crate) mod args;
pub(crate) mod endpoint;
pub(crate) mod file_source;
mod filter;
mod hex;
mod input;
mod json_tokens;
pub(crate) mod outlet;
mod pen;
pub(crate) mod session;
pub(crate) mod shower;
mod slash;
mod tally;
mod timers;
mod view;
