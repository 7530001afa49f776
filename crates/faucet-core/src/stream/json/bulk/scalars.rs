//! Step 6: numbers, `true`, `false` and `null`.
//!
//! A scalar is here a run of bytes that are no other token; the run may be anything. Masks settle runs
//! of digits and decimal fractions all at once. The others are looked at one by one.

use fearless_simd::Simd;

use crate::stream::json::bulk::bits::all_if;
use crate::stream::json::bulk::block::Block;
use crate::stream::json::bulk::masks::{Digits, Signs};
use crate::stream::json::bulk::run::is_scalar;
use crate::stream::json::bulk::tokens::ScalarMasks;

/// The run that reaches the end of the block before.
#[derive(Default)]
pub(super) struct Scalars {
    /// The offset at which the run begins.
    from: usize,
    /// Whether the run needs a look: it has something else than digits, or begins with a zero.
    needs_look: bool,
}

impl Scalars {
    /// Whether all runs that end in the next block are scalars.
    #[inline(always)]
    pub(super) fn check<S: Simd>(&mut self, simd: S, runs: &ScalarMasks, block: Block<'_>) -> bool {
        let Digits { digit, zero } = Digits::of(simd, block.bytes);
        let mut first_run = 0;
        if runs.is_pending {
            let length = runs.bytes.trailing_ones();
            first_run = u64::MAX.checked_shl(length).map_or(u64::MAX, |behind| !behind);
            self.needs_look |= first_run & !digit != 0;
            let ends_here = length < 64;
            if ends_here && self.needs_look && !self.pending_is_scalar(block, length as usize) {
                return false;
            }
        }
        // The run that reaches the end of this block, if it begins in it.
        let reaches_end = all_if(runs.bytes >> 63 == 1);
        let last_start = highest(runs.start) & reaches_end;
        let last_run = runs.bytes & 0u64.wrapping_sub(last_start);
        if last_start != 0 {
            self.from = block.at + last_start.trailing_zeros() as usize;
            self.needs_look = last_run & !digit != 0 || last_start & zero != 0;
        }
        let whole_runs = WholeRuns {
            bytes: runs.bytes & !first_run & !last_run,
            starts: runs.start & !last_start,
            digit,
            zero,
        };
        whole_runs.are_scalars(simd, block)
    }

    /// Whether the run that ends in the block, behind `length` bytes, is a scalar.
    #[inline]
    fn pending_is_scalar(&self, block: Block<'_>, length: usize) -> bool {
        // Behind the text stands a line break: no run goes beyond the text.
        block.text.get(self.from..block.at + length).is_some_and(is_scalar)
    }
}

/// The runs that begin and end in the block.
struct WholeRuns {
    bytes: u64,
    starts: u64,
    digit: u64,
    zero: u64,
}

impl WholeRuns {
    #[inline(always)]
    fn are_scalars<S: Simd>(&self, simd: S, block: Block<'_>) -> bool {
        let has_others = self.bytes & !self.digit != 0;
        let has_leading_zeros = self.starts & self.zero & self.bytes >> 1 != 0;
        if !has_others && !has_leading_zeros {
            return true;
        }
        let mut starts = self.starts_to_look_at(simd, block);
        while starts != 0 {
            let at = starts.trailing_zeros() as usize;
            starts &= starts - 1;
            let length = (self.bytes >> at).trailing_ones() as usize;
            if !is_literal(block, at, length) && !is_scalar(&block.bytes[at..at + length]) {
                return false;
            }
        }
        true
    }

    /// Where the runs begin that are neither an integer nor a decimal fraction such as `-0.25`.
    /// Where one of them is a number all the same, as `1e5`, all runs are to be looked at.
    #[inline(always)]
    fn starts_to_look_at<S: Simd>(&self, simd: S, block: Block<'_>) -> u64 {
        let signs = Signs::of(simd, block.bytes);
        let digits = self.digit & self.bytes;
        let minus = signs.minus & self.starts;
        // The first byte of the integer part.
        let integer = self.starts & !minus | minus << 1;
        let words = integer & !digits;
        let words = words & self.starts | words >> 1 & minus;
        // An addition carries through the digits of each integer part to the byte behind it. It
        // leaves other digits alone, and `& !digits` takes them away.
        let behind_integer = digits.wrapping_add(integer & digits) & !digits;
        // So each run has at most one point that counts.
        let point = signs.point & behind_integer & self.bytes;
        let lacks_fraction = point << 1 & !digits;
        let leading_zeros = integer & self.zero & digits >> 1;
        // The same addition for the whole run.
        let bytes_of_words = self.bytes & !self.bytes.wrapping_add(words);
        let others = self.bytes & !(digits | minus | point | bytes_of_words);
        if others | lacks_fraction | leading_zeros != 0 { self.starts } else { words }
    }
}

/// Whether the run is `true`, `false` or `null`. `false` is no answer near the end of the block.
#[inline(always)]
fn is_literal(block: Block<'_>, at: usize, length: usize) -> bool {
    let Some(bytes) = block.bytes.get(at..).and_then(|bytes| bytes.first_chunk::<5>()) else {
        return false;
    };
    let [a, b, c, d, e] = *bytes;
    let word = u32::from_le_bytes([a, b, c, d]);
    let is = |text: [u8; 4]| word == u32::from_le_bytes(text);
    // `|` and `&` make no branches.
    (length == 4) & (is(*b"true") | is(*b"null")) | (length == 5) & is(*b"fals") & (e == b'e')
}

/// The highest bit that is set.
#[inline(always)]
fn highest(mask: u64) -> u64 {
    (1u64 << 63).checked_shr(mask.leading_zeros()).unwrap_or_default()
}
