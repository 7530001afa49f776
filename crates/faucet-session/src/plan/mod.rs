//! The checked conversation: parsed once, shared by all runs.

mod call;
mod check;
mod checker;
mod continuity_check;
mod host_pattern;
mod known_names;
mod maker;
mod match_template;
mod outgoing;
mod parts;
#[expect(clippy::module_inception, reason = "the plan is the noun of its folder")]
mod plan;
mod route_check;
mod rules_check;
mod script_check;
mod takes;
mod watch_check;

pub use call::ReadyCall;
pub(crate) use call::{CallPlan, fill_url};
pub use host_pattern::UrlRefused;
pub(crate) use maker::{Hmac, Jwt, KeySource, Maker, ValuePlan};
pub(crate) use match_template::MatchTemplate;
pub(crate) use outgoing::Outgoing;
pub use outgoing::Sent;
pub(crate) use parts::{Expect, Rule, Verb};
pub use plan::{Continuity, CursorPlan, Plan, SESSION_TIMEOUT, SequencePlan};
pub(crate) use takes::Takes;
