//! A source whose far end keeps what is not acknowledged.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use faucet_core::{
    CheckReport, Delivery, Ended, Info, Next, PageReader, Position, Result, Resume, Scope, Source,
    StreamPage,
};

use super::chaos::Chaos;
use super::number;

#[derive(Debug, Default)]
pub(crate) struct Broker {
    ready: VecDeque<u64>,
    unacked: BTreeSet<u64>,
    pub(crate) acked: Vec<u64>,
    /// The most that was ever unacknowledged.
    pub(crate) most: usize,
}

/// Takes messages from a broker, which gives those that are not acknowledged to the next connection.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    pub(crate) broker: Arc<Mutex<Broker>>,
    /// The most messages that the broker hands out before it waits.
    pub(crate) window: Option<usize>,
    pub(crate) chaos: Chaos,
}

impl Queue {
    pub(crate) fn new(count: u64) -> Self {
        let broker = Broker { ready: (0..count).collect(), ..Broker::default() };
        Self { broker: Arc::new(Mutex::new(broker)), window: None, chaos: Chaos::default() }
    }

    pub(crate) fn acked(&self) -> Vec<u64> {
        self.broker.lock().unwrap().acked.clone()
    }
}

#[async_trait]
impl Source for Queue {
    fn info(&self) -> Info {
        let mut info = Info::new("queue", "broker", Delivery::AtLeastOnce);
        info.ack_window = self.window.map(|window| window as u64);
        info.with_resume(Resume::Acks)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>> {
        assert!(scope.position().is_none(), "the tag of an old connection means nothing");
        let mut broker = self.broker.lock().unwrap();
        let again = std::mem::take(&mut broker.unacked);
        again.into_iter().rev().for_each(|tag| broker.ready.push_front(tag));
        Ok(Box::new(Reader { of: self.clone(), last: None, closed: false }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("broker")
    }
}

struct Reader {
    of: Queue,
    last: Option<u64>,
    closed: bool,
}

impl Reader {
    /// Up to three messages; `None` where there are no more.
    fn take(&mut self) -> Option<Vec<u64>> {
        let mut broker = self.of.broker.lock().unwrap();
        if broker.ready.is_empty() {
            return None;
        }
        let mut tags = Vec::new();
        while tags.len() < 3 && self.of.window.is_none_or(|most| broker.unacked.len() < most) {
            let Some(tag) = broker.ready.pop_front() else { break };
            broker.unacked.insert(tag);
            broker.most = broker.most.max(broker.unacked.len());
            tags.push(tag);
        }
        Some(tags)
    }
}

#[async_trait]
impl PageReader for Reader {
    async fn next_page(&mut self) -> Result<Next> {
        self.of.chaos.step().await;
        match self.take() {
            None => Ok(Next::End(Ended::Exhausted)),
            Some(tags) if tags.is_empty() => std::future::pending().await,
            Some(tags) => {
                self.last = tags.last().copied().or(self.last);
                Ok(Next::Page(tags.into_iter().map(number).collect()))
            }
        }
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        Ok(None)
    }

    fn position(&self) -> Option<Position> {
        Some(Position::new(self.last?.to_string()))
    }

    async fn committed(&mut self, upto: &Position) -> Result<()> {
        assert!(!self.closed, "acknowledged on a closed connection");
        self.of.chaos.step().await;
        let upto: u64 = upto.as_str().parse().unwrap();
        {
            let mut broker = self.of.broker.lock().unwrap();
            let rest = broker.unacked.split_off(&(upto + 1));
            let acked = std::mem::replace(&mut broker.unacked, rest);
            broker.acked.extend(acked);
        }
        self.of.chaos.step().await;
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        self.closed = true;
        Ok(())
    }
}
