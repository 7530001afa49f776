//! Messages on their way to the owner.

use bytes::Bytes;

/// Messages that take less than one part in this many of a buffer are copied out of it, so that no
/// page keeps more than four times its bytes alive.
pub(crate) const SPARSE: usize = 4;

/// The bytes of messages that were taken.
#[derive(Debug)]
pub enum Taken<'a> {
    /// The buffer itself, which nobody writes to any more.
    Shared(Bytes),
    /// A part of the buffer that is overwritten by the next read.
    Small(&'a [u8]),
}
