//! The checked conversation: parsed once, shared by all runs.

mod maker;
mod match_template;
mod outgoing;

pub(crate) use maker::{Hmac, Jwt, KeySource, Maker, ValuePlan, needs_http, template};
pub(crate) use match_template::MatchTemplate;
pub(crate) use outgoing::Outgoing;
pub use outgoing::Sent;
