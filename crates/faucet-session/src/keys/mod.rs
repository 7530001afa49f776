//! The configuration keys of a conversation, as they are written.

mod close_rule;
mod control;
mod dedup;
mod heartbeat;
mod message;
mod query_value;
mod rate_limit;
mod request;
mod resume;
mod sequence;
mod session_keys;
mod session_match;
mod step;
mod subscribe;
mod time_limit;
mod value;

pub use close_rule::{CloseAction, CloseRule, CodeRange};
pub use control::{ControlAction, ControlRule, ReplyAfter};
pub use dedup::DedupKeys;
pub use heartbeat::{BeatWhen, FirstBeat, Heartbeat, Interval};
pub use message::SessionMessage;
pub use query_value::QueryValue;
pub use rate_limit::RateLimit;
pub use request::{HttpMethod, HttpRequest, SecretText};
pub use resume::{CursorOrder, Handover, ResumeKeys, StartCursor};
pub use sequence::{CountScope, CountedMessages, NumberOrder, OnGap, SequenceKeys};
pub use session_keys::{
    Around, ContinuityKeys, LimitKeys, ReadingKeys, RouteKeys, ScriptKeys, SessionKeys, WatchKeys,
};
pub use session_match::SessionMatch;
pub use step::{AnswerIs, Only, SessionStep};
pub use subscribe::{AckPer, OnFail, Subscribe, TopicSchema};
pub(crate) use value::MAKERS;
pub use value::{MadeValue, NamedValue, ValuePer, WrittenAs};
