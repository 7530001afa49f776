//! The queue between two components: one producer, one consumer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use faucet_core::{Count, Scope, StreamPage};

use crate::graph::buffer::{Buffer, WhenFull};
use crate::graph::queue::{Envelope, Put, Queue};

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    /// The consumer takes no more.
    abandoned: bool,
    consumer: Option<Waker>,
    producer: Option<Waker>,
}

/// An edge of the graph.
#[derive(Debug)]
pub(crate) struct Edge {
    state: Mutex<State>,
    buffer: Buffer,
    /// The scope of the consumer: what is lost on the way is counted there.
    scope: Scope,
}

impl Edge {
    pub(crate) fn new(buffer: Buffer, scope: Scope) -> Self {
        let state = State { queue: Queue::new(Arc::clone(scope.id())), ..State::default() };
        Self { state: Mutex::new(state), buffer, scope }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn blocks(&self) -> bool {
        self.buffer.when_full == WhenFull::Block
    }

    /// Whether a page may be sent. Only a blocking buffer makes its producer wait.
    pub(crate) fn has_room(&self) -> bool {
        // Of a consumer that takes no more the queue is empty: nobody waits for it.
        !self.blocks() || !self.state().queue.is_full(&self.buffer)
    }

    /// Ready when a page may be sent.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.blocks() {
            return Poll::Ready(());
        }
        let mut state = self.state();
        if !state.queue.is_full(&self.buffer) {
            return Poll::Ready(());
        }
        register(&mut state.producer, cx);
        Poll::Pending
    }

    /// Sends a page. True when the buffer was full: the producer then lets others run.
    pub(crate) fn send(&self, page: StreamPage) -> bool {
        let counters = self.scope.counters();
        let mut state = self.state();
        if state.abandoned {
            drop(state);
            self.lose(page.len() as u64);
            return true;
        }
        let Put { dropped, was_full } = state.queue.put(page, &self.buffer);
        counters.count(Count::Dropped, dropped);
        counters.raise(Count::HeldPeak, state.queue.records() as u64);
        let waker = state.consumer.take();
        drop(state);
        wake(waker);
        was_full
    }

    /// Sends a barrier or the end.
    pub(crate) fn signal(&self, signal: Envelope) {
        let mut state = self.state();
        if state.abandoned {
            return;
        }
        state.queue.signal(signal);
        let waker = state.consumer.take();
        drop(state);
        wake(waker);
    }

    /// What has waited longest.
    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Envelope> {
        let mut state = self.state();
        match state.queue.take() {
            Some(envelope) => {
                let waker = match &envelope {
                    Envelope::Page(_) => state.producer.take(),
                    _ => None,
                };
                drop(state);
                wake(waker);
                Poll::Ready(envelope)
            }
            None => {
                register(&mut state.consumer, cx);
                Poll::Pending
            }
        }
    }

    /// Counts records that will not reach the consumer.
    pub(crate) fn lose(&self, records: u64) {
        self.scope.counters().count(Count::NotWritten, records);
    }

    /// The consumer takes no more: what waits counts as not written, and nobody waits for room.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        state.abandoned = true;
        let records = state.queue.clear() as u64;
        let waker = state.producer.take();
        drop(state);
        self.lose(records);
        wake(waker);
    }
}

fn register(slot: &mut Option<Waker>, cx: &Context<'_>) {
    if !slot.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *slot = Some(cx.waker().clone());
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
