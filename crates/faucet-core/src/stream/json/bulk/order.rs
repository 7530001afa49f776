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
    messages: u32,
    line_breaks: u32,
}

/// What the order of the tokens in a block says.
pub(super) struct Ordered {
    /// Bytes at which the text is no JSON.
    pub(super) faults: u64,
    pub(super) misplaced: Misplaced,
}

/// Bytes that are a fault where they lie: see [`nesting`](super::nesting).
#[derive(Clone, Copy)]
pub(super) struct Misplaced {
    pub(super) between: u64,
    pub(super) in_object: u64,
    pub(super) in_array: u64,
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
            messages: 0,
            line_breaks: 0,
        }
    }
}

impl Order {
    #[inline(always)]
    pub(super) fn check(&mut self, tokens: &Tokens) -> Ordered {
        // One branch for the block, in place of one for each addition that skips spaces.
        match tokens.space {
            0 => self.check_with(tokens, 0),
            spaces => self.check_with(tokens, spaces),
        }
    }

    #[inline(always)]
    fn check_with(&mut self, tokens: &Tokens, spaces: u64) -> Ordered {
        let Tokens { comma, colon, open, close, line_break, .. } = *tokens;
        let value_ends = tokens.string_end | close;
        let behind_value = self.behind_value.of(value_ends, tokens.scalar.behind, spaces);
        // A line break opens and closes the space between messages, as brackets do.
        let behind_opener = self.behind_opener.of(open | line_break, 0, spaces);
        let separator = comma | colon;
        let closer = close | line_break;
        // Behind a value stands a separator or a closer. These stand behind a value only, with one
        // exception: a closer stands behind an opener where there is nothing between the two.
        let faults = (separator | closer) ^ behind_value ^ closer & behind_opener;

        // A string behind `{` or a comma may be a key; a colon stands behind such a string only.
        let lead = open & tokens.curly | comma;
        let behind_lead = self.behind_lead.of(lead, 0, spaces);
        let key_ends = self.key_ends(tokens.inside, tokens.string_start & behind_lead);
        let behind_key = self.behind_key.of(key_ends, 0, spaces);
        // Values that are no keys, strings that could be keys and have no colon behind them, and
        // colons that have no key in front.
        let not_of_object = behind_lead & (open | tokens.scalar.start) | behind_key ^ colon;
        self.count(line_break, behind_value);
        Ordered {
            faults,
            misplaced: Misplaced {
                between: separator,
                in_object: not_of_object | line_break,
                in_array: colon | line_break,
            },
        }
    }

    /// The quotes behind the strings that begin at `starts`. An addition carries from each start
    /// through all bytes inside the string to its end.
    #[inline(always)]
    fn key_ends(&mut self, inside: u64, starts: u64) -> u64 {
        // Where a key is open, the first byte of the block begins no other string.
        let sum = inside.wrapping_add(starts | self.key);
        // The addition clears the bytes inside keys: here the last byte of the block.
        self.key = (inside & !sum) >> 63;
        sum & !inside
    }

    /// Counts the line breaks, and the messages that end at one.
    #[inline(always)]
    fn count(&mut self, line_break: u64, behind_value: u64) {
        self.messages += (line_break & behind_value).count_ones();
        self.line_breaks += line_break.count_ones();
    }

    /// How many messages have a line break behind them, and how many line breaks there are, the one
    /// behind the text included.
    #[inline(always)]
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.messages as usize, self.line_breaks as usize)
    }
}
