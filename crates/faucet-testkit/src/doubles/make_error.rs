//! Errors that a double makes.

use std::sync::Arc;

use faucet_core::Error;

/// Makes an error, each time anew. A closure that panics makes a double that panics.
pub(crate) type MakeError = Arc<dyn Fn() -> Error + Send + Sync>;
