//! Step 4: which token may follow which.
//!
//! A string, a scalar and an opening bracket begin a *value*. Where values, commas, colons and
//! closing brackets may stand depends on the token in front alone, with two exceptions: which
//! strings are keys, and what a bracket encloses. The second is step 5.

use crate::stream::json::bulk::bits::Behind;
use crate::stream::json::bulk::tokens::Tokens;

/// Checks the order of tokens, and counts messages.
pub(super) struct Order {
    behind_value: Behind,
    behind_opener: Behind,
    behind_lead: Behind,
    behind_key: Behind,
    /// Bit 0 is set where the end of a key is still to be found in the next block.
    key: u64,
    /// Bit 0 is set where the block before ends with a line break.
    line_start: u64,
    values_at_line_start: u32,
    line_breaks: u32,
}

/// What the order of the tokens in a block says.
pub(super) struct Ordered {
    /// Bytes at which the text is no JSON.
    pub(super) faults: u64,
    /// Bytes that are a fault between messages, in an object and in an array, in this order: see
    /// [`nesting`](super::nesting).
    pub(super) misplaced: [u64; 3],
}

impl Default for Order {
    /// The text begins as if a line break stood in front.
    fn default() -> Self {
        Self {
            behind_value: Behind::default(),
            behind_opener: Behind::AT_START,
            behind_lead: Behind::default(),
            behind_key: Behind::default(),
            key: 0,
            line_start: 1,
            values_at_line_start: 0,
            line_breaks: 0,
        }
    }
}

impl Order {
    #[inline(always)]
    pub(super) fn check(&mut self, tokens: &Tokens) -> Ordered {
        let Tokens { comma, colon, open, close, space, line_break, .. } = *tokens;
        let value = tokens.string_start | tokens.scalar.start | open;
        self.count(value, line_break);

        let value_ends = tokens.string_end | close;
        let behind_value = self.behind_value.of(value_ends, tokens.scalar.behind, space);
        // A line break opens and closes the space between messages, as brackets do.
        let behind_opener = self.behind_opener.of(open | line_break, 0, space);
        let mut faults = tokens.line_break_inside;
        // Values stand behind a comma, a colon or an opener, which leaves no other token.
        faults |= value & behind_value;
        faults |= (comma | colon) & !behind_value;
        faults |= (close | line_break) & !(behind_value | behind_opener);

        // A string behind `{` or a comma may be a key; a colon stands behind such a string only.
        let behind_lead = self.behind_lead.of(tokens.curly_open | comma, 0, space);
        let key_ends = self.key_ends(tokens.inside, tokens.string_start & behind_lead);
        let behind_key = self.behind_key.of(key_ends, 0, space);
        faults |= colon & !behind_key;

        // Values that are no keys, and strings that could be keys and have no colon behind them.
        let of_array = behind_lead & (open | tokens.scalar.start) | behind_key & !colon;
        // Between messages no string is a key: a colon is a fault there already.
        let misplaced = [comma, of_array | line_break, colon | line_break];
        Ordered { faults, misplaced }
    }

    /// The quotes behind the strings that begin at `starts`. An addition carries from each start
    /// through all bytes inside the string to its end.
    #[inline(always)]
    fn key_ends(&mut self, inside: u64, starts: u64) -> u64 {
        let (sum, beyond_block) = inside.overflowing_add(starts);
        let (sum, also_beyond_block) = sum.overflowing_add(self.key);
        self.key = u64::from(beyond_block | also_beyond_block);
        sum & !inside
    }

    /// Counts the line breaks, and the values that stand directly behind one.
    #[inline(always)]
    fn count(&mut self, value: u64, line_break: u64) {
        let line_starts = line_break << 1 | self.line_start;
        self.line_start = line_break >> 63;
        self.values_at_line_start += (line_starts & value).count_ones();
        self.line_breaks += line_break.count_ones();
    }

    /// How many values stand directly behind a line break, and how many line breaks there are, the
    /// one behind the text included.
    #[inline(always)]
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.values_at_line_start as usize, self.line_breaks as usize)
    }
}
