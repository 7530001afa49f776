//! The conversation as a pure machine: no socket, no clock, no runtime.
//!
//! A `conversation` lives for a whole run; a `dialogue` is its part on one connection. Messages and
//! the time go in, `effect`s come out. The `steps`, the `acks` of subscriptions, the `beat` and the
//! send `limiter` are parts of a dialogue.

mod acks;
mod beat;
mod effect;
mod limiter;
mod place;
mod session_end;

pub use effect::{Effect, Note};
pub use place::Place;
pub use session_end::SessionEnd;
