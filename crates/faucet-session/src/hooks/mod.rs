//! The parts of a conversation that only a program can do.
//!
//! A [`MessageDecoder`] reads messages of a packing of its own (CBOR, protobuf) and makes messages of
//! them that rules, positions and `unwrap` can read. A [`SessionProgram`] holds the first part of a
//! conversation (a login that no configuration can describe), and may look at each later message. The
//! configuration does everything else, as it does without hooks.

mod decoded;
mod decoder;
mod inbound;
mod maker;
mod program;
mod program_session;
mod work;

pub use decoded::DecodedMessages;
pub(crate) use decoded::{Part, PartRecord};
pub use decoder::{DecodeFailed, DecodedMessage, DecodedRecord, MessageDecoder};
pub use inbound::InboundMessage;
pub use maker::Hooks;
pub(crate) use program::{AnyProgram, Called, Circumstances};
pub use program::{ProgramVerdict, SessionProgram};
pub use program_session::{ProgramEnd, ProgramSession, Wish};
pub use work::{Work, WorkDone};
