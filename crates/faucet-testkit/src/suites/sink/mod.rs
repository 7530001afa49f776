//! The rules of sinks. Each function is a rule, and panics with `rule NAME: …` where the sink breaks
//! it. [`conforms`] tries all that apply to a case. A sink with sockets, or with threads of its own,
//! needs a running clock: a paused one runs ahead of them.
//!
//! ```
//! use faucet_testkit::MemorySink;
//! use faucet_testkit::sink::{self, SinkCase};
//!
//! # async fn test() {
//! let sink = MemorySink::new();
//! let case = SinkCase::new(async || sink.clone(), async || sink.json())
//!     .reset(async || sink.clear())
//!     .name("memory");
//! sink::conforms(&case).await;
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
//! #     .unwrap().block_on(test());
//! ```

mod case;
mod looks;
mod run;
mod writing;

pub use case::SinkCase;
pub use looks::{
    checks_without_a_trace, counts_half_a_page, fails_its_check, hands_back_rejected_records,
    keeps_its_secrets, names_its_placeholders, names_itself, opens_without_harm,
    survives_a_dropped_open,
};
pub use writing::{
    accounts_for_its_records, delivers_nothing_on_close, delivers_on_flush, flushes_nothing,
    goes_on_from_what_it_saved, keeps_runs_apart, never_blocks, stands_marks,
    survives_a_dropped_write, survives_a_kill_at_any_poll, writes_nothing_after_close,
};

/// Tries every rule that applies to the case.
pub async fn conforms(case: &SinkCase<'_>) {
    delivers_on_flush(case).await;
    accounts_for_its_records(case).await;
    flushes_nothing(case).await;
    delivers_nothing_on_close(case).await;
    writes_nothing_after_close(case).await;
    survives_a_kill_at_any_poll(case).await;
    survives_a_dropped_write(case).await;
    stands_marks(case).await;
    keeps_runs_apart(case).await;
    never_blocks(case).await;
    goes_on_from_what_it_saved(case).await;
    counts_half_a_page(case).await;
    hands_back_rejected_records(case).await;
    opens_without_harm(case).await;
    survives_a_dropped_open(case).await;
    keeps_its_secrets(case).await;
    names_itself(case).await;
    names_its_placeholders(case).await;
    checks_without_a_trace(case).await;
    fails_its_check(case).await;
}
