//! Makes sinks from a configuration or the registry.

use faucet_core::{Problem, Problems, Registry, SinkConfig};

use crate::compress;
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
        if let Some(rotate) = &self.rotate {
            rotate.check(&mut problems);
        }
        if let (Some(levels), Some(level)) = (compress::levels(self.compress), self.compress_level)
        {
            problems.push_if(!levels.contains(&level), || {
                Problem::out_of_range("compress_level", format!("1 to {}", levels.end()))
            });
        }
        problems.into_result()?;
        Ok(JsonlSink { config: self })
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
        Ok(StdoutSink { gap_records: self.gap_records })
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
