//! permessage-deflate for the scripted peer: messages to compress, and the client's messages.

use std::fmt;

use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush};

/// The bytes that a sender leaves out at the end of a message (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
const WINDOW_BITS: u8 = 15;
const LEVEL: i32 = 6;
const PIECE: usize = 64 * 1024;

/// Compresses messages for a script, each of which may refer to those before it.
///
/// ```
/// use faucet_testkit::{Deflater, Frame, Script};
/// let mut deflater = Deflater::new();
/// let hello = deflater.compress("Hello");
/// assert_eq!(hello, [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
/// Script::accept()
///     .extensions("permessage-deflate")
///     .send_frame(Frame::text(hello).compressed())
///     .send_frame(Frame::text(deflater.compress("Hello")).compressed());
/// ```
pub struct Deflater(Deflate);

impl Default for Deflater {
    fn default() -> Self {
        Self::new()
    }
}

impl Deflater {
    /// A compressor that has seen no message.
    pub fn new() -> Self {
        Self(Deflate::new(LEVEL, false, WINDOW_BITS))
    }

    /// The payload of a compressed message.
    pub fn compress(&mut self, message: impl AsRef<[u8]>) -> Vec<u8> {
        let mut input = message.as_ref();
        if input.is_empty() {
            // A flush of nothing would give nothing.
            return vec![0];
        }
        let mut out = Vec::new();
        loop {
            let end = out.len();
            out.resize(end + PIECE, 0);
            let (ins, outs) = (self.0.total_in(), self.0.total_out());
            let compressed = self.0.compress(input, &mut out[end..], DeflateFlush::SyncFlush);
            compressed.expect("a stream that has not ended takes any input");
            input = &input[(self.0.total_in() - ins) as usize..];
            let made = (self.0.total_out() - outs) as usize;
            out.truncate(end + made);
            if made < PIECE && input.is_empty() {
                out.truncate(out.len() - TAIL.len());
                return out;
            }
        }
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deflater({} bytes)", self.0.total_in())
    }
}

/// Inflates what a client sends.
pub(crate) struct Inflater {
    inflate: Inflate,
    takeover: bool,
}

impl Inflater {
    /// For an answer that chose these extensions. `None`: messages are not compressed.
    pub(crate) fn agreed(extensions: &str) -> Option<Self> {
        let takeover = !extensions.contains("client_no_context_takeover");
        let agreed = extensions.contains("permessage-deflate");
        agreed.then(|| Self { inflate: Inflate::new(false, WINDOW_BITS), takeover })
    }

    /// The message in the payload; `None`: there is none.
    pub(crate) fn inflate(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        if !self.takeover {
            self.inflate.reset(false);
        }
        let payload = [payload, &TAIL].concat();
        let (mut input, mut out) = (&payload[..], Vec::new());
        loop {
            let end = out.len();
            out.resize(end + PIECE, 0);
            let (ins, outs) = (self.inflate.total_in(), self.inflate.total_out());
            self.inflate.decompress(input, &mut out[end..], InflateFlush::SyncFlush).ok()?;
            input = &input[(self.inflate.total_in() - ins) as usize..];
            let made = (self.inflate.total_out() - outs) as usize;
            out.truncate(end + made);
            if made < PIECE {
                return input.is_empty().then_some(out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_whatever_their_size() {
        let mut deflater = Deflater::new();
        for takeover in ["", "; client_no_context_takeover"] {
            let mut inflater = Inflater::agreed(&format!("permessage-deflate{takeover}")).unwrap();
            for size in [0, 1, 100, 100, PIECE, 10 * PIECE] {
                let message: Vec<u8> = (0..size).map(|n| (n * n % 251) as u8).collect();
                if !takeover.is_empty() {
                    deflater = Deflater::new();
                }
                let payload = deflater.compress(&message);
                assert_eq!(inflater.inflate(&payload), Some(message));
            }
            assert_eq!(inflater.inflate(b"\xff"), None);
        }
        assert!(Inflater::agreed("x-other").is_none());
    }
}
