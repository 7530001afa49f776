//! From messages to compressed payloads (RFC 7692 §7.2.1).

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use crate::machine::deflate::TAIL;
use crate::machine::deflate::agreed::Direction;
use crate::machine::deflate::stock::Stock;

/// The fastest level. On JSON of 128 bytes to 4 kB it takes a third to an eighth of the time of the
/// levels above it, whose blocks have a code table of their own, and sends a sixth to a third more.
const LEVEL: i32 = 1;
/// Two thirds of the memory that the default of 8 takes, for the same size of messages: a compressor
/// has 270 KB with the largest window.
const MEMORY_LEVEL: i32 = 5;
/// Where messages may not refer to each other, shorter ones are sent as they are: of 64 bytes of JSON
/// nothing is saved, of 128 a tenth, and each costs 3 µs to begin anew.
const LEAST_ALONE: usize = 128;
/// The least room for a compressed payload.
const LEAST_ROOM: usize = 256;
/// A window of 256 bytes needs one of 512 in the codec, which looks back 249 bytes of it.
const LEAST_WINDOW_BITS: u8 = 9;

/// The compressors that messages do not refer back in, each with its window.
static CODECS: Stock<Codec> = Stock::new();

struct Codec {
    window_bits: u8,
    deflate: Deflate,
}

/// Compresses the messages of one connection.
pub(crate) struct Compressor {
    direction: Direction,
    /// Borrowed while messages wait for the socket. One whose messages refer to each other stays.
    codec: Option<Codec>,
    /// The last payload.
    out: Vec<u8>,
}

impl Compressor {
    pub(crate) fn new(direction: Direction) -> Self {
        Self { direction, codec: None, out: Vec::new() }
    }

    /// The compressed payload of a message. `None`: the message is better sent as it is.
    pub(crate) fn compress(&mut self, message: &[u8]) -> Option<&[u8]> {
        if message.is_empty() || (!self.direction.takeover && message.len() < LEAST_ALONE) {
            return None;
        }
        let codec = self.codec.get_or_insert_with(|| Codec::borrowed(self.direction.window_bits));
        if !self.direction.takeover {
            codec.deflate.reset();
        }
        let end = codec.compress(message, &mut self.out);
        // A message that the peer does not inflate would be missing where the next refers to it.
        (self.direction.takeover || end < message.len()).then(|| &self.out[..end])
    }

    /// Nothing waits for the socket.
    pub(crate) fn rest(&mut self) {
        self.out = Vec::new();
        if !self.direction.takeover {
            self.begin_anew();
        }
    }

    /// Gives the codec back. The messages that follow do not refer to those before, which is always
    /// allowed.
    pub(crate) fn begin_anew(&mut self) {
        if let Some(codec) = self.codec.take() {
            CODECS.put(codec);
        }
    }
}

impl Codec {
    fn borrowed(window_bits: u8) -> Self {
        let window_bits = window_bits.max(LEAST_WINDOW_BITS);
        match CODECS.take(|codec| codec.window_bits == window_bits) {
            Some(mut codec) => {
                codec.deflate.reset();
                codec
            }
            None => {
                let config = DeflateConfig {
                    level: LEVEL,
                    // A negative size asks for a stream without a header.
                    window_bits: -i32::from(window_bits),
                    mem_level: MEMORY_LEVEL,
                    ..DeflateConfig::default()
                };
                Self { window_bits, deflate: Deflate::new_with_config(config) }
            }
        }
    }

    /// Compresses a message to the beginning of `out` and returns the payload's end.
    fn compress(&mut self, message: &[u8], out: &mut Vec<u8>) -> usize {
        let (mut input, mut end) = (message, 0);
        loop {
            if out.len() - end < LEAST_ROOM {
                out.resize(end + LEAST_ROOM.max(input.len() / 2), 0);
            }
            let (ins, outs) = (self.deflate.total_in(), self.deflate.total_out());
            let room = &mut out[end..];
            let size = room.len();
            self.deflate
                .compress(input, room, DeflateFlush::SyncFlush)
                .expect("a stream that has not ended takes any input");
            input = &input[(self.deflate.total_in() - ins) as usize..];
            let made = (self.deflate.total_out() - outs) as usize;
            end += made;
            // A codec that has filled its room may have more to write.
            if made < size && input.is_empty() {
                debug_assert!(out[..end].ends_with(&TAIL));
                return end - TAIL.len();
            }
        }
    }
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Compressor({:?})", self.direction)
    }
}
