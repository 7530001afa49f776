//! Text as a JSON string, with exactly the escapes of `serde_json`.
//!
//! Text such as JSON in a string has a quote every few bytes, at places that the processor cannot
//! guess. So no branch asks about single bytes: a table says for each of the 256 ways in which eight
//! bytes may need escapes where they come to stand among the backslashes, and one instruction (a byte
//! shuffle) puts them there.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch, u8x16, u8x32};

/// The bytes that are looked at together.
const BLOCK: usize = 32;

/// The bytes that one shuffle takes. The result has twice as many at most.
const GROUP: usize = 8;

/// Escaped text is collected here before it is appended: short appends cost more than their bytes.
const SCRATCH: usize = 512;

/// So much is in use at most before another block: a block becomes at most twice its size, and a
/// shuffle writes 16 bytes although fewer may count.
const FULL: usize = SCRATCH - 2 * BLOCK - 2 * GROUP;

/// For each mask of the bytes that need a backslash, the source of each byte of the result: a byte of
/// the group, or [`BACKSLASH`].
static PLACES: [[u8; 2 * GROUP]; 256] = places();

/// A lane behind the group's bytes, in which the shuffle finds a backslash.
const BACKSLASH: u8 = GROUP as u8;

const fn places() -> [[u8; 2 * GROUP]; 256] {
    let mut all = [[0; 2 * GROUP]; 256];
    let mut mask = 0;
    while mask < all.len() {
        let (mut byte, mut place) = (0, 0);
        while byte < GROUP {
            if mask >> byte & 1 == 1 {
                all[mask][place] = BACKSLASH;
                place += 1;
            }
            all[mask][place] = byte as u8;
            place += 1;
            byte += 1;
        }
        mask += 1;
    }
    all
}

/// Appends UTF-8 text to `out` as a JSON string.
pub(crate) fn push_string(text: &[u8], out: &mut Vec<u8>) {
    dispatch!(Level::new(), simd => Escaper::new(simd).push_string(text, out));
}

/// Appends JSON strings.
pub(crate) struct Escaper<S> {
    simd: S,
    scratch: [u8; SCRATCH],
    /// How many bytes of the scratch memory are in use.
    used: usize,
}

impl<S: Simd> Escaper<S> {
    pub(crate) fn new(simd: S) -> Self {
        Self { simd, scratch: [0; SCRATCH], used: 0 }
    }

    /// Appends UTF-8 text to `out` as a JSON string.
    #[inline(always)]
    pub(crate) fn push_string(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.scratch[0] = b'"';
        self.used = 1;
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        for block in blocks {
            self.block(block, BLOCK, out);
        }
        if !rest.is_empty() {
            // Spaces fill the last block: they need no escapes.
            let mut last = [b' '; BLOCK];
            last[..rest.len()].copy_from_slice(rest);
            self.block(&last, rest.len(), out);
        }
        self.flush(out);
        out.push(b'"');
    }

    /// Escapes the first `length` bytes of the block. Behind them stand spaces.
    #[inline(always)]
    fn block(&mut self, block: &[u8; BLOCK], length: usize, out: &mut Vec<u8>) {
        if self.used > FULL {
            self.flush(out);
        }
        let bytes = u8x32::from_slice(self.simd, block);
        let of = |byte: u8| u8x32::splat(self.simd, byte);
        let control = bytes.simd_lt(of(b' '));
        let special = bytes.simd_eq(of(b'"')) | bytes.simd_eq(of(b'\\')) | control;
        if !special.any_true() {
            self.scratch[self.used..self.used + BLOCK].copy_from_slice(block);
            self.used += length;
            return;
        }
        if control.any_true() {
            self.flush(out);
            return push_bytes(&block[..length], out);
        }
        let mask = special.to_bitmask();
        let groups = length.div_ceil(GROUP);
        for (n, group) in block.as_chunks::<GROUP>().0.iter().take(groups).enumerate() {
            self.group(group, (mask >> (n * GROUP)) as u8);
        }
        self.used -= groups * GROUP - length;
    }

    /// Escapes a group. `mask` are the bytes that need a backslash.
    #[inline(always)]
    fn group(&mut self, group: &[u8; GROUP], mask: u8) {
        let mut source = [b'\\'; 2 * GROUP];
        source[..GROUP].copy_from_slice(group);
        let source = u8x16::from_slice(self.simd, &source);
        let places = u8x16::from_slice(self.simd, &PLACES[usize::from(mask)]);
        let escaped = source.swizzle_dyn(places);
        escaped.store_slice(&mut self.scratch[self.used..self.used + 2 * GROUP]);
        self.used += GROUP + mask.count_ones() as usize;
    }

    #[inline(always)]
    fn flush(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.scratch[..self.used]);
        self.used = 0;
    }
}

/// Appends escaped bytes one by one.
#[cold]
fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        let short = match byte {
            b'"' | b'\\' => *byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            0..b' ' => {
                let digit = |four_bits: u8| b"0123456789abcdef"[usize::from(four_bits)];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
                continue;
            }
            _ => {
                out.push(*byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stream::json::levels::levels;

    fn assert_as_serde_json(text: &str) {
        let expected = serde_json::to_vec(text).unwrap();
        for level in levels() {
            let mut out = b"before".to_vec();
            dispatch!(level, simd => Escaper::new(simd).push_string(text.as_bytes(), &mut out));
            assert_eq!(out, [b"before", &expected[..]].concat(), "{level:?} {text:?}");
        }
        let mut out = Vec::new();
        push_string(text.as_bytes(), &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn each_byte_is_escaped_wherever_it_stands() {
        for byte in 0..=0x7f {
            let byte = char::from(byte);
            for before in (0..34).chain(494..498) {
                for behind in [0, 1, 33] {
                    let (before, behind) = ("x".repeat(before), "y".repeat(behind));
                    assert_as_serde_json(&format!("{before}{byte}{behind}"));
                    assert_as_serde_json(&format!("{before}\"{byte}\\{behind}"));
                }
            }
        }
    }

    #[test]
    fn text_of_nothing_but_quotes_fills_the_memory_safely() {
        for length in (0..600).step_by(3) {
            assert_as_serde_json(&"\"".repeat(length));
        }
    }

    proptest! {
        #[test]
        fn strings_are_those_of_serde_json(
            text in "([a-z]{0,40}|[\"\\\\]{1,20}|[\u{0}-\u{7f}]|[π€😀\u{7f}\u{80}]|\\{\"a\":\"b\"\\}){0,40}"
        ) {
            assert_as_serde_json(&text);
        }
    }
}
