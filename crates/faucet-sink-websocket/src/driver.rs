//! The task that owns a run's connection.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use faucet_common_websocket::lifecycle::{Class, Failure};
use faucet_common_websocket::{Alarm, Event, Session, never_ponged};
use faucet_core::{ConnectionState, Counters, Error, ErrorKind, Flushed, Rejected, Result, Scope};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::checked::Terms;
use crate::delivery::{Ledger, Outbound, Refused};
use crate::delivery_mode::DeliveryMode;
use crate::down::{Down, Gone};
use crate::refusal::Refusals;
use crate::window::Window;

/// After so many connections without a Pong the sink stops: the peer does not answer Pings.
const MUTE_CONNECTIONS: u32 = 2;
/// Connections shorter than this do not count.
const MUTE: Duration = Duration::from_secs(5);
/// The counter of records that a flush has called delivered, and that were lost afterwards.
const LOST_AFTER_FLUSH: &str = "lost_after_flush";

/// A call of the writer.
#[derive(Debug)]
pub(crate) enum Task {
    /// Send these records.
    Write {
        /// Those that were not accepted yet.
        left: std::vec::IntoIter<Outbound>,
        /// How many there were.
        all: u64,
    },
    /// Wait until every record is delivered as promised.
    Flush,
    /// Close the connection.
    Close,
}

impl Task {
    pub(crate) fn write(records: Vec<Outbound>) -> Self {
        Self::Write { all: records.len() as u64, left: records.into_iter() }
    }
}

/// A task, and who waits for it.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) task: Task,
    pub(crate) done: oneshot::Sender<Result<Flushed>>,
}

/// A socket that does not take what it is given.
struct Stuck {
    since: Instant,
    written: u64,
}

/// Reads the connection for its whole life, and sends what the writer brings.
pub(crate) struct Driver {
    session: Session,
    terms: Terms,
    inbox: mpsc::UnboundedReceiver<Command>,
    scope: Scope,
    ledger: Ledger,
    command: Option<Command>,
    alarm: Alarm,
    /// Whether everything that went out was flushed.
    flushed: bool,
    stuck: Option<Stuck>,
    down: Option<Down>,
    refusals: Refusals,
    /// Rejected records that go back to the runner with the next flush.
    rejected: Vec<Rejected>,
    /// Whether the peer has answered a Ping on this connection.
    ponged: bool,
    mute_connections: u32,
    inbound: u64,
}

impl Driver {
    pub(crate) fn new(
        session: Session,
        terms: Terms,
        inbox: mpsc::UnboundedReceiver<Command>,
        scope: &Scope,
    ) -> Self {
        let window = Window::new(terms.limits, terms.ack_timeout);
        Self {
            session,
            terms,
            inbox,
            scope: scope.clone(),
            ledger: Ledger::new(terms.delivery, window),
            command: None,
            alarm: Alarm::default(),
            flushed: true,
            stuck: None,
            down: None,
            refusals: Refusals::default(),
            rejected: Vec::new(),
            ponged: false,
            mute_connections: 0,
            inbound: 0,
        }
    }

    /// Runs until the writer closes.
    pub(crate) async fn run(mut self) {
        while let Some((Command { task, done }, mut answer)) =
            poll_fn(|cx| self.poll_command(cx)).await
        {
            let ended = matches!(task, Task::Close);
            if ended {
                let closed = self.close().await;
                answer = answer.and_then(|flushed| closed.map(|()| flushed));
            }
            if let Err(Err(_)) = done.send(answer) {
                self.unheard(&task);
            }
            if ended {
                return;
            }
        }
    }

    /// Performs the closing handshake. Its answer proves that the peer has read all records.
    async fn close(&mut self) -> Result<()> {
        match self.session.close().await {
            Some(Failure { class: Class::Refusal, error, .. }) => {
                self.refused(&error);
                self.refusals.unexplained();
                self.ledger.lost();
            }
            Some(Failure { class: Class::Clean, .. }) => {}
            _ => self.ledger.lost(),
        }
        self.count();
        self.tell_refusal()
    }

    /// The caller that waited for `task` was dropped and has not received its failure.
    fn unheard(&mut self, task: &Task) {
        self.refusals.unheard();
        if let Some(down) = &mut self.down {
            down.told = false;
            if let Task::Write { left, .. } = task {
                down.unsent += left.len() as u64;
            }
        }
    }

    /// A command and what came of it; `None` when the writer is gone.
    fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Command, Result<Flushed>)>> {
        let polled = loop {
            if self.command.is_none() {
                match self.inbox.poll_recv(cx) {
                    Poll::Ready(None) => break Poll::Ready(None),
                    Poll::Ready(command) => self.command = command,
                    Poll::Pending => {}
                }
            }
            self.poll_send(cx);
            if let Some(answer) = self.answer()
                && let Some(command) = self.command.take()
            {
                break Poll::Ready(Some((command, answer)));
            }
            if self.poll_event(cx).is_pending() && self.poll_timers(cx).is_pending() {
                break Poll::Pending;
            }
        };
        self.count();
        polled
    }

    /// Accepts what there is room for, and sends what was accepted.
    fn poll_send(&mut self, cx: &mut Context<'_>) {
        if self.down.is_some() || !self.session.is_up() {
            return;
        }
        if let Some(Command { task: Task::Write { left, .. }, .. }) = &mut self.command {
            while left.as_slice().first().is_some_and(|record| self.ledger.has_room(record)) {
                left.next().into_iter().for_each(|record| self.ledger.accept(record));
            }
        }
        let (now, ledger) = (Instant::now(), &mut self.ledger);
        let was_flushed = self.flushed;
        self.flushed = self.session.poll_send(cx, || ledger.next(now.into_std())).is_ready();
        if self.flushed && !was_flushed {
            self.ledger.flushed(now.into_std());
        }
        let written = self.session.written();
        match &self.stuck {
            _ if self.flushed => self.stuck = None,
            Some(stuck) if stuck.written == written => {}
            _ => self.stuck = Some(Stuck { since: now, written }),
        }
    }

    /// The end of the command that is being worked on, if it has come.
    fn answer(&mut self) -> Option<Result<Flushed>> {
        match &self.command.as_ref()?.task {
            Task::Write { all, .. } => {
                let all = *all;
                Some(self.answer_write(all)?.map(|()| Flushed::ALL))
            }
            Task::Flush => self.answer_flush(),
            Task::Close => Some(self.answer_close()?.map(|()| Flushed::ALL)),
        }
    }

    /// A page is written when the socket has taken it. The failure says how many of its `all` records
    /// were accepted: they are in the next flush.
    fn answer_write(&mut self, all: u64) -> Option<Result<()>> {
        let left = self.left_to_accept();
        if let Some(failure) = self.failure(left) {
            return Some(Err(failure.with_written(all - left)));
        }
        let sent = left == 0 && self.ledger.is_all_sent() && self.flushed;
        let done = sent && (!self.refusals.is_untold() || self.is_delivered());
        done.then(|| self.tell_refusal().map_err(|error| error.with_written(all)))
    }

    /// A lost connection fails a flush only where an answer would be a false promise. With
    /// `at_most_once` the counts are the promise, and the next call returns the failure.
    fn answer_flush(&mut self) -> Option<Result<Flushed>> {
        let failure = match &self.down {
            Some(down) if down.told || self.terms.delivery == DeliveryMode::AtMostOnce => None,
            Some(_) if self.is_down_well() => None,
            Some(_) => self.failure(0),
            None if !self.is_delivered() || self.is_ending() => return None,
            None => self.tell_refusal().err(),
        };
        // A failed flush speaks of its records too: all of them count as unconfirmed.
        let report = self.flushed_report();
        Some(failure.map_or(Ok(report), Err))
    }

    /// `close` succeeds on a lost connection if no record is outstanding, or if the failure was told.
    fn answer_close(&mut self) -> Option<Result<()>> {
        if let Some(down) = &self.down {
            let well = down.told || self.is_down_well();
            return Some(if well { Ok(()) } else { Err(self.failure(0)?) });
        }
        (!self.is_ending()).then_some(Ok(()))
    }

    /// Whether a connection that is gone for good left nothing undone.
    fn is_down_well(&self) -> bool {
        let well = self.down.as_ref().is_none_or(|down| down.is_well(self.terms.delivery));
        well && !self.refusals.is_untold()
    }

    /// The failure of a connection that is gone for good, for a caller that receives it. `left`
    /// records were not accepted.
    fn failure(&mut self, left: u64) -> Option<Error> {
        let down = self.down.as_mut()?;
        down.told = true;
        Some(down.failure(left, &self.refusals, self.session.url()))
    }

    /// What the records accepted since the last flush have come to.
    fn flushed_report(&mut self) -> Flushed {
        let rejected = std::mem::take(&mut self.rejected);
        Flushed::but_unconfirmed(self.ledger.take_unconfirmed()).with_rejected(rejected)
    }

    fn tell_refusal(&mut self) -> Result<()> {
        self.refusals.tell(self.session.url()).map_or(Ok(()), Err)
    }

    /// Whether every accepted record is delivered as promised.
    fn is_delivered(&self) -> bool {
        match self.terms.delivery {
            DeliveryMode::AtMostOnce => self.ledger.is_all_sent() && self.flushed,
            DeliveryMode::AtLeastOnce => self.ledger.is_settled(),
        }
    }

    /// Whether the connection is gone for good with records on their way, and the session is about
    /// to say why.
    fn is_ending(&self) -> bool {
        self.ledger.in_flight() > 0 && !self.session.is_up()
    }

    fn left_to_accept(&self) -> u64 {
        match &self.command {
            Some(Command { task: Task::Write { left, .. }, .. }) => left.len() as u64,
            _ => 0,
        }
    }

    /// Whether a lost connection is wanted back.
    fn wants_connection(&self) -> bool {
        let unsettled = match self.terms.delivery {
            DeliveryMode::AtMostOnce => !self.ledger.is_all_sent(),
            DeliveryMode::AtLeastOnce => !self.ledger.is_settled(),
        };
        unsettled || self.left_to_accept() > 0
    }

    /// Ready when something happened to the connection.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.down.is_some() || (self.session.is_waiting() && !self.wants_connection()) {
            return Poll::Pending;
        }
        match ready!(self.session.poll_event(cx)) {
            Ok(event) => self.note(event),
            Err(error) => {
                if self.session.last_end() == Some(Class::Refusal) {
                    self.refused(&error);
                }
                self.went_down(Gone::Lost, error);
            }
        }
        Poll::Ready(())
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Connected { .. } => {
                self.ponged = false;
                self.scope.counters().add(Counters::RECONNECTS, 1);
            }
            Event::Read { upto, latest } => {
                self.ponged = true;
                self.mute_connections = 0;
                if self.ledger.read(upto, latest, Instant::now().into_std()) {
                    self.session.progressed();
                }
                if !self.ledger.is_searching() {
                    self.refusals.unexplained();
                }
            }
            Event::Message(_) => self.inbound += 1,
            Event::Control | Event::Waiting => {}
            Event::Lost { class, error, .. } => {
                match class {
                    Class::Refusal => self.refused(&error),
                    Class::Silent => self.ledger.pong_missing(),
                    _ => {}
                }
                self.lost();
                if self.mute_connections >= MUTE_CONNECTIONS {
                    self.went_down(Gone::Lost, never_ponged(self.session.url()));
                }
            }
            Event::Closed => {
                let what = format!("WebSocket {}: closed by the server", self.session.url());
                self.went_down(Gone::Goodbye, Error::new(ErrorKind::Closed, what));
            }
        }
    }

    fn lost(&mut self) {
        let due = self.ledger.pong_due(MUTE.min(self.terms.ack_timeout));
        // A peer that does not read is stuck. It is not known to answer no Pings.
        let mute = self.terms.delivery == DeliveryMode::AtLeastOnce
            && !self.ponged
            && self.flushed
            && due.is_some_and(|due| due <= Instant::now().into_std());
        self.mute_connections += u32::from(mute);
        self.ledger.lost();
        self.stuck = None;
        // Unflushed records are counted as lost or re-queued above; nothing remains to flush.
        self.flushed = true;
    }

    /// The peer closed because of a message that it got.
    fn refused(&mut self, close: &Error) {
        match self.ledger.refused() {
            Refused::Record(number, Outbound { frame, record }) => {
                tracing::warn!("{close}; it refused record {number}, which is not sent again");
                let Some(record) = record else {
                    self.scope.counters().skip("refused_by_peer", 1);
                    self.refusals.record(number, frame.as_bytes().len(), close);
                    return;
                };
                let reason = format!("the peer refused the record: {close}");
                self.rejected.push(Rejected::new(*record, reason));
                self.refusals.handed_back(number);
                // One record less to send: the run goes on, though the next may be refused as well.
                self.session.progressed();
            }
            Refused::OneOf(first, last) => {
                // It will not come in the same way once more.
                self.session.explained();
                self.refusals.suspect(first, last, close);
                // With at_most_once no record is sent again, and the search cannot begin.
                if !self.ledger.is_searching() {
                    self.refusals.unexplained();
                }
            }
            Refused::Before(last) => self.refusals.up_to(last, close),
            Refused::None => {}
        }
    }

    fn went_down(&mut self, gone: Gone, cause: Error) {
        let unsent = self.ledger.unsent();
        self.lost();
        self.ledger.give_up();
        self.refusals.unexplained();
        self.down = Some(Down {
            gone,
            cause,
            confirmed: self.ledger.confirmed(),
            unconfirmed: self.ledger.unconfirmed(),
            unsent,
            reconnect: self.terms.reconnect,
            told: false,
        });
    }

    /// Ready when a time limit has passed and was acted upon.
    fn poll_timers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.down.is_some() || !self.session.is_up() {
            return Poll::Pending;
        }
        let Terms { delivery, ack_timeout, write_timeout, .. } = self.terms;
        // A Ping that the socket has not taken yet cannot be answered.
        let owed = delivery == DeliveryMode::AtLeastOnce && self.flushed;
        let pong = self.ledger.pong_due(ack_timeout).filter(|_| owed).map(Instant::from_std);
        let stuck = self.stuck.as_ref().and_then(|stuck| stuck.since.checked_add(write_timeout));
        let deadline = [pong, stuck].into_iter().flatten().min();
        ready!(self.alarm.poll(cx, deadline));
        let now = Instant::now();
        let event = if stuck.is_some_and(|due| due <= now) {
            let what = format!("the socket took nothing for {write_timeout:?} (write_timeout)");
            self.session.abandon(&what)
        } else if pong.is_some_and(|due| due <= now) {
            self.session.abandon(&format!("no Pong for {ack_timeout:?} (ack_timeout)"))
        } else {
            None
        };
        if let Some(event) = event {
            self.note(event);
        }
        Poll::Ready(())
    }

    /// Brings the component's counters up to date.
    fn count(&mut self) {
        let counters = self.scope.counters();
        counters.add(Counters::RESENT, self.ledger.take_resent());
        counters.add(LOST_AFTER_FLUSH, self.ledger.take_late_losses());
        counters.set_connection(match self.session.is_up() {
            true => ConnectionState::Up,
            false if self.down.is_none() && self.wants_connection() => ConnectionState::Waiting,
            false => ConnectionState::None,
        });
        counters.skip("unexpected_inbound", std::mem::take(&mut self.inbound));
    }
}
