//! The source and its reader.

use std::time::Instant;

use async_trait::async_trait;
use faucet_core::template::fill_path;
use faucet_core::{
    CheckReport, Delivery, Ended, Error, ErrorKind, Info, PageLimits, PageReader, Pager, Record,
    Result, RunContext, Source, SourceConfig, StepOutcome, StreamPage, Timestamp,
};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::config::JsonlSourceConfig;
use crate::decode::Decoder;
use crate::line_format::OnParseError;

/// Reads a file; see [`JsonlSourceConfig`].
#[derive(Debug)]
pub struct JsonlSource {
    pub(crate) path: String,
    pub(crate) decoder: Decoder,
    pub(crate) on_parse_error: OnParseError,
    pub(crate) max_messages: Option<u64>,
    pub(crate) max_message_bytes: usize,
    pub(crate) limits: PageLimits,
}

impl JsonlSource {
    async fn reader(&self, run: &RunContext) -> Result<Reader> {
        let path = fill_path("path", &self.path, run)?;
        let name = format!("jsonl source {}", path.display());
        let file = File::open(&path).await.map_err(|error| {
            Error::new(ErrorKind::Connect, format!("{name}: cannot be opened")).with_source(error)
        })?;
        Ok(Reader {
            name,
            // Each refill is a hop to another thread: make them few.
            lines: BufReader::with_capacity(256 << 10, file),
            line: Vec::new(),
            number: 0,
            decoder: self.decoder,
            on_parse_error: self.on_parse_error,
            max_message_bytes: self.max_message_bytes,
            left: self.max_messages.unwrap_or(u64::MAX),
            pager: Pager::new(self.limits),
            over: None,
            run: run.clone(),
        })
    }
}

#[async_trait]
impl Source for JsonlSource {
    fn info(&self) -> Info {
        Info::new(JsonlSourceConfig::NAME, self.path.clone(), Delivery::AtMostOnce)
            .with_placeholders_of(&self.path)
    }

    async fn open(&self, run: &RunContext) -> Result<Box<dyn PageReader>> {
        Ok(Box::new(self.reader(run).await?))
    }

    async fn check(&self, run: &RunContext) -> CheckReport {
        let mut report = CheckReport::new(self.path.clone());
        let started = Instant::now();
        let mut reader = match self.reader(run).await {
            Ok(reader) => reader,
            Err(error) => {
                report.push("file", started.elapsed(), StepOutcome::Failed(error));
                return report;
            }
        };
        report.push("file", started.elapsed(), StepOutcome::Passed(reader.name.clone()));
        let outcome = match reader.next_record().await {
            Ok(Some(record)) => {
                StepOutcome::Passed(format!("{} bytes", record.payload().as_bytes().len()))
            }
            Ok(None) => StepOutcome::Skipped("there are no records".into()),
            Err(error) => StepOutcome::Failed(error),
        };
        report.push("first record", started.elapsed(), outcome);
        report
    }
}

/// Why nothing more is read.
enum Over {
    Ended(Ended),
    /// To be told once what was read before is handed over.
    Failed(Error),
}

/// One run.
struct Reader {
    /// Begins the errors.
    name: String,
    lines: BufReader<File>,
    /// The line that is being read; a dropped read leaves its beginning here.
    line: Vec<u8>,
    number: u64,
    decoder: Decoder,
    on_parse_error: OnParseError,
    max_message_bytes: usize,
    /// How many records may still be handed over.
    left: u64,
    pager: Pager,
    /// Set once nothing more is read.
    over: Option<Over>,
    run: RunContext,
}

impl Reader {
    /// Reads a line into `self.line`, without its line break. `false` at the end of the file.
    /// Cancel safe: the next call reads on.
    async fn read_line(&mut self) -> Result<bool> {
        let limit = self.max_message_bytes;
        // Room for a line break of two bytes; a longer read tells that the line is too long.
        let room = limit.saturating_add(2).saturating_sub(self.line.len()) as u64;
        let mut lines = (&mut self.lines).take(room);
        lines.read_until(b'\n', &mut self.line).await.map_err(|error| {
            let message = format!("{}, line {}: cannot be read", self.name, self.number + 1);
            Error::new(ErrorKind::Other, message).with_source(error)
        })?;
        if self.line.is_empty() {
            return Ok(false);
        }
        self.number += 1;
        if self.line.ends_with(b"\n") {
            self.line.pop();
        }
        if self.line.ends_with(b"\r") {
            self.line.pop();
        }
        if self.line.len() > limit {
            let message = format!(
                "{}, line {}: longer than {limit} bytes (max_message_bytes)",
                self.name, self.number
            );
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(true)
    }

    /// The next record, or `None` at the end of the file. Cancel safe.
    async fn next_record(&mut self) -> Result<Option<Record>> {
        while self.read_line().await? {
            let decoded = match self.line.trim_ascii().is_empty() {
                true => None,
                false => Some(self.decoder.decode(&self.line, Timestamp::now())),
            };
            self.line.clear();
            match decoded {
                None => {}
                Some(Ok(record)) => return Ok(Some(record)),
                Some(Err(bad)) if self.on_parse_error == OnParseError::Skip => {
                    self.run.meter().add_skipped(bad.reason, 1);
                }
                Some(Err(bad)) => {
                    let message = format!("{}, line {}: {}", self.name, self.number, bad.what);
                    return Err(Error::new(ErrorKind::Decode, message));
                }
            }
        }
        Ok(None)
    }

    /// Reads until a page is full or there is nothing more to read.
    async fn fill(&mut self) {
        while self.over.is_none() && !self.pager.is_full() {
            if self.left == 0 {
                self.over = Some(Over::Ended(Ended::MaxMessages));
                return;
            }
            match self.next_record().await {
                Ok(Some(record)) => {
                    self.left -= 1;
                    self.pager.push(record, Instant::now());
                }
                Ok(None) => self.over = Some(Over::Ended(Ended::Exhausted)),
                Err(error) => self.over = Some(Over::Failed(error)),
            }
        }
    }
}

#[async_trait]
impl PageReader for Reader {
    async fn next_page(&mut self) -> Result<Option<StreamPage>> {
        self.fill().await;
        if let Some(page) = self.pager.take() {
            return Ok(Some(page));
        }
        match self.over.replace(Over::Ended(self.ended())) {
            Some(Over::Failed(error)) => Err(error),
            _ => Ok(None),
        }
    }

    async fn close(&mut self) -> Result<Option<StreamPage>> {
        self.over.get_or_insert(Over::Ended(Ended::Exhausted));
        Ok(self.pager.take())
    }

    fn ended(&self) -> Ended {
        match self.over {
            Some(Over::Ended(ended)) => ended,
            _ => Ended::Exhausted,
        }
    }
}
