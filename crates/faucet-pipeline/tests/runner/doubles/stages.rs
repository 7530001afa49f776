//! Transforms: one that keeps some, one that gathers, and one that does what a test says.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use faucet_core::{
    Carry, Delivery, Info, Mark, Out, PageStage, Payload, Record, Result, Scope, StreamPage,
    Timestamp, Transform,
};
use tokio::time::sleep;

use super::scripted::{Do, Log, act};
use super::value;

/// Keeps the records that `keep` holds for, and rejects others.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) keep: fn(u64) -> bool,
    pub(crate) reject: fn(u64) -> bool,
}

impl Filter {
    pub(crate) fn keep(keep: fn(u64) -> bool) -> Self {
        Self { keep, reject: |_| false }
    }
}

struct FilterStage {
    of: Filter,
    scope: Scope,
}

#[async_trait]
impl Transform for Filter {
    fn info(&self) -> Info {
        Info::new("filter", "", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        Ok(Box::new(FilterStage { of: self.clone(), scope: scope.clone() }))
    }
}

#[async_trait]
impl PageStage for FilterStage {
    async fn push(&mut self, _: usize, mut page: StreamPage, out: &mut Out) -> Result<()> {
        self.scope.counters().add("pushed", page.len() as u64);
        let bad = page.iter().filter(|record| (self.of.reject)(value(*record)));
        bad.for_each(|record| out.reject(record.to_record(), "not even"));
        page.retain(|record| (self.of.keep)(value(record)) && !(self.of.reject)(value(record)));
        out.emit(page);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        Ok(Carry::Nothing)
    }

    async fn finish(&mut self, _: &mut Out) -> Result<()> {
        Ok(())
    }
}

/// Joins `count` records, or what came within `age` of a window's first record.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) count: usize,
    pub(crate) age: Option<Duration>,
    /// False: it cannot save what it holds.
    pub(crate) saves: bool,
    /// The time that a page takes.
    pub(crate) each: Duration,
    /// What it was opened with.
    pub(crate) opened_with: Arc<Mutex<Vec<String>>>,
}

impl Window {
    pub(crate) fn of(count: usize) -> Self {
        let (each, opened_with) = (Duration::ZERO, Arc::default());
        Self { count, age: None, saves: true, each, opened_with }
    }
}

struct WindowStage {
    of: Window,
    scope: Scope,
    held: Vec<u64>,
    due: Option<Instant>,
}

impl WindowStage {
    fn close(&mut self, out: &mut Out) {
        let window: Vec<String> = self.held.drain(..).map(|n| n.to_string()).collect();
        if !window.is_empty() {
            let payload = Payload::Text(window.join("+").into());
            out.emit(StreamPage::new(vec![Record::new(payload, Timestamp::from_unix_millis(0))]));
        }
        self.due = None;
    }
}

#[async_trait]
impl Transform for Window {
    fn info(&self) -> Info {
        Info::new("window", "", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        let saved = scope.saved().map(|saved| String::from_utf8_lossy(saved).into_owned());
        let saved = saved.unwrap_or_default();
        let held = saved.split('+').filter_map(|n| n.parse().ok()).collect();
        self.opened_with.lock().unwrap().push(saved);
        Ok(Box::new(WindowStage { of: self.clone(), scope: scope.clone(), held, due: None }))
    }
}

#[async_trait]
impl PageStage for WindowStage {
    async fn push(&mut self, _: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        if !self.of.each.is_zero() {
            sleep(self.of.each).await;
        }
        self.scope.counters().add("pushed", page.len() as u64);
        for record in page.iter() {
            if let (true, Some(age)) = (self.held.is_empty(), self.of.age) {
                self.due = Some(tokio::time::Instant::now().into_std() + age);
            }
            self.held.push(value(record));
            if self.held.len() >= self.of.count {
                self.close(out);
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        let held: Vec<String> = self.held.iter().map(u64::to_string).collect();
        Ok(match (held.is_empty(), self.of.saves) {
            (true, _) => Carry::Nothing,
            (false, true) => Carry::Saved(held.join("+").into()),
            (false, false) => Carry::Unsaved,
        })
    }

    async fn mark(&mut self, mark: &Mark, out: &mut Out) -> Result<()> {
        // A window that a gap cuts ends before it.
        if matches!(mark, Mark::Gap(_)) {
            self.close(out);
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        self.due
    }

    async fn tick(&mut self, _: Instant, out: &mut Out) -> Result<()> {
        self.close(out);
        Ok(())
    }

    async fn finish(&mut self, out: &mut Out) -> Result<()> {
        self.close(out);
        Ok(())
    }
}

/// Hands pages on, and does `what` in the method `at` when it is called for the `nth` time.
#[derive(Debug, Clone)]
pub(crate) struct TestTransform {
    pub(crate) at: &'static str,
    pub(crate) nth: usize,
    pub(crate) what: Do,
    pub(crate) log: Log,
}

struct TestStage {
    of: TestTransform,
    scope: Scope,
    calls: usize,
    due: Option<Instant>,
}

impl TestStage {
    async fn act(&mut self, method: &'static str) -> Result<()> {
        self.of.log.add(format!("{method} stage"));
        match self.is_due(method) {
            true => act(&[self.of.what]).await,
            false => Ok(()),
        }
    }

    fn is_due(&mut self, method: &'static str) -> bool {
        self.calls += usize::from(method == self.of.at);
        method == self.of.at && self.calls > self.of.nth
    }
}

#[async_trait]
impl Transform for TestTransform {
    fn info(&self) -> Info {
        assert!(self.at != "info", "boom");
        Info::new("test", "", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        let (of, scope) = (self.clone(), scope.clone());
        let mut stage = TestStage { of, scope, calls: 0, due: None };
        stage.act("open").await?;
        Ok(Box::new(stage))
    }
}

#[async_trait]
impl PageStage for TestStage {
    async fn push(&mut self, _: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        self.act("push").await?;
        self.scope.counters().add("pushed", page.len() as u64);
        self.due = Some(tokio::time::Instant::now().into_std());
        out.emit(page);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        assert!(!self.is_due("snapshot"), "boom");
        Ok(Carry::Nothing)
    }

    async fn mark(&mut self, _: &Mark, _: &mut Out) -> Result<()> {
        self.act("mark").await
    }

    fn deadline(&self) -> Option<Instant> {
        assert!(self.of.at != "deadline", "boom");
        self.due
    }

    async fn tick(&mut self, _: Instant, _: &mut Out) -> Result<()> {
        self.due = None;
        self.act("tick").await
    }

    async fn finish(&mut self, _: &mut Out) -> Result<()> {
        self.act("finish").await
    }
}
