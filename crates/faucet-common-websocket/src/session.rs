//! A connection that comes back: dial, greet, receive, reconnect, close.

use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use faucet_connect::StepLog;
use faucet_core::{ComponentKind, Error, Result, Scope};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use tokio::time::Instant;

use crate::close::code;
use crate::connection::{Connection, Inbound, message, ping};
use crate::deadline_timer::DeadlineTimer;
use crate::error::ErrorContext;
use crate::event::{Event, Outgoing};
use crate::frame::Frame;
use crate::hold::Hold;
use crate::keepalive::{Keepalive, KeepaliveAction, Pong};
use crate::lifecycle::{Class, Failure, Lifecycle, Step};
use crate::session_policy::SessionPolicy;
use crate::target::Target;
use crate::wire::Stamp;

enum Link {
    Dialing(Box<MaybeDone<BoxFuture<'static, Result<Connection, Failure>>>>),
    Up(Box<Connection>),
    /// Performs the close handshake, then goes on.
    Closing(BoxFuture<'static, ()>, Next),
    Waiting(Instant),
    Over,
}

/// The step behind a close handshake.
enum Next {
    Wait(Instant),
    Close,
    Fail(Error),
}

/// A connection that comes back. Polled by its owner; it spawns no task. A dial in flight lives
/// inside, so that a dropped poll never restarts it.
pub struct Session {
    end: ComponentKind,
    /// The component's name, for the log.
    component: Arc<str>,
    target: Arc<Target>,
    life: Lifecycle,
    keepalive: Keepalive,
    stale_timeout: Option<Duration>,
    greeting: Vec<Frame>,
    link: Link,
    connects: u64,
    last_data: Instant,
    timer: DeadlineTimer,
    hold: Hold,
    discarded: Vec<&'static str>,
    /// Messages since nothing more was there to read.
    burst: u32,
    /// How the last connection or attempt ended.
    last_end: Option<Class>,
}

impl Session {
    pub(crate) fn new(policy: SessionPolicy, target: Target, scope: &Scope) -> Self {
        Self {
            end: policy.end,
            component: Arc::clone(scope.id()),
            target: Arc::new(target),
            life: Lifecycle::new(policy.reconnect),
            keepalive: Keepalive::new(policy.ping_interval, policy.pong_timeout, fastrand::u64(..)),
            stale_timeout: policy.stale_timeout,
            greeting: policy.greeting,
            link: Link::Over,
            connects: 0,
            last_data: Instant::now(),
            timer: DeadlineTimer::default(),
            hold: Hold::new(),
            discarded: Vec::new(),
            burst: 0,
            last_end: None,
        }
    }

    /// Connects once, at the start of a run.
    pub(crate) async fn connect(&mut self) -> Result<()> {
        let dialed = self.target.connect(&mut StepLog::new()).await;
        self.connected(dialed.map_err(|failure| failure.error)?);
        Ok(())
    }

    /// The redacted URL of this run, its placeholders filled.
    pub fn url(&self) -> &str {
        self.target.url.redacted()
    }

    /// When the bytes of the latest message were read from the socket.
    pub fn stamp(&self) -> Stamp {
        match &self.link {
            Link::Up(connection) => connection.stamp(),
            _ => Stamp::now(),
        }
    }

    /// Tells the life cycle that a record was received: failures before it no longer count.
    pub fn progressed(&mut self) {
        self.life.progressed();
    }

    /// Tells the life cycle that the last failure is explained, and that what caused it will not be
    /// done again; see [`Lifecycle::explained`].
    pub fn explained(&mut self) {
        self.life.explained();
    }

    /// How the last connection or attempt ended, once one did.
    pub fn last_end(&self) -> Option<Class> {
        self.last_end
    }

    /// Whether there is a connection.
    pub fn is_up(&self) -> bool {
        matches!(self.link, Link::Up(_))
    }

    /// Whether the next attempt is being waited for. Nothing happens until the next event is asked
    /// for, and the wait counts from the loss.
    pub fn is_waiting(&self) -> bool {
        matches!(self.link, Link::Waiting(_))
    }

    /// How many bytes the socket took on this connection.
    pub fn written(&self) -> u64 {
        match &self.link {
            Link::Up(connection) => connection.written(),
            _ => 0,
        }
    }

    /// Sends what `next` gives as long as the socket takes it, and flushes once `next` has no more;
    /// ready when that is done. Without a connection `next` is not asked. A failure shows as the
    /// next event.
    pub fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        mut next: impl FnMut() -> Option<Outgoing>,
    ) -> Poll<()> {
        let Self { link: Link::Up(connection), keepalive, .. } = self else {
            return Poll::Pending;
        };
        connection.poll_feed(cx, || {
            Some(match next()? {
                Outgoing::Frame(frame) => message(frame),
                Outgoing::Barrier(mark) => ping(keepalive.barrier(mark)),
            })
        })
    }

    /// Gives up on a connection whose peer does not do what it must; `what` says so. What follows
    /// is up to the life cycle, as after any loss.
    pub fn abandon(&mut self, what: &str) -> Option<Event> {
        self.lost(self.given_up(what), Some(Some(code::GIVEN_UP)))
    }

    fn given_up(&self, what: &str) -> Failure {
        ErrorContext::of(&self.target.url).given_up(what)
    }

    /// The next event. After an error or [`Event::Closed`] the session is over.
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event>> {
        if let Some(pause) = self.hold.resume() {
            self.keepalive.resumed(pause);
            // Time without reading says nothing about the feed.
            self.last_data += pause;
        }
        loop {
            let event = match &mut self.link {
                Link::Up(_) => return self.poll_up(cx),
                Link::Dialing(dialing) => {
                    ready!(dialing.poll_unpin(cx));
                    match self.take_dialed() {
                        Some(Ok(connection)) => self.connected(connection),
                        Some(Err(failure)) => self.lost(failure, None),
                        None => None,
                    }
                }
                Link::Closing(handshake, _) => {
                    ready!(handshake.poll_unpin(cx));
                    self.after_handshake()?
                }
                Link::Waiting(until) => {
                    let until = *until;
                    ready!(self.timer.poll(cx, Some(until)));
                    self.dial();
                    None
                }
                Link::Over => Some(Event::Closed),
            };
            if let Some(event) = event {
                return Poll::Ready(Ok(event));
            }
        }
    }

    /// Goes on with a connection that was made while the owner held. It may have brought messages.
    pub fn dialed(&mut self) -> Option<Event> {
        self.take_dialed()?.ok().and_then(|connection| self.connected(connection))
    }

    fn take_dialed(&mut self) -> Option<Result<Connection, Failure>> {
        let Link::Dialing(dialing) = &mut self.link else { return None };
        let dialed = std::pin::Pin::new(&mut **dialing).take_output()?;
        self.link = Link::Over;
        Some(dialed)
    }

    /// A data message that was read from the socket before but not handed over yet.
    pub fn poll_buffered(&mut self, cx: &mut Context<'_>) -> Option<Frame> {
        let Link::Up(connection) = &mut self.link else { return None };
        connection.shut(true);
        loop {
            match connection.poll_next(cx) {
                Poll::Ready(Ok(Inbound::Message(frame))) => return Some(frame),
                Poll::Ready(Ok(Inbound::Ping | Inbound::Pong(_))) => {}
                Poll::Ready(Err(_)) | Poll::Pending => return None,
            }
        }
    }

    /// The owner stops reading until it asks for the next event.
    pub fn pause(&mut self) {
        self.hold.pause();
    }

    /// Keeps the connection alive without reading from it: writes what is queued, and unsolicited
    /// Pongs so that the peer does not take us for dead. A dial or a close handshake goes on. Never ready.
    pub fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.pause();
        match &mut self.link {
            Link::Up(connection) => {
                connection.poll_flush(cx);
                while self.hold.wants_pong(cx) {
                    connection.queue_pong(Bytes::new());
                    connection.poll_write(cx);
                }
            }
            Link::Dialing(dialing) => drop(dialing.poll_unpin(cx)),
            Link::Closing(handshake, _) => {
                if handshake.poll_unpin(cx).is_ready() {
                    *handshake = std::future::ready(()).boxed();
                }
            }
            Link::Waiting(_) | Link::Over => {}
        }
        Poll::Pending
    }

    /// Takes the reasons for which messages were lost, one for each.
    pub fn take_discarded(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.discarded)
    }

    /// Performs the closing handshake (code 1000, at most one second). Returns the peer's Close,
    /// whether it answers ours or was sent first. If the session was already closing, returns the
    /// failure that caused it.
    pub async fn close(&mut self) -> Option<Failure> {
        match std::mem::replace(&mut self.link, Link::Over) {
            Link::Up(mut connection) => {
                let end = connection.close_handshake(Some(code::NORMAL)).await?;
                Some(end.failure(connection.context(self.target.url.redacted())))
            }
            Link::Closing(handshake, next) => {
                handshake.await;
                match (next, self.last_end) {
                    (Next::Fail(error), Some(class)) => Some(Failure::new(class, error)),
                    _ => None,
                }
            }
            Link::Dialing(_) | Link::Waiting(_) | Link::Over => None,
        }
    }

    pub(crate) fn dial(&mut self) {
        let target = Arc::clone(&self.target);
        let dialing = async move { target.connect(&mut StepLog::new()).await };
        self.link = Link::Dialing(Box::new(maybe_done(dialing.boxed())));
    }

    fn connected(&mut self, mut connection: Connection) -> Option<Event> {
        let now = Instant::now();
        self.life.connected(now.into_std());
        self.keepalive.connected(now);
        self.last_data = now;
        self.hold.heard(now);
        self.connects += 1;
        let again = self.connects > 1;
        tracing::info!(component = &*self.component, url = self.url(), again, "connected");
        connection.queue(self.greeting.iter().cloned());
        self.link = Link::Up(Box::new(connection));
        Some(Event::Connected { again })
    }

    fn poll_up(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event>> {
        loop {
            let Link::Up(connection) = &mut self.link else { return self.poll_event(cx) };
            connection.poll_write(cx);
            match connection.poll_next(cx) {
                Poll::Ready(Ok(Inbound::Message(frame))) => {
                    // It may have waited in the buffer while the owner was busy.
                    self.last_data = self.last_data.max(connection.stamp().instant);
                    self.burst = self.burst.saturating_add(1);
                    return Poll::Ready(Ok(Event::Message(frame)));
                }
                Poll::Ready(Ok(Inbound::Ping)) => {
                    self.hold.heard(connection.stamp().instant);
                    return Poll::Ready(Ok(Event::Control));
                }
                Poll::Ready(Ok(Inbound::Pong(payload))) => {
                    let at = connection.stamp().instant;
                    let pong = self.keepalive.pong(&payload, at);
                    return Poll::Ready(Ok(match pong {
                        Some(Pong { mark, latest }) => Event::Read { upto: mark, latest },
                        None => Event::Control,
                    }));
                }
                Poll::Ready(Err(end)) => {
                    self.discarded.extend(end.discards(connection.is_mid_message()));
                    let failure = end.failure(connection.context(self.target.url.redacted()));
                    return self.end(cx, failure, end.close_code());
                }
                Poll::Pending => {
                    if let Some(failure) = ready!(self.poll_timers(cx)) {
                        return self.end(cx, failure, Some(code::GIVEN_UP));
                    }
                }
            }
        }
    }

    /// Ready with a failure when the peer is dead or the feed stale, ready without one when there
    /// is something to write.
    fn poll_timers(&mut self, cx: &mut Context<'_>) -> Poll<Option<Failure>> {
        let drained = std::mem::take(&mut self.burst) == 0;
        loop {
            let now = Instant::now();
            let mut deadline = None;
            if let Some(timeout) = self.stale_timeout
                && let Some(stale_at) = self.last_data.checked_add(timeout)
            {
                if stale_at <= now && drained {
                    let what = format!("no data for {timeout:?} (stale_timeout)");
                    return Poll::Ready(Some(self.given_up(&what)));
                }
                deadline = Some(stale_at);
            }
            match self.keepalive.care(now, drained) {
                KeepaliveAction::Dead => {
                    if let Link::Up(connection) = &mut self.link
                        && let Some(from) = connection.ping_counts_from(now)
                    {
                        self.keepalive.lives(from);
                        continue;
                    }
                    let dead = self.given_up("no pong in pong_timeout: the peer is dead");
                    return Poll::Ready(Some(dead));
                }
                KeepaliveAction::Ping(payload) => {
                    if let Link::Up(connection) = &mut self.link {
                        connection.queue_ping(payload);
                    }
                    return Poll::Ready(None);
                }
                KeepaliveAction::Wait(until) => {
                    deadline = [deadline, until].into_iter().flatten().min();
                }
            }
            ready!(self.timer.poll(cx, deadline));
            if !drained {
                return Poll::Ready(None);
            }
        }
    }

    fn end(
        &mut self,
        cx: &mut Context<'_>,
        why: Failure,
        code: Option<u16>,
    ) -> Poll<Result<Event>> {
        match self.lost(why, Some(code)) {
            Some(event) => Poll::Ready(Ok(event)),
            None => self.poll_event(cx),
        }
    }

    /// Asks the life cycle what follows. `close_with` is the code of our Close, where there is a
    /// connection; `Some(None)` only sends what is queued.
    fn lost(&mut self, failure: Failure, close_with: Option<Option<u16>>) -> Option<Event> {
        let (now, class) = (Instant::now(), failure.class);
        self.last_end = Some(class);
        let (next, event) = match self.life.failed(failure, now.into_std(), fastrand::f64()) {
            Step::Retry { wait, attempt, error } => {
                let until = now.checked_add(wait).unwrap_or(now);
                let when = match self.end {
                    ComponentKind::Sink => " when there is something to send",
                    _ => "",
                };
                let (component, url) = (&*self.component, self.url());
                tracing::warn!(component, url, attempt, ?wait, "{error}; reconnecting{when}");
                (Next::Wait(until), Some(Event::Lost { class, error, wait }))
            }
            Step::Finish(error) => {
                tracing::info!(component = &*self.component, url = self.url(), "{error}");
                (Next::Close, None)
            }
            Step::GiveUp(error) => (Next::Fail(error), None),
        };
        let link = std::mem::replace(&mut self.link, Link::Over);
        let handshake = match (link, close_with) {
            (Link::Up(mut connection), Some(code)) => {
                async move { drop(connection.close_handshake(code).await) }.boxed()
            }
            _ => std::future::ready(()).boxed(),
        };
        self.link = Link::Closing(handshake, next);
        event
    }

    fn after_handshake(&mut self) -> Result<Option<Event>> {
        let Link::Closing(_, next) = std::mem::replace(&mut self.link, Link::Over) else {
            return Ok(None);
        };
        match next {
            Next::Wait(until) => {
                self.link = Link::Waiting(until);
                Ok(Some(Event::Waiting))
            }
            Next::Close => Ok(Some(Event::Closed)),
            Next::Fail(error) => Err(error),
        }
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.url())
    }
}
