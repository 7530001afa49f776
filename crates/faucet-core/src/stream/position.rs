//! Where a run can begin again.

use std::fmt;
use std::sync::Arc;

/// A point in a feed behind which a run can begin. Only the source that made it reads its text.
///
/// The runner writes positions into the state file as they are: a position holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(Arc<str>);

impl Position {
    /// A position with this text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
