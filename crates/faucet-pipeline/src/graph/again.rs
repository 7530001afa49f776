//! Polls the components of a run again before the runtime gets its turn.
//!
//! Each turn of the runtime looks at the clock and at its timers. A turn for each page costs more
//! than the page.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::AcqRel, Ordering::Acquire, Ordering::Release};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often the components are polled before other tasks of the runtime get their turn.
const TURNS: usize = 16;

const IDLE: u8 = 0;
const POLLING: u8 = 1;
const WOKEN: u8 = 2;

/// Whether a component of the run asked for another poll.
#[derive(Default)]
pub(crate) struct Again {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    now: AtomicU8,
    run: AtomicWaker,
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // `Again::poll` sees a wake that comes while it polls.
        if self.now.swap(WOKEN, AcqRel) == IDLE {
            self.run.wake();
        }
    }
}

impl Again {
    /// Polls, and polls again while a component asks for it, up to a limit.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let state = &self.state;
        state.run.register(cx.waker());
        let waker = Waker::from(Arc::clone(state));
        let mut inner = Context::from_waker(&waker);
        for _ in 0..TURNS {
            state.now.store(POLLING, Release);
            if let Poll::Ready(value) = poll(&mut inner) {
                state.now.store(IDLE, Release);
                return Poll::Ready(value);
            }
            if state.now.compare_exchange(POLLING, IDLE, AcqRel, Acquire).is_ok() {
                return Poll::Pending;
            }
        }
        state.now.store(IDLE, Release);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Lets the other components of the run go first.
pub(crate) async fn others_first() {
    let mut waited = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, AcqRel);
        }
    }

    impl Wakes {
        fn count(&self) -> usize {
            self.0.load(Acquire)
        }
    }

    #[test]
    fn polls_again_while_asked_and_not_for_ever() {
        // (polls that ask for another one, polls made, wakes of the run)
        for (asks, polls, wakes) in [(0, 1, 0), (1, 2, 0), (15, 16, 0), (16, 16, 1), (99, 16, 1)] {
            let (run, mut made) = (Arc::new(Wakes::default()), 0);
            let waker = Waker::from(Arc::clone(&run));
            let polled = Again::default().poll(&mut Context::from_waker(&waker), |cx| {
                made += 1;
                if made <= asks {
                    cx.waker().wake_by_ref();
                }
                Poll::<()>::Pending
            });
            assert!(polled.is_pending());
            assert_eq!((made, run.count()), (polls, wakes), "{asks} asks");
        }
    }

    #[test]
    fn a_wake_between_polls_wakes_the_run_once() {
        let run = Arc::new(Wakes::default());
        let outer = Waker::from(Arc::clone(&run));
        let (mut again, mut inner) = (Again::default(), None);
        for round in 1..=2 {
            let polled = again.poll(&mut Context::from_waker(&outer), |cx| {
                inner = Some(cx.waker().clone());
                Poll::<()>::Pending
            });
            assert!(polled.is_pending());
            let inner = inner.take().unwrap();
            inner.wake_by_ref();
            inner.wake();
            assert_eq!(run.count(), round);
        }
    }

    #[test]
    fn a_value_ends_the_turns() {
        let mut made = 0;
        let polled = Again::default().poll(&mut Context::from_waker(Waker::noop()), |cx| {
            made += 1;
            cx.waker().wake_by_ref();
            if made == 3 { Poll::Ready(made) } else { Poll::Pending }
        });
        assert_eq!(polled, Poll::Ready(3));
    }
}
