//! The messages on their way out of a conversation.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::keys::RateLimit;
use crate::plan::Sent;
use crate::script::limiter::Limiter;

/// The most answers in a second where no `send_limit` is set.
pub(crate) const MOST_REPLIES: u32 = 100;

/// The messages on their way out: held back by `send_limit`, and numbered. Pure.
#[derive(Debug)]
pub(crate) struct Outlet {
    queue: VecDeque<Sent>,
    limit: Option<Limiter>,
    replies: Limiter,
    /// The number of the last message that has one.
    pub(crate) seq: u64,
    /// Messages wait for the limit since then.
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

    pub(crate) fn push(&mut self, sent: Sent) {
        self.queue.push_back(sent);
    }

    /// Notes an answer. `false`: the server asks without end.
    pub(crate) fn reply(&mut self, now: Instant) -> bool {
        if self.limit.is_some() {
            return true;
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
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Sent> {
        if self.limit.as_ref().is_some_and(|limit| limit.next(now).is_some()) {
            return None;
        }
        let sent = self.queue.pop_front()?;
        self.frame(now);
        Some(sent)
    }

    /// When the next message may leave, if one waits for the limit: `now` where the wait is over.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        let limit = self.limit.as_ref().filter(|_| !self.queue.is_empty())?;
        Some(limit.next(now).unwrap_or(now))
    }

    /// How long messages have waited for the limit since the last call.
    pub(crate) fn take_wait(&mut self, now: Instant) -> Duration {
        let since =
            std::mem::replace(&mut self.waits_since, (!self.queue.is_empty()).then_some(now));
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }
}
