//! Calls into plugins. A panic becomes an error, and what panicked is not called again.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use faucet_core::{Error, ErrorKind, Result};
use futures_util::FutureExt;
use tokio::time::timeout;

/// Awaits a plugin's call.
pub(crate) async fn caught<T>(
    call: &'static str,
    future: impl Future<Output = Result<T>>,
) -> Result<T> {
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => Err(panicked(call, &*panic)),
    }
}

/// Makes a plugin's call that is no future, or polls its future once.
pub(crate) fn caught_now<T>(call: &'static str, f: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| panicked(call, &*panic))
}

/// Drops what has panicked before: it may do so again, and that is no news.
pub(crate) fn discard<T>(value: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
}

/// Awaits a plugin's last calls. `what` says what the component did not do in time.
pub(crate) async fn in_time<T>(
    call: &'static str,
    what: &str,
    limit: Duration,
    future: impl Future<Output = Result<T>>,
) -> Result<T> {
    timeout(limit, future).await.unwrap_or_else(|_| {
        let message = format!("{what} within {limit:?}");
        Err(Error::new(ErrorKind::Timeout, message).with_phase(call))
    })
}

fn panicked(call: &'static str, panic: &(dyn Any + Send)) -> Error {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Error::new(ErrorKind::Panic, format!("plugin panicked: {said} (in {call})"))
        .with_phase(call)
        .with_hint("this is a fault of the component; report it to its author")
}
