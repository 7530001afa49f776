//! A source and a sink that do what a test says and log what they were asked.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use faucet_core::{
    CheckReport, Delivery, Ended, Error, ErrorKind, Flushed, Gap, GapReason, Info, Mark, Next,
    PageReader, PageWriter, Payload, Position, Record, Result, Resume, Scope, Sink, Source,
    StreamPage, Timestamp,
};
use tokio::time::{Instant, sleep, sleep_until};

/// What the components did, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, what: &str) -> usize {
        self.lines().iter().filter(|line| *line == what).count()
    }

    pub(crate) fn place(&self, what: &str) -> Option<usize> {
        self.lines().iter().position(|line| line == what)
    }
}

/// Pages that exist, and the most that ever did at once.
#[derive(Clone, Debug, Default)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Do {
    /// Hands over a page of so many records.
    Page(usize),
    /// Hands over a page of a gap and one record.
    Gap,
    /// Takes so many milliseconds, then does the next.
    Wait(u64),
    Hang,
    Fail(ErrorKind, &'static str),
    Panic(&'static str),
    End(Ended),
    Ok,
}

/// Does waits, failures and panics; `Ok` for the rest.
pub(crate) async fn act(steps: &[Do]) -> Result<()> {
    for step in steps {
        match *step {
            Do::Wait(ms) => sleep(Duration::from_millis(ms)).await,
            Do::Hang => pending().await,
            Do::Fail(kind, message) => return Err(Error::new(kind, message)),
            Do::Panic(message) => panic!("{message}"),
            Do::Page(_) | Do::Gap | Do::End(_) | Do::Ok => {}
        }
    }
    Ok(())
}

#[derive(Clone, Debug)]
pub(crate) struct TestSource {
    pub(crate) info: Do,
    pub(crate) open: Vec<Do>,
    pub(crate) steps: Vec<Do>,
    pub(crate) hold: Do,
    pub(crate) hold_after_drain: Do,
    pub(crate) position: Do,
    pub(crate) committed: Vec<Do>,
    pub(crate) drain: Vec<Do>,
    pub(crate) close: Vec<Do>,
    pub(crate) resume: Resume,
    pub(crate) log: Log,
    pub(crate) live: Live,
}

impl TestSource {
    pub(crate) fn new(steps: &[Do], log: &Log) -> Self {
        Self {
            info: Do::Ok,
            open: vec![Do::Ok],
            steps: steps.to_vec(),
            hold: Do::Hang,
            hold_after_drain: Do::Hang,
            position: Do::Ok,
            committed: vec![Do::Ok],
            drain: vec![Do::Ok],
            close: vec![Do::Ok],
            resume: Resume::Acks,
            log: log.clone(),
            live: Live::default(),
        }
    }
}

#[async_trait]
impl Source for TestSource {
    fn info(&self) -> Info {
        assert!(!matches!(self.info, Do::Panic(_)), "boom");
        Info::new("test", "source", Delivery::AtMostOnce).with_resume(self.resume)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        self.log.add("open source");
        act(&self.open).await?;
        let (source, steps) = (self.clone(), self.steps.clone().into());
        Ok(Box::new(TestReader { source, steps, due: None, pages: 0, drained: false }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("source")
    }
}

struct TestReader {
    source: TestSource,
    steps: VecDeque<Do>,
    /// When the wait ends that was begun: a dropped `next_page` does not begin it anew.
    due: Option<Instant>,
    pages: usize,
    drained: bool,
}

#[async_trait]
impl PageReader for TestReader {
    async fn next_page(&mut self) -> Result<Next> {
        while let Some(step) = self.steps.front().copied() {
            if let Do::Wait(ms) = step {
                let due = self.due.get_or_insert(Instant::now() + Duration::from_millis(ms));
                sleep_until(*due).await;
                self.due = None;
            } else {
                act(&[step]).await?;
            }
            self.steps.pop_front();
            self.pages += usize::from(matches!(step, Do::Page(_) | Do::Gap));
            match step {
                Do::Page(n) => return Ok(Next::Page(self.source.live.page(n))),
                Do::Gap => {
                    let page = self.source.live.page(1).with_gap(Gap::new(GapReason::Outage));
                    return Ok(Next::Page(page));
                }
                Do::End(ended) => return Ok(Next::End(ended)),
                _ => {}
            }
        }
        Ok(Next::End(Ended::Exhausted))
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        self.source.log.add("drain source");
        self.drained = true;
        act(&self.source.drain).await?;
        let last = self.source.drain.iter().find_map(|step| match step {
            Do::Page(n) => Some(self.source.live.page(*n)),
            _ => None,
        });
        Ok(last)
    }

    fn position(&self) -> Option<Position> {
        if let Do::Panic(message) = self.source.position {
            panic!("{message}");
        }
        (self.pages > 0).then(|| Position::new(self.pages.to_string()))
    }

    async fn committed(&mut self, upto: &Position) -> Result<()> {
        self.source.log.add(format!("committed {upto}"));
        act(&self.source.committed).await
    }

    async fn hold(&mut self) {
        self.source.log.add("hold");
        let what = if self.drained { self.source.hold_after_drain } else { self.source.hold };
        act(&[what]).await.unwrap();
    }

    async fn close(&mut self) -> Result<()> {
        self.source.log.add("close source");
        act(&self.source.close).await
    }
}

#[derive(Clone, Debug)]
pub(crate) struct TestSink {
    pub(crate) info: Do,
    pub(crate) open: Vec<Do>,
    /// For each page; the last is repeated.
    pub(crate) writes: Vec<Vec<Do>>,
    /// How many records of a page a failing write says it has taken.
    pub(crate) written: Option<u64>,
    pub(crate) mark: Vec<Do>,
    pub(crate) flush: Vec<Do>,
    pub(crate) close: Vec<Do>,
    pub(crate) log: Log,
}

impl TestSink {
    pub(crate) fn new(writes: &[&[Do]], log: &Log) -> Self {
        Self {
            info: Do::Ok,
            open: vec![Do::Ok],
            writes: writes.iter().map(|write| write.to_vec()).collect(),
            written: None,
            mark: vec![Do::Ok],
            flush: vec![Do::Ok],
            close: vec![Do::Ok],
            log: log.clone(),
        }
    }
}

#[async_trait]
impl Sink for TestSink {
    fn info(&self) -> Info {
        assert!(!matches!(self.info, Do::Panic(_)), "boom");
        Info::new("test", "sink", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        self.log.add("open sink");
        act(&self.open).await?;
        Ok(Box::new(TestWriter { sink: self.clone(), written: 0 }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("sink")
    }
}

struct TestWriter {
    sink: TestSink,
    written: usize,
}

#[async_trait]
impl PageWriter for TestWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.sink.log.add(format!("begin {}", page.len()));
        let write = self.sink.writes.get(self.written).or(self.sink.writes.last());
        self.written += 1;
        act(write.map_or(&[][..], Vec::as_slice)).await.map_err(|error| {
            match self.sink.written {
                Some(n) => error.with_written(n),
                None => error,
            }
        })?;
        self.sink.log.add(format!("wrote {}", page.len()));
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        self.sink.log.add("flush");
        act(&self.sink.flush).await?;
        self.sink.log.add("flushed");
        Ok(Flushed::ALL)
    }

    async fn mark(&mut self, _: &Mark) -> Result<()> {
        self.sink.log.add("mark");
        act(&self.sink.mark).await
    }

    async fn close(&mut self) -> Result<()> {
        self.sink.log.add("close sink");
        act(&self.sink.close).await
    }
}
