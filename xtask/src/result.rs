//! The result of a task.

use std::error::Error;

/// The result of a task. A developer reads the error, so its text is enough.
pub(crate) type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;
