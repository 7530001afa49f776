//! The task that owns a run's connection.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use faucet_common_websocket::lifecycle::Class;
use faucet_common_websocket::{Alarm, Event, Frame, Session, never_ponged};
use faucet_core::{Error, ErrorKind, Result, RunContext};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::config::{DeliveryMode, Terms};
use crate::delivery::Ledger;

/// How long a peer may take at the end to say what it has read, where nothing depends on it.
const LAST_WORD: Duration = Duration::from_millis(500);
/// So many connections without any Pong, and the peer is known not to answer.
const MUTE_CONNECTIONS: u32 = 2;

/// What the writer wants done.
#[derive(Debug)]
pub(crate) enum Task {
    /// Send these.
    Write(std::vec::IntoIter<Frame>),
    /// Everything is delivered as promised.
    Flush,
    /// The same, and the end.
    Close,
}

/// A task, and who waits for it.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) task: Task,
    pub(crate) done: oneshot::Sender<Result<()>>,
}

/// How many records are on their way, for a writer that is dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct InFlight(Arc<AtomicU64>);

impl InFlight {
    pub(crate) fn take(&self) -> u64 {
        self.0.swap(0, Relaxed)
    }
}

/// Why there is no connection any more, and what that left undone.
struct Down {
    cause: Error,
    confirmed: u64,
    unconfirmed: u64,
    unsent: u64,
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
    run: RunContext,
    inbox: mpsc::Receiver<Command>,
    in_flight: InFlight,
    ledger: Ledger,
    command: Option<Command>,
    alarm: Alarm,
    /// Whether everything that went out was flushed.
    flushed: bool,
    stuck: Option<Stuck>,
    down: Option<Down>,
    /// The first record that the peer refused.
    refusal: Option<Error>,
    /// Whether the peer has answered a Ping on this connection.
    ponged: bool,
    mute_connections: u32,
    /// When the last word is waited for no longer.
    closing_until: Option<Instant>,
    inbound: u64,
}

impl Driver {
    pub(crate) fn new(
        session: Session,
        terms: Terms,
        run: &RunContext,
        inbox: mpsc::Receiver<Command>,
        in_flight: InFlight,
    ) -> Self {
        Self {
            session,
            terms,
            run: run.clone(),
            inbox,
            in_flight,
            ledger: Ledger::new(terms.delivery, terms.window),
            command: None,
            alarm: Alarm::default(),
            flushed: true,
            stuck: None,
            down: None,
            refusal: None,
            ponged: false,
            mute_connections: 0,
            closing_until: None,
            inbound: 0,
        }
    }

    /// Runs until the writer closes.
    pub(crate) async fn run(mut self) {
        while let Some((command, answer)) = poll_fn(|cx| self.poll_command(cx)).await {
            let ended = matches!(command.task, Task::Close);
            if ended {
                self.session.close().await;
                self.ledger.give_up();
                self.count();
            }
            // A writer that was dropped while it waited does not want to know.
            let _ = command.done.send(answer);
            if ended {
                return;
            }
        }
    }

    /// A command and what came of it; `None` when the writer is gone.
    fn poll_command(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Command, Result<()>)>> {
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
        if let Some(Command { task: Task::Write(frames), .. }) = &mut self.command {
            while frames.as_slice().first().is_some_and(|frame| self.ledger.has_room(frame)) {
                frames.next().into_iter().for_each(|frame| self.ledger.accept(frame));
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
    fn answer(&mut self) -> Option<Result<()>> {
        let left = self.left_to_accept();
        let task = &self.command.as_ref()?.task;
        if let Some(down) = &self.down {
            // A goodbye to nobody, with nothing left to say, is no failure.
            let well = !matches!(task, Task::Write(_)) && down.unconfirmed + down.unsent == 0;
            return Some(if well { Ok(()) } else { Err(self.failure(down, left)) });
        }
        let sent = left == 0 && self.ledger.is_all_sent() && self.flushed;
        let delivered = match self.terms.delivery {
            DeliveryMode::AtMostOnce => sent,
            DeliveryMode::AtLeastOnce => self.ledger.is_settled(),
        };
        let done = match task {
            Task::Write(_) if self.refusal.is_some() => sent && delivered,
            Task::Write(_) => sent,
            Task::Flush => delivered,
            Task::Close => delivered && !self.awaits_last_word(),
        };
        if !done {
            return None;
        }
        Some(self.refusal.take().map_or(Ok(()), Err))
    }

    /// With `at_most_once` the peer may still say at the end what it has read.
    fn awaits_last_word(&mut self) -> bool {
        if self.ledger.in_flight() == 0 || !self.session.is_up() {
            return false;
        }
        let now = Instant::now();
        now < *self.closing_until.get_or_insert(now + LAST_WORD)
    }

    fn left_to_accept(&self) -> u64 {
        match &self.command {
            Some(Command { task: Task::Write(frames), .. }) => frames.len() as u64,
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
            Err(error) => self.went_down(error),
        }
        Poll::Ready(())
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Connected { .. } => {
                self.ponged = false;
                self.run.meter().add_sink_reconnect();
            }
            Event::Read(mark) => {
                self.ponged = true;
                self.mute_connections = 0;
                if self.ledger.read(mark, Instant::now().into_std()) {
                    self.session.progressed();
                }
            }
            Event::Message(_) => self.inbound += 1,
            Event::Control => {}
            Event::Lost { class, error, .. } => {
                if class == Class::Complaint && self.ledger.in_flight() > 0 {
                    self.refused(&error);
                }
                self.lost();
            }
            Event::Closed => {
                let what = format!("WebSocket {}: closed by the server", self.session.url());
                self.went_down(Error::new(ErrorKind::Closed, what));
            }
        }
    }

    fn lost(&mut self) {
        self.ledger.lost();
        self.stuck = None;
        // What was not is lost, or will be sent again.
        self.flushed = true;
    }

    /// The peer closed because of something that was on its way.
    fn refused(&mut self, error: &Error) {
        let (first, last) = self.ledger.on_their_way();
        let which = match self.ledger.refused() {
            Some((number, size)) => {
                self.run.meter().add_skipped("refused_by_peer", 1);
                format!("record {number} of {size} bytes")
            }
            None if self.terms.delivery == DeliveryMode::AtLeastOnce => String::new(),
            None => format!("one of the records {first} to {last}"),
        };
        self.session.explained();
        if which.is_empty() {
            tracing::warn!("{error}; the records {first} to {last} are sent again one by one");
            return;
        }
        tracing::warn!("{error}; the peer refused {which}, which is not sent again");
        let what = format!("the peer refused {which}: {error}");
        let refusal = Error::new(ErrorKind::Sink, what)
            .with_endpoint(self.session.url())
            .with_hint("everything else was sent; see what the peer accepts");
        self.refusal.get_or_insert(refusal);
    }

    fn went_down(&mut self, cause: Error) {
        let unsent = self.ledger.unsent();
        self.lost();
        self.ledger.give_up();
        let (confirmed, unconfirmed) = (self.ledger.confirmed(), self.ledger.unconfirmed());
        self.down = Some(Down { cause, confirmed, unconfirmed, unsent });
    }

    /// What a task is told that cannot be done any more; `left` records were not even accepted.
    fn failure(&self, down: &Down, left: u64) -> Error {
        let Down { cause, confirmed, unconfirmed, unsent } = down;
        let unsent = unsent + left;
        let counts = format!(
            "{confirmed} records confirmed, {unconfirmed} sent without confirmation, {unsent} not sent"
        );
        let url = self.session.url();
        let what = match self.terms.reconnect {
            true => format!("{cause}; {counts}"),
            false => {
                format!(
                    "WebSocket {url}: not connected and reconnect is disabled; {counts}: {cause}"
                )
            }
        };
        let hint = cause
            .hint()
            .unwrap_or("set reconnect: true, or start again with what was not confirmed");
        Error::new(ErrorKind::Sink, what).with_phase("write").with_endpoint(url).with_hint(hint)
    }

    /// Ready when a time limit has passed and was acted upon.
    fn poll_timers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.down.is_some() {
            return Poll::Pending;
        }
        let Terms { delivery, ack_timeout, write_timeout, .. } = self.terms;
        // A Ping that the socket has not taken yet cannot be answered.
        let owed = delivery == DeliveryMode::AtLeastOnce && self.flushed;
        let pong = self.ledger.pong_due(ack_timeout).filter(|_| owed).map(Instant::from_std);
        let stuck = self.stuck.as_ref().and_then(|stuck| stuck.since.checked_add(write_timeout));
        let last_word = self.closing_until.filter(|until| *until > Instant::now());
        let deadline = [pong, stuck, last_word].into_iter().flatten().min();
        ready!(self.alarm.poll(cx, deadline));
        let now = Instant::now();
        let event = if stuck.is_some_and(|due| due <= now) {
            let what = format!("the socket took nothing for {write_timeout:?} (write_timeout)");
            self.session.abandon(&what)
        } else if pong.is_some_and(|due| due <= now) {
            self.pong_missing()
        } else {
            // The last word did not come: the task is done without it.
            None
        };
        if let Some(event) = event {
            self.note(event);
        }
        Poll::Ready(())
    }

    fn pong_missing(&mut self) -> Option<Event> {
        self.mute_connections += u32::from(!self.ponged);
        if self.mute_connections >= MUTE_CONNECTIONS {
            let error = never_ponged(self.session.url());
            self.went_down(error);
            return None;
        }
        let timeout = self.terms.ack_timeout;
        self.session.abandon(&format!("no Pong for {timeout:?} (ack_timeout)"))
    }

    /// Tells the meter what happened.
    fn count(&mut self) {
        let counts = self.ledger.take_counts();
        let meter = self.run.meter();
        meter.add_delivered(counts.delivered);
        meter.add_unconfirmed(counts.unconfirmed);
        meter.add_resent(counts.resent);
        if self.inbound > 0 {
            meter.add_skipped("unexpected_inbound", std::mem::take(&mut self.inbound));
        }
        self.in_flight.0.store(self.ledger.doubtful(), Relaxed);
    }
}
