//! Futures that wait for nothing.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The result of a future that does no I/O. DataFusion plans in `async` functions, because catalogs may be
/// remote; ours is in memory, and a configuration is built without a runtime.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        // A future may give way to others; nothing else wakes it.
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_that_gives_way_is_asked_again() {
        let mut asked = 0;
        let future = std::future::poll_fn(|_| {
            asked += 1;
            if asked == 3 { Poll::Ready("done") } else { Poll::Pending }
        });
        assert_eq!(ready(future), "done");
    }
}
