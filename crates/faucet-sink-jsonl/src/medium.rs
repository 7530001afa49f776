//! The medium that the sink writes lines to.

use std::io;

/// A file, pipe or device, as the lines need it. Its methods may block.
pub(crate) trait Medium: Send + 'static {
    /// Writes some of `bytes` and returns how many.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Takes back the last `n` bytes.
    fn take_back(&mut self, n: u64) -> io::Result<()>;

    /// Ends a stretch of bytes that readers can only use whole.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Waits until the disk has all written bytes, where there is a disk.
    fn sync(&mut self) -> io::Result<()>;

    /// The length to which a later run can cut the medium back. `None`: there is none.
    fn length(&self) -> io::Result<Option<u64>>;
}
