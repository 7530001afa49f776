//! The bytes that stand in a JSON string as they are.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u8x16};

/// The bytes that are looked at together.
pub(super) const STEP: usize = 16;

/// Which of the bytes are a quote, a backslash or a control character: bit *i* stands for byte *i*.
#[inline(always)]
pub(super) fn special<S: Simd>(simd: S, bytes: &[u8; STEP]) -> u16 {
    let bytes = u8x16::from_slice(simd, bytes);
    let of = |byte: u8| u8x16::splat(simd, byte);
    let special = bytes.simd_eq(of(b'"')) | bytes.simd_eq(of(b'\\')) | bytes.simd_lt(of(b' '));
    special.to_bitmask() as u16
}

/// How many bytes at the start of `text` are neither a quote, a backslash nor a control character.
/// Of less than 16 bytes at the end of the text, none are counted.
#[inline(always)]
pub(super) fn plain_prefix<S: Simd>(simd: S, text: &[u8]) -> usize {
    let mut length = 0;
    while let Some(bytes) = text[length..].first_chunk::<STEP>() {
        let special = special(simd, bytes);
        if special != 0 {
            return length + special.trailing_zeros() as usize;
        }
        length += STEP;
    }
    length
}
