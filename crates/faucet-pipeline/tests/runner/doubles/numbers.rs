//! A source of numbers that can begin at any of them.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use faucet_core::{
    CheckReport, Delivery, Ended, Gap, GapReason, Info, Next, PageReader, Position, Record,
    Rejected, Result, Resume, Scope, Source, StreamPage, Timestamp,
};
use tokio::time::{Instant, sleep_until};

use super::chaos::Chaos;
use super::number;

/// The numbers `0..count` in pages of `page`, with a position behind each page.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    pub(crate) count: u64,
    pub(crate) page: u64,
    /// It does not end.
    pub(crate) live: bool,
    /// The time before each page.
    pub(crate) every: Option<Duration>,
    pub(crate) gap_before: Vec<u64>,
    pub(crate) watermarks: bool,
    /// Is added to each number.
    pub(crate) add: u64,
    /// A position only where the number is a multiple of this.
    pub(crate) position_every: u64,
    /// These numbers are rejected.
    pub(crate) reject: fn(u64) -> bool,
    /// Makes the record of a number.
    pub(crate) make: fn(u64) -> Record,
    pub(crate) resume: Resume,
    pub(crate) ack_window: Option<u64>,
    pub(crate) chaos: Chaos,
    pub(crate) committed: Arc<Mutex<Vec<u64>>>,
    pub(crate) handed: Arc<AtomicU64>,
    pub(crate) held: Arc<AtomicU64>,
    /// So many numbers were received and not handed over when the source is drained.
    pub(crate) unread: u64,
    pub(crate) drained: Arc<AtomicU64>,
    pub(crate) closed: Arc<AtomicU64>,
}

impl Numbers {
    pub(crate) fn new(count: u64, page: u64) -> Self {
        Self {
            count,
            page,
            live: false,
            every: None,
            gap_before: Vec::new(),
            watermarks: false,
            add: 0,
            position_every: 1,
            reject: |_| false,
            make: number,
            resume: Resume::Positions,
            ack_window: None,
            chaos: Chaos::default(),
            committed: Arc::default(),
            handed: Arc::default(),
            held: Arc::default(),
            unread: 0,
            drained: Arc::default(),
            closed: Arc::default(),
        }
    }

    /// Numbers that come until the run is stopped, a page each `every` milliseconds.
    pub(crate) fn live(page: u64, every: u64) -> Self {
        let every = Some(Duration::from_millis(every));
        Self { live: true, every, ..Self::new(1_000_000, page) }
    }

    pub(crate) fn committed(&self) -> Vec<u64> {
        self.committed.lock().unwrap().clone()
    }
}

#[async_trait]
impl Source for Numbers {
    fn info(&self) -> Info {
        let mut info = Info::new("numbers", "counter", Delivery::AtLeastOnce);
        info.ack_window = self.ack_window;
        info.with_resume(self.resume)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>> {
        self.chaos.step().await;
        let next = scope.position().map_or(0, |position| position.as_str().parse().unwrap());
        Ok(Box::new(Reader { of: self.clone(), next, due: None }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("counter")
    }
}

struct Reader {
    of: Numbers,
    next: u64,
    /// What a dropped call began goes on.
    due: Option<Instant>,
}

#[async_trait]
impl PageReader for Reader {
    async fn next_page(&mut self) -> Result<Next> {
        self.of.chaos.step().await;
        if let Some(every) = self.of.every {
            sleep_until(*self.due.get_or_insert_with(|| Instant::now() + every)).await;
            self.due = None;
        }
        let (of, next) = (&self.of, self.next);
        if next >= of.count {
            if of.live {
                std::future::pending::<()>().await;
            }
            return Ok(Next::End(Ended::Exhausted));
        }
        let stop = of.gap_before.iter().copied().filter(|gap| *gap > next).min();
        let upto = (next + of.page).min(of.count).min(stop.unwrap_or(u64::MAX));
        let (bad, good): (Vec<u64>, Vec<u64>) = (next..upto).partition(|n| (of.reject)(*n));
        let bad = bad.into_iter().map(|n| Rejected::new((of.make)(n + of.add), "odd number"));
        let mut page: StreamPage = good.into_iter().map(|n| (of.make)(n + of.add)).collect();
        page = page.with_rejected(bad.collect());
        if of.gap_before.contains(&next) {
            let at = Timestamp::from_unix_millis(next);
            page = page.with_gap(Gap::new(GapReason::Outage).between(at, at));
        }
        if of.watermarks {
            page = page.with_watermark(Timestamp::from_unix_millis(upto + of.add));
        }
        of.handed.fetch_add(upto - next, SeqCst);
        self.next = upto;
        Ok(Next::Page(page))
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        self.of.drained.fetch_add(1, SeqCst);
        let rest = self.next..self.next + self.of.unread;
        self.next = rest.end;
        Ok((!rest.is_empty()).then(|| rest.map(|n| (self.of.make)(n + self.of.add)).collect()))
    }

    fn position(&self) -> Option<Position> {
        let known = self.next.is_multiple_of(self.of.position_every);
        known.then(|| Position::new(self.next.to_string()))
    }

    async fn committed(&mut self, upto: &Position) -> Result<()> {
        self.of.chaos.step().await;
        self.of.committed.lock().unwrap().push(upto.as_str().parse().unwrap());
        Ok(())
    }

    async fn hold(&mut self) {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.of.held.fetch_add(1, SeqCst);
        }
    }

    async fn close(&mut self) -> Result<()> {
        self.of.closed.fetch_add(1, SeqCst);
        Ok(())
    }
}
