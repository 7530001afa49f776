//! Step 5: what may stand in an object, in an array, and between messages.
//!
//! Step 4 finds the bytes that are a fault in one of the three and not in another, such as a colon.
//! This step finds out which bytes lie where, and keeps only the faults.

use crate::stream::json::bulk::tokens::Tokens;
use crate::stream::json::judge::MAX_DEPTH;

/// Where a byte lies: the index of its faults in [`Ordered::misplaced`](super::order::Ordered).
const BETWEEN: usize = 0;
const OBJECT: usize = 1;
const ARRAY: usize = 2;

/// The containers that are open behind the last block.
pub(super) struct Nesting<'a> {
    // A reference: an array in the struct would keep all steps' carries in memory.
    levels: &'a mut Levels,
    depth: usize,
}

/// What each level is: `OBJECT` or `ARRAY`, and `BETWEEN` at depth 0.
pub(super) type Levels = [u8; LEVELS];

/// A power of two, so that a mask keeps each index in bounds.
pub(super) const LEVELS: usize = 128;
const _: () = assert!(LEVELS == MAX_DEPTH as usize + 1);

impl<'a> Nesting<'a> {
    /// Begins between messages. `levels` is room for the open containers.
    #[inline(always)]
    pub(super) fn new(levels: &'a mut Levels) -> Self {
        levels[0] = BETWEEN as u8;
        Self { levels, depth: 0 }
    }

    /// The bytes of the next block that are a fault where they lie, and bits of no byte in particular
    /// for brackets that do not match. `None` asks the judge.
    #[inline(always)]
    pub(super) fn check(&mut self, tokens: &Tokens, misplaced: &[u64; 3]) -> Option<u64> {
        let Tokens { open, close, .. } = *tokens;
        let curly = (open | close) & tokens.curly;
        // Where the first bracket closes, the block begins on the inner level.
        let begins_inside = close.trailing_zeros() < open.trailing_zeros();
        // A subtraction borrows from each closing bracket down to the opening one in front of it.
        let inside = close.wrapping_sub(open).wrapping_sub(u64::from(begins_inside));
        // The closing bracket in place of the opening one.
        let deeper = inside << 1 | u64::from(begins_inside);
        // Where opening and closing brackets do not stand in turn, the subtraction makes other edges.
        let in_turn = inside & !deeper == open && deeper & !inside == close;
        let is_of_one_kind = curly == 0 || curly == open | close;
        if in_turn && is_of_one_kind && self.depth < LEVELS - 1 {
            let kind = if curly == 0 { ARRAY } else { OBJECT };
            Some(self.in_turn(misplaced, kind, begins_inside, deeper, inside >> 63 == 1))
        } else {
            self.one_by_one(tokens, misplaced)
        }
    }

    /// All brackets are of one kind, and opening and closing ones stand in turn: so the block has two
    /// levels only. Most blocks are so, many of them because they have one bracket or none.
    ///
    /// No branches: the processor could not guess them.
    #[inline(always)]
    fn in_turn(
        &mut self,
        misplaced: &[u64; 3],
        kind: usize,
        begins_inside: bool,
        deeper: u64,
        ends_inside: bool,
    ) -> u64 {
        let mismatch = u64::from(begins_inside & (self.innermost() != kind));
        // Without a container the depth wraps around: that is a mismatch, and the pass ends with the
        // block.
        self.depth = self.depth.wrapping_sub(usize::from(begins_inside));
        let outer = self.innermost();
        // The level above the innermost one is free: to write there is no harm.
        self.levels[self.depth.wrapping_add(1) % LEVELS] = kind as u8;
        self.depth = self.depth.wrapping_add(usize::from(ends_inside));
        misplaced[kind] & deeper | misplaced[outer] & !deeper | mismatch
    }

    /// Goes from bracket to bracket.
    #[inline(always)]
    fn one_by_one(&mut self, tokens: &Tokens, misplaced: &[u64; 3]) -> Option<u64> {
        let Tokens { open, close, curly, .. } = *tokens;
        let (mut left, mut seen, mut faults) = (open | close, 0, 0);
        let kind_of = |bracket: u64| if curly & bracket == 0 { ARRAY } else { OBJECT };
        while left != 0 {
            // The bytes up to the bracket lie in the innermost container.
            let bracket = lowest(left);
            left ^= bracket;
            faults |= misplaced[self.innermost()] & up_to(bracket) & !seen;
            seen = up_to(bracket);
            if close & bracket != 0 {
                if self.innermost() != kind_of(bracket) {
                    return None;
                }
                self.depth -= 1;
                continue;
            }
            if self.depth == LEVELS - 1 {
                return None;
            }
            let kind = kind_of(bracket);
            let next = lowest(left);
            if close & next == 0 {
                self.depth += 1;
                self.levels[self.depth % LEVELS] = kind as u8;
                continue;
            }
            // A container without others in it, the most frequent sort, is opened and closed at once.
            if kind != kind_of(next) {
                return None;
            }
            left ^= next;
            faults |= misplaced[kind] & up_to(next) & !seen;
            seen = up_to(next);
        }
        Some(faults | misplaced[self.innermost()] & !seen)
    }

    /// Where the next byte lies.
    #[inline(always)]
    fn innermost(&self) -> usize {
        usize::from(self.levels[self.depth % LEVELS])
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
