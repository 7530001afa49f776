//! Both sinks.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Instant;

use async_trait::async_trait;
use faucet_core::template::fill_path;
use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Info, PageWriter, Result, RunContext, Sink,
    SinkConfig, StepOutcome, StreamPage,
};

use crate::config::{JsonlSinkConfig, StdoutSinkConfig};
use crate::file::{self, Created};
use crate::write_mode::WriteMode;
use crate::writer::{Writer, off_thread};

/// Writes to a file; see [`JsonlSinkConfig`].
#[derive(Debug)]
pub struct JsonlSink {
    pub(crate) path: String,
    pub(crate) mode: WriteMode,
}

#[async_trait]
impl Sink for JsonlSink {
    fn info(&self) -> Info {
        Info::new(JsonlSinkConfig::NAME, self.path.clone(), Delivery::AtMostOnce)
            .with_placeholders_of(&self.path)
    }

    async fn open(&self, run: &RunContext) -> Result<Box<dyn PageWriter>> {
        let path = fill_path("path", &self.path, run)?;
        let mode = self.mode;
        let name = format!("jsonl sink {}", path.display());
        let open = move || {
            file::open(&path, mode)
                .map_err(|e| refused(format!("jsonl sink {}: cannot be opened", path.display()), e))
        };
        let (writer, created) = Writer::start(name, run.clone(), open).await?;
        Ok(Box::new(FileWriter { writer, created: Some(created) }))
    }

    async fn check(&self, run: &RunContext) -> CheckReport {
        let mut report = CheckReport::new(self.path.clone());
        let (started, mode) = (Instant::now(), self.mode);
        let outcome = match fill_path("path", &self.path, run) {
            Ok(path) => off_thread("jsonl sink", move || look(&path, mode))
                .await
                .unwrap_or_else(StepOutcome::Failed),
            Err(error) => StepOutcome::Failed(error),
        };
        report.push("file", started.elapsed(), outcome);
        report
    }
}

/// One run of the file sink: a file that it made and wrote nothing to goes with it.
struct FileWriter {
    writer: Writer,
    created: Option<Created>,
}

#[async_trait]
impl PageWriter for FileWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        if !page.is_empty()
            && let Some(created) = self.created.take()
        {
            created.keep();
        }
        self.writer.write_page(page).await
    }

    async fn flush(&mut self) -> Result<()> {
        self.writer.flush().await
    }

    async fn close(&mut self) -> Result<()> {
        self.writer.close().await
    }
}

/// Whether a run could write to the file. Creates and changes nothing.
fn look(path: &Path, mode: WriteMode) -> StepOutcome {
    let shown = path.display();
    let fail = |what: &str, cause| {
        StepOutcome::Failed(refused(format!("jsonl sink {shown}: {what}"), cause))
    };
    let found = match path.metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let directory = path.parent().filter(|p| !p.as_os_str().is_empty());
            // The file it makes has no name where the system can do that.
            return match tempfile::tempfile_in(directory.unwrap_or(Path::new("."))) {
                Ok(_) => StepOutcome::Passed("would be created".into()),
                Err(error) => fail("the directory cannot be written to", error),
            };
        }
        Err(error) => return fail("cannot be looked at", error),
    };
    if mode == WriteMode::Refuse {
        return fail("cannot be opened", io::ErrorKind::AlreadyExists.into());
    }
    if found.is_dir() {
        return fail("cannot be opened", io::ErrorKind::IsADirectory.into());
    }
    if !found.is_file() {
        // Opening a pipe would wait for its reader.
        return StepOutcome::Skipped("is a pipe or a device".into());
    }
    match OpenOptions::new().append(true).open(path) {
        Err(error) => fail("cannot be opened", error),
        Ok(_) if mode == WriteMode::Create => {
            StepOutcome::Passed(format!("{} bytes would be replaced", found.len()))
        }
        Ok(_) => StepOutcome::Passed(format!("{} bytes would be added to", found.len())),
    }
}

fn refused(message: String, cause: io::Error) -> Error {
    let hint = match cause.kind() {
        io::ErrorKind::AlreadyExists => "name another file, or set `mode` to append or create",
        io::ErrorKind::NotFound => "create the directory first",
        _ => return Error::new(ErrorKind::Sink, message).with_source(cause),
    };
    Error::new(ErrorKind::Sink, message).with_source(cause).with_hint(hint)
}

/// Writes to standard output; see [`StdoutSinkConfig`].
#[derive(Debug)]
pub struct StdoutSink;

#[async_trait]
impl Sink for StdoutSink {
    fn info(&self) -> Info {
        Info::new(StdoutSinkConfig::NAME, "stdout", Delivery::AtMostOnce)
    }

    async fn open(&self, run: &RunContext) -> Result<Box<dyn PageWriter>> {
        let open = || match file::stdout() {
            Ok(pen) => Ok((pen, ())),
            Err(cause) => Err(refused("stdout sink: cannot be opened".into(), cause)),
        };
        let (writer, ()) = Writer::start("stdout sink".into(), run.clone(), open).await?;
        Ok(Box::new(writer))
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        let mut report = CheckReport::new("stdout");
        let started = Instant::now();
        let outcome = match file::stdout() {
            Ok(_) => StepOutcome::Passed(String::new()),
            Err(cause) => {
                StepOutcome::Failed(refused("stdout sink: cannot be opened".into(), cause))
            }
        };
        report.push("stdout", started.elapsed(), outcome);
        report
    }
}
