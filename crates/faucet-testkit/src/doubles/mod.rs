//! Sources and sinks that do what a test wants.

mod sink;
mod source;

pub use sink::{FailingSink, GatedSink, MemorySink};
pub use source::{FailingSource, VecSource};
