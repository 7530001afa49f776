//! The sink `jsonl`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use faucet_core::template::fill_path;
use faucet_core::{
    CheckReport, Delivery, Flushed, Gap, Info, Mark, PageWriter, Result, Scope, Sink, SinkConfig,
    StepOutcome, StreamPage,
};
use serde::Serialize;

use crate::check::look;
use crate::committed::Committed;
use crate::config::JsonlSinkConfig;
use crate::error::JsonlError;
use crate::file::{self, Created, FileOptions};
use crate::fsync::Fsync;
use crate::lock::Sharing;
use crate::write_mode::WriteMode;
use crate::writer::{Writer, off_thread};

/// How long `open` waits for an earlier run of this file to end. A run that was dropped ends as soon
/// as its last page is written.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes to a file; see [`JsonlSinkConfig`].
///
/// In a run that keeps a state, each flush saves a text such as `{"file":"out.jsonl","length":1234}`.
/// A run that gets it back cuts a longer file to that length in `open`: this is the one change that
/// the sink makes before its first page.
#[derive(Debug)]
pub struct JsonlSink {
    pub(crate) path: String,
    pub(crate) mode: WriteMode,
    pub(crate) fsync: Option<Fsync>,
    pub(crate) gap_records: bool,
}

/// The file of one run.
struct RunFile {
    path: PathBuf,
    /// The path as text, in errors and in saved lengths.
    shown: String,
    committed: Option<u64>,
}

impl RunFile {
    fn name(&self) -> String {
        format!("jsonl sink {}", self.shown)
    }
}

impl JsonlSink {
    fn file(&self, scope: &Scope) -> Result<RunFile> {
        let path = fill_path("path", &self.path, scope)?;
        let mut file = RunFile { shown: path.display().to_string(), path, committed: None };
        let committed = scope.saved().map(|saved| Committed::length_of(saved, &file.shown));
        match committed.transpose() {
            Ok(committed) => file.committed = committed,
            Err(why) => return Err(JsonlError::Committed(why).about(&file.name())),
        }
        Ok(file)
    }

    async fn look(&self, scope: &Scope) -> Result<StepOutcome> {
        let file = self.file(scope)?;
        let (name, mode) = (file.name(), self.mode);
        let looked = off_thread(move || look(&file.path, mode, file.committed)).await;
        looked.and_then(|outcome| outcome).map_err(|error| error.about(&name))
    }
}

#[async_trait]
impl Sink for JsonlSink {
    fn info(&self) -> Info {
        Info::new(JsonlSinkConfig::NAME, self.path.clone(), Delivery::AtLeastOnce)
            .with_placeholders_of(&self.path)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>> {
        let file = self.file(scope)?;
        let name = file.name();
        let keeps_state = scope.keeps_state();
        let fsync = self.fsync.unwrap_or(if keeps_state { Fsync::Flush } else { Fsync::Never });
        let RunFile { path, shown, committed } = file;
        // A run that cuts the file back has it for itself.
        let alone = keeps_state || committed.is_some();
        let sharing = if alone { Sharing::Alone } else { Sharing::Shared };
        let options = FileOptions { mode: self.mode, committed, sharing, patience: PATIENCE };
        let open = move |is_abandoned: &dyn Fn() -> bool| file::open(&path, options, is_abandoned);
        let (writer, created) = Writer::start(name, fsync, open).await?;
        Ok(Box::new(FileWriter {
            writer,
            created: Some(created),
            saves_for: keeps_state.then_some(shown),
            gap_records: self.gap_records,
        }))
    }

    async fn check(&self, scope: &Scope) -> CheckReport {
        let mut report = CheckReport::new(self.path.clone());
        let started = Instant::now();
        let outcome = self.look(scope).await.unwrap_or_else(StepOutcome::Failed);
        report.push("file", started.elapsed(), outcome);
        report
    }
}

/// One run of the sink.
struct FileWriter {
    writer: Writer,
    /// The file, if this run created it and has written nothing to it.
    created: Option<Created>,
    /// The file's name in the saved lengths, where the run keeps a state.
    saves_for: Option<String>,
    gap_records: bool,
}

impl FileWriter {
    fn keep_file(&mut self) {
        if let Some(created) = self.created.take() {
            created.keep();
        }
    }
}

/// The line of a gap.
#[derive(Serialize)]
struct GapLine<'a> {
    faucet_gap: &'a Gap,
}

#[async_trait]
impl PageWriter for FileWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        if !page.is_empty() {
            self.keep_file();
        }
        self.writer.write_page(page).await
    }

    async fn flush(&mut self) -> Result<Flushed> {
        let length = self.writer.flush().await?;
        Ok(match (&self.saves_for, length) {
            (Some(file), Some(length)) => {
                Flushed::ALL.with_saved(Committed::to_bytes(file, length))
            }
            _ => Flushed::ALL,
        })
    }

    async fn mark(&mut self, mark: &Mark) -> Result<()> {
        let Mark::Gap(gap) = mark else { return Ok(()) };
        if !self.gap_records {
            return Ok(());
        }
        self.keep_file();
        let line = serde_json::to_vec(&GapLine { faucet_gap: gap });
        self.writer.write_gap(line.expect("a gap can be written as JSON")).await
    }

    async fn close(&mut self) -> Result<()> {
        self.created = None;
        self.writer.close().await
    }
}
