//! A WebSocket connection as a pure machine: no socket, no clock, no runtime.
//!
//! `frames` walks over received bytes and finds messages in them. `inbox` and `outbox` own the bytes
//! of both directions. `deflate` compresses and inflates their payloads where both ends agreed on it,
//! and `inflated` owns what comes out. The `machine` above them sees no payload: it knows the life of
//! the connection (`lifecycle`), its Pings (`pings`), its time limits (`timers`), the bytes on their way
//! to the socket (`sending`) and its end (`ending`). The driver beside this folder gives the machine a
//! socket and a clock.

mod class;
mod clocks;
pub(crate) mod close;
pub(crate) mod control;
pub(crate) mod deflate;
#[cfg(test)]
mod deflate_streams;
mod end;
mod ending;
mod event;
mod failure;
mod frame_header;
pub(crate) mod frames;
pub(crate) mod inbox;
mod inflated;
mod leaving;
pub(crate) mod lifecycle;
mod line;
#[expect(clippy::module_inception, reason = "the machine is the noun of its folder")]
pub(crate) mod machine;
mod mask;
pub(crate) mod outbox;
mod output;
mod pings;
mod pool;
mod role;
mod run_failed;
mod sending;
mod session_verdict;
mod settings;
mod stamp;
#[cfg(test)]
pub(crate) mod story;
pub(crate) mod taken;
mod talk;
mod timers;
mod utf8_policy;
mod violation;

pub use class::Class;
pub(crate) use class::Verdict;
#[cfg(feature = "server")]
pub(crate) use control::{Control, PeerClose};
pub use end::{Discarded, End, GaveUp};
pub use event::{Event, Over};
pub use failure::Failure;
pub(crate) use frames::FrameLimits;
#[cfg(feature = "server")]
pub(crate) use frames::Frames;
#[cfg(feature = "server")]
pub(crate) use inbox::{Inbound, Inbox};
pub(crate) use machine::Machine;
pub use outbox::Outbox;
pub(crate) use output::Output;
pub(crate) use pool::Pool;
pub(crate) use role::Role;
pub use run_failed::{NoAttempt, RunFailed};
pub(crate) use session_verdict::{dialing_verdict, ruled};
pub(crate) use settings::{Settings, TimeLimits};
pub use stamp::Stamp;
pub use taken::Taken;
pub use utf8_policy::Utf8Policy;
pub use violation::Violation;
