//! Step 2: what lies inside strings.

use fearless_simd::Simd;

use crate::stream::json::bulk::bits::{all_if, prefix_xor};
use crate::stream::json::bulk::block::Block;
use crate::stream::json::bulk::escapes::Escapes;
use crate::stream::json::bulk::masks::{Masks, backslashes};

/// Finds the strings.
pub(super) struct Strings<'a> {
    /// All bits are set where the block before ends inside a string.
    open: u64,
    // A reference, because blocks without escapes need their registers for other carries.
    escapes: &'a mut Escapes,
}

/// The strings of a block.
pub(super) struct StringMasks {
    /// The quotes that begin or end a string.
    pub(super) quote: u64,
    /// The bytes of strings, with the quote in front and without the quote behind.
    pub(super) inside: u64,
}

impl<'a> Strings<'a> {
    #[inline(always)]
    pub(super) fn new(escapes: &'a mut Escapes) -> Self {
        Self { open: 0, escapes }
    }

    /// The strings of the next block. `None` asks the judge: the block has an invalid escape.
    #[inline(always)]
    pub(super) fn find<S: Simd>(
        &mut self,
        simd: S,
        masks: &Masks,
        block: Block<'_>,
    ) -> Option<StringMasks> {
        let mut quote = masks.quote;
        if self.escapes.is_pending() || masks.has_backslash {
            let backslash = backslashes(simd, block.bytes);
            quote &= !self.escapes.check(block, backslash)?;
        }
        let inside = prefix_xor(quote) ^ self.open;
        self.open = all_if(inside >> 63 == 1);
        Some(StringMasks { quote, inside })
    }
}
