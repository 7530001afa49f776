//! A source and a sink that do what a test says and log what they were asked.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::collections::VecDeque;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use faucet_core::{
    CheckReport, Delivery, Ended, Error, ErrorKind, Info, PageReader, PageWriter, Payload, Record,
    Result, RunContext, Sink, Source, StreamPage, Timestamp,
};
use tokio::time::{Instant, sleep, sleep_until};

/// What both ends did, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.lines().iter().filter(|line| *line == what).count()
    }
}

/// Pages that exist, and the most that ever did at once.
#[derive(Clone, Default)]
pub(crate) struct Live(Arc<(AtomicUsize, AtomicUsize)>);

impl Live {
    pub(crate) fn now(&self) -> usize {
        self.0.0.load(SeqCst)
    }

    pub(crate) fn most(&self) -> usize {
        self.0.1.load(SeqCst)
    }

    /// A page of `n` records, counted while any of it exists.
    fn page(&self, n: usize) -> StreamPage {
        struct Tracked(Live);
        impl AsRef<[u8]> for Tracked {
            fn as_ref(&self) -> &[u8] {
                b"ten bytes!"
            }
        }
        impl Drop for Tracked {
            fn drop(&mut self) {
                self.0.0.0.fetch_sub(1, SeqCst);
            }
        }
        let now = self.0.0.fetch_add(1, SeqCst) + 1;
        self.0.1.fetch_max(now, SeqCst);
        let payload = Bytes::from_owner(Tracked(self.clone()));
        let record =
            || Record::new(Payload::Binary(payload.clone()), Timestamp::from_unix_millis(0));
        StreamPage::new((0..n).map(|_| record()).collect())
    }
}

/// What a call does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Do {
    /// Hands over a page of so many records.
    Page(usize),
    /// Takes so many milliseconds, then does the next.
    Wait(u64),
    Hang,
    Fail(ErrorKind, &'static str),
    Panic(&'static str),
    End(Ended),
    Ok,
}

#[derive(Clone)]
pub(crate) struct TestSource {
    pub(crate) open: Vec<Do>,
    pub(crate) steps: Vec<Do>,
    pub(crate) hold: Do,
    pub(crate) close: Vec<Do>,
    pub(crate) log: Log,
    pub(crate) live: Live,
}

#[derive(Clone)]
pub(crate) struct TestSink {
    pub(crate) open: Vec<Do>,
    /// For each page; the last is repeated.
    pub(crate) writes: Vec<Vec<Do>>,
    pub(crate) flush: Vec<Do>,
    pub(crate) close: Vec<Do>,
    pub(crate) log: Log,
}

impl TestSource {
    pub(crate) fn new(steps: &[Do], log: &Log) -> Self {
        Self {
            open: vec![Do::Ok],
            steps: steps.to_vec(),
            hold: Do::Hang,
            close: vec![Do::Ok],
            log: log.clone(),
            live: Live::default(),
        }
    }
}

impl TestSink {
    pub(crate) fn new(writes: &[&[Do]], log: &Log) -> Self {
        Self {
            open: vec![Do::Ok],
            writes: writes.iter().map(|write| write.to_vec()).collect(),
            flush: vec![Do::Ok],
            close: vec![Do::Ok],
            log: log.clone(),
        }
    }
}

/// Does waits, failures and panics; `Ok` for the rest.
async fn act(steps: &[Do]) -> Result<()> {
    for step in steps {
        match *step {
            Do::Wait(ms) => sleep(Duration::from_millis(ms)).await,
            Do::Hang => pending().await,
            Do::Fail(kind, message) => return Err(Error::new(kind, message)),
            Do::Panic(message) => panic!("{message}"),
            Do::Page(_) | Do::End(_) | Do::Ok => {}
        }
    }
    Ok(())
}

#[async_trait]
impl Source for TestSource {
    fn info(&self) -> Info {
        Info::new("test", "source", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &RunContext) -> Result<Box<dyn PageReader>> {
        self.log.add("open source");
        act(&self.open).await?;
        let source = self.clone();
        Ok(Box::new(TestReader {
            steps: source.steps.clone().into(),
            source,
            due: None,
            ended: None,
        }))
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        CheckReport::new("source")
    }
}

struct TestReader {
    source: TestSource,
    steps: VecDeque<Do>,
    /// When the wait ends that was begun: a dropped `next_page` does not begin it anew.
    due: Option<Instant>,
    ended: Option<Ended>,
}

#[async_trait]
impl PageReader for TestReader {
    async fn next_page(&mut self) -> Result<Option<StreamPage>> {
        while let Some(step) = self.steps.front().copied() {
            if let Do::Wait(ms) = step {
                let due = self.due.get_or_insert(Instant::now() + Duration::from_millis(ms));
                sleep_until(*due).await;
                self.due = None;
            } else {
                act(&[step]).await?;
            }
            self.steps.pop_front();
            match step {
                Do::Page(n) => return Ok(Some(self.source.live.page(n))),
                Do::End(ended) => {
                    self.ended = Some(ended);
                    return Ok(None);
                }
                _ => {}
            }
        }
        Ok(None)
    }

    async fn close(&mut self) -> Result<Option<StreamPage>> {
        self.source.log.add("close source");
        act(&self.source.close).await?;
        let last = self.source.close.iter().find_map(|step| match step {
            Do::Page(n) => Some(self.source.live.page(*n)),
            _ => None,
        });
        Ok(last)
    }

    fn ended(&self) -> Ended {
        self.ended.unwrap_or_default()
    }

    async fn hold(&mut self) {
        self.source.log.add("hold");
        act(&[self.source.hold]).await.unwrap();
    }
}

#[async_trait]
impl Sink for TestSink {
    fn info(&self) -> Info {
        Info::new("test", "sink", Delivery::AtMostOnce)
    }

    async fn open(&self, run: &RunContext) -> Result<Box<dyn PageWriter>> {
        self.log.add("open sink");
        act(&self.open).await?;
        Ok(Box::new(TestWriter { sink: self.clone(), written: 0, run: run.clone() }))
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        CheckReport::new("sink")
    }
}

struct TestWriter {
    sink: TestSink,
    written: usize,
    run: RunContext,
}

#[async_trait]
impl PageWriter for TestWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.sink.log.add(format!("begin {}", page.len()));
        let write = self.sink.writes.get(self.written).or(self.sink.writes.last());
        self.written += 1;
        act(write.map_or(&[][..], Vec::as_slice)).await?;
        self.sink.log.add(format!("wrote {}", page.len()));
        self.run.meter().add_delivered(page.len() as u64);
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        self.sink.log.add("flush");
        act(&self.sink.flush).await
    }

    async fn close(&mut self) -> Result<()> {
        self.sink.log.add("close sink");
        act(&self.sink.close).await
    }
}
