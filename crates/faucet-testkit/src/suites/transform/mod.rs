//! The rules of transforms. Each function is a rule, and panics with `rule NAME: …` where the transform
//! breaks it. [`conforms`] tries all that apply to a case.
//!
//! ```
//! use faucet_testkit::BufferingTransform;
//! use faucet_testkit::transform::{self, TransformCase};
//!
//! # async fn test() {
//! let case = TransformCase::new(async || BufferingTransform::new(2))
//!     .inputs(["1", "2", "3"])
//!     .expect(["1", "2", "3"])
//!     .name("buffering");
//! transform::conforms(&case).await;
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
//! #     .unwrap().block_on(test());
//! ```

mod case;
mod rules;
mod run;

pub use case::TransformCase;
pub use rules::{
    finishes_empty, goes_on_from_its_snapshot, holds_a_bounded_amount, ignores_page_borders,
    keeps_its_secrets, keeps_its_watermarks, keeps_order_at_gaps, keeps_runs_apart,
    names_its_placeholders, names_itself, never_blocks, restores_its_snapshot,
    survives_a_dropped_open, ticks_and_rests, transforms_as_expected,
};

/// Tries every rule that applies to the case.
pub async fn conforms(case: &TransformCase<'_>) {
    transforms_as_expected(case).await;
    ignores_page_borders(case).await;
    keeps_runs_apart(case).await;
    goes_on_from_its_snapshot(case).await;
    restores_its_snapshot(case).await;
    keeps_order_at_gaps(case).await;
    keeps_its_watermarks(case).await;
    ticks_and_rests(case).await;
    finishes_empty(case).await;
    holds_a_bounded_amount(case).await;
    never_blocks(case).await;
    survives_a_dropped_open(case).await;
    keeps_its_secrets(case).await;
    names_itself(case).await;
    names_its_placeholders(case).await;
}
