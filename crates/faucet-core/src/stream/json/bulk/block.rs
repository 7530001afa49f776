//! The unit of the bulk pass.

/// The bytes of a block: one for each bit of a mask.
pub(crate) const BLOCK: usize = 64;

/// Some bytes of the text.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    /// The bytes. Behind the text stand a line break and spaces.
    pub(super) bytes: &'a [u8; BLOCK],
    /// The number of blocks in front of it.
    pub(super) number: usize,
    /// The whole text.
    pub(super) text: &'a [u8],
}

impl Block<'_> {
    /// The offset of the block in the text.
    pub(super) fn at(self) -> usize {
        self.number * BLOCK
    }
}
