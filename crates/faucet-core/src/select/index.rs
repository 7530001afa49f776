//! Where the quotes, commas and brackets of a JSON text stand.
//!
//! A search that looks at each byte decides something at each byte. The index asks 64 bytes at once:
//! comparing a block of 64 bytes with a quote is a few instructions, and the answer is a *mask*, a
//! number in which bit *i* stands for byte *i* of the block. To find the next comma is then to find the
//! next set bit of a mask: a long string costs as much as a short one. Commas and brackets inside
//! strings are no tokens, and their bits are cleared.
//!
//! The masks are those of the bulk check (`crate::json::is_all_json`), without the check. Text that is
//! not JSON has masks too; the cursor notices what does not fit together.
//!
//! The index covers a *window* of the text, so that it needs no memory beside the stack. A search behind
//! the window moves the window on.

use fearless_simd::{Level, Simd, dispatch};

use crate::stream::json::bulk::bits::{Behind, all_if, escaped_bytes, prefix_xor};
use crate::stream::json::bulk::block::BLOCK;
use crate::stream::json::bulk::masks::{Masks, backslashes};

/// The blocks of a window.
const BLOCKS: usize = 4;

/// The bytes of a window.
const WINDOW: usize = BLOCKS * BLOCK;

/// The masks of a block. Three masks tell four sorts of bytes: a comma has its bit in two of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    quotes: u64,
    commas_and_opens: u64,
    commas_and_closes: u64,
}

impl Marks {
    /// The quotes that begin or end a string.
    #[inline(always)]
    pub(super) fn quotes(&self) -> u64 {
        self.quotes
    }

    /// The commas and brackets outside strings.
    #[inline(always)]
    pub(super) fn tokens(&self) -> u64 {
        self.commas_and_opens | self.commas_and_closes
    }

    /// `{` and `[` outside strings.
    #[inline(always)]
    fn opens(&self) -> u64 {
        self.commas_and_opens & !self.commas_and_closes
    }

    /// `}` and `]` outside strings.
    #[inline(always)]
    fn closes(&self) -> u64 {
        self.commas_and_closes & !self.commas_and_opens
    }
}

/// The state that a block takes over from the block in front of it.
#[derive(Debug, Clone, Copy, Default)]
struct Carry {
    /// All bits are set where the block in front ends inside a string.
    in_string: u64,
    /// 1 where a backslash at the end of the block in front escapes the first byte.
    escaped: u64,
}

/// The masks of a window of a text.
#[derive(Debug, Clone)]
pub(super) struct Index<'a> {
    text: &'a [u8],
    /// Where the window begins.
    from: usize,
    /// The bytes of the window, in whole blocks. The first search makes the first window.
    length: usize,
    blocks: [Marks; BLOCKS],
    /// For the block behind the window.
    carry: Carry,
    /// Whether a window so far had a backslash.
    has_escapes: bool,
}

impl<'a> Index<'a> {
    /// The index of `text` from the byte at `from` on, which is outside strings.
    #[inline(always)]
    pub(super) fn new(text: &'a [u8], from: usize) -> Self {
        Self {
            text,
            from,
            length: 0,
            blocks: [Marks::default(); BLOCKS],
            carry: Carry::default(),
            has_escapes: false,
        }
    }

    #[inline(always)]
    pub(super) fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Whether the text up to the end of the window may have escapes.
    #[inline(always)]
    pub(super) fn has_escapes(&self) -> bool {
        self.has_escapes
    }

    /// Makes sure that the window does not begin behind `at`, a byte outside strings.
    #[inline]
    pub(super) fn back_to(&mut self, at: usize) {
        if at < self.from {
            (self.from, self.length, self.carry) = (at, 0, Carry::default());
        }
    }

    /// Where the first byte at or behind `at` stands whose bit is set in the mask `which`. `at` must not
    /// lie in front of the window.
    // Inlined, because most searches end in the block where they begin, after few instructions.
    #[inline(always)]
    pub(super) fn next(&mut self, at: usize, which: impl Fn(&Marks) -> u64) -> Option<usize> {
        let offset = at.wrapping_sub(self.from);
        if let Some(marks) = self.blocks.get(offset / BLOCK)
            && offset < self.length
        {
            let mask = which(marks) >> (offset % BLOCK);
            if mask != 0 {
                return Some(at + mask.trailing_zeros() as usize);
            }
        }
        self.next_behind(at, which)
    }

    /// [`next`](Self::next) in as many blocks as it takes.
    #[inline(never)]
    fn next_behind(&mut self, mut at: usize, which: impl Fn(&Marks) -> u64) -> Option<usize> {
        loop {
            let (marks, bit) = self.block(at)?;
            let mask = which(marks) >> bit;
            if mask != 0 {
                return Some(at + mask.trailing_zeros() as usize);
            }
            at += BLOCK - bit;
        }
    }

    /// Where the bracket stands that closes the container around `at`. Brackets of both kinds count
    /// alike.
    pub(super) fn close(&mut self, mut at: usize) -> Option<usize> {
        let mut depth = 1usize;
        let mut behind_opens = Behind::default();
        loop {
            let (marks, bit) = self.block(at)?;
            let (opens, closes) = (marks.opens() >> bit, marks.closes() >> bit);
            // A container without containers inside leaves the depth as it was: its two brackets
            // cancel out. Most blocks of an array of such containers have no other brackets. What is
            // left is one bracket for each change of the depth: a bracket that opens directly behind
            // another one that opens (in place of that one), and a bracket that closes directly behind
            // another one that closes.
            let behind_open = behind_opens.of(opens, 0, !(opens | closes));
            let mut left = (opens & behind_open) | (closes & !behind_open);
            while left != 0 {
                let first = left & left.wrapping_neg();
                left ^= first;
                if opens & first != 0 {
                    depth += 1;
                    continue;
                }
                depth -= 1;
                if depth == 0 {
                    return Some(at + first.trailing_zeros() as usize);
                }
            }
            at += BLOCK - bit;
        }
    }

    /// The masks of the block in which `at` lies, and the bit of `at` in them. `None`: `at` lies behind
    /// the text.
    #[inline(always)]
    fn block(&mut self, at: usize) -> Option<(&Marks, usize)> {
        if at.wrapping_sub(self.from) >= self.length {
            self.advance(at)?;
        }
        let offset = at.wrapping_sub(self.from);
        Some((self.blocks.get(offset / BLOCK)?, offset % BLOCK))
    }

    /// Moves the window on until `at` lies inside.
    #[inline(never)]
    fn advance(&mut self, at: usize) -> Option<()> {
        while at.wrapping_sub(self.from) >= self.length {
            let from = self.from + self.length;
            let text = self.text.get(from..).filter(|text| !text.is_empty())?;
            self.from = from;
            let window = (&mut self.blocks, &mut self.carry);
            self.has_escapes |=
                dispatch!(Level::new(), simd => mark(simd, text, window.0, window.1));
            self.length = text.len().min(WINDOW).next_multiple_of(BLOCK);
        }
        Some(())
    }
}

/// Makes the masks of the beginning of `text`. Tells whether there are backslashes.
#[inline(always)]
fn mark<S: Simd>(simd: S, text: &[u8], blocks: &mut [Marks; BLOCKS], carry: &mut Carry) -> bool {
    let mut has_escapes = false;
    let (chunks, rest) = text.as_chunks::<BLOCK>();
    let mut left = blocks.iter_mut();
    for (bytes, marks) in chunks.iter().zip(&mut left) {
        has_escapes |= mark_block(simd, bytes, 0, marks, carry);
    }
    let Some(marks) = left.next().filter(|_| !rest.is_empty()) else { return has_escapes };
    // The rest is read with bytes in front of it as a whole block, where there are enough. A copy takes
    // longer: the processor can load its 64 bytes only when all parts of them are written.
    let mut copy = [b' '; BLOCK];
    let (bytes, known) = match text.last_chunk::<BLOCK>() {
        Some(bytes) => (bytes, BLOCK - rest.len()),
        None => {
            copy[..rest.len()].copy_from_slice(rest);
            (&copy, 0)
        }
    };
    has_escapes | mark_block(simd, bytes, known, marks, carry)
}

/// Makes the masks of a block whose first `known` bytes belong to the block before. Tells whether the
/// block has backslashes.
#[inline(always)]
fn mark_block<S: Simd>(
    simd: S,
    bytes: &[u8; BLOCK],
    known: usize,
    marks: &mut Marks,
    carry: &mut Carry,
) -> bool {
    let masks = Masks::of(simd, bytes);
    let mut quotes = masks.quote >> known;
    if masks.has_backslash || carry.escaped != 0 {
        let (escaped, pending) = escaped_bytes(backslashes(simd, bytes) >> known, carry.escaped);
        quotes &= !escaped;
        carry.escaped = pending;
    }
    let in_string = prefix_xor(quotes) ^ carry.in_string;
    carry.in_string = all_if(in_string >> 63 == 1);
    *marks = Marks {
        quotes,
        commas_and_opens: (masks.comma | masks.open) >> known & !in_string,
        commas_and_closes: (masks.comma | masks.close) >> known & !in_string,
    };
    masks.has_backslash
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index as Any, select};

    use super::*;
    use crate::stream::json::levels::levels;

    /// The sort of each byte, decided byte by byte: `"` begins or ends a string, a comma or bracket
    /// stands outside strings, and a space is any other byte.
    fn sorts(text: &[u8]) -> Vec<u8> {
        let (mut in_string, mut escaped) = (false, false);
        let sort = |byte: &u8| {
            let is_escaped = std::mem::take(&mut escaped);
            match byte {
                b'\\' => escaped = !is_escaped,
                b'"' if !is_escaped => {
                    in_string = !in_string;
                    return b'"';
                }
                b',' | b'[' | b']' | b'{' | b'}' if !in_string => return *byte,
                _ => {}
            }
            b' '
        };
        text.iter().map(sort).collect()
    }

    /// Where the first byte of the sorts `wanted` stands at or behind `at`.
    fn first(sorts: &[u8], at: usize, wanted: &[u8]) -> Option<usize> {
        sorts.iter().skip(at).position(|sort| wanted.contains(sort)).map(|n| at + n)
    }

    /// Where the container around `at` ends.
    fn end(sorts: &[u8], at: usize) -> Option<usize> {
        let mut depth = 1;
        sorts
            .iter()
            .skip(at)
            .position(|sort| {
                depth += i32::from(b"[{".contains(sort)) - i32::from(b"]}".contains(sort));
                depth == 0
            })
            .map(|n| at + n)
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let run = (select(&b"{}[],:\"\\a \n"[..]), 1usize..90).prop_map(|(b, n)| vec![b; n]);
        let few = proptest::collection::vec(select(&b"{}[],:\"\\a \n\xff"[..]), 1..40);
        let nested = select(&["[", "[],", "[1,[2,3]],", "{\"a\":[1]},", "]", "\"]\\\"]\""][..]);
        let nested =
            proptest::collection::vec(nested.prop_map(|text| text.as_bytes().to_vec()), 1..40)
                .prop_map(|parts| parts.concat());
        proptest::collection::vec(prop_oneof![run, few, nested], 0..16)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn masks_are_those_of_single_bytes(text in bytes()) {
            let expected = sorts(&text);
            for level in levels() {
                let mut carry = Carry::default();
                let mut found = Vec::new();
                for window in text.chunks(WINDOW) {
                    let mut blocks = [Marks::default(); BLOCKS];
                    dispatch!(level, simd => mark(simd, window, &mut blocks, &mut carry));
                    let sort = |n: usize| {
                        let (marks, bit) = (&blocks[n / BLOCK], n % BLOCK);
                        let sorts = [marks.quotes(), marks.tokens(), marks.opens(), marks.closes()];
                        sorts.map(|mask| mask >> bit & 1 == 1)
                    };
                    found.extend((0..window.len()).map(sort));
                }
                let expected = expected.iter().map(|sort| {
                    [b"\"".contains(sort), b",[]{}".contains(sort), b"[{".contains(sort), b"]}".contains(sort)]
                });
                prop_assert_eq!(found, expected.collect::<Vec<_>>(), "{:?}", level);
            }
        }

        #[test]
        fn searches_find_what_a_plain_scan_finds(
            text in bytes(), places in proptest::collection::vec(any::<Any>(), 1..8)
        ) {
            let sorts = sorts(&text);
            let mut index = Index::new(&text, 0);
            for place in places {
                // Any place may be searched from that is not inside a string.
                let at = place.index(text.len() + 2);
                if sorts.iter().take(at).filter(|sort| **sort == b'"').count() % 2 == 1
                    || (at > 0 && text.get(at - 1) == Some(&b'\\'))
                {
                    continue;
                }
                index.back_to(at);
                prop_assert_eq!(index.next(at, Marks::quotes), first(&sorts, at, b"\""));
                index.back_to(at);
                prop_assert_eq!(index.next(at, Marks::tokens), first(&sorts, at, b",[]{}"));
                index.back_to(at);
                prop_assert_eq!(index.close(at), end(&sorts, at));
                let seen = text.get(..at).unwrap_or(&text);
                prop_assert!(index.has_escapes() || !seen.contains(&b'\\'));
            }
        }
    }
}
