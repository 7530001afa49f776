//! The graph of named components and its run. Knows no connector and no file.

mod buffer;
mod builder;
mod edge;
mod endings;
mod epoch;
mod flush;
mod guard;
mod inbox;
mod keeper;
mod letter;
mod mailbox;
mod node;
mod outlet;
mod parts;
mod pipeline;
mod progress;
mod queue;
mod report;
mod run;
mod shared;
mod sink_run;
mod source_run;
mod stage_run;
mod state;
mod store;
mod topology;
mod wiring;

pub use buffer::{Buffer, WhenFull};
pub use builder::PipelineBuilder;
pub use flush::Flush;
pub use node::Component;
pub use pipeline::{GRACE, Pipeline, run, run_until};
pub use progress::{ComponentProgress, Progress};
pub use report::{ComponentReport, End, Report};
pub use run::Run;
