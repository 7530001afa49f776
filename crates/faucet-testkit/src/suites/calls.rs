//! Ways to make a call.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

/// A future that stays on its thread.
pub(crate) type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A closure of a case: makes something whenever it is called.
pub(crate) type Make<'a, T> = Box<dyn Fn() -> Local<'a, T> + 'a>;

/// Boxes an async closure.
pub(crate) fn make<'a, S: Into<T>, T: 'a>(make: impl AsyncFn() -> S + 'a) -> Make<'a, T> {
    let make = Rc::new(make);
    Box::new(move || {
        let make = Rc::clone(&make);
        Box::pin(async move { make().await.into() })
    })
}

/// Polls a future once and drops it.
pub(crate) async fn once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(move |cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// Lets the runtime do its work. A paused clock goes on only while nobody is awake, so a yield would
/// keep a timer from coming due.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Waits until `enough`, for at most two seconds on tokio's clock, and for a while on the real one: a
/// paused clock runs ahead of threads and sockets.
pub(crate) async fn until(mut enough: impl FnMut() -> bool) -> bool {
    let (begun, mut millis) = (Instant::now(), 0);
    while !enough() {
        if millis >= 2000 && begun.elapsed() > Duration::from_millis(300) {
            return false;
        }
        settle().await;
        millis += 1;
    }
    true
}

/// Whether tokio's clock is paused. A busy machine may make a paused clock look like a running one,
/// never the other way round.
pub(crate) async fn is_paused() -> bool {
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_millis(20)).await;
    begun.elapsed() < Duration::from_millis(10)
}

/// Measures how long a call keeps the thread.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch(Cell<Duration>);

impl Stopwatch {
    /// Makes the call.
    pub(crate) async fn time<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(move |cx| {
            let begun = Instant::now();
            let polled = future.as_mut().poll(cx);
            self.0.set(self.0.get().max(begun.elapsed()));
            polled
        })
        .await
    }

    /// The longest poll.
    pub(crate) fn longest(&self) -> Duration {
        self.0.get()
    }
}

/// The polls at which a rule kills a run: each from the first, up to a number and a time. A far end on the
/// network is slow, and a rule has an end.
pub(crate) fn kills() -> impl Iterator<Item = u64> {
    const MOST: u64 = 300;
    const TIME: Duration = Duration::from_secs(10);
    let begun = Instant::now();
    (1..=MOST).take_while(move |_| begun.elapsed() < TIME)
}

/// How long one poll may keep the thread. The contract says a millisecond; a busy machine may stop a
/// thread for longer.
pub(crate) const BUDGET: Duration = Duration::from_millis(50);

/// How often a run is tried before a slow poll counts: a thread that is stopped by the machine is
/// stopped at another place each time.
pub(crate) const TRIES: usize = 3;
