//! A log on which a test can wait.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// How long a test waits for something that must happen before it fails.
const LIMIT: Duration = Duration::from_secs(10);

/// The content of a log.
pub(crate) trait Logged: Clone + fmt::Debug {
    /// What the script waits for; `None` when it will not do anything more by itself.
    fn waits_for(&self) -> Option<String>;
    /// The mistake of the client.
    fn failure(&self) -> Option<&str>;
}

/// The log of a server.
#[derive(Debug)]
pub(crate) struct Log<T> {
    all: watch::Sender<Vec<T>>,
    /// The name of `T` in messages.
    noun: &'static str,
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self { all: self.all.clone(), noun: self.noun }
    }
}

impl<T: Logged> Log<T> {
    pub(crate) fn new(noun: &'static str) -> Self {
        Self { all: watch::Sender::new(Vec::new()), noun }
    }

    pub(crate) fn begin(&self, first: T) -> Entry<T> {
        let mut index = 0;
        self.all.send_modify(|all| {
            index = all.len();
            all.push(first);
        });
        Entry { log: self.clone(), index }
    }

    pub(crate) fn read(&self) -> Vec<T> {
        self.all.borrow().clone()
    }

    /// The failures, each with its number.
    pub(crate) fn failures(&self) -> Vec<String> {
        let all = self.read();
        let failures = all.iter().enumerate();
        let noun = self.noun;
        failures
            .filter_map(|(n, seen)| seen.failure().map(|why| format!("{noun} {n}: {why}")))
            .collect()
    }

    /// Waits until the log satisfies `enough`, and returns it; panics when that takes too long.
    pub(crate) async fn until(&self, mut enough: impl FnMut(&[T]) -> bool) -> Vec<T> {
        if !self.wait(|all| enough(all)).await {
            panic!("what the test waits for did not happen in {LIMIT:?}: {:#?}", self.read());
        }
        self.read()
    }

    /// Waits until no script waits, and returns the log; panics when that takes too long, and at a
    /// failure.
    pub(crate) async fn finish(&self) -> Vec<T> {
        if !self.wait(|all| all.iter().all(|seen| seen.waits_for().is_none())).await {
            let all = self.read();
            let stuck = all.iter().enumerate();
            let stuck = stuck.filter_map(|(n, seen)| Some(format!("{n}: {}", seen.waits_for()?)));
            let stuck: Vec<String> = stuck.collect();
            panic!("scripts still wait after {LIMIT:?}: {} {}", self.noun, stuck.join(", "));
        }
        let failures = self.failures();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        self.read()
    }

    /// Whether `enough` holds in time.
    async fn wait(&self, mut enough: impl FnMut(&[T]) -> bool) -> bool {
        let mut all = self.all.subscribe();
        // The sender lives in `self`, so the channel cannot be closed.
        let waiting = all.wait_for(|all| enough(all));
        timeout(LIMIT, waiting).await.is_ok()
    }
}

/// One place in the log.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    log: Log<T>,
    index: usize,
}

impl<T> Entry<T> {
    pub(crate) fn update(&self, change: impl FnOnce(&mut T)) {
        self.log.all.send_modify(|all| change(&mut all[self.index]));
    }

    #[cfg(feature = "server")]
    pub(crate) fn read(&self) -> T
    where
        T: Clone,
    {
        self.log.all.borrow()[self.index].clone()
    }
}
