//! The sink `stdout`.

use std::time::Instant;

use async_trait::async_trait;
use faucet_core::{
    CheckReport, Delivery, Flushed, Info, PageWriter, Result, Scope, Sink, SinkConfig, StepOutcome,
    StreamPage,
};

use crate::config::StdoutSinkConfig;
use crate::error::JsonlError;
use crate::fsync::Fsync;
use crate::target;
use crate::writer::Writer;

const NAME: &str = "stdout sink";

/// Writes to standard output; see [`StdoutSinkConfig`].
#[derive(Debug)]
pub struct StdoutSink;

#[async_trait]
impl Sink for StdoutSink {
    fn info(&self) -> Info {
        Info::new(StdoutSinkConfig::NAME, "stdout", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        let open = |_: &dyn Fn() -> bool| Ok((target::stdout().map_err(JsonlError::Open)?, ()));
        let (writer, ()) = Writer::start(NAME.into(), Fsync::Never, open).await?;
        Ok(Box::new(StdoutWriter(writer)))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        let mut report = CheckReport::new("stdout");
        let started = Instant::now();
        let outcome = match target::stdout() {
            Ok(_) => StepOutcome::Passed(String::new()),
            Err(cause) => StepOutcome::Failed(JsonlError::Open(cause).about(NAME)),
        };
        report.push("stdout", started.elapsed(), outcome);
        report
    }
}

/// One run of the sink.
struct StdoutWriter(Writer);

#[async_trait]
impl PageWriter for StdoutWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.0.write_page(page).await
    }

    async fn flush(&mut self) -> Result<Flushed> {
        self.0.flush().await.map(|_| Flushed::ALL)
    }

    async fn close(&mut self) -> Result<()> {
        self.0.close().await
    }
}
