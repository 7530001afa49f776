//! The scripted peer.

mod arrived;
mod line;
mod peer;
mod player;
mod script;
mod seen;
mod server;
mod step;
mod upgrade;
mod wire;

pub use peer::ScriptedPeer;
pub use script::Script;
pub use seen::{End, Request, Seen};
pub use server::{ScriptedServer, refused_address};
pub use wire::{Frame, ReceivedFrame, opcode};
