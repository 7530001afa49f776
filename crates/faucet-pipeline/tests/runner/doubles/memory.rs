//! Sinks that keep what they were given: in a list, or in a file that is cut back after a crash.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Flushed, Info, Mark, PageWriter, Record, Rejected,
    Result, Scope, Sink, StreamPage,
};
use tokio::time::sleep;

use super::chaos::Chaos;
use super::text;

/// Keeps what was flushed. What was only written dies with the process.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    pub(crate) there: Arc<Mutex<Vec<String>>>,
    pub(crate) chaos: Chaos,
    /// The time that a page takes, and that a flush takes.
    pub(crate) each: Duration,
    pub(crate) flush: Duration,
    /// Fails at the record with this number, counted from 0.
    pub(crate) fails_at: Option<u64>,
    /// What it says about the records of the page that it took before.
    pub(crate) says_written: bool,
    pub(crate) fails_with: ErrorKind,
    /// Records that the far end rejects at the flush.
    pub(crate) reject: fn(&str) -> bool,
    pub(crate) unconfirmed: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            there: Arc::default(),
            chaos: Chaos::default(),
            each: Duration::ZERO,
            flush: Duration::ZERO,
            fails_at: None,
            says_written: true,
            fails_with: ErrorKind::Sink,
            reject: |_| false,
            unconfirmed: 0,
        }
    }
}

impl Memory {
    pub(crate) fn slow(millis: u64) -> Self {
        Self { each: Duration::from_millis(millis), ..Self::default() }
    }

    pub(crate) fn failing_at(record: u64) -> Self {
        Self { fails_at: Some(record), ..Self::default() }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.there.lock().unwrap().clone()
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.lines().iter().filter_map(|line| line.parse().ok()).collect()
    }
}

#[async_trait]
impl Sink for Memory {
    fn info(&self) -> Info {
        Info::new("memory", "list", Delivery::AtLeastOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        self.chaos.step().await;
        Ok(Box::new(Writer { of: self.clone(), taken: 0, volatile: Vec::new() }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("list")
    }
}

struct Writer {
    of: Memory,
    taken: u64,
    volatile: Vec<(String, Option<Record>)>,
}

#[async_trait]
impl PageWriter for Writer {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        assert!(!page.is_empty() && page.gaps().is_empty() && page.watermark().is_none());
        if !self.of.each.is_zero() {
            sleep(self.of.each).await;
        }
        for (n, record) in page.iter().enumerate() {
            self.of.chaos.step().await;
            if self.of.fails_at == Some(self.taken) {
                let error = Error::new(self.of.fails_with, "disk full");
                return Err(match self.of.says_written {
                    true => error.with_written(n as u64),
                    false => error,
                });
            }
            self.taken += 1;
            self.volatile.push((text(record), Some(record.to_record())));
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        self.of.chaos.step().await;
        if !self.of.flush.is_zero() {
            sleep(self.of.flush).await;
        }
        let mut rejected = Vec::new();
        // Record by record, so that a kill leaves half a flush.
        for (line, record) in std::mem::take(&mut self.volatile) {
            match record.filter(|_| (self.of.reject)(&line)) {
                Some(record) => rejected.push(Rejected::new(record, "bad luck")),
                None => self.of.there.lock().unwrap().push(line),
            }
            self.of.chaos.step().await;
        }
        Ok(Flushed::but_unconfirmed(self.of.unconfirmed).with_rejected(rejected))
    }

    async fn mark(&mut self, mark: &Mark) -> Result<()> {
        let line = match mark {
            Mark::Gap(gap) => {
                let from = gap.from.map_or(0, |at| at.as_unix_millis());
                let source = gap.source.as_deref().unwrap_or("-");
                format!("gap {} {source} {from}", gap.reason)
            }
            Mark::Watermark(at) => format!("mark {}", at.as_unix_millis()),
            _ => return Ok(()),
        };
        self.volatile.push((line, None));
        Ok(())
    }
}

/// A file that is written at once, and whose committed length is saved with the positions.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileSink {
    pub(crate) file: Arc<Mutex<Vec<String>>>,
    pub(crate) chaos: Chaos,
}

#[async_trait]
impl Sink for FileSink {
    fn info(&self) -> Info {
        Info::new("file", "a file", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>> {
        assert!(scope.keeps_state());
        self.chaos.step().await;
        let length = scope.saved().map(|saved| String::from_utf8_lossy(saved).parse().unwrap());
        self.file.lock().unwrap().truncate(length.unwrap_or(0));
        Ok(Box::new(FileWriter(self.clone())))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("a file")
    }
}

struct FileWriter(FileSink);

#[async_trait]
impl PageWriter for FileWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        for record in page.iter() {
            self.0.chaos.step().await;
            self.0.file.lock().unwrap().push(text(record));
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        self.0.chaos.step().await;
        let length = self.0.file.lock().unwrap().len();
        Ok(Flushed::ALL.with_saved(length.to_string()))
    }
}
