//! A rule by its name, and the bounds within which it is tried.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How long one rule may take on the real clock.
const REAL: Duration = Duration::from_secs(60);

/// How many seconds one rule may take on tokio's clock, which may be paused.
const SECONDS: usize = 3600;

/// The least time on the real clock: a paused clock runs ahead of threads and sockets.
const REAL_LEAST: Duration = Duration::from_secs(2);

/// The beginning of a suite's panics.
const PREFIX: &str = "rule ";

/// One promise of the contract.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule(pub(crate) &'static str);

impl Rule {
    /// Fails the test.
    #[track_caller]
    pub(crate) fn broken(self, what: impl Display) -> ! {
        panic!("{PREFIX}{}: {what}", self.0)
    }

    /// Fails the test unless `holds`.
    #[track_caller]
    pub(crate) fn check(self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken(what());
        }
    }

    /// Fails the test on an error; `what` names the call.
    #[track_caller]
    pub(crate) fn ok<T>(self, result: faucet_core::Result<T>, what: &str) -> T {
        result.unwrap_or_else(|error| self.broken(format_args!("{what} failed: {error:#}")))
    }

    /// Fails the test where `left` and `right` are not the same list of payloads.
    #[track_caller]
    pub(crate) fn same(self, left: &[Vec<u8>], right: &[Vec<u8>], what: &str) {
        if left != right {
            let at = left.iter().zip(right).position(|(one, other)| one != other);
            let at = at.unwrap_or(left.len().min(right.len()));
            let show = |list: &[Vec<u8>]| {
                list.get(at).map_or("none".into(), |it| String::from_utf8_lossy(it).into_owned())
            };
            self.broken(format_args!(
                "{what}: {} records come instead of {}; record {at} is {} instead of {}",
                left.len(),
                right.len(),
                show(left),
                show(right)
            ));
        }
    }

    /// Tries the rule within its bounds. A panic of the component breaks the rule.
    pub(crate) async fn run(self, future: impl Future<Output = ()>) {
        let mut future = Guarded { rule: self, begun: Instant::now(), future: Box::pin(future) };
        let (begun, mut seconds) = (Instant::now(), 0);
        while seconds < SECONDS || begun.elapsed() < REAL_LEAST {
            let second = Duration::from_secs(1);
            if tokio::time::timeout(second, &mut future).await.is_ok() {
                return;
            }
            seconds += 1;
        }
        self.broken("it is not over after an hour on tokio's clock: a call never returns");
    }

    /// Tries a rule that awaits no future.
    pub(crate) fn run_now(self, check: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(check)) {
            self.panicked(panic);
        }
    }

    fn panicked(self, panic: Box<dyn Any + Send>) -> ! {
        let text = panic_text(&*panic);
        if text.starts_with(PREFIX) {
            resume_unwind(panic);
        }
        self.broken(format_args!("a panic: {text}"))
    }
}

/// The message of a panic.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

struct Guarded<F> {
    rule: Rule,
    begun: Instant,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Guarded<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let rule = self.rule;
        // A future that wakes itself for ever keeps a paused clock from going on.
        rule.check(self.begun.elapsed() < REAL, || format!("it is not over after {REAL:?}"));
        let poll = AssertUnwindSafe(|| self.future.as_mut().poll(cx));
        catch_unwind(poll).unwrap_or_else(|panic| rule.panicked(panic))
    }
}
