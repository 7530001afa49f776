//! One timer for a deadline that moves all the time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

/// Now, on the clock that drives tokio's timers.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A timer that is set again only when it fires too early or is wanted sooner: a deadline that
/// moves with every read costs nothing per read.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    armed: Option<Instant>,
}

impl Timer {
    /// Ready when `deadline` has passed; else registers for it.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline else { return Poll::Pending };
        loop {
            if self.armed.is_none_or(|armed| armed > deadline) {
                match &mut self.sleep {
                    Some(sleep) => sleep.as_mut().reset(deadline.into()),
                    None => self.sleep = Some(Box::pin(sleep_until(deadline.into()))),
                }
                self.armed = Some(deadline);
            }
            let fired = self.sleep.as_mut().is_some_and(|s| s.as_mut().poll(cx).is_ready());
            if !fired {
                return Poll::Pending;
            }
            if self.armed.take().is_some_and(|armed| armed >= deadline) {
                return Poll::Ready(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fires_at_the_deadline_it_was_last_asked_for() {
        let start = Instant::now();
        let at = |ms| Some((start + Duration::from_millis(ms)).into_std());
        let mut timer = Timer::default();
        for (first, second) in [(100, 900), (2000, 1500)] {
            assert!(futures_util::poll!(poll_fn(|cx| timer.poll(cx, at(first)))).is_pending());
            poll_fn(|cx| timer.poll(cx, at(second))).await;
            assert_eq!(start.elapsed(), Duration::from_millis(second));
        }
        assert!(futures_util::poll!(poll_fn(|cx| timer.poll(cx, None))).is_pending());
    }
}
