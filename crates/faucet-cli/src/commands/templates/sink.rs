//! The sink `the-name`.

use std::path::{Path, PathBuf};

use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Flushed, Info, PageWriter, Problems, Registry, Result,
    Scope, Sink, SinkConfig, StreamPage, async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;

/// Appends records to a file, a line each.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheType {
    /// The file. Its directory must exist.
    pub path: PathBuf,
}

impl SinkConfig for TheType {
    const NAME: &'static str = "the-name";
    type Sink = Self;

    fn build(self) -> Result<Self, Problems> {
        Ok(self)
    }
}

#[async_trait]
impl Sink for TheType {
    fn info(&self) -> Info {
        let target = self.path.display().to_string();
        Info::new("the-name", target, Delivery::AtLeastOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        Ok(Box::new(Writer(self.path.clone(), Vec::new())))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        // Push a step for everything that can keep a run from reaching the far end.
        CheckReport::new(self.path.display().to_string())
    }
}

/// A run: the file, and the lines that wait for the next flush.
struct Writer(PathBuf, Vec<u8>);

#[async_trait]
impl PageWriter for Writer {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        page.write_lines(0..page.len(), &mut self.1);
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        let failed = |e| Error::new(ErrorKind::Sink, "cannot write the file").with_source(e);
        let lines = std::mem::take(&mut self.1);
        // An empty run makes no file.
        if !lines.is_empty() {
            append(&self.0, &lines).await.map_err(failed)?;
        }
        Ok(Flushed::ALL)
    }
}

async fn append(path: &Path, lines: &[u8]) -> std::io::Result<()> {
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options.create(true).append(true).open(path).await?;
    file.write_all(lines).await?;
    // A write of tokio's goes on behind the call: only this says whether it worked.
    file.flush().await?;
    file.sync_data().await
}

/// Registers the sink.
pub fn register(registry: &mut Registry) -> Result<(), Problems> {
    registry.add_sink::<TheType>()
}
