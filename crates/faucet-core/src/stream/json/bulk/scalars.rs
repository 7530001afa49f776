//! Step 6: numbers, `true`, `false` and `null`.
//!
//! A scalar is here a run of bytes that are no other token; the run may be anything. Masks settle runs
//! of digits and decimal fractions all at once. The others are looked at one by one.

use fearless_simd::Simd;

use crate::stream::json::bulk::block::{BLOCK, Block};
use crate::stream::json::bulk::masks::{Digits, Signs};
use crate::stream::json::bulk::run::is_scalar;
use crate::stream::json::bulk::tokens::ScalarMasks;

/// Whether all runs of the block are scalars.
///
/// No state goes from block to block. A run over several blocks is right if each block has only
/// digits of it and the first is not a leading zero. In any other case the run is looked up in the
/// text as a whole.
#[inline(always)]
pub(super) fn are_scalars<S: Simd>(simd: S, runs: &ScalarMasks, block: Block<'_>) -> bool {
    if runs.bytes == 0 {
        return true;
    }
    let Digits { digit, zero } = Digits::of(simd, block.bytes);
    let others = runs.bytes & !digit;
    // The shift repeats the highest bit: the byte behind the block may be one more digit.
    let leading_zeros = runs.start & zero & (runs.bytes as i64 >> 1) as u64;
    if others | leading_zeros == 0 {
        return true;
    }
    // Whole runs remain when those are taken away that go over an end of the block.
    let mut bytes = runs.bytes;
    if runs.pending != 0 {
        let first_run = runs.bytes & !runs.bytes.wrapping_add(1);
        bytes &= !first_run;
        let needs_look = others & first_run != 0 && is_behind_digit(block);
        if needs_look && !is_scalar_around(first_run, block) {
            return false;
        }
    }
    if runs.bytes >> 63 == 1 {
        let last_run = !(u64::MAX.checked_shr(runs.bytes.leading_ones()).unwrap_or_default());
        bytes &= !last_run;
        let needs_look = (others | leading_zeros) & last_run != 0;
        if needs_look && !is_scalar_around(last_run, block) {
            return false;
        }
    }
    WholeRuns { bytes, starts: runs.start & bytes, digit, zero }.are_scalars(simd, block)
}

/// Whether the block in front ends with a digit. Where it ends with another byte of a run, the whole
/// run was looked at there.
#[inline(always)]
fn is_behind_digit(block: Block<'_>) -> bool {
    let last = block.at().checked_sub(1).and_then(|last| block.text.get(last));
    last.is_some_and(u8::is_ascii_digit)
}

/// Whether the run of which the block has `part` is a scalar.
#[cold]
fn is_scalar_around(part: u64, block: Block<'_>) -> bool {
    let first = block.at() + part.trailing_zeros() as usize;
    let behind = block.at() + BLOCK - part.leading_zeros() as usize;
    // Line breaks and spaces stand behind the text: they are part of no run.
    let (Some(before), Some(after)) = (block.text.get(..first), block.text.get(behind..)) else {
        return false;
    };
    let more_before = before.iter().rev().take_while(|byte| !ends_run(**byte)).count();
    let more_after = after.iter().take_while(|byte| !ends_run(**byte)).count();
    is_scalar(&block.text[first - more_before..behind + more_after])
}

/// Whether the byte is another token, or a space between tokens.
fn ends_run(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'"' | b',' | b':' | b'[' | b']' | b'{' | b'}')
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
        self.are_words_and_integers(block) || self.are_all_sorts(simd, block)
    }

    /// Whether the runs that do not begin with a digit are words, and the others are digits. `false`
    /// is no answer.
    #[inline(always)]
    fn are_words_and_integers(&self, block: Block<'_>) -> bool {
        let mut words = self.starts & !self.digit;
        // An addition carries through all bytes of a run.
        let bytes_of_words = self.bytes & !self.bytes.wrapping_add(words);
        let leading_zeros = self.starts & self.zero & self.bytes >> 1;
        if self.bytes & !self.digit & !bytes_of_words | leading_zeros != 0 {
            return false;
        }
        while words != 0 {
            let at = words.trailing_zeros() as usize;
            words &= words - 1;
            if !is_literal(block, at, (self.bytes >> at).trailing_ones() as usize) {
                return false;
            }
        }
        true
    }

    #[inline(always)]
    fn are_all_sorts<S: Simd>(&self, simd: S, block: Block<'_>) -> bool {
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
    let is_false = is(*b"fals") & (e == b'e');
    (length == 4 + usize::from(is_false)) & (is(*b"true") | is(*b"null") | is_false)
}
