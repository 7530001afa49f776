//! Who handles what flows: sources, transforms and sinks, and what a run tells them.

mod activity;
mod cancel;
mod check;
mod counters;
pub(crate) mod error;
mod flushed;
mod forward;
mod histogram;
mod info;
mod moment;
pub(crate) mod scope;
mod sink;
mod source;
mod transform;

pub use activity::{ActivityReading, ConnectionState, Phase};
pub use cancel::{Cancel, Cancelled};
pub use check::{CheckReport, CheckStep, StepOutcome};
pub use counters::{Count, Counters, Reading};
pub use error::{Error, ErrorKind, Result};
pub use flushed::Flushed;
pub use histogram::Distribution;
pub use info::{Delivery, Info, Resume};
pub use scope::Scope;
pub use sink::{PageWriter, Sink};
pub use source::{Ended, Next, PageReader, Source};
pub use transform::{Carry, Emitted, Out, PageStage, Transform};
