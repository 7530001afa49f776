//! A connection on tokio.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use faucet_connect::StepLog;
use faucet_core::{ComponentKind, Result, Scope, Span, Timestamp};
use faucet_session::hooks::WorkDone;
use faucet_session::plan::Sent;
use faucet_session::script::{Conversation, Entropy, Kept};
use faucet_session::template::Token;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::coop;

use crate::compression::Compression;
use crate::connect_failed::ConnectFailed;
use crate::driver::attempt::dial;
use crate::driver::errands::{self, Done};
use crate::driver::log::{Link, Log};
use crate::driver::received::Received;
use crate::driver::stream::{ReadRound, Stream, Upgraded};
use crate::driver::timer::{Timer, now};
use crate::machine::{Event, Failure, GaveUp, Machine, Outbox, Output, Over, Settings, Stamp};
use crate::made::Made;
use crate::target::{Attempt, Target};

/// A connection that comes back. Polled by its owner; it spawns no task. A dial in flight lives
/// inside, so that a dropped poll never restarts it: every poll is cancel safe.
pub struct Driver {
    machine: Machine,
    pub(super) target: Arc<Target>,
    stream: Option<Stream>,
    dialing: Option<BoxFuture<'static, Attempt>>,
    /// The call that the conversation waits for.
    errand: Option<BoxFuture<'static, Done>>,
    /// The work that the session program waits for.
    work: Option<BoxFuture<'static, WorkDone>>,
    /// The redacted URL of the last attempt.
    shown: Arc<str>,
    timer: Timer,
    log: Log,
    /// How the latest connection was made. The log says so when the connection may be gone already.
    made: Option<Made>,
}

fn stamp() -> Stamp {
    Stamp { instant: now(), timestamp: Timestamp::now() }
}

impl Driver {
    pub(crate) fn new(
        settings: Arc<Settings>,
        target: Target,
        kind: ComponentKind,
        scope: &Scope,
    ) -> Self {
        let talk = target.talk.as_ref().map(|talk| {
            let talking = Conversation::new(Arc::clone(&talk.plan), scope, Entropy::default());
            Box::new(talking.with_hooks(talk.hooks.clone()))
        });
        Self::of(settings, Arc::new(target), talk, Log::new(kind, Some(Arc::clone(scope.id()))))
    }

    /// A driver with its conversation.
    fn of(
        settings: Arc<Settings>,
        target: Arc<Target>,
        talk: Option<Box<Conversation>>,
        log: Log,
    ) -> Self {
        Self {
            machine: Machine::new(settings, stamp()).with_conversation(talk),
            shown: Arc::clone(&target.shown),
            target,
            stream: None,
            dialing: None,
            errand: None,
            work: None,
            timer: Timer::default(),
            log,
            made: None,
        }
    }

    /// Subscribes to these topics only. Call it before the first poll.
    #[must_use]
    pub fn with_topics(mut self, topics: Arc<[Token]>) -> Self {
        let talk = self.machine.conversation.take();
        self.machine.conversation = talk.map(|talk| Box::new(talk.with_topics(topics)));
        self
    }

    /// The topics that are subscribed to, as values of JSON.
    pub fn topics(&self) -> Vec<Token> {
        self.machine.conversation.as_ref().map(|talk| talk.topics().to_vec()).unwrap_or_default()
    }

    /// A driver for the connection that follows this one by plan, and goes on where this one is. It begins
    /// to dial after `delay`.
    pub fn successor(&mut self, delay: Option<Duration>) -> Self {
        let talk = self.machine.conversation.as_mut().map(|talk| Box::new(talk.successor()));
        let (settings, target) = (Arc::clone(&self.machine.settings), Arc::clone(&self.target));
        let mut next = Self::of(settings, target, talk, self.log.of_successor());
        next.machine.life.follows();
        match delay {
            Some(delay) => next.machine.dial_after(delay, now()),
            None => next.machine.dial(),
        }
        next
    }

    /// Leaves the connection for its successor, which is up: whatever the peer has sent is still read.
    pub fn leave_for_successor(&mut self) {
        self.machine.leave_for_successor(now());
    }

    /// The successor did not come up. Another one is wanted after this time.
    pub fn keep_on(&mut self, after: Duration) {
        if let Some(talk) = &mut self.machine.conversation {
            talk.go_on(after, now());
        }
    }

    /// Whether nothing has come in for as long as `idle_timeout`.
    pub fn is_idle(&self) -> bool {
        self.machine.idle_reported
    }

    /// Logs nothing: the owner shows what happens.
    #[must_use]
    pub fn without_log(mut self) -> Self {
        self.log.silence();
        self
    }

    /// Begins to dial. The first event says how that ended.
    pub(crate) fn dial(&mut self) {
        self.machine.dial();
    }

    /// Connects once, at the start of a run.
    pub(crate) async fn connect(&mut self) -> Result<()> {
        let connected = self.try_connect(&mut StepLog::new()).await;
        connected.map_err(|failed| Arc::new(Failure::from(failed)).error(self.url()))?;
        if self.is_up() {
            return Ok(());
        }
        // The session must be complete before a record can be sent.
        loop {
            match poll_fn(|cx| self.poll_event(cx, None)).await {
                Event::Up { .. } => {
                    self.machine.requeue(Event::Up { again: false });
                    return Ok(());
                }
                Event::Lost { failure, .. } | Event::Over(Over::Closed(failure)) => {
                    return Err(failure.error(self.url()));
                }
                Event::Over(Over::Failed(failed)) => return Err(failed.error(self.url())),
                Event::Messages => _ = self.take(&mut Vec::new()),
                _ => {}
            }
        }
    }

    /// Connects once, noting the steps. The session begins, and is not complete yet.
    pub(crate) async fn try_connect(&mut self, log: &mut StepLog) -> Result<(), ConnectFailed> {
        let dialing = self.machine.dialing();
        let Attempt { result, shown } = self.target.connect(log, dialing).await;
        self.shown = shown.unwrap_or_else(|| Arc::clone(&self.shown));
        self.connected(result?);
        Ok(())
    }

    /// Goes on with a stream whose upgrade has succeeded.
    pub(crate) fn connected(&mut self, upgraded: Upgraded) {
        let Upgraded { io, leftover, secrets, deflate, dialing, made } = upgraded;
        self.made = Some(made);
        self.stream = Some(Stream::new(io));
        self.machine.connected(secrets, deflate, &leftover, dialing, stamp());
    }

    /// The redacted URL of the last attempt, its placeholders filled.
    pub fn url(&self) -> &str {
        &self.shown
    }

    /// How the latest connection was made. `None`: there was none yet.
    pub fn made(&self) -> Option<&Made> {
        self.made.as_ref()
    }

    /// Whether there is a connection on which the owner can send.
    pub fn is_up(&self) -> bool {
        self.machine.is_ready()
    }

    /// The next event. `due` is a deadline of the owner, which [`Event::Due`] reports.
    ///
    /// Timers are looked at only when everything that has arrived was read.
    pub fn poll_event(&mut self, cx: &mut Context<'_>, due: Option<Instant>) -> Poll<Event> {
        self.machine.resume(now());
        loop {
            if let Some(event) = self.next_event() {
                return Poll::Ready(event);
            }
            if self.advance(cx) {
                continue;
            }
            let deadline = [self.machine.next_timeout(), due].into_iter().flatten().min();
            // The clock is asked first: under a flood the timer has no budget left to fire.
            let passed = deadline.is_some_and(|at| at <= now());
            if !passed && self.timer.poll(cx, deadline).is_pending() {
                return Poll::Pending;
            }
            let now = now();
            self.machine.handle_timeout(now);
            if due.is_some_and(|due| due <= now) {
                return Poll::Ready(self.next_event().unwrap_or(Event::Due));
            }
        }
    }

    /// An event that has happened already. Does no I/O.
    pub fn next_event(&mut self) -> Option<Event> {
        if self.machine.is_unread() {
            self.machine.received(stamp());
        }
        let event = self.machine.poll_event()?;
        if matches!(event, Event::Over(_)) {
            // The owner may keep the driver for long, and has no reason to poll it.
            self.drop_connection();
        }
        if self.log.tells_of(&event) {
            let asks = self.target.offer.compression == Compression::Deflate;
            let link = Link { url: &self.shown, made: self.made.as_ref(), asks_to_compress: asks };
            self.log.note(&event, link, now());
        }
        Some(event)
    }

    /// Dials, writes and reads. Returns whether anything came of it.
    fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        while let Some(output) = self.machine.poll_output() {
            any = true;
            self.perform(output);
        }
        if let Some(Poll::Ready(dialed)) = self.dialing.as_mut().map(|dial| dial.poll_unpin(cx)) {
            any = true;
            self.dialing = None;
            self.shown = dialed.shown.unwrap_or_else(|| Arc::clone(&self.shown));
            match dialed.result {
                Ok(upgraded) => self.connected(upgraded),
                Err(failed) => self.machine.dial_failed(failed, now()),
            }
        }
        if let Some(Poll::Ready(done)) = self.errand.as_mut().map(|errand| errand.poll_unpin(cx)) {
            any = true;
            self.errand = None;
            match done {
                Done::Errand(name, brought) => self.machine.errand_done(name, brought, stamp()),
                Done::Call(step, brought) => self.machine.call_done(step, brought, stamp()),
            }
        }
        if let Some(Poll::Ready(done)) = self.work.as_mut().map(|work| work.poll_unpin(cx)) {
            any = true;
            self.work = None;
            self.machine.work_done(done, stamp());
        }
        // Messages that came with the upgrade's answer are taken before more is read.
        any || self.transfer(cx)
    }

    /// Drops the connection and everything that is done for it.
    fn drop_connection(&mut self) {
        (self.stream, self.dialing) = (None, None);
        (self.errand, self.work) = (None, None);
    }

    /// Begins a task of the machine.
    fn perform(&mut self, output: Output) {
        match output {
            Output::HangUp => self.drop_connection(),
            Output::Dial => {
                let dialing = self.machine.dialing();
                (self.errand, self.work) = (None, None);
                self.dialing = Some(dial(Arc::clone(&self.target), dialing).boxed());
            }
            Output::Errand(errand) => {
                let secrets = self.machine.secrets();
                self.errand = Some(errands::errand(errand, secrets));
            }
            Output::Work(work) => {
                self.work = Some(work.run(self.machine.secrets()).boxed());
            }
            Output::Call { step, call } => {
                let talk = self.machine.conversation.as_deref().zip(self.target.talk.as_ref());
                self.errand = talk.map(|(talk, of)| errands::call(talk, step, *call, &of.tools));
            }
        }
    }

    /// Writes and reads. Returns whether anything was read, or the connection has ended.
    fn transfer(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        let backlog = self.machine.backlog();
        let _ = stream.poll_write(cx, &mut self.machine, now);
        if !self.machine.reads() {
            return self.machine.backlog() > backlog;
        }
        match stream.poll_read(cx, &mut self.machine, stamp) {
            Poll::Ready(ReadRound::Some) => {
                // The answer to a Ping leaves now: the owner may be busy with the messages for long.
                let _ = stream.poll_write(cx, &mut self.machine, now);
                true
            }
            Poll::Ready(ReadRound::Ended(error)) => {
                self.machine.read_ended(error, now());
                true
            }
            Poll::Pending => {
                // A task that has used up its budget finds nothing to read, whatever is there.
                if coop::has_budget_remaining() {
                    self.machine.drained(now());
                }
                self.machine.backlog() > backlog
            }
        }
    }

    /// Writes what waits for the socket. Ready when the socket has taken all of it, and while there
    /// is no connection. Pending without a wake-up when writing fails: an event says so next.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(()) };
        ready!(stream.poll_write(cx, &mut self.machine, now));
        if self.machine.is_flushed() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// The owner stops reading until it asks for the next event.
    pub fn pause(&mut self) {
        self.machine.pause(now());
    }

    /// Keeps the connection alive without reading from it: writes what is queued, and unsolicited
    /// Pongs so that the peer does not take us for dead. A dial or a close handshake goes on. Never
    /// ready.
    pub fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.pause();
        loop {
            if self.advance(cx) {
                continue;
            }
            let deadline = self.machine.next_timeout();
            let passed = deadline.is_some_and(|at| at <= now());
            if !passed && self.timer.poll(cx, deadline).is_pending() {
                return Poll::Pending;
            }
            self.machine.handle_timeout(now());
        }
    }

    /// Takes the messages that [`Event::Messages`] has announced, and when they were read. Their
    /// places go to `spans`, whose memory is used again.
    pub fn take(&mut self, spans: &mut Vec<Span>) -> Option<Received<'_>> {
        let stamp = self.machine.stamp()?;
        let batch = self.machine.take_batch();
        Some(Received { bytes: self.machine.take(spans), stamp, batch })
    }

    /// The frames to send, while there is a connection that takes any. Whatever is appended leaves
    /// with the next poll.
    pub fn outbox(&mut self) -> Option<&mut Outbox> {
        self.machine.outbox()
    }

    /// Sends a Ping whose Pong proves that everything up to `mark` was read; see [`Event::Acked`].
    /// Marks never decrease on a connection.
    pub fn barrier(&mut self, mark: u64) {
        self.machine.barrier(mark);
    }

    /// How many bytes the socket has taken on this connection.
    pub fn written(&self) -> u64 {
        self.machine.written()
    }

    /// How long the peer took to answer the last Ping of the keepalive, once for each answer.
    pub fn take_round_trip(&mut self) -> Option<Duration> {
        self.machine.pings.take_round_trip()
    }

    /// Goes on from a saved position of the feed. Call it before the first poll.
    pub fn resume_from(&mut self, cursor: Option<Token>, kept: Kept) {
        if let Some(talk) = &mut self.machine.conversation {
            talk.resume_from(cursor, kept);
        }
    }

    /// Sends an answer that had to wait, if there is a connection.
    pub fn reply(&mut self, reply: Sent) {
        self.machine.reply(reply, now());
    }

    /// Says whether a lost connection is wanted back. While none is, no attempt begins, and the
    /// wait before it goes on.
    pub fn want(&mut self, wanted: bool) {
        self.machine.want(wanted);
    }

    /// Whether the next attempt is waited for.
    pub fn is_waiting(&self) -> bool {
        self.machine.is_waiting()
    }

    /// Call it when a record was received or confirmed: the life cycle counts no failure before it.
    pub fn progressed(&mut self) {
        self.machine.progressed();
    }

    /// Call it when the last failure is explained and its cause will not be repeated: the life cycle no
    /// longer counts it as the first of two in a row.
    pub fn explained(&mut self) {
        self.machine.explained();
    }

    /// Gives up on a connection whose peer does not do its part. The life cycle decides what
    /// follows, as after any loss.
    pub fn abandon(&mut self, why: GaveUp) {
        self.machine.abandon(why, now());
    }

    /// Begins the close handshake with code 1000, which takes at most a second. [`Event::Over`] follows last.
    pub fn leave(&mut self) {
        self.machine.close(now());
    }

    /// [`leave`](Self::leave) with a Close code of RFC 6455 §7.4, and the first 123 bytes of a reason.
    pub fn leave_with(&mut self, code: u16, reason: &str) {
        self.machine.close_with(code, reason, now());
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Driver({})", self.url())
    }
}
