//! A stack that is deep enough for planning.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// DataFusion goes down an expression by calls, and takes tens of kilobytes for each of its terms. The parser
/// [limits](crate::script) their number.
const STACK: usize = 64 << 20;

/// Does the work on a stack of 64 MiB.
pub(crate) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    scope(|scope| {
        let thread = Builder::new().name("sql-plan".to_owned()).stack_size(STACK);
        let running = thread.spawn_scoped(scope, work).expect("the system has a thread to spare");
        running.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
