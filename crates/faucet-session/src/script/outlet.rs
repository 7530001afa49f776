//! The messages on their way out of a conversation.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::keys::RateLimit;
use crate::plan::Sent;
use crate::script::limiter::Limiter;

/// The most answers in a second where no `send_limit` is set, and the most that wait for it.
pub(crate) const MOST_REPLIES: u32 = 100;

/// The most messages of a session program that wait for `send_limit`.
pub(crate) const MOST_OF_PROGRAM: usize = 10_000;

/// The part of the conversation that sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A step, a subscription or a message after them. The server has time from when the message leaves.
    Script,
    /// An answer of a control rule.
    Reply,
    /// The heartbeat.
    Beat,
    /// The session program.
    Program,
}

/// The messages on their way out: held back by `send_limit`, and numbered. Pure.
#[derive(Debug)]
pub(crate) struct Outlet {
    queue: VecDeque<(Sent, Origin)>,
    limit: Option<Limiter>,
    replies: Limiter,
    /// The number of the last message that has one.
    pub(crate) seq: u64,
    /// Messages of the script wait for the limit since then.
    waits_since: Option<Instant>,
}

impl Outlet {
    pub(crate) fn new(limit: Option<RateLimit>) -> Self {
        let per = Duration::from_secs(1);
        Self {
            queue: VecDeque::new(),
            limit: limit.map(Limiter::new),
            replies: Limiter::new(RateLimit { count: MOST_REPLIES, per }),
            seq: 0,
            waits_since: None,
        }
    }

    pub(crate) fn push(&mut self, sent: Sent, origin: Origin) {
        self.queue.push_back((sent, origin));
    }

    /// Notes an answer. `false`: the server asks without end.
    pub(crate) fn reply(&mut self, now: Instant) -> bool {
        if self.limit.is_some() {
            return self.waiting(Origin::Reply) < MOST_REPLIES as usize;
        }
        let allowed = self.replies.next(now).is_none();
        self.replies.happened(now);
        allowed
    }

    /// A frame of the connection itself has left, which counts.
    pub(crate) fn frame(&mut self, now: Instant) {
        if let Some(limit) = &mut self.limit {
            limit.happened(now);
        }
    }

    /// The next message that may leave now.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<(Sent, Origin)> {
        if self.limit.as_ref().is_some_and(|limit| limit.next(now).is_some()) {
            return None;
        }
        let sent = self.queue.pop_front()?;
        self.frame(now);
        Some(sent)
    }

    /// When the next message may leave, if one waits for the limit.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.limit.as_ref().filter(|_| !self.queue.is_empty())?.free_at()
    }

    /// How long messages of the script have waited for the limit since the last call.
    pub(crate) fn take_wait(&mut self, now: Instant) -> Duration {
        let waits = self.holds(Origin::Script).then_some(now);
        let since = std::mem::replace(&mut self.waits_since, waits);
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Whether a message of this origin waits for the limit.
    pub(crate) fn holds(&self, origin: Origin) -> bool {
        self.queue.iter().any(|(_, each)| *each == origin)
    }

    /// How many messages of this origin wait for the limit.
    pub(crate) fn waiting(&self, origin: Origin) -> usize {
        self.queue.iter().filter(|(_, each)| *each == origin).count()
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }
}
