//! The sink `stdout`.

#[cfg(unix)]
use std::fs::File;
use std::io;
#[cfg(not(unix))]
use std::io::Write;
use std::time::Instant;

use async_trait::async_trait;
use faucet_core::{
    CheckReport, Delivery, Info, PageWriter, Result, Scope, Sink, SinkConfig, StepOutcome,
    StreamPage, Timestamp,
};

use crate::config::StdoutSinkConfig;
use crate::error::JsonlError;
use crate::files::Committed;
#[cfg(unix)]
use crate::files::Target;
use crate::line_writer::LineWriter;
use crate::medium::Medium;
use crate::output::Output;
use crate::rendering::Rendering;
use crate::sink_run::SinkRun;
use crate::writer::Writer;

const NAME: &str = "stdout sink";

/// Writes to standard output; see [`StdoutSinkConfig`].
#[derive(Debug)]
pub struct StdoutSink {
    pub(crate) gap_records: bool,
}

#[async_trait]
impl Sink for StdoutSink {
    fn info(&self) -> Info {
        Info::new(StdoutSinkConfig::NAME, "stdout", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        let open = |_: &dyn Fn() -> bool| stdout().map_err(JsonlError::Open);
        let writer = Writer::start(NAME.into(), open).await?;
        Ok(Box::new(SinkRun::new(writer, self.gap_records)))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        let mut report = CheckReport::new("stdout");
        let started = Instant::now();
        let outcome = match stdout() {
            Ok(_) => StepOutcome::Passed(String::new()),
            Err(cause) => StepOutcome::Failed(JsonlError::Open(cause).about(NAME)),
        };
        report.push("stdout", started.elapsed(), outcome);
        report
    }
}

/// Standard output, past the buffer and the lock of the standard library: a write that blocks must
/// not keep the process from ending, and its count of written bytes must be the system's.
#[cfg(unix)]
fn stdout() -> io::Result<LineWriter<Target>> {
    use std::os::fd::AsFd;

    let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let regular = file.metadata()?.is_file();
    let target = Target { file, regular, replace: false, directory: None };
    Ok(LineWriter::new(target, false, Rendering::Records))
}

#[cfg(not(unix))]
fn stdout() -> io::Result<LineWriter<io::Stdout>> {
    Ok(LineWriter::new(io::stdout(), false, Rendering::Records))
}

#[cfg(not(unix))]
impl Medium for io::Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = Write::write(self, bytes)?;
        Write::flush(self).map(|()| written)
    }

    fn take_back(&mut self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn length(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }
}

impl<M: Medium> Output for LineWriter<M> {
    fn write_page(&mut self, page: &StreamPage) -> Result<(), JsonlError> {
        let records = page.len();
        LineWriter::write_page(self, page, 0..records)
            .map_err(|partial| JsonlError::Page { partial, records })
    }

    fn write_gap(&mut self, line: &[u8], _: Timestamp) -> Result<(), JsonlError> {
        self.write_line(line).map_err(JsonlError::Gap)
    }

    fn flush(&mut self) -> Result<Option<Committed>, JsonlError> {
        Ok(None)
    }

    fn close(&mut self) {}
}
