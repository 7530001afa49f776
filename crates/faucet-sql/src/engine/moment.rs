//! The window that a query works on.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

/// The window that a query works on at the moment, for the functions that tell about it. One query works on
/// one window at a time, and sets the window before DataFusion goes on with it.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    start: AtomicI64,
    end: AtomicI64,
    complete: AtomicBool,
}

impl Moment {
    /// Goes on with the window from `start` to `end`. Whether the window is complete is known when it closes.
    pub(crate) fn set(&self, start: i64, end: i64, complete: bool) {
        self.start.store(start, Relaxed);
        self.end.store(end, Relaxed);
        self.complete.store(complete, Relaxed);
    }

    pub(crate) fn start(&self) -> i64 {
        self.start.load(Relaxed)
    }

    pub(crate) fn end(&self) -> i64 {
        self.end.load(Relaxed)
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.complete.load(Relaxed)
    }
}
