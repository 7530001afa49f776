//! Stories of a machine in virtual time.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faucet_connect::{Backoff, ReconnectPolicy, Secrets};
use faucet_core::{Span, Timestamp};

use crate::connect_failed::ConnectFailed;
use crate::machine::end::GaveUp;
use crate::machine::event::{Event, Over};
use crate::machine::frames::FrameLimits;
use crate::machine::machine::Machine;
use crate::machine::output::Output;
use crate::machine::pool::Pool;
use crate::machine::role::Role;
use crate::machine::settings::{Settings, TimeLimits};
use crate::machine::stamp::Stamp;
use crate::machine::taken::Taken;
use crate::machine::utf8_policy::Utf8Policy;
use crate::testing::raw_frame::{RawFrame, described, stream};

pub(super) const S: fn(u64) -> Duration = Duration::from_secs;

/// Reconnects after a second, without any other time limit.
pub(crate) fn settings() -> Settings {
    let backoff = Backoff { initial: S(1), max: S(1), jitter: 0.0 };
    Settings {
        role: Role::Client,
        reconnect: Arc::new(ReconnectPolicy { reconnect: true, backoff, max_attempts: None }),
        patience: Some(S(300)),
        times: TimeLimits::default(),
        frames: FrameLimits { max_message_bytes: 1000, max_fragments: 3 },
        utf8: Utf8Policy::Fail,
        pool: Pool::of(64),
        tells_controls: false,
        greeting: [].into(),
    }
}

/// [`settings`] without reconnecting.
pub(super) fn once() -> Settings {
    let mut settings = settings();
    Arc::make_mut(&mut settings.reconnect).reconnect = false;
    settings
}

/// [`settings`] with these limits.
pub(super) fn limits(set: impl FnOnce(&mut TimeLimits)) -> Settings {
    let mut settings = settings();
    set(&mut settings.times);
    settings
}

/// A machine, its owner and its socket. The owner reads until it pauses.
pub(super) struct Story {
    pub(super) machine: Machine,
    begin: Instant,
    now: Instant,
    spans: Vec<Span>,
}

fn stamp_at(now: Instant) -> Stamp {
    Stamp { instant: now, timestamp: Timestamp::from_unix_millis(0) }
}

impl Story {
    /// Dials.
    pub(super) fn new(settings: Settings) -> Self {
        let now = Instant::now();
        let mut machine = Machine::new(Arc::new(settings), stamp_at(now));
        machine.resume(now);
        machine.dial();
        Self { machine, begin: now, now, spans: Vec::new() }
    }

    /// Is connected.
    pub(super) fn connected(settings: Settings) -> Self {
        let mut story = Self::new(settings);
        story.connects(&[]);
        assert_eq!(story.events(), ["up"]);
        story
    }

    fn stamp(&self) -> Stamp {
        stamp_at(self.now)
    }

    /// The dial that the machine asked for succeeds; `leftover` came with the answer.
    pub(super) fn connects(&mut self, leftover: &[RawFrame]) {
        assert_eq!(self.tasks().last(), Some(&Output::Dial));
        self.machine.connected(Secrets::default(), None, &stream(leftover), None, self.stamp());
    }

    /// The dial that the machine asked for fails.
    pub(super) fn refused(&mut self) {
        assert_eq!(self.tasks().last(), Some(&Output::Dial));
        let refused = io::ErrorKind::ConnectionRefused.into();
        self.machine.dial_failed(ConnectFailed::Tcp(refused), self.now);
    }

    /// The tasks of the driver.
    pub(super) fn tasks(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.machine.poll_output()).collect()
    }

    /// The frames come in at once, and nothing behind them.
    pub(super) fn reads(&mut self, frames: &[RawFrame]) {
        self.reads_bytes(&stream(frames));
    }

    pub(super) fn reads_bytes(&mut self, bytes: &[u8]) {
        self.reads_more(bytes);
        self.machine.drained(self.now);
    }

    /// The bytes come in, and more may wait behind them.
    pub(super) fn reads_more(&mut self, mut bytes: &[u8]) {
        let stamp = self.stamp();
        while !bytes.is_empty() {
            let space = self.machine.space().expect("the machine reads");
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.machine.filled(n, stamp);
            bytes = &bytes[n..];
        }
        self.machine.received(stamp);
    }

    /// The socket has no more bytes for now.
    pub(super) fn drained(&mut self) {
        self.machine.drained(self.now);
    }

    /// The stream ends.
    pub(super) fn hangs_up(&mut self) {
        self.machine.read_ended(None, self.now);
    }

    pub(super) fn write_fails(&mut self) {
        self.write_fails_with(io::ErrorKind::BrokenPipe);
    }

    pub(super) fn write_fails_with(&mut self, kind: io::ErrorKind) {
        self.machine.write_failed(kind.into());
    }

    /// The owner gives up on the peer.
    pub(super) fn abandons(&mut self) {
        self.machine.abandon(GaveUp::NoPong(S(1)), self.now);
    }

    /// The socket takes everything: the frames.
    pub(super) fn sends(&mut self) -> Vec<String> {
        let mut bytes = Vec::new();
        loop {
            let taken = self.takes(usize::MAX);
            if taken.is_empty() {
                let frames = described(&bytes).into_iter();
                return frames
                    .map(|frame| frame.trim_start_matches("masked ").to_owned())
                    .collect();
            }
            bytes.extend(taken);
        }
    }

    /// The socket takes at most `most` bytes.
    pub(super) fn takes(&mut self, most: usize) -> Vec<u8> {
        let pending = self.machine.pending();
        let taken = pending[..pending.len().min(most)].to_vec();
        if !taken.is_empty() {
            self.machine.wrote(taken.len(), self.now);
        }
        taken
    }

    /// Time goes by, and every limit acts when it is reached.
    pub(super) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.machine.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.machine.handle_timeout(self.now);
            let next = self.machine.next_timeout();
            assert!(next.is_none_or(|at| at > self.now), "a limit stays in the past");
        }
        self.now = until;
    }

    /// Time goes by, and nobody calls the machine.
    pub(super) fn sleep(&mut self, time: Duration) {
        self.now += time;
    }

    /// The moment at which the machine wants to be called, from the beginning.
    pub(super) fn next(&self) -> Option<Duration> {
        self.machine.next_timeout().map(|at| at - self.begin)
    }

    pub(super) fn pauses(&mut self) {
        self.machine.pause(self.now);
    }

    pub(super) fn resumes(&mut self) {
        self.machine.resume(self.now);
    }

    /// The owner leaves.
    pub(super) fn leaves(&mut self) {
        self.machine.close(self.now);
    }

    /// The owner takes all events, and the messages with them.
    pub(super) fn events(&mut self) -> Vec<String> {
        let mut events = Vec::new();
        while let Some(event) = self.machine.poll_event() {
            events.push(match event {
                Event::Messages => self.messages(),
                event => one(event),
            });
        }
        events
    }

    fn messages(&mut self) -> String {
        let bytes = match self.machine.take(&mut self.spans) {
            Taken::Shared(bytes) => bytes.to_vec(),
            Taken::Small(bytes) => bytes.to_vec(),
        };
        let messages = self.spans.iter().map(|span| bytes[span.range()].escape_ascii().to_string());
        messages.collect::<Vec<_>>().join(",")
    }
}

fn one(event: Event) -> String {
    match event {
        Event::Up { again: false } => "up".into(),
        Event::Up { again: true } => "up again".into(),
        Event::Messages => "messages".into(),
        Event::Acked { upto, latest } => {
            format!("acked {upto}{}", if latest { " latest" } else { "" })
        }
        Event::Discarded(reason, messages) => format!("{} {messages}", reason.as_str()),
        Event::Lost { failure, wait, attempt } => {
            format!("lost {:?} {wait:?} {attempt}", failure.class())
        }
        Event::Ping(payload) => format!("ping {}", payload.escape_ascii()),
        Event::Pong(payload) => format!("pong {}", payload.escape_ascii()),
        Event::Waiting => "waiting".into(),
        Event::Idle => "idle".into(),
        Event::Due => "due".into(),
        Event::Unmatched(messages) => format!("unmatched {messages}"),
        Event::HandOver { delay } => format!("hand over {delay:?}"),
        Event::Note(note) => format!("{note:?}"),
        Event::Over(Over::Closed(_)) => "closed".into(),
        Event::Over(Over::Failed(failed)) => format!("failed {:?}", failed.class()),
        Event::Over(Over::Left(None)) => "left".into(),
        Event::Over(Over::Left(Some(failure))) => format!("left {:?}", failure.class()),
    }
}
