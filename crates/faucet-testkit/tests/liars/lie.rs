//! A lie, and how it is caught.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

pub(crate) type Local = Pin<Box<dyn Future<Output = ()>>>;

/// One promise that a double breaks.
pub(crate) struct Lie {
    /// The lie in words.
    pub(crate) what: &'static str,
    /// The rule that must catch it.
    pub(crate) rule: &'static str,
    /// Whether it is one of the review's table.
    pub(crate) reviewed: bool,
    /// Tries the rule on the double.
    pub(crate) attempt: Box<dyn Fn() -> Local>,
}

/// `lies![case: "what" => suite::rule, LIE; …]`: tries `suite::rule` on `case(LIE)`. A `*` marks a
/// lie that the review's table does not have.
#[macro_export]
macro_rules! lies {
    ($($what:literal => $suite:ident::$rule:ident, $case:expr, $reviewed:literal;)*) => {
        vec![$($crate::lie::Lie {
            what: $what,
            rule: concat!(stringify!($suite), "::", stringify!($rule)),
            reviewed: $reviewed,
            attempt: Box::new(|| Box::pin(async {
                let case = $case;
                $suite::$rule(&case).await;
            })),
        },)*]
    };
}

/// Runs a test on a runtime of its own.
pub(crate) fn run(paused: bool, test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(paused);
    runtime.build().unwrap().block_on(test);
}

/// Whether the rule catches the lie, and under its name.
pub(crate) fn caught(lie: &Lie) -> Result<(), String> {
    let attempt = AssertUnwindSafe(|| run(true, (lie.attempt)()));
    match catch_unwind(attempt) {
        Ok(()) => Err("it passes".to_owned()),
        Err(panic) => {
            let text = text(&*panic);
            let expected = format!("rule {}: ", lie.rule);
            text.starts_with(&expected).then_some(()).ok_or(text)
        }
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}
