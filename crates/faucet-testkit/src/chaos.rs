//! Kills a run at a chosen step or poll.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::{Context, Poll};

use tokio::sync::watch;

#[derive(Debug)]
struct Inner {
    steps: AtomicU64,
    kill_at: u64,
    killed: watch::Sender<bool>,
}

/// Kills a run at the n-th step of its components. A double awaits [`step`](Self::step) wherever a
/// process may die. The chosen step never returns; the test then drops the run, which is what a crash
/// leaves. Clones count together.
///
/// ```
/// # async fn a_run(chaos: faucet_testkit::Chaos) { for _ in 0..3 { chaos.step().await } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use faucet_testkit::Chaos;
/// for n in 1.. {
///     let chaos = Chaos::kill_at(n);
///     if chaos.run(a_run(chaos.clone())).await.is_some() {
///         assert_eq!(n, 4, "a run of three steps survives a kill at the fourth");
///         break;
///     }
///     // … start it again and look whether something was lost …
/// }
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Chaos(Option<Arc<Inner>>);

impl Chaos {
    /// Kills nothing and counts nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Kills at the step `n`, from 1.
    pub fn kill_at(n: u64) -> Self {
        let killed = watch::Sender::new(false);
        Self(Some(Arc::new(Inner { steps: AtomicU64::new(0), kill_at: n, killed })))
    }

    /// How many steps there were.
    pub fn steps(&self) -> u64 {
        self.0.as_ref().map_or(0, |inner| inner.steps.load(SeqCst))
    }

    /// A place at which the process may die: the chosen step never returns. Gives the thread back
    /// once otherwise.
    pub async fn step(&self) {
        let Some(inner) = &self.0 else { return };
        if inner.steps.fetch_add(1, SeqCst) + 1 == inner.kill_at {
            inner.killed.send_replace(true);
            pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }

    /// Returns once the chosen step was reached.
    pub async fn killed(&self) {
        let Some(inner) = &self.0 else { return pending().await };
        // The sender lives in `self`, so the channel cannot be closed.
        let _ = inner.killed.subscribe().wait_for(|killed| *killed).await;
    }

    /// Drives a run to its end, or drops it at the chosen step: then `None`.
    pub async fn run<F: Future>(&self, run: F) -> Option<F::Output> {
        let mut run = Box::pin(run);
        let mut killed = Box::pin(self.killed());
        std::future::poll_fn(move |cx| {
            if let Poll::Ready(output) = run.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            killed.as_mut().poll(cx).map(|()| None)
        })
        .await
    }
}

/// Kills a run at its n-th poll: drops the inner future there and returns `None`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use faucet_testkit::Polls;
/// assert_eq!(Polls::new(3, async { tokio::task::yield_now().await; 7 }).await, Some(7));
/// assert_eq!(Polls::new(1, async { tokio::task::yield_now().await; 7 }).await, None);
/// # }
/// ```
pub struct Polls<F> {
    future: Option<Pin<Box<F>>>,
    left: u64,
}

impl<F> std::fmt::Debug for Polls<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Polls").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<F> Polls<F> {
    /// Polls `future` at most `n` times.
    pub fn new(n: u64, future: F) -> Self {
        Self { future: Some(Box::pin(future)), left: n }
    }
}

impl<F: Future> Future for Polls<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let left = self.left;
        let Some(future) = self.future.as_mut().filter(|_| left > 0) else {
            self.future = None;
            return Poll::Ready(None);
        };
        let polled = future.as_mut().poll(cx).map(Some);
        self.left -= 1;
        if polled.is_pending() && self.left == 0 {
            // The kill does not wait for the next wake, which may never come.
            self.future = None;
            return Poll::Ready(None);
        }
        polled
    }
}
