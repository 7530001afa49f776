//! Messages compressed as RFC 7692 has it.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use crate::result::Result;

/// What a sync flush ends with. It is left out on the wire.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Compresses one message after the other.
pub(crate) struct Deflater {
    compress: Compress,
    /// The dictionary begins anew with each message.
    reset: bool,
}

impl Deflater {
    pub(crate) fn new(reset: bool) -> Self {
        Self { compress: Compress::new(Compression::default(), false), reset }
    }

    pub(crate) fn message(&mut self, payload: &[u8]) -> Result<Vec<u8>> {
        if self.reset {
            self.compress.reset();
        }
        let mut out = Vec::with_capacity(payload.len() + 64);
        let before = self.compress.total_in();
        // The flush is whole once it leaves room.
        loop {
            let read = usize::try_from(self.compress.total_in() - before)?;
            self.compress.compress_vec(&payload[read..], &mut out, FlushCompress::Sync)?;
            if out.len() < out.capacity() {
                break;
            }
            out.reserve(1024);
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        Ok(out)
    }
}

/// Inflates one message after the other.
pub(crate) struct Inflater {
    decompress: Decompress,
    reset: bool,
    out: Vec<u8>,
}

impl Inflater {
    pub(crate) fn new(reset: bool) -> Self {
        Self { decompress: Decompress::new(false), reset, out: Vec::with_capacity(64 << 10) }
    }

    /// The message that `payload` holds.
    pub(crate) fn message(&mut self, payload: &[u8]) -> Result<&[u8]> {
        self.out.clear();
        if self.reset {
            self.decompress.reset(false);
        }
        self.push(payload)?;
        self.push(&TAIL)?;
        Ok(&self.out)
    }

    fn push(&mut self, mut input: &[u8]) -> Result<()> {
        while !input.is_empty() {
            let before = self.decompress.total_in();
            self.decompress.decompress_vec(input, &mut self.out, FlushDecompress::Sync)?;
            input = &input[usize::try_from(self.decompress.total_in() - before)?..];
            if self.out.len() == self.out.capacity() {
                self.out.reserve(self.out.capacity());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Payload;

    #[test]
    fn messages_come_back_also_when_a_feed_repeats_them() {
        for reset in [true, false] {
            for payload in [Payload::Trade, Payload::DeepBook] {
                let (mut deflater, mut inflater) = (Deflater::new(reset), Inflater::new(reset));
                let messages: Vec<String> = payload.messages().into_iter().take(300).collect();
                let sent: Vec<Vec<u8>> =
                    messages.iter().map(|m| deflater.message(m.as_bytes()).unwrap()).collect();
                for _ in 0..2 {
                    for (sent, message) in sent.iter().zip(&messages) {
                        assert!(sent.len() < message.len());
                        assert_eq!(inflater.message(sent).unwrap(), message.as_bytes());
                    }
                }
            }
        }
    }
}
