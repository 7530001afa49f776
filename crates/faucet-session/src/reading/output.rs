//! A buffer that takes the text of one message and not more.

use crate::reading::failure::DecompressFailed;

/// Appends the text of one message to a buffer.
pub(super) struct Output<'a> {
    buf: &'a mut Vec<u8>,
    start: usize,
    max: usize,
}

impl<'a> Output<'a> {
    /// Appends to `buf` a text of at most `max` bytes.
    pub(super) fn new(buf: &'a mut Vec<u8>, max: usize) -> Self {
        let start = buf.len();
        Self { buf, start, max }
    }

    /// Goes on with the text in `buf`, which has at most `max` bytes in the end.
    pub(super) fn behind(buf: &'a mut Vec<u8>, max: usize) -> Self {
        Self { buf, start: 0, max }
    }

    /// The bytes of the text so far.
    pub(super) fn text(&self) -> &[u8] {
        &self.buf[self.start..]
    }

    /// Appends `bytes`. The buffer never grows beyond the limit.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), DecompressFailed> {
        let limit = self.start.saturating_add(self.max);
        let end = self.buf.len() + bytes.len();
        if end > limit {
            return Err(DecompressFailed::TooLarge { max: self.max });
        }
        if end > self.buf.capacity() {
            // `Vec` alone would double a buffer that is nearly as large as the limit.
            let wanted = self.buf.capacity().saturating_mul(2).min(limit).max(end);
            self.buf.reserve_exact(wanted - self.buf.len());
        }
        self.buf.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes the text back.
    pub(super) fn undo(self) {
        self.buf.truncate(self.start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_grows_to_the_limit_and_not_beyond() {
        let mut buf = b"before".to_vec();
        let mut output = Output::new(&mut buf, 1000);
        for _ in 0..10 {
            output.push(&[7; 100]).unwrap();
        }
        assert_eq!(output.text(), [7; 1000]);
        assert_eq!(output.push(&[7]), Err(DecompressFailed::TooLarge { max: 1000 }));
        output.push(&[]).unwrap();
        output.undo();
        assert_eq!(buf, b"before");
        assert!(buf.capacity() <= 1006, "{}", buf.capacity());
    }
}
