//! A connection that comes back, without socket, clock and runtime.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faucet_connect::Secrets;
use faucet_core::Span;
use faucet_session::connect::Dialing;
use faucet_session::script::{Batch, Conversation};

use crate::machine::clocks::Clocks;
use crate::machine::close::CLOSE_TIMEOUT;
use crate::machine::control::Control;
use crate::machine::deflate::Agreed;
use crate::machine::end::{Discarded, End};
use crate::machine::event::{Event, Over};
use crate::machine::failure::Failure;
use crate::machine::frames::Frames;
use crate::machine::inbox::{Inbound, Inbox};
use crate::machine::lifecycle::{LONGEST_WAIT, Lifecycle};
use crate::machine::line::Line;
use crate::machine::outbox::Outbox;
use crate::machine::output::Output;
use crate::machine::pings::Pings;
use crate::machine::pool::Pool;
use crate::machine::settings::Settings;
use crate::machine::stamp::Stamp;
use crate::machine::taken::Taken;

/// The next step of a connection when its state is over.
#[derive(Debug)]
pub(crate) enum Next {
    /// Wait until then, and dial.
    Wait(Instant),
    /// Report the end to the owner, and do nothing more.
    Over(Over),
}

/// Where a connection is in its life.
#[derive(Debug)]
pub(crate) enum State {
    /// The driver dials.
    Dialing,
    Up,
    /// A Close frame was sent or answered. The peer has until then to hang up.
    Closing {
        until: Instant,
        /// Whether frames are still looked at: the peer may answer our Close.
        listens: bool,
        next: Next,
    },
    /// Our Close is sent by plan. Data is still taken, until the peer answers or until then.
    Leaving {
        until: Instant,
        /// Why the connection is left; `None`: its owner has another one.
        end: Option<Box<End>>,
    },
    /// The next attempt begins then, if the owner wants a connection.
    Waiting(Instant),
    Over,
}

/// A connection that comes back: dial, greet, receive, keep alive, close, reconnect.
///
/// The machine is pure. A driver gives it bytes, the results of dials and writes, and `now`; the
/// machine gives bytes to write, events, tasks and the moment at which it wants to be called.
pub(crate) struct Machine {
    pub(crate) settings: Arc<Settings>,
    pub(crate) state: State,
    /// While there is a connection.
    pub(crate) line: Option<Box<Line>>,
    /// A connection that is gone, with messages that were not taken yet.
    pub(crate) last: Option<Box<Line>>,
    pub(crate) life: Lifecycle,
    pub(crate) pings: Pings,
    pub(crate) clocks: Clocks,
    pub(crate) events: VecDeque<Event>,
    pub(crate) outputs: VecDeque<Output>,
    /// Whether the owner wants a lost connection back.
    pub(crate) wanted: bool,
    /// Whether the owner has the event that nothing comes in.
    pub(crate) idle_reported: bool,
    /// Whether the session of the last connection was completed.
    is_good: bool,
    /// The last failure that an attempt followed.
    pub(crate) last_failure: Option<Arc<Failure>>,
    /// Where the configuration asks for one.
    pub(crate) conversation: Option<Box<Conversation>>,
    /// The last moment of which both clocks are known.
    pub(crate) anchor: Stamp,
}

impl Machine {
    /// A run that has not connected yet.
    pub(crate) fn new(settings: Arc<Settings>, at: Stamp) -> Self {
        let now = at.instant;
        let times = settings.times;
        let token = fastrand::u64(..);
        Self {
            life: Lifecycle::new(Arc::clone(&settings.reconnect), settings.patience),
            pings: Pings::new(times.ping_interval, times.pong_timeout, token),
            settings,
            state: State::Over,
            line: None,
            last: None,
            clocks: Clocks::new(now),
            events: VecDeque::new(),
            outputs: VecDeque::new(),
            wanted: true,
            idle_reported: false,
            is_good: false,
            last_failure: None,
            conversation: None,
            anchor: at,
        }
    }

    /// Holds a conversation on each connection.
    pub(crate) fn with_conversation(mut self, conversation: Option<Box<Conversation>>) -> Self {
        self.conversation = conversation;
        self
    }

    /// Starts an attempt.
    pub(crate) fn dial(&mut self) {
        self.state = State::Dialing;
        self.outputs.push_back(Output::Dial);
    }

    /// Starts an attempt after a wait.
    pub(crate) fn dial_after(&mut self, wait: Duration, now: Instant) {
        self.state = State::Waiting(now + wait.min(LONGEST_WAIT));
    }

    /// The upgrade succeeded. `deflate` is what it settled about compression, `leftover` are the bytes
    /// behind its answer.
    pub(crate) fn connected(
        &mut self,
        secrets: Secrets,
        deflate: Option<Agreed>,
        leftover: &[u8],
        dialing: Option<Dialing>,
        at: Stamp,
    ) {
        let now = at.instant;
        self.state = State::Up;
        self.is_good = false;
        self.last = None;
        self.anchor = at;
        self.pings.connected(now);
        self.clocks.opened(now);
        let Settings { role, frames, utf8, pool, greeting, .. } = &*self.settings;
        let mut outbox = Outbox::new(*role, Pool::shared());
        let mut inbox = Inbox::new(Frames::new(*role, *frames, *utf8), Arc::clone(pool), at);
        if let Some(Agreed { inbound, outbound }) = deflate {
            inbox = inbox.with_deflate(inbound);
            outbox = outbox.with_deflate(outbound);
        }
        greeting.iter().for_each(|frame| outbox.data(frame));
        outbox.forget_context();
        self.line = Some(Box::new(Line::new(inbox, outbox, secrets)));
        match dialing {
            Some(dialing) => self.converse(dialing, at),
            None => self.up(now),
        }
        let mut rest = leftover;
        while let (Some(line), false) = (&mut self.line, rest.is_empty()) {
            let space = line.inbox.space();
            let n = space.len().min(rest.len());
            space[..n].copy_from_slice(&rest[..n]);
            line.inbox.filled(n, at);
            rest = &rest[n..];
        }
        if !leftover.is_empty() {
            self.received(at);
        }
    }

    /// The connection is good: whatever the configuration wants said was said and answered.
    pub(crate) fn up(&mut self, now: Instant) {
        self.is_good = true;
        let again = self.life.connected(now);
        self.clocks.connected();
        // A connection on which nothing comes keeps what its first event took.
        self.events.reserve_exact(1);
        self.events.push_back(Event::Up { again });
    }

    /// Whether the driver reads. Messages that the owner has not taken yet come first, and frames that
    /// were left for later.
    pub(crate) fn reads(&self) -> bool {
        let wants = match self.state {
            State::Up | State::Leaving { .. } => !self.clocks.is_paused(),
            State::Closing { .. } => true,
            _ => false,
        };
        wants
            && !self.is_unread()
            && self.line.as_ref().is_some_and(|line| !line.inbox.has_messages())
    }

    /// Room for the bytes that the driver reads next; `None` while nothing is to be read.
    pub(crate) fn space(&mut self) -> Option<&mut [u8]> {
        let reads = self.reads();
        self.line.as_mut().filter(|_| reads).map(|line| line.inbox.space())
    }

    /// `n` bytes were read into the room. More may follow before [`received`](Self::received).
    pub(crate) fn filled(&mut self, n: usize, at: Stamp) {
        if let Some(line) = &mut self.line {
            line.inbox.filled(n, at);
        }
    }

    /// Looks at everything that was read.
    pub(crate) fn received(&mut self, at: Stamp) {
        self.anchor = at;
        match self.state {
            State::Closing { listens: false, .. } => {
                // Behind the peer's Close or a violation nothing is looked at any more.
                self.line.iter_mut().for_each(|line| line.inbox.forget());
            }
            State::Closing { listens: true, .. } => self.listen_for_close(),
            _ => self.take_frames(at),
        }
    }

    /// Whether frames were left for the time after messages that were taken meanwhile. They come
    /// first: [`received`](Self::received) looks at them.
    pub(crate) fn is_unread(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.inbox.is_unread())
    }

    /// Takes the frames of a connection that stands.
    fn take_frames(&mut self, at: Stamp) {
        let Some(line) = &mut self.line else { return };
        let mut controls = false;
        let (mut pongs, told) = (0, self.settings.tells_controls);
        let end = loop {
            match line.inbox.next() {
                Ok(Inbound::More | Inbound::Full) => break None,
                Ok(Inbound::Control(Control::Ping(payload))) => {
                    controls = true;
                    self.events.extend(told.then(|| Event::Ping(payload.as_slice().into())));
                    // Behind a Close nothing may be sent (RFC 6455 §5.5.1).
                    if !line.write_failed && matches!(self.state, State::Up) {
                        line.outbox.pong(payload);
                        pongs += 1;
                    }
                }
                Ok(Inbound::Control(Control::Pong(payload))) => {
                    controls = true;
                    self.events.extend(match self.pings.pong(payload.as_slice(), at.instant) {
                        Some(pong) => Some(Event::Acked { upto: pong.mark, latest: pong.latest }),
                        None => told.then(|| Event::Pong(payload.as_slice().into())),
                    });
                }
                Ok(Inbound::Control(Control::Close(close))) => {
                    break Some(End::closed(
                        &close,
                        &line.all_secrets(self.conversation.as_deref()),
                    ));
                }
                Err(violation) => break Some(End::Violation(violation)),
            }
        };
        let seen = line.inbox.take_data_seen();
        let is_announced = line.has_marks();
        self.count_frames(pongs, at.instant);
        let data = match self.conversation {
            None => seen,
            Some(_) => self.look(seen, at),
        };
        // A Close alone is no sign of life: a server that closes each connection would keep a run
        // with `idle_timeout` going for ever.
        if data || controls || end.is_none() {
            self.clocks.heard(at.instant, data);
            self.idle_reported &= self.settings.times.idle_on_data && !data;
            self.pings.heard(at.instant);
        }
        let Some(line) = &mut self.line else { return };
        let skipped = line.inbox.take_skipped();
        if skipped > 0 {
            self.events.push_back(Event::Discarded(Discarded::NotUtf8, skipped));
        }
        let (has_news, before) = (line.has_news(), self.events.len());
        self.obey(at.instant);
        if has_news && !is_announced {
            // A message before a Close says more than the Close. The answer that completes a session may
            // come with data, and the owner counts a connection before its records.
            let up =
                (before..self.events.len()).find(|at| matches!(self.events[*at], Event::Up { .. }));
            self.events.insert(up.map_or(before, |up| up + 1), Event::Messages);
        }
        match end {
            Some(_) if matches!(self.state, State::Leaving { .. }) => self.left(at.instant),
            Some(end) if self.is_up() => self.end(end, at.instant),
            _ => {}
        }
    }

    /// Looks for the peer's Close; everything else is dropped.
    fn listen_for_close(&mut self) {
        let Some(line) = &mut self.line else { return };
        line.inbox.stop_inflating();
        loop {
            match line.inbox.next() {
                Ok(Inbound::More) => break line.inbox.discard(),
                Ok(Inbound::Full) => line.inbox.discard(),
                Ok(Inbound::Control(Control::Close(close))) => {
                    line.peer_close =
                        Some(End::closed(&close, &line.all_secrets(self.conversation.as_deref())));
                    break self.stop_listening();
                }
                Ok(Inbound::Control(_)) => line.inbox.discard(),
                // The connection ends all the same.
                Err(_) => break self.stop_listening(),
            }
        }
    }

    fn stop_listening(&mut self) {
        if let State::Closing { listens, .. } = &mut self.state {
            *listens = false;
        }
        self.line.iter_mut().for_each(|line| line.inbox.forget());
    }

    /// The stream has ended, or reading has failed.
    pub(crate) fn read_ended(&mut self, error: Option<io::Error>, now: Instant) {
        match self.state {
            State::Up => self.end(End::Dropped(error), now),
            State::Leaving { .. } => self.left(now),
            State::Closing { .. } => self.closed(),
            _ => {}
        }
    }

    /// Nothing more is there to read.
    pub(crate) fn drained(&mut self, now: Instant) {
        let Some(line) = &mut self.line else { return };
        match line.write_error.take() {
            Some(error) => self.read_ended(Some(error), now),
            None => line.inbox.rest(),
        }
    }

    /// The next task of the driver.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// How many events and tasks wait.
    pub(crate) fn backlog(&self) -> usize {
        self.events.len() + self.outputs.len()
    }

    /// The next event.
    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Puts an event back in front of the others.
    pub(crate) fn requeue(&mut self, event: Event) {
        self.events.push_front(event);
    }

    /// Whether there is a connection on which the owner can send: its session is complete.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_up() && self.conversation.as_ref().is_none_or(|talk| talk.is_complete())
    }

    /// Whether there is a connection that frames can be sent on.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Up)
    }

    /// Whether the next attempt is waited for.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting(_))
    }

    /// Says whether a lost connection is wanted back.
    pub(crate) fn want(&mut self, wanted: bool) {
        self.wanted = wanted;
    }

    /// Takes the messages that wait; their places go to `spans`.
    pub(crate) fn take(&mut self, spans: &mut Vec<Span>) -> Taken<'_> {
        match self.line.as_mut().or(self.last.as_mut()) {
            Some(line) => line.inbox.take(spans),
            None => {
                spans.clear();
                Taken::Small(&[])
            }
        }
    }

    /// The records that the conversation found in the messages that are taken next.
    pub(crate) fn take_batch(&mut self) -> Option<Batch> {
        let line = self.line.as_mut().or(self.last.as_mut())?;
        line.batch.take().filter(|batch| !batch.is_whole)
    }

    /// When bytes were read last.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.line.as_ref().or(self.last.as_ref()).map(|line| line.inbox.stamp())
    }

    /// The owner stops reading until it resumes.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.clocks.pause(now);
    }

    /// The owner reads again.
    pub(crate) fn resume(&mut self, now: Instant) {
        if let Some(pause) = self.clocks.resume(now) {
            self.pings.resumed(pause, now);
            if let State::Leaving { until, .. } = &mut self.state {
                *until = (*until + pause).min(now + CLOSE_TIMEOUT);
            }
            if let Some(talk) = &mut self.conversation {
                talk.resumed(pause, now);
            }
        }
    }

    /// A record was received, or a delivery confirmed: failures before it no longer count.
    pub(crate) fn progressed(&mut self) {
        // Data may come before the session is complete, and no session is good before. The owner may take
        // the last messages of a connection when it is gone.
        if self.is_good {
            self.life.progressed();
        }
    }

    /// The last failure is explained, and what caused it will not be done again.
    pub(crate) fn explained(&mut self) {
        self.life.explained();
    }
}

#[cfg(test)]
mod tests;
