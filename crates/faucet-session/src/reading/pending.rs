//! A text that comes in several messages of one compressed stream.

use crate::reading::failure::DecompressFailed;
use crate::reading::output::Output;

/// The room that stays for the next text in parts.
const KEPT: usize = 64 << 10;

/// The part of a text that is here before the text ends.
#[derive(Debug, Default)]
pub(super) struct Pending {
    text: Vec<u8>,
    /// The context of a stream is lost with its first error.
    failed: Option<DecompressFailed>,
}

impl Pending {
    /// Appends the text to `out` where it ends with a message, and tells whether it does. `read`
    /// decompresses the message, and tells whether a text may end with it. A text has bytes.
    pub(super) fn read(
        &mut self,
        out: &mut Vec<u8>,
        max: usize,
        read: impl FnOnce(&mut Output<'_>) -> Result<bool, DecompressFailed>,
    ) -> Result<bool, DecompressFailed> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let read = if self.text.is_empty() {
            self.begin(out, max, read)
        } else {
            self.go_on(out, max, read)
        };
        if let Err(failed) = read {
            self.failed = Some(failed);
            self.text = Vec::new();
        }
        read
    }

    /// Most texts end with the message that they begin with, and take the straight way.
    fn begin(
        &mut self,
        out: &mut Vec<u8>,
        max: usize,
        read: impl FnOnce(&mut Output<'_>) -> Result<bool, DecompressFailed>,
    ) -> Result<bool, DecompressFailed> {
        let mut output = Output::new(out, max);
        let read = read(&mut output);
        if read == Ok(true) && !output.text().is_empty() {
            return read;
        }
        self.text.extend_from_slice(output.text());
        output.undo();
        read.map(|_| false)
    }

    fn go_on(
        &mut self,
        out: &mut Vec<u8>,
        max: usize,
        read: impl FnOnce(&mut Output<'_>) -> Result<bool, DecompressFailed>,
    ) -> Result<bool, DecompressFailed> {
        let ended = read(&mut Output::behind(&mut self.text, max))?;
        if ended {
            Output::new(out, max).push(&self.text)?;
            self.text.clear();
            self.text.shrink_to(KEPT);
        }
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_parts_has_the_same_limit() {
        const MAX: usize = 1000;
        let mut pending = Pending::default();
        let mut out = b"before".to_vec();
        let mut read = |bytes: &[u8], ended: bool| {
            let done = pending.read(&mut out, MAX, |output| output.push(bytes).map(|()| ended));
            let text = out.split_off(6);
            assert_eq!(done == Ok(true), !text.is_empty());
            assert!(pending.text.capacity() <= MAX, "{}", pending.text.capacity());
            done.map(|_| text)
        };
        for _ in 0..3 {
            assert_eq!(read(b"", true), Ok(vec![]));
            assert_eq!(read(&[1; 600], false), Ok(vec![]));
            assert_eq!(read(b"", false), Ok(vec![]));
            assert_eq!(read(&[1; 400], true), Ok(vec![1; 1000]));
        }
        let failed = Err(DecompressFailed::TooLarge { max: MAX });
        assert_eq!(read(&[1; 600], false), Ok(vec![]));
        assert_eq!(read(&[1; 401], true), failed);
        assert_eq!(read(&[1; 4], true), failed, "the stream is lost");
        assert_eq!(pending.text.capacity(), 0);
    }
}
