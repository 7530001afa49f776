//! Work that a session program waits for.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

use faucet_connect::{Quote, Secrets};
use futures_util::FutureExt;

/// An answer whose type only the program knows.
pub(crate) type AnyAnswer = Box<dyn Any + Send>;

/// Work that a session program waits for: a signature of a wallet, a lookup.
pub struct Work(Pin<Box<dyn Future<Output = AnyAnswer> + Send>>);

/// The result of [`Work`].
pub struct WorkDone(pub(crate) Result<AnyAnswer, Quote>);

impl Work {
    pub(crate) fn new<A: Send + 'static>(work: impl Future<Output = A> + Send + 'static) -> Self {
        Self(Box::pin(async move { Box::new(work.await) as AnyAnswer }))
    }

    /// Does the work. A panic is a result too; `secrets` are struck out of its words.
    pub async fn run(self, secrets: Secrets) -> WorkDone {
        let done = AssertUnwindSafe(self.0).catch_unwind().await;
        WorkDone(done.map_err(|panic| Quote::of_panic(&*panic, &secrets)))
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

impl fmt::Debug for WorkDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkDone")
    }
}
