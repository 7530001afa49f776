//! Step 5: what may stand in an object, in an array, and between messages.
//!
//! Step 4 finds the bytes that are a fault in one of the three and not in another, such as a colon.
//! This step finds out which bytes lie where, and keeps only the faults.

use crate::stream::json::bulk::order::Misplaced;
use crate::stream::json::bulk::tokens::Tokens;
use crate::stream::json::judge::MAX_DEPTH;

/// Where a byte lies.
const BETWEEN: u8 = 0;
const OBJECT: u8 = 1;
const ARRAY: u8 = 2;

/// The containers that are open behind the last block.
pub(super) struct Nesting<'a> {
    // A reference, because an array in the struct would keep the carries of all steps in memory.
    levels: &'a mut Levels,
    depth: usize,
}

/// The kind of each level: `OBJECT` or `ARRAY`, and `BETWEEN` at depth 0.
pub(super) type Levels = [u8; LEVELS];

/// A power of two, so that a mask keeps each index in bounds.
pub(super) const LEVELS: usize = 128;
const _: () = assert!(LEVELS == MAX_DEPTH as usize + 1);

impl<'a> Nesting<'a> {
    /// Begins between messages. `levels` is room for the open containers.
    #[inline(always)]
    pub(super) fn new(levels: &'a mut Levels) -> Self {
        levels[0] = BETWEEN;
        Self { levels, depth: 0 }
    }

    /// The bytes of the next block that are a fault where they lie, and bits of no byte in particular
    /// for brackets that do not match. `None` asks the judge.
    #[inline(always)]
    pub(super) fn check(&mut self, tokens: &Tokens, misplaced: Misplaced) -> Option<u64> {
        let turns = Turns::of(tokens.open, tokens.close);
        let brackets = tokens.open | tokens.close;
        if turns.are_right && self.depth < LEVELS - 1 {
            // A block without brackets takes the first branch. Where other blocks have curly brackets
            // only, as in a feed of flat objects, the processor guesses the branch each time.
            if brackets & !tokens.curly == 0 {
                return Some(self.in_turn(&turns, OBJECT, misplaced));
            }
            if brackets & tokens.curly == 0 {
                return Some(self.in_turn(&turns, ARRAY, misplaced));
            }
        }
        self.one_by_one(tokens, misplaced)
    }

    /// All brackets are of one kind, and opening and closing ones stand in turn: so the block has two
    /// levels only. Most blocks are so, many of them because they have one bracket or none.
    ///
    /// No branches: the processor could not guess them.
    #[inline(always)]
    fn in_turn(&mut self, turns: &Turns, kind: u8, misplaced: Misplaced) -> u64 {
        let Turns { begins_inside, inside, deeper, .. } = *turns;
        let mismatch = begins_inside & u64::from(self.innermost() != kind);
        // Without a container the depth wraps around: that is a mismatch, and the pass ends with the
        // block.
        self.depth = self.depth.wrapping_sub(begins_inside as usize);
        let outer = self.innermost();
        // The level above the innermost one is free: to write there is no harm.
        self.levels[self.depth.wrapping_add(1) % LEVELS] = kind;
        self.depth = self.depth.wrapping_add((inside >> 63) as usize);
        misplaced.at(kind) & deeper | misplaced.at(outer) & !deeper | mismatch
    }

    /// Goes from bracket to bracket.
    #[inline(always)]
    fn one_by_one(&mut self, tokens: &Tokens, misplaced: Misplaced) -> Option<u64> {
        let Tokens { open, close, curly, .. } = *tokens;
        let (mut left, mut seen, mut faults) = (open | close, 0, 0);
        let kind_of = |bracket: u64| if curly & bracket == 0 { ARRAY } else { OBJECT };
        while left != 0 {
            // The bytes up to the bracket lie in the innermost container.
            let bracket = lowest(left);
            left ^= bracket;
            faults |= misplaced.at(self.innermost()) & up_to(bracket) & !seen;
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
                self.levels[self.depth % LEVELS] = kind;
                continue;
            }
            // A container without others in it, the most frequent sort, is opened and closed at once.
            if kind != kind_of(next) {
                return None;
            }
            left ^= next;
            faults |= misplaced.at(kind) & up_to(next) & !seen;
            seen = up_to(next);
        }
        Some(faults | misplaced.at(self.innermost()) & !seen)
    }

    /// Where the next byte lies.
    #[inline(always)]
    fn innermost(&self) -> u8 {
        self.levels[self.depth % LEVELS]
    }
}

impl Misplaced {
    /// The faults of the bytes that lie there. Comparisons in place of an index keep the masks in
    /// registers.
    #[inline(always)]
    fn at(self, place: u8) -> u64 {
        let in_container = if place == OBJECT { self.in_object } else { self.in_array };
        if place == BETWEEN { self.between } else { in_container }
    }
}

/// The brackets of a block as if opening and closing ones stood in turn.
struct Turns {
    /// 1 where the first bracket closes, so that the block begins on the inner level.
    begins_inside: u64,
    /// The bytes on the inner level, with the opening bracket and without the closing one.
    inside: u64,
    /// The bytes on the inner level, without the opening bracket and with the closing one.
    deeper: u64,
    /// Whether the brackets do stand in turn.
    are_right: bool,
}

impl Turns {
    #[inline(always)]
    fn of(open: u64, close: u64) -> Self {
        let begins_inside = u64::from(lowest(open | close) & close != 0);
        // Each closing bracket minus the opening one in front of it is the bytes from one to the
        // other, as 1000 - 1 = 0111.
        let inside = close.wrapping_sub(open).wrapping_sub(begins_inside);
        let deeper = inside << 1 | begins_inside;
        // Where brackets do not stand in turn, the bytes inside begin elsewhere. The ends need no
        // comparison: the subtraction leaves one set of ends for each set of beginnings.
        let are_right = inside & !deeper == open;
        Self { begins_inside, inside, deeper, are_right }
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
