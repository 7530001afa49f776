//! What the thread of a sink writes to.

use faucet_core::{StreamPage, Timestamp};

use crate::error::JsonlError;
use crate::files::Committed;

/// A destination of pages. Its methods may block.
pub(crate) trait Output: Send + 'static {
    fn write_page(&mut self, page: &StreamPage) -> Result<(), JsonlError>;

    /// Writes the line of a gap that ends at `at`; `line` is without its line break.
    fn write_gap(&mut self, line: &[u8], at: Timestamp) -> Result<(), JsonlError>;

    /// Everything that was written can be read by others. Returns the place behind which a later run goes on,
    /// where there is one.
    fn flush(&mut self) -> Result<Option<Committed>, JsonlError>;

    /// The run is over.
    fn close(&mut self);
}
