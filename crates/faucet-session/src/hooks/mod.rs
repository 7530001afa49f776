//! The parts of a conversation that only a program can do.
//!
//! A [`MessageDecoder`] reads messages of a packing of its own (CBOR, protobuf) and makes messages of
//! them that rules, positions and `unwrap` can read. A [`SessionProgram`] holds the first part of a
//! conversation (a login that no configuration can describe), and may look at each later message. The
//! configuration does everything else, as it does without hooks.

mod decode_failed;
mod decoded;
mod decoded_message;
mod decoder;
mod inbound;
mod maker;
mod program;
mod program_session;
mod work;

pub use decode_failed::DecodeFailed;
pub use decoded::DecodedMessages;
pub(crate) use decoded::{Part, PartRecord};
pub use decoded_message::{DecodedMessage, DecodedRecord};
pub use decoder::MessageDecoder;
pub use inbound::InboundMessage;
pub use maker::Hooks;
pub(crate) use program::{AnyProgram, Called, Circumstances};
pub use program::{ProgramVerdict, SessionProgram};
pub use program_session::{ProgramEnd, ProgramSession, Wish};
pub use work::{Work, WorkDone};
