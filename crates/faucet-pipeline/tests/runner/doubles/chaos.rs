//! Ends a run at any step of its components and at any of its polls.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::task::{Context, Poll};

use tokio::sync::Notify;

/// Counts steps. At the one it was told to, everything stands still for ever.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chaos(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    steps: AtomicU64,
    kill_at: u64,
    dead: AtomicBool,
    killed: Notify,
}

impl Chaos {
    pub(crate) fn kill_at(step: u64) -> Self {
        Self(Some(Arc::new(Inner {
            steps: AtomicU64::new(0),
            kill_at: step,
            dead: AtomicBool::new(false),
            killed: Notify::new(),
        })))
    }

    /// A place at which the process may die. Gives the thread back once in any case.
    pub(crate) async fn step(&self) {
        let Some(chaos) = &self.0 else { return };
        if chaos.steps.fetch_add(1, SeqCst) + 1 == chaos.kill_at {
            chaos.dead.store(true, SeqCst);
            chaos.killed.notify_one();
        }
        if chaos.dead.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }

    /// Ready once the process is dead.
    pub(crate) async fn killed(&self) {
        match &self.0 {
            Some(chaos) => chaos.killed.notified().await,
            None => std::future::pending().await,
        }
    }
}

/// Polls a future at most so many times.
struct Polls<F> {
    future: Pin<Box<F>>,
    left: u64,
}

impl<F: Future> Future for Polls<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.future.as_mut().poll(cx).map(Some)
    }
}

/// The future's value, or `None` when it is not ready after `n` polls.
pub(crate) async fn polls<F: Future>(n: u64, future: F) -> Option<F::Output> {
    Polls { future: Box::pin(future), left: n }.await
}
