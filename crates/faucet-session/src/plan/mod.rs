//! The checked conversation: parsed once, shared by all runs.

mod call;
mod host_pattern;
mod maker;
mod match_template;
mod outgoing;
mod parts;

pub use call::ReadyCall;
pub(crate) use call::{CallPlan, fill_url};
pub(crate) use host_pattern::HostPattern;
pub use host_pattern::UrlRefused;
pub(crate) use maker::{Hmac, Jwt, KeySource, Maker, ValuePlan, needs_http, template};
pub(crate) use match_template::MatchTemplate;
pub(crate) use outgoing::Outgoing;
pub use outgoing::Sent;
pub(crate) use parts::{BeatPlan, Expect, Rule, Rules, Step, SubscribePlan, Takes, Verb};
