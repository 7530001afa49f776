//! Makes sources from a configuration or the registry.

use std::num::NonZeroUsize;

use faucet_core::{PageLimits, Problems, Registry, Result, SourceConfig};

use crate::config::JsonlSourceConfig;
use crate::decode::Decoder;
use crate::source::JsonlSource;

const BATCH_BYTES: usize = 8 << 20;

impl SourceConfig for JsonlSourceConfig {
    const NAME: &'static str = "jsonl";
    type Source = JsonlSource;

    fn build(self) -> Result<JsonlSource> {
        let mut problems = Problems::new();
        problems.push_if(self.path.is_empty(), "path: must not be empty");
        let zero = "must be larger than zero";
        problems.push_if(self.max_messages == Some(0), format!("max_messages: {zero}"));
        problems.push_if(self.max_message_bytes == 0, format!("max_message_bytes: {zero}"));
        problems.push_if(self.batch_bytes == Some(0), format!("batch_bytes: {zero}"));
        problems.push_if(
            self.batch_size == 0 && self.batch_bytes.is_some(),
            "batch_bytes: not together with `batch_size: 0`",
        );
        problems.into_result()?;
        let limits = match NonZeroUsize::new(self.batch_size) {
            None => PageLimits::ONE_PAGE,
            records => PageLimits {
                records,
                bytes: NonZeroUsize::new(self.batch_bytes.unwrap_or(BATCH_BYTES)),
                age: None,
            },
        };
        Ok(JsonlSource {
            path: self.path,
            decoder: Decoder { format: self.format, envelope: self.envelope },
            on_parse_error: self.on_parse_error,
            max_messages: self.max_messages,
            max_message_bytes: self.max_message_bytes,
            limits,
        })
    }
}

/// Registers the source `jsonl`.
///
/// # Errors
/// When a source of that name is registered already.
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.add_source::<JsonlSourceConfig>()
}
