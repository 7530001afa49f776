//! The stream: records in pages, and the marks between them.

mod arena;
mod batch;
mod builder;
mod gap;
pub mod json;
mod lines;
mod page;
mod pager;
mod position;
mod record;
mod record_ref;
mod records;
mod rejected;
mod span;
mod text;
mod utf8;

pub use batch::{Batch, BatchPayload, Chunk};
pub use builder::PageBuilder;
pub use gap::{Gap, GapReason, Mark};
pub use json::JsonText;
pub use page::{RecordRefs, StreamPage};
pub use pager::{PageLimits, Pager};
pub use position::Position;
pub use record::{MessageKind, Payload, Record, Timestamp};
pub use record_ref::{PayloadRef, RecordRef};
pub use rejected::Rejected;
pub use span::Span;
pub use text::Text;
