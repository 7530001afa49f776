//! The sink `the-name`.

use std::path::PathBuf;

use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Flushed, Info, PageWriter, Problem, Problems, Registry,
    Result, Scope, Sink, SinkConfig, StreamPage, async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;

/// Appends records to a file, a line each.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheTypeConfig {
    /// The file.
    pub path: PathBuf,
}

impl SinkConfig for TheTypeConfig {
    const NAME: &'static str = "the-name";
    type Sink = TheType;

    fn build(self) -> Result<TheType, Problems> {
        let mut problems = Problems::new();
        problems.push_if(self.path.as_os_str().is_empty(), || Problem::missing("path"));
        problems.into_result().map(|()| TheType(self.path))
    }
}

/// A configured sink. Each run has a state of its own.
#[derive(Debug)]
pub struct TheType(PathBuf);

#[async_trait]
impl Sink for TheType {
    fn info(&self) -> Info {
        Info::new("the-name", self.0.display().to_string(), Delivery::AtLeastOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        Ok(Box::new(Writer { path: self.0.clone(), lines: Vec::new() }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new(self.0.display().to_string())
    }
}

/// A run. `lines` wait for the next flush.
struct Writer {
    path: PathBuf,
    lines: Vec<u8>,
}

#[async_trait]
impl PageWriter for Writer {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        page.write_lines(0..page.len(), &mut self.lines, &mut Vec::new());
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        let failed = |e| Error::new(ErrorKind::Sink, "the file cannot be written").with_source(e);
        let mut file = tokio::fs::OpenOptions::new();
        let mut file = file.create(true).append(true).open(&self.path).await.map_err(failed)?;
        file.write_all(&std::mem::take(&mut self.lines)).await.map_err(failed)?;
        file.sync_data().await.map_err(failed)?;
        Ok(Flushed::ALL)
    }
}

/// Registers the sink.
pub fn register(registry: &mut Registry) -> Result<(), Problems> {
    registry.add_sink::<TheTypeConfig>()
}
