//! Makes sinks from a configuration or the registry.

use faucet_core::{Problems, Registry, Result, SinkConfig};

use crate::config::{JsonlSinkConfig, StdoutSinkConfig};
use crate::sink::{JsonlSink, StdoutSink};

impl SinkConfig for JsonlSinkConfig {
    const NAME: &'static str = "jsonl";
    type Sink = JsonlSink;

    fn build(self) -> Result<JsonlSink> {
        let mut problems = Problems::new();
        problems.push_if(self.path.is_empty(), "path: must not be empty");
        problems.push_if(self.path.contains('\0'), "path: must not contain a NUL character");
        problems.into_result().map(|()| JsonlSink { path: self.path, mode: self.mode })
    }
}

impl SinkConfig for StdoutSinkConfig {
    const NAME: &'static str = "stdout";
    type Sink = StdoutSink;

    fn build(self) -> Result<StdoutSink> {
        Ok(StdoutSink)
    }
}

/// Registers the sinks `jsonl` and `stdout`.
///
/// # Errors
/// When a sink of one of these names is registered already.
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.add_sink::<JsonlSinkConfig>()?;
    registry.add_sink::<StdoutSinkConfig>()
}
