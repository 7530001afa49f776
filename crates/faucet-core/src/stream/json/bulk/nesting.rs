//! Step 5: what may stand in an object, in an array, and between messages.
//!
//! Step 4 finds the bytes that are a fault in one of the three and not in another, such as a colon.
//! This step finds out which bytes lie where, and keeps only the faults.

use crate::stream::json::bulk::bits::{all_if, prefix_xor};
use crate::stream::json::bulk::tokens::Tokens;
use crate::stream::json::judge::MAX_DEPTH;

/// Where a byte lies: the index of its faults in [`Ordered::misplaced`](super::order::Ordered).
const BETWEEN: usize = 0;
const OBJECT: usize = 1;
const ARRAY: usize = 2;

/// The containers that are open behind the last block.
#[derive(Default)]
pub(super) struct Nesting {
    /// One bit for each open container, the innermost lowest: set where it is an object.
    objects: u128,
    depth: u32,
}

impl Nesting {
    /// The bytes of the next block that are a fault where they lie, and bits of no byte in particular
    /// for brackets that do not match. `None` asks the judge.
    #[inline(always)]
    pub(super) fn check(&mut self, tokens: &Tokens, misplaced: &[u64; 3]) -> Option<u64> {
        let brackets = tokens.open | tokens.close;
        let curly = tokens.curly_open | tokens.curly_close;
        let parity = prefix_xor(brackets);
        // The first bracket, the third and so on.
        let odd = brackets & parity;
        let in_turn = odd == tokens.open || odd == tokens.close;
        if in_turn && (curly == 0 || curly == brackets) {
            // Where the first bracket closes, the block begins on the inner level.
            let begins_inside = odd != tokens.open;
            let inside = parity ^ all_if(begins_inside);
            Some(self.in_turn(tokens, misplaced, begins_inside, inside))
        } else {
            self.one_by_one(tokens, misplaced)
        }
    }

    /// All brackets are of one kind, and opening and closing ones stand in turn: so the block has two
    /// levels only, and the parity of the brackets tells them apart. Most blocks are so, many of them
    /// because they have one bracket or none.
    #[inline(always)]
    fn in_turn(
        &mut self,
        tokens: &Tokens,
        misplaced: &[u64; 3],
        begins_inside: bool,
        inside: u64,
    ) -> u64 {
        let Tokens { open, close, .. } = *tokens;
        let kind = if tokens.curly_open | tokens.curly_close == 0 { ARRAY } else { OBJECT };
        // `&` in place of `&&`: a branch costs more than the comparison that it leaves out.
        let mut faults = u64::from(begins_inside & (self.innermost() != kind));
        self.pop(u32::from(begins_inside));
        faults |= u64::from((open != 0) & (self.depth >= MAX_DEPTH));

        // An opening bracket must be allowed outside, a closing one stands inside.
        let deeper = inside & !open | close;
        faults |= misplaced[kind] & deeper | misplaced[self.innermost()] & !deeper;
        self.push((inside >> 63) as u32, kind);
        faults
    }

    /// Goes from bracket to bracket.
    #[inline(always)]
    fn one_by_one(&mut self, tokens: &Tokens, misplaced: &[u64; 3]) -> Option<u64> {
        let Tokens { open, close, curly_open, curly_close, .. } = *tokens;
        let (mut left, mut seen, mut faults) = (open | close, 0, 0);
        let kind_of = |curly: u64, bracket: u64| if curly & bracket == 0 { ARRAY } else { OBJECT };
        while left != 0 {
            // The bytes up to the bracket lie in the innermost container.
            let bracket = lowest(left);
            left ^= bracket;
            faults |= misplaced[self.innermost()] & up_to(bracket) & !seen;
            seen = up_to(bracket);
            if close & bracket != 0 {
                if self.innermost() != kind_of(curly_close, bracket) {
                    return None;
                }
                self.pop(1);
                continue;
            }
            if self.depth == MAX_DEPTH {
                return None;
            }
            let kind = kind_of(curly_open, bracket);
            let next = lowest(left);
            if close & next == 0 {
                self.push(1, kind);
                continue;
            }
            // A container without others in it, the most frequent sort, is opened and closed at once.
            if kind != kind_of(curly_close, next) {
                return None;
            }
            left ^= next;
            faults |= misplaced[kind] & up_to(next) & !seen;
            seen = up_to(next);
        }
        Some(faults | misplaced[self.innermost()] & !seen)
    }

    /// Where the next byte lies. Arithmetic in place of branches, which the processor could not guess.
    #[inline(always)]
    fn innermost(&self) -> usize {
        const { assert!(BETWEEN == 0 && OBJECT + 1 == ARRAY) };
        let is_object = self.objects as usize & 1;
        usize::from(self.depth != 0) * (ARRAY - is_object)
    }

    /// Opens one container, or none.
    #[inline(always)]
    fn push(&mut self, count: u32, kind: usize) {
        let is_object = count & u32::from(kind == OBJECT);
        self.objects = self.objects << count | u128::from(is_object);
        self.depth = self.depth.wrapping_add(count);
    }

    /// Closes one container, or none. Without a container the depth wraps around: that is a mismatch,
    /// and the pass ends with the block.
    #[inline(always)]
    fn pop(&mut self, count: u32) {
        self.objects >>= count;
        self.depth = self.depth.wrapping_sub(count);
    }
}

/// The lowest bit that is set.
#[inline(always)]
fn lowest(mask: u64) -> u64 {
    mask & mask.wrapping_neg()
}

/// The bytes up to a bit, and the bit.
#[inline(always)]
fn up_to(bit: u64) -> u64 {
    bit | bit.wrapping_sub(1)
}
