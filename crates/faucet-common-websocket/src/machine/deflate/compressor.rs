//! From messages to compressed payloads (RFC 7692 §7.2.1).

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use crate::machine::deflate::TAIL;
use crate::machine::deflate::agreed::Direction;
use crate::machine::deflate::stock::Stock;

/// How a message is compressed. The numbers are zlib's levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// A code table that is fixed. For JSON of 124 bytes 0.4 µs and 31 % of the bytes; the default
    /// level of zlib takes 4.4 µs for 27 %.
    Quick = 1,
    /// A code table for each message, which costs 3 µs and pays for large ones: for JSON of 4 kB 26 µs
    /// and 33 % of the bytes. `Quick` takes 15 µs for 45 %, the default level 83 µs for 30 %.
    Fast = 2,
}

/// From this mean size of messages on, they are compressed with [`Level::Fast`]; from half of it down
/// with [`Level::Quick`]. Between the two the level stays, because another one begins anew.
const LARGE: usize = 1024;
/// Each message moves the mean by one part in this many of its distance.
const MEAN_OF: usize = 16;
/// Three quarters of the memory that the default of 8 takes, for the same size of messages: a
/// compressor has 270 KB with the largest window.
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
    level: Level,
    window_bits: u8,
    deflate: Deflate,
}

/// Compresses the messages of one connection.
pub(crate) struct Compressor {
    direction: Direction,
    level: Level,
    /// The mean size of messages.
    mean: usize,
    /// Borrowed while messages wait for the socket. One whose messages refer to each other stays.
    codec: Option<Codec>,
    /// The last payload.
    out: Vec<u8>,
}

impl Compressor {
    pub(crate) fn new(direction: Direction) -> Self {
        Self { direction, level: Level::Quick, mean: 0, codec: None, out: Vec::new() }
    }

    /// The compressed payload of a message. `None`: the message is better sent as it is.
    pub(crate) fn compress(&mut self, message: &[u8]) -> Option<&[u8]> {
        if message.is_empty() || (!self.direction.takeover && message.len() < LEAST_ALONE) {
            return None;
        }
        self.choose_level(message.len());
        let (level, window_bits) = (self.level, self.direction.window_bits);
        let codec = self.codec.get_or_insert_with(|| Codec::borrowed(level, window_bits));
        if !self.direction.takeover {
            codec.deflate.reset();
        }
        let end = codec.compress(message, &mut self.out);
        // A message that the peer does not inflate would be missing where the next refers to it.
        (self.direction.takeover || end < message.len()).then(|| &self.out[..end])
    }

    /// Follows the sizes of the messages.
    fn choose_level(&mut self, size: usize) {
        self.mean = (self.mean * (MEAN_OF - 1) + size) / MEAN_OF;
        let level = match self.mean {
            LARGE.. => Level::Fast,
            mean if mean < LARGE / 2 => Level::Quick,
            _ => self.level,
        };
        if level != self.level {
            self.level = level;
            self.begin_anew();
        }
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
    fn borrowed(level: Level, window_bits: u8) -> Self {
        let window_bits = window_bits.max(LEAST_WINDOW_BITS);
        match CODECS.take(|codec| (codec.level, codec.window_bits) == (level, window_bits)) {
            Some(mut codec) => {
                codec.deflate.reset();
                codec
            }
            None => {
                let config = DeflateConfig {
                    level: level as i32,
                    // A negative size asks for a stream without a header.
                    window_bits: -i32::from(window_bits),
                    mem_level: MEMORY_LEVEL,
                    ..DeflateConfig::default()
                };
                Self { level, window_bits, deflate: Deflate::new_with_config(config) }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// JSON of some size, with numbers that differ.
    fn message(number: usize, size: usize) -> Vec<u8> {
        let prices =
            (0..).map(|n| format!("[\"{}\",\"0.{}\"],", 43_000 + n, (number + n) * 7919 % 9973));
        let mut text = String::new();
        prices
            .take_while(|price| {
                text.push_str(price);
                text.len() < size
            })
            .for_each(drop);
        text.into_bytes()
    }

    /// The level after each message.
    fn levels(compressor: &mut Compressor, sizes: &[usize]) -> Vec<Level> {
        let each = sizes.iter().enumerate().map(|(number, size)| {
            compressor.compress(&message(number, *size));
            compressor.level
        });
        each.collect()
    }

    #[test]
    fn the_level_follows_the_sizes_of_the_messages_and_does_not_flutter() {
        use Level::{Fast, Quick};
        let compressor = &mut Compressor::new(Direction::default());
        assert_eq!(levels(compressor, &[200; 50]), [Quick; 50]);
        let large = levels(compressor, &[4000; 20]);
        assert_eq!((large[0], large[19]), (Quick, Fast), "one large message is no reason");
        // Every fourth is large: the mean is 1,150, and swings.
        let mixed: Vec<usize> = (0..100).map(|n| if n % 4 == 0 { 4000 } else { 200 }).collect();
        let mixed = levels(compressor, &mixed);
        assert_eq!(mixed, [Fast; 100]);
        let small = levels(compressor, &[200; 50]);
        assert_eq!((small[0], small[49]), (Fast, Quick));
        assert_eq!(levels(compressor, &[1 << 20]), [Fast]);
    }

    #[test]
    fn large_messages_get_as_small_as_a_table_of_their_own_makes_them() {
        let compressor = &mut Compressor::new(Direction::default());
        let mut sizes = Vec::new();
        for number in 0..40 {
            let message = message(number, 4000);
            sizes.push(compressor.compress(&message).unwrap().len());
        }
        assert!(sizes[39] * 5 < sizes[1] * 4, "{sizes:?}");
    }

    #[test]
    fn a_compressor_whose_messages_stand_alone_is_given_back() {
        for (takeover, kept) in [(true, true), (false, false)] {
            let mut compressor = Compressor::new(Direction { window_bits: 10, takeover });
            assert!(compressor.compress(&message(0, 500)).is_some());
            compressor.rest();
            assert_eq!(compressor.codec.is_some(), kept);
            assert!(compressor.out.is_empty());
            compressor.begin_anew();
            assert!(compressor.codec.is_none());
        }
    }
}
