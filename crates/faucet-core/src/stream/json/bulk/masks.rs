//! Step 1: the bytes of a block by their kind.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u8x64};

use crate::stream::json::bulk::block::BLOCK;

/// Which bytes of a block are what, inside strings as well.
pub(crate) struct Masks {
    pub(crate) quote: u64,
    pub(crate) comma: u64,
    pub(super) colon: u64,
    /// `{` and `[`.
    pub(crate) open: u64,
    /// `}` and `]`.
    pub(crate) close: u64,
    /// Of the brackets, `{` and `}`. Other bytes may have their bit set as well.
    pub(super) curly: u64,
    pub(super) space: u64,
    /// Line breaks and other control characters. Both sorts are one to the pass: no message may have
    /// a line break, so the count of this mask tells whether a message has either.
    pub(super) control: u64,
    pub(crate) has_backslash: bool,
}

impl Masks {
    #[inline(always)]
    pub(crate) fn of<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        let is = |byte: u8| bytes.simd_eq(u8x64::splat(simd, byte));
        // `[` and `{` differ in this bit only, and so do `]` and `}`. No other byte becomes `{` or
        // `}` by it.
        let folded = bytes | u8x64::splat(simd, b'[' ^ b'{');
        let is_folded = |byte: u8| folded.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
        Self {
            quote: is(b'"').to_bitmask(),
            comma: is(b',').to_bitmask(),
            colon: is(b':').to_bitmask(),
            open: is_folded(b'{'),
            close: is_folded(b'}'),
            curly: folded.simd_eq(bytes).to_bitmask(),
            space: is(b' ').to_bitmask(),
            control: bytes.simd_lt(u8x64::splat(simd, b' ')).to_bitmask(),
            // Most blocks have none: the question is cheaper than the mask.
            has_backslash: is(b'\\').any_true(),
        }
    }
}

/// The backslashes of a block.
#[inline(always)]
pub(crate) fn backslashes<S: Simd>(simd: S, block: &[u8; BLOCK]) -> u64 {
    let bytes = u8x64::from_slice(simd, block);
    bytes.simd_eq(u8x64::splat(simd, b'\\')).to_bitmask()
}

/// The bytes from which numbers are made.
pub(super) struct Digits {
    /// `0` to `9`.
    pub(super) digit: u64,
    pub(super) zero: u64,
}

impl Digits {
    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        let zero = u8x64::splat(simd, b'0');
        Self {
            // The subtraction wraps around: bytes below `0` become large.
            digit: (bytes - zero).simd_lt(u8x64::splat(simd, 10)).to_bitmask(),
            zero: bytes.simd_eq(zero).to_bitmask(),
        }
    }
}

/// The other bytes of decimal fractions.
pub(super) struct Signs {
    pub(super) point: u64,
    pub(super) minus: u64,
}

impl Signs {
    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        let is = |byte: u8| bytes.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
        Self { point: is(b'.'), minus: is(b'-') }
    }
}
