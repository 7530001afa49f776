//! The conversation as a pure machine: no socket, no clock, no runtime.
//!
//! A `conversation` lives for a whole run; a `dialogue` is its part on one connection. Messages and
//! the time go in, `effect`s come out. The `steps`, the `acks` of subscriptions, the `beat` and the
//! send `limiter` are parts of a dialogue.

mod acks;
mod batch;
mod beat;
mod conversation;
mod decoding;
mod dialogue;
mod effect;
mod hidden;
mod judge;
mod limiter;
mod memory;
mod moment;
mod outlet;
mod piece;
mod program;
mod reader;
mod running;
mod session_end;
mod steps;
mod timers;

pub use batch::{Batch, Mark, MarkKind, MessageNumber, Undecoded};
pub use conversation::Conversation;
pub use effect::{Effect, Note};
pub use memory::Kept;
pub use moment::{At, Entropy};
pub use session_end::{PlannedBy, SessionEnd};
