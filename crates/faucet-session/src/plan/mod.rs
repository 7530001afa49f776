//! The checked conversation: parsed once, shared by all runs.

mod match_template;
mod outgoing;

pub(crate) use match_template::MatchTemplate;
pub(crate) use outgoing::Outgoing;
pub use outgoing::Sent;
