//! Asks for a flush from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Context;

use futures_util::task::AtomicWaker;

/// Asks a run for a flush now, between those of its cadence. Cheap to clone.
///
/// A sink that flushes also looks whether its files are still at their paths.
#[derive(Debug, Clone, Default)]
pub struct Flusher(Arc<Asked>);

#[derive(Debug, Default)]
struct Asked {
    is_asked: AtomicBool,
    waker: AtomicWaker,
}

impl Flusher {
    /// Asks for a flush of all sinks. Several calls before it begins are one. Does nothing before the run
    /// and after it.
    pub fn flush(&self) {
        self.0.is_asked.store(true, Relaxed);
        self.0.waker.wake();
    }

    /// Whether a flush was asked for since the last call.
    pub(crate) fn take(&self, cx: &Context<'_>) -> bool {
        self.0.waker.register(cx.waker());
        self.0.is_asked.swap(false, Relaxed)
    }
}
