//! The task that owns a run's connection.

use std::future::poll_fn;
use std::task::{Context, Poll};

use faucet_common_websocket::{Driver, Event};
use faucet_core::{ConnectionState, Counters, Flushed, Result, Scope, Span};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::command::{Command, Task};
use crate::delivery::in_flight::{Outgoing, Room};
use crate::delivery::machine::{Effect, SinkMachine};
use crate::delivery::policy::DeliveryPolicy;
use crate::encode::Encoder;

/// The counter of records that a flush has called delivered, and that were lost afterwards.
const LOST_AFTER_FLUSH: &str = "lost_after_flush";
/// So many bytes of frames are encoded before the socket takes them.
const WRITE_AHEAD: usize = 256 * 1024;

/// Reads the connection for its whole life, and sends what the writer brings.
pub(crate) struct SinkTask {
    driver: Driver,
    machine: SinkMachine,
    encoder: Encoder,
    commands: mpsc::UnboundedReceiver<Command>,
    /// The caller that waits for an answer.
    caller: Option<oneshot::Sender<Result<Flushed>>>,
    scope: Scope,
    inbound: u64,
    spans: Vec<Span>,
}

impl SinkTask {
    pub(crate) fn new(
        driver: Driver,
        encoder: Encoder,
        policy: DeliveryPolicy,
        commands: mpsc::UnboundedReceiver<Command>,
        scope: &Scope,
    ) -> Self {
        Self {
            machine: SinkMachine::new(policy, driver.url()),
            driver,
            encoder,
            commands,
            caller: None,
            scope: scope.clone(),
            inbound: 0,
            spans: Vec::new(),
        }
    }

    /// Runs until the writer closes.
    pub(crate) async fn run(mut self) {
        while let Some((task, mut answer)) = poll_fn(|cx| self.poll_answer(cx)).await {
            let ended = matches!(task, Task::Close);
            if ended {
                let closed = self.close().await;
                answer = answer.and_then(|flushed| closed.map(|()| flushed));
            }
            let not_received = self.caller.take().and_then(|caller| caller.send(answer).err());
            if let Some(Err(_)) = not_received {
                self.machine.verdicts.not_received(task.left());
            }
            if ended {
                return;
            }
        }
    }

    /// Performs the close handshake.
    async fn close(&mut self) -> Result<()> {
        self.driver.leave();
        let over = loop {
            match poll_fn(|cx| self.driver.poll_event(cx, None)).await {
                Event::Over(over) => break over,
                event => self.note(event),
            }
        };
        let closed = self.machine.closed(over);
        self.count();
        closed
    }

    /// A call and its answer; `None` when the writer is gone.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Task, Result<Flushed>)>> {
        let polled = loop {
            if self.caller.is_none() {
                match self.commands.poll_recv(cx) {
                    Poll::Ready(None) => break Poll::Ready(None),
                    Poll::Ready(Some(Command { task, done })) => {
                        self.caller = Some(done);
                        self.machine.begin(task);
                    }
                    Poll::Pending => {}
                }
            }
            self.send(cx);
            if !self.driver.is_up() {
                self.machine.hung_up();
            }
            if let Some(answer) = self.machine.answer() {
                break Poll::Ready(Some(answer));
            }
            if self.machine.is_lost() {
                break Poll::Pending;
            }
            self.driver.want(self.machine.wants_connection());
            let due = self.machine.next_timeout();
            match self.driver.poll_event(cx, due) {
                Poll::Ready(event) => self.note(event),
                Poll::Pending => break Poll::Pending,
            }
        };
        self.count();
        polled
    }

    /// Encodes and writes as long as the socket takes what it is given.
    fn send(&mut self, cx: &mut Context<'_>) {
        loop {
            self.encode();
            let flushed = self.driver.poll_flush(cx).is_ready();
            let now = Instant::now().into_std();
            if self.driver.is_up() {
                self.machine.wrote(flushed, self.driver.written(), now);
            }
            if !flushed || !self.encode() {
                return;
            }
        }
    }

    /// Encodes what may be sent. Returns whether there was anything.
    fn encode(&mut self) -> bool {
        let limit = self.encoder.largest.min(WRITE_AHEAD);
        let now = Instant::now().into_std();
        let mut any = false;
        while let Some(outbox) = self.driver.outbox() {
            let room = Room { used: outbox.pending().len(), limit };
            match self.machine.next(now, room) {
                Some(Outgoing::Records(run)) => {
                    for record in run.page.range(run.range) {
                        outbox.message(self.encoder.kind_of(&record), record.as_bytes());
                    }
                }
                Some(Outgoing::Barrier(mark)) => self.driver.barrier(mark),
                None => break,
            }
            any = true;
        }
        any
    }

    fn note(&mut self, event: Event) {
        let now = Instant::now().into_std();
        match event {
            Event::Messages => self.discard(),
            Event::Due => {
                if let Some(why) = self.machine.give_up(now) {
                    self.driver.abandon(why);
                }
            }
            event => self.machine.event(event, now),
        }
        for effect in self.machine.take_effects() {
            match effect {
                Effect::Reconnected(cause) => {
                    self.scope.counters().reconnected(cause.as_str());
                }
                Effect::Progressed => self.driver.progressed(),
                Effect::Explained => self.driver.explained(),
                Effect::Refused => self.scope.counters().skip("refused_by_peer", 1),
            }
        }
    }

    /// Counts and drops messages of the peer.
    fn discard(&mut self) {
        if self.driver.take(&mut self.spans).is_some() {
            self.inbound += self.spans.len() as u64;
        }
    }

    /// Brings the component's counters up to date.
    fn count(&mut self) {
        let counters = self.scope.counters();
        if let Some(took) = self.driver.take_round_trip() {
            counters.set_round_trip(took);
        }
        let in_flight = &mut self.machine.verdicts.in_flight;
        counters.add(Counters::RESENT, in_flight.take_resent());
        counters.add(LOST_AFTER_FLUSH, in_flight.take_late_losses());
        counters.skip("unexpected_inbound", std::mem::take(&mut self.inbound));
        counters.set_connection(match self.driver.is_up() {
            true => ConnectionState::Up,
            false if self.machine.wants_connection() => ConnectionState::Waiting,
            false => ConnectionState::None,
        });
    }
}
