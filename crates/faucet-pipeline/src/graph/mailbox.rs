//! What the runner tells a source between two pages.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use faucet_core::Position;
use futures_util::task::AtomicWaker;

/// Messages to a source. Each kind waits once: a newer one replaces one that was not read yet.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    /// Stop the feed.
    pub(crate) stop: bool,
    /// No commit comes any more.
    pub(crate) over: bool,
    /// Begin this epoch.
    pub(crate) barrier: Option<u64>,
    /// Everything up to here is committed.
    pub(crate) committed: Option<Position>,
}

/// A source's mail. Cheap to look into while it is empty.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    changed: AtomicBool,
    waker: AtomicWaker,
    mail: Mutex<Mail>,
}

impl Mailbox {
    pub(crate) fn put(&self, write: impl FnOnce(&mut Mail)) {
        write(&mut self.mail.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.store(true, SeqCst);
        self.waker.wake();
    }

    /// Ready with what `take` finds.
    pub(crate) fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut Mail) -> Option<T>,
    ) -> Poll<T> {
        self.waker.register(cx.waker());
        if !self.changed.load(SeqCst) {
            return Poll::Pending;
        }
        let mut mail = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        match take(&mut mail) {
            Some(found) => Poll::Ready(found),
            None => {
                let more =
                    mail.stop || mail.over || mail.barrier.is_some() || mail.committed.is_some();
                self.changed.store(more, SeqCst);
                Poll::Pending
            }
        }
    }
}
