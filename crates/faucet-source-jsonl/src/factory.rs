//! Makes sources from a configuration or the registry.

use std::num::NonZeroUsize;

use faucet_core::{PageLimits, Problem, Problems, Registry, SourceConfig};

use crate::config::JsonlSourceConfig;
use crate::decode::{Decoder, LineForm};
use crate::reader::ReadOptions;
use crate::source::JsonlSource;

const BATCH_BYTES: usize = 8 << 20;

impl SourceConfig for JsonlSourceConfig {
    const NAME: &'static str = "jsonl";
    type Source = JsonlSource;

    fn build(self) -> Result<JsonlSource, Problems> {
        problems(&self).into_result()?;
        let records = NonZeroUsize::new(self.batch_size);
        let bytes = records.and(NonZeroUsize::new(self.batch_bytes.unwrap_or(BATCH_BYTES)));
        let form = match (self.envelope, self.frames) {
            (_, true) => LineForm::Frame,
            (true, false) => LineForm::Envelope,
            (false, false) => LineForm::Bare,
        };
        let options = ReadOptions {
            decoder: Decoder { format: self.format, form },
            follow: self.follow,
            on_parse_error: self.on_parse_error,
            max_messages: self.max_messages,
            max_message_bytes: self.max_message_bytes,
            limits: PageLimits::records(records).with_bytes(bytes),
        };
        Ok(JsonlSource { path: self.path, options })
    }
}

fn problems(config: &JsonlSourceConfig) -> Problems {
    let mut problems = Problems::new();
    let path = &config.path;
    problems.push_if(path.is_empty(), || Problem::invalid("path", "must not be empty"));
    problems.push_if(path.contains('\0'), || {
        Problem::invalid("path", "must not contain a NUL character")
    });
    for (key, zero) in [
        ("max_messages", config.max_messages == Some(0)),
        ("max_message_bytes", config.max_message_bytes == 0),
        ("batch_bytes", config.batch_bytes == Some(0)),
    ] {
        problems.push_if(zero, || Problem::out_of_range(key, "at least 1"));
    }
    problems.push_if(config.frames && config.envelope, || Problem::conflict("frames", "envelope"));
    problems.push_if(config.batch_size == 0 && config.batch_bytes.is_some(), || {
        Problem::conflict("batch_bytes", "batch_size")
            .help("`batch_size: 0` reads the whole file into one page; leave one of them out")
    });
    problems
}

impl JsonlSource {
    /// A source from its configuration.
    ///
    /// # Errors
    /// All problems of the configuration together.
    pub fn new(config: JsonlSourceConfig) -> faucet_core::Result<Self> {
        Ok(config.build()?)
    }
}

/// Registers the source `jsonl`.
///
/// # Errors
/// When a source of that name is registered already.
pub fn register(registry: &mut Registry) -> Result<(), Problems> {
    registry.add_source::<JsonlSourceConfig>()
}
