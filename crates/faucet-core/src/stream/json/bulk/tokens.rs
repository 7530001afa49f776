//! Step 3: the tokens outside strings.

use crate::stream::json::bulk::masks::Masks;
use crate::stream::json::bulk::strings::StringMasks;

/// The tokens of a block. All masks but `inside`, `string_start` and `control` are of bytes outside
/// strings.
pub(super) struct Tokens {
    /// The bytes of strings, with the quote in front and without the quote behind.
    pub(super) inside: u64,
    /// The quotes in front of strings, which are inside.
    pub(super) string_start: u64,
    /// The quotes behind strings, which are outside.
    pub(super) string_end: u64,
    pub(super) comma: u64,
    pub(super) colon: u64,
    pub(super) open: u64,
    pub(super) close: u64,
    /// Of the brackets, `{` and `}`. Other bytes may have their bit set as well.
    pub(super) curly: u64,
    pub(super) space: u64,
    /// Line breaks. A control character inside a string, which JSON does not allow, is one as well:
    /// step 4 finds that no value ends in front of it.
    pub(super) line_break: u64,
    pub(super) scalar: ScalarMasks,
}

/// The runs of bytes that are none of the other tokens: numbers, words, or no JSON at all.
pub(super) struct ScalarMasks {
    pub(super) bytes: u64,
    /// The first bytes of runs that begin in this block.
    pub(super) start: u64,
    /// The bytes directly behind runs.
    pub(super) behind: u64,
    /// The first byte of the block, if it goes on with a run of the block before.
    pub(super) pending: u64,
}

/// Finds the runs of scalars.
#[derive(Default)]
pub(super) struct ScalarRuns {
    /// Bit 0 is set where a run reaches the end of the block before.
    pending: u64,
}

impl ScalarRuns {
    #[inline(always)]
    fn find(&mut self, bytes: u64) -> ScalarMasks {
        let pending = self.pending;
        let behind_bytes = bytes << 1 | pending;
        self.pending = bytes >> 63;
        ScalarMasks {
            bytes,
            start: bytes & !behind_bytes,
            behind: !bytes & behind_bytes,
            pending: bytes & pending,
        }
    }
}

impl Tokens {
    #[inline(always)]
    pub(super) fn new(masks: &Masks, strings: &StringMasks, runs: &mut ScalarRuns) -> Self {
        let StringMasks { quote, inside } = *strings;
        let outside = !inside;
        let (comma, colon) = (masks.comma & outside, masks.colon & outside);
        let (open, close) = (masks.open & outside, masks.close & outside);
        let (space, line_break) = (masks.space & outside, masks.control);
        let others = inside | quote | comma | colon | open | close | space | line_break;
        Self {
            inside,
            string_start: quote & inside,
            string_end: quote & outside,
            comma,
            colon,
            open,
            close,
            curly: masks.curly,
            space,
            line_break,
            scalar: runs.find(!others),
        }
    }
}
