//! Sources, transforms and sinks that do what a test wants.

mod buffering_transform;
mod failing_sink;
mod failing_source;
mod gated_sink;
mod make_error;
mod memory_sink;
mod pass_transform;
mod vec_source;

pub use buffering_transform::BufferingTransform;
pub use failing_sink::FailingSink;
pub use failing_source::FailingSource;
pub use gated_sink::GatedSink;
pub use memory_sink::MemorySink;
pub use pass_transform::PassTransform;
pub use vec_source::VecSource;
