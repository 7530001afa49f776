//! The rules of sources. Each function is a rule, and panics with `rule NAME: …` where the source
//! breaks it. [`conforms`] tries all that apply to a case.
//!
//! The rules run on a current thread runtime of tokio, under a paused and under a running clock. A
//! source with timers is tested faster under a paused one; one with sockets, or with threads of its
//! own, needs a running one: a paused clock runs ahead of them.
//!
//! ```
//! use faucet_testkit::source::{self, SourceCase};
//! use faucet_testkit::VecSource;
//!
//! # async fn test() {
//! let case = SourceCase::new(async || VecSource::texts(&["a", "b", "c"], 2))
//!     .payloads(["a", "b", "c"])
//!     .page_limit(2)
//!     .replays()
//!     .name("vec");
//! source::conforms(&case).await;
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
//! #     .unwrap().block_on(test());
//! ```

mod case;
mod looks;
mod reading;
mod resuming;
mod run;

pub use case::{SourceCase, SourceSetup};
pub use looks::{
    checks_without_a_trace, fails_its_check, keeps_its_secrets, names_its_placeholders,
    names_itself, reads_before_it_fails, reports_outages, survives_a_dropped_open,
};
pub use reading::{
    ends_for_its_reason, has_no_void_pages, holds, is_cancel_safe, keeps_its_page_limit,
    keeps_its_watermarks, keeps_runs_apart, never_blocks, reads_all, stamps_its_records,
};
pub use resuming::{
    acknowledges_what_was_committed, closes, commits_after_the_end, commits_change_no_record,
    drains_what_was_received, keeps_its_promises, resumes_at_its_beginning,
    resumes_behind_each_page, survives_a_kill_at_any_poll,
};

/// Tries every rule that applies to the case.
pub async fn conforms(case: &SourceCase<'_>) {
    reads_all(case).await;
    keeps_runs_apart(case).await;
    is_cancel_safe(case).await;
    has_no_void_pages(case).await;
    keeps_its_page_limit(case).await;
    stamps_its_records(case).await;
    keeps_its_watermarks(case).await;
    never_blocks(case).await;
    holds(case).await;
    ends_for_its_reason(case).await;
    resumes_behind_each_page(case).await;
    resumes_at_its_beginning(case).await;
    survives_a_kill_at_any_poll(case).await;
    commits_change_no_record(case).await;
    acknowledges_what_was_committed(case).await;
    drains_what_was_received(case).await;
    commits_after_the_end(case).await;
    closes(case).await;
    keeps_its_promises(case).await;
    keeps_its_secrets(case).await;
    names_itself(case).await;
    names_its_placeholders(case).await;
    checks_without_a_trace(case).await;
    fails_its_check(case).await;
    survives_a_dropped_open(case).await;
    reads_before_it_fails(case).await;
    reports_outages(case).await;
}
