//! Step 2: escapes in strings.

use crate::stream::json::bulk::bits::escaped_bytes;
use crate::stream::json::bulk::block::Block;

/// Checks escapes, such as `\n` and `\u00e9`.
#[derive(Default)]
pub(super) struct Escapes {
    /// Bit 0 is set where a backslash at the end of the last block escapes the first byte of the next.
    pending: u64,
    /// The offset of the `u` of a low surrogate whose high surrogate stands in front of it.
    low_surrogate: Option<usize>,
}

impl Escapes {
    pub(super) fn is_pending(&self) -> bool {
        self.pending != 0
    }

    /// Checks the escapes of the block. Returns which bytes a backslash escapes.
    /// `None`: an escape is invalid.
    #[cold]
    pub(super) fn check(&mut self, block: Block<'_>, backslash: u64) -> Option<u64> {
        let (escaped, pending) = escaped_bytes(backslash, self.pending);
        self.pending = pending;
        let mut left = escaped;
        while left != 0 {
            let here = block.at() + left.trailing_zeros() as usize;
            left &= left - 1;
            match block.text.get(here)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                b'u' => self.unicode(block.text, here)?,
                _ => return None,
            }
        }
        Some(escaped)
    }

    /// Checks the escape whose `u` stands at `here`. Text may have a surrogate only as one of a pair:
    /// a high one, and directly behind it the escape of a low one.
    fn unicode(&mut self, text: &[u8], here: usize) -> Option<()> {
        match hex4(text, here + 1)? {
            0xd800..=0xdbff => {
                let low = here + 6;
                let is_low = text.get(low - 1..=low) == Some(b"\\u")
                    && hex4(text, low + 1).is_some_and(|code| (0xdc00..=0xdfff).contains(&code));
                self.low_surrogate = Some(low);
                is_low.then_some(())
            }
            0xdc00..=0xdfff if self.low_surrogate != Some(here) => None,
            _ => Some(()),
        }
    }
}

/// Four hexadecimal digits at `at`.
fn hex4(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4)?;
    digits.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))
}
