//! Makes sinks from a configuration or the registry.

use faucet_core::{Problem, Problems, Registry, SinkConfig};

use crate::config::{JsonlSinkConfig, StdoutSinkConfig};
use crate::sink::JsonlSink;
use crate::stdout::StdoutSink;

impl SinkConfig for JsonlSinkConfig {
    const NAME: &'static str = "jsonl";
    type Sink = JsonlSink;

    fn build(self) -> Result<JsonlSink, Problems> {
        let mut problems = Problems::new();
        problems.push_if(self.path.is_empty(), || Problem::invalid("path", "must not be empty"));
        problems.push_if(self.path.contains('\0'), || {
            Problem::invalid("path", "must not contain a NUL character")
        });
        problems.into_result()?;
        let Self { path, mode, fsync, gap_records } = self;
        Ok(JsonlSink { path, mode, fsync, gap_records })
    }
}

impl JsonlSink {
    /// A sink from its configuration.
    ///
    /// # Errors
    /// All problems of the configuration together.
    pub fn new(config: JsonlSinkConfig) -> faucet_core::Result<Self> {
        Ok(config.build()?)
    }
}

impl SinkConfig for StdoutSinkConfig {
    const NAME: &'static str = "stdout";
    type Sink = StdoutSink;

    fn build(self) -> Result<StdoutSink, Problems> {
        Ok(StdoutSink)
    }
}

/// Registers the sinks `jsonl` and `stdout`.
///
/// # Errors
/// When a sink of one of these names is registered already.
pub fn register(registry: &mut Registry) -> Result<(), Problems> {
    registry.add_sink::<JsonlSinkConfig>()?;
    registry.add_sink::<StdoutSinkConfig>()
}
