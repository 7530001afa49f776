//! A source that waits.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use faucet_core::{Error, PageReader, Result};

use crate::graph::guard::{caught_now, discard};

/// A source's `hold`. Returning is harmless, and it is then not called again.
pub(crate) struct Hold<'a> {
    future: Option<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>,
    panicked: Option<Error>,
}

impl<'a> Hold<'a> {
    pub(crate) fn new(reader: &'a mut Box<dyn PageReader>) -> Self {
        match caught_now("hold", || reader.hold()) {
            Ok(future) => Self { future: Some(future), panicked: None },
            Err(panicked) => Self { future: None, panicked: Some(panicked) },
        }
    }

    /// Ready with the error when the source panics, and pending for ever after that.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        if let Some(future) = &mut self.future {
            match caught_now("hold", || future.as_mut().poll(cx)) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => {}
                Err(panicked) => self.panicked = Some(panicked),
            }
            discard(self.future.take());
        }
        self.panicked.take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// Lets a source hold until `until` is ready.
///
/// # Errors
/// The source has panicked.
pub(crate) async fn hold_until<T>(
    reader: &mut Box<dyn PageReader>,
    until: impl Future<Output = T>,
) -> Result<T> {
    let mut until = pin!(until);
    // A source that need not wait is not asked to hold.
    let now = poll_fn(|cx| Poll::Ready(until.as_mut().poll(cx))).await;
    if let Poll::Ready(value) = now {
        return Ok(value);
    }
    let mut hold = Hold::new(reader);
    poll_fn(|cx| match until.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Ok(value)),
        Poll::Pending => hold.poll(cx).map(Err),
    })
    .await
}
