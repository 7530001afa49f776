//! The result of everything that can fail here.

use std::error::Error;

/// A developer reads the error, so its text is enough.
pub(crate) type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;
