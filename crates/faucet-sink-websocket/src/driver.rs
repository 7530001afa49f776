//! The task that owns a run's connection.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use faucet_common_websocket::lifecycle::{Class, Failure};
use faucet_common_websocket::{Alarm, Event, Frame, Session, never_ponged};
use faucet_core::{Error, ErrorKind, Link, Result};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::account::Account;
use crate::checked::Terms;
use crate::delivery::{Ledger, Refused};
use crate::delivery_mode::DeliveryMode;
use crate::down::{Down, Gone};
use crate::refusal::Refusals;
use crate::window::Window;

/// How long a peer may take at the end to say what it has read, where nothing depends on it.
const LAST_WORD: Duration = Duration::from_secs(1);
/// So many connections without any Pong, and the peer is known not to answer.
const MUTE_CONNECTIONS: u32 = 2;
/// A connection that is lost sooner says nothing about that.
const MUTE: Duration = Duration::from_secs(5);

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
    account: Account,
    ledger: Ledger,
    command: Option<Command>,
    alarm: Alarm,
    /// Whether everything that went out was flushed.
    flushed: bool,
    stuck: Option<Stuck>,
    down: Option<Down>,
    refusals: Refusals,
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
        inbox: mpsc::UnboundedReceiver<Command>,
        account: Account,
    ) -> Self {
        let window = Window::new(terms.limits, terms.ack_timeout);
        Self {
            session,
            terms,
            inbox,
            account,
            ledger: Ledger::new(terms.delivery, window),
            command: None,
            alarm: Alarm::default(),
            flushed: true,
            stuck: None,
            down: None,
            refusals: Refusals::default(),
            ponged: false,
            mute_connections: 0,
            closing_until: None,
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
                answer = answer.and(self.close().await);
            }
            if let Err(Err(_)) = done.send(answer) {
                self.unheard(&task);
            }
            if ended {
                return;
            }
        }
    }

    async fn close(&mut self) -> Result<()> {
        if let Some(Failure { class: Class::Refusal, error, .. }) = self.session.close().await {
            self.refused(&error);
            self.refusals.unexplained();
        }
        self.ledger.give_up();
        self.count();
        self.tell_refusal()
    }

    /// Whoever waited for `task` was dropped, and did not hear that it failed.
    fn unheard(&mut self, task: &Task) {
        self.refusals.unheard();
        if let (Some(down), Task::Write(frames)) = (&mut self.down, task) {
            down.unsent += frames.len() as u64;
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
        if let Some(Command { task: Task::Close, .. }) = &self.command {
            self.ledger.close();
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
            let well = !matches!(task, Task::Write(_))
                && down.is_well(self.terms.delivery)
                && !self.refusals.is_untold();
            let failure = || down.failure(left, &self.refusals, self.session.url());
            return Some(if well { Ok(()) } else { Err(failure()) });
        }
        let sent = left == 0 && self.ledger.is_all_sent() && self.flushed;
        let delivered = match self.terms.delivery {
            DeliveryMode::AtMostOnce => sent,
            DeliveryMode::AtLeastOnce => self.ledger.is_settled(),
        };
        let done = match task {
            Task::Write(_) if self.refusals.is_untold() => sent && delivered,
            Task::Write(_) => sent,
            Task::Flush => delivered,
            Task::Close => delivered && !self.awaits_last_word(),
        };
        if !done {
            return None;
        }
        Some(self.tell_refusal())
    }

    fn tell_refusal(&mut self) -> Result<()> {
        self.refusals.tell(self.session.url()).map_or(Ok(()), Err)
    }

    /// With `at_most_once` the peer may still say at the end what it has read.
    fn awaits_last_word(&mut self) -> bool {
        if self.ledger.in_flight() == 0 {
            return false;
        }
        if !self.session.is_up() {
            // The connection is gone for good, and the session is about to say why.
            return true;
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
                self.account.meter().add_sink_reconnect();
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
        // A peer that does not read is stuck, not mute.
        let mute = self.terms.delivery == DeliveryMode::AtLeastOnce
            && !self.ponged
            && self.flushed
            && due.is_some_and(|due| due <= Instant::now().into_std());
        self.mute_connections += u32::from(mute);
        self.ledger.lost();
        self.stuck = None;
        // What was not is lost, or will be sent again.
        self.flushed = true;
    }

    /// The peer closed because of a message that it got.
    fn refused(&mut self, close: &Error) {
        match self.ledger.refused() {
            Refused::Record(number, size) => {
                tracing::warn!("{close}; it refused record {number}, which is not sent again");
                self.account.meter().add_skipped("refused_by_peer", 1);
                self.refusals.record(number, size, close);
            }
            Refused::OneOf(first, last) => {
                // It will not come in the same way once more.
                self.session.explained();
                self.refusals.suspect(first, last, close);
                // With at_most_once nothing is sent again, and nobody searches.
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
        let last_word = self.closing_until.filter(|until| *until > Instant::now());
        let deadline = [pong, stuck, last_word].into_iter().flatten().min();
        ready!(self.alarm.poll(cx, deadline));
        let now = Instant::now();
        let event = if stuck.is_some_and(|due| due <= now) {
            let what = format!("the socket took nothing for {write_timeout:?} (write_timeout)");
            self.session.abandon(&what)
        } else if pong.is_some_and(|due| due <= now) {
            self.session.abandon(&format!("no Pong for {ack_timeout:?} (ack_timeout)"))
        } else {
            // The last word did not come: the task is done without it.
            None
        };
        if let Some(event) = event {
            self.note(event);
        }
        Poll::Ready(())
    }

    /// Tells the meter what happened.
    fn count(&mut self) {
        self.account.add(self.ledger.take_counts(), self.ledger.doubtful());
        let link = match self.session.is_up() {
            true => Link::Up,
            false if self.down.is_none() && self.wants_connection() => Link::Waiting,
            false => Link::None,
        };
        self.account.meter().set_sink_link(link);
        if self.inbound > 0 {
            let inbound = std::mem::take(&mut self.inbound);
            self.account.meter().add_skipped("unexpected_inbound", inbound);
        }
    }
}
