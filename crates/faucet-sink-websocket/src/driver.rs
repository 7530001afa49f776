//! The task that owns a run's connection.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use faucet_common_websocket::lifecycle::{Class, Failure};
use faucet_common_websocket::{DeadlineTimer, Event, Session, never_ponged};
use faucet_core::{ConnectionState, Counters, Error, ErrorKind, Flushed, Result, Scope};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::command::{Command, Task};
use crate::delivery::connection_lost::LostHow;
use crate::delivery::delivery_mode::DeliveryMode;
use crate::delivery::policy::DeliveryPolicy;
use crate::delivery::verdict::{Found, Line, Verdicts};

/// After so many connections without a Pong the sink stops: the peer does not answer Pings.
const MUTE_CONNECTIONS: u32 = 2;
/// Connections shorter than this do not count.
const MUTE: Duration = Duration::from_secs(5);
/// The counter of records that a flush has called delivered, and that were lost afterwards.
const LOST_AFTER_FLUSH: &str = "lost_after_flush";

/// A socket that does not take what it is given.
struct Stuck {
    since: Instant,
    written: u64,
}

/// Reads the connection for its whole life, and sends what the writer brings.
pub(crate) struct Driver {
    session: Session,
    policy: DeliveryPolicy,
    verdicts: Verdicts,
    inbox: mpsc::UnboundedReceiver<Command>,
    command: Option<Command>,
    scope: Scope,
    timer: DeadlineTimer,
    /// Whether everything that went out was flushed.
    flushed: bool,
    stuck: Option<Stuck>,
    /// Whether the peer has answered a Ping on this connection.
    ponged: bool,
    mute_connections: u32,
    inbound: u64,
}

impl Driver {
    pub(crate) fn new(
        session: Session,
        policy: DeliveryPolicy,
        inbox: mpsc::UnboundedReceiver<Command>,
        scope: &Scope,
    ) -> Self {
        Self {
            verdicts: Verdicts::new(policy, session.url()),
            session,
            policy,
            inbox,
            command: None,
            scope: scope.clone(),
            timer: DeadlineTimer::default(),
            flushed: true,
            stuck: None,
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
                self.verdicts.unheard(task.left());
            }
            if ended {
                return;
            }
        }
    }

    /// Performs the closing handshake. The answer to our Close proves that the peer has read all
    /// records.
    async fn close(&mut self) -> Result<()> {
        let closed = match self.session.close().await {
            Some(Failure { class: Class::Refusal, error, .. }) => {
                self.verdicts.closed(false, Some(&error))
            }
            Some(Failure { class: Class::Clean, .. }) => self.verdicts.closed(true, None),
            _ => self.verdicts.closed(false, None),
        };
        self.count();
        closed
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
        if self.verdicts.is_lost() || !self.session.is_up() {
            return;
        }
        let in_flight = &mut self.verdicts.in_flight;
        if let Some(Command { task: Task::Write { left, .. }, .. }) = &mut self.command {
            while left.as_slice().first().is_some_and(|record| in_flight.has_room(record)) {
                left.next().into_iter().for_each(|record| in_flight.accept(record));
            }
        }
        let now = Instant::now();
        let was_flushed = self.flushed;
        self.flushed = self.session.poll_send(cx, || in_flight.next(now.into_std())).is_ready();
        if self.flushed && !was_flushed {
            in_flight.flushed(now.into_std());
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
        let line = Line { up: self.session.is_up(), flushed: self.flushed };
        let done = match &self.command.as_ref()?.task {
            Task::Flush => return self.verdicts.flush(line),
            Task::Write { all, left } => self.verdicts.write(*all, left.len() as u64, line),
            Task::Close => self.verdicts.close(line),
        };
        done.map(|result| result.map(|()| Flushed::ALL))
    }

    /// Whether a lost connection is wanted back.
    fn wants_connection(&self) -> bool {
        let left = self.command.as_ref().map_or(0, |command| command.task.left());
        self.verdicts.wants_connection(left)
    }

    /// Ready when something happened to the connection.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let idle = self.session.is_waiting() && !self.wants_connection();
        if self.verdicts.is_lost() || idle {
            return Poll::Pending;
        }
        match ready!(self.session.poll_event(cx)) {
            Ok(event) => self.note(event),
            Err(error) => {
                if self.session.last_end() == Some(Class::Refusal) {
                    self.rejected(&error);
                }
                self.lost_for_good(LostHow::Otherwise, error);
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
                let in_flight = &mut self.verdicts.in_flight;
                if in_flight.read(upto, latest, Instant::now().into_std()) {
                    self.session.progressed();
                }
                if !in_flight.is_quarantined() {
                    self.verdicts.rejections.unexplained();
                }
            }
            Event::Message(_) => self.inbound += 1,
            Event::Control | Event::Waiting => {}
            Event::Lost { class, error, .. } => {
                match class {
                    Class::Refusal => self.rejected(&error),
                    Class::Silent => self.verdicts.in_flight.pong_missing(),
                    _ => {}
                }
                self.lost();
                if self.mute_connections >= MUTE_CONNECTIONS {
                    self.lost_for_good(LostHow::Otherwise, never_ponged(self.session.url()));
                }
            }
            Event::Closed => {
                let what = format!("WebSocket {}: closed by the server", self.session.url());
                let cause = Error::new(ErrorKind::Closed, what);
                self.lost_for_good(LostHow::ClosedCleanly, cause);
            }
        }
    }

    fn lost(&mut self) {
        let due = self.verdicts.in_flight.pong_due(MUTE.min(self.policy.ack_timeout));
        // A peer that does not read is stuck. It is not known to answer no Pings.
        let mute = self.policy.mode == DeliveryMode::AtLeastOnce
            && !self.ponged
            && self.flushed
            && due.is_some_and(|due| due <= Instant::now().into_std());
        self.mute_connections += u32::from(mute);
        self.verdicts.in_flight.lost();
        self.stuck = None;
        // Unflushed records are counted as lost or re-queued above; nothing remains to flush.
        self.flushed = true;
    }

    /// The peer closed because of a message that it received.
    fn rejected(&mut self, close: &Error) {
        match self.verdicts.rejected(close) {
            Found::Record => {
                tracing::warn!("{close}; the record that it refused is not sent again");
                self.scope.counters().skip("refused_by_peer", 1);
            }
            Found::HandedBack => {
                tracing::warn!("{close}; the record that it refused goes to the dead letters");
                // One record less to send: the run goes on, though the next may be refused as well.
                self.session.progressed();
            }
            Found::Suspects => self.session.explained(),
            Found::Nothing => {}
        }
    }

    fn lost_for_good(&mut self, how: LostHow, cause: Error) {
        self.verdicts.lost_for_good(how, cause);
        self.stuck = None;
        self.flushed = true;
    }

    /// Ready when a time limit has passed and was acted upon.
    fn poll_timers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.verdicts.is_lost() || !self.session.is_up() {
            return Poll::Pending;
        }
        let DeliveryPolicy { mode, ack_timeout, write_timeout, .. } = self.policy;
        // A Ping that the socket has not taken yet cannot be answered.
        let expected = mode == DeliveryMode::AtLeastOnce && self.flushed;
        let pong = self.verdicts.in_flight.pong_due(ack_timeout).filter(|_| expected);
        let pong = pong.map(Instant::from_std);
        let stuck = self.stuck.as_ref().and_then(|stuck| stuck.since.checked_add(write_timeout));
        let deadline = [pong, stuck].into_iter().flatten().min();
        ready!(self.timer.poll(cx, deadline));
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
        let in_flight = &mut self.verdicts.in_flight;
        counters.add(Counters::RESENT, in_flight.take_resent());
        counters.add(LOST_AFTER_FLUSH, in_flight.take_late_losses());
        counters.skip("unexpected_inbound", std::mem::take(&mut self.inbound));
        counters.set_connection(match self.session.is_up() {
            true => ConnectionState::Up,
            false if self.wants_connection() => ConnectionState::Waiting,
            false => ConnectionState::None,
        });
    }
}
