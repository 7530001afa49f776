//! From compressed payloads to messages (RFC 7692 §7.2.2).

use zlib_rs::{Inflate, InflateFlush, Status};

use crate::machine::deflate::TAIL;
use crate::machine::deflate::agreed::{Direction, WINDOW_BITS};
use crate::machine::deflate::history::History;
use crate::machine::deflate::stock::Stock;

/// The bytes that are inflated behind a payload: the tail, and a byte that an inflater which stands between two
/// blocks does not touch. Without it a message that ends inside a block would look whole.
const TAIL_AND_PROBE: [u8; 5] = [TAIL[0], TAIL[1], TAIL[2], TAIL[3], 0xff];
/// The room for a message grows by this many bytes at least.
const LEAST_GROWTH: usize = 4096;
/// The room for a message grows by this many bytes at most: it stays near the size of the message.
const MOST_GROWTH: usize = 4 << 20;

/// All have the largest window, which also takes what was compressed with a smaller one.
static CODECS: Stock<Inflate> = Stock::new();

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The payload is not DEFLATE data, ends inside a block, or refers to bytes that the sender may
    /// not refer to.
    Corrupt,
    /// The message has more bytes than the limit.
    TooLarge,
}

/// Inflates the messages of one connection.
pub(crate) struct Inflater {
    takeover: bool,
    history: History,
    /// Borrowed while there is something to inflate.
    codec: Option<Inflate>,
}

impl Inflater {
    pub(crate) fn new(direction: Direction) -> Self {
        let history = History::of(1 << direction.window_bits);
        Self { takeover: direction.takeover, history, codec: None }
    }

    /// Inflates a message of at most `max` bytes to `out[start..]`, and returns its end. `out` grows
    /// where the message needs it.
    ///
    /// # Errors
    /// Why the message is not taken. The connection ends with it.
    pub(crate) fn inflate(
        &mut self,
        payload: &[u8],
        out: &mut Vec<u8>,
        start: usize,
        max: usize,
    ) -> Result<usize, Refused> {
        let mut codec = self.codec();
        let mut message = Message { out, start, end: start, limit: start.saturating_add(max) };
        message.feed(&mut codec, &self.history, payload, 0)?;
        let end = message.end;
        message.feed(&mut codec, &self.history, &TAIL_AND_PROBE, 1)?;
        // The tail is an empty block: bytes that come out of it were inside another one.
        if message.end > end {
            return Err(Refused::Corrupt);
        }
        self.codec = Some(codec);
        if self.takeover {
            self.history.push(&out[start..end]);
        }
        Ok(end)
    }

    /// The codec, ready for the next message.
    fn codec(&mut self) -> Inflate {
        match self.codec.take() {
            Some(codec) if self.takeover => codec,
            Some(mut codec) => {
                codec.reset(false);
                codec
            }
            None => {
                let idle = CODECS.take(|_| true);
                let mut codec = idle.unwrap_or_else(|| Inflate::new(false, *WINDOW_BITS.end()));
                begin(&mut codec, &self.history.pieces());
                codec
            }
        }
    }

    /// Gives the codec back. What messages may refer to stays here.
    pub(crate) fn rest(&mut self) {
        if let Some(codec) = self.codec.take() {
            CODECS.put(codec);
        }
    }
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inflater(takeover: {})", self.takeover)
    }
}

/// Begins a stream that may refer to these bytes, the oldest first.
fn begin(codec: &mut Inflate, pieces: &[&[u8]]) {
    codec.reset(false);
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        codec.set_dictionary(piece).expect("a stream without a header takes any dictionary");
    }
}

/// A message that is being inflated.
struct Message<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    end: usize,
    /// The message may end here at the latest.
    limit: usize,
}

impl Message<'_> {
    /// Inflates `input` up to the `rest` bytes at its end, in front of which a block must end.
    fn feed(
        &mut self,
        codec: &mut Inflate,
        history: &History,
        mut input: &[u8],
        rest: usize,
    ) -> Result<(), Refused> {
        loop {
            let room = self.room();
            let size = room.len();
            let (ins, outs) = (codec.total_in(), codec.total_out());
            // `Block` stops behind each block, so that what stands behind the last is not touched.
            let status = codec.decompress(input, room, InflateFlush::Block);
            let taken = (codec.total_in() - ins) as usize;
            let made = (codec.total_out() - outs) as usize;
            let status = status.map_err(|_| Refused::Corrupt)?;
            input = &input[taken..];
            self.end += made;
            if self.end > self.limit {
                return Err(Refused::TooLarge);
            }
            let ended = status == Status::StreamEnd;
            if ended {
                self.go_on(codec, history);
            }
            // A codec that has filled its room may have more to write.
            if input.len() == rest && made < size {
                return Ok(());
            }
            if input.len() < rest || (taken + made == 0 && !ended) {
                return Err(Refused::Corrupt);
            }
        }
    }

    /// Room for at least one byte and at most one more than the limit allows.
    fn room(&mut self) -> &mut [u8] {
        let most = self.limit.saturating_add(1);
        if self.end >= self.out.len() {
            let growth = (self.end - self.start).clamp(LEAST_GROWTH, MOST_GROWTH);
            self.out.resize((self.end + growth).min(most), 0);
        }
        let most = most.min(self.out.len());
        &mut self.out[self.end..most]
    }

    /// A block said that it is the last of its stream, which ends nothing here: more blocks may follow
    /// in the message (RFC 7692 §7.2.3.4). A codec must begin anew to take them.
    fn go_on(&self, codec: &mut Inflate, history: &History) {
        let [oldest, latest] = history.pieces();
        begin(codec, &[oldest, latest, &self.out[self.start..self.end]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inflates messages in order, each to a place of its own.
    fn inflated(direction: Direction, payloads: &[&[u8]]) -> Result<Vec<String>, Refused> {
        let mut inflater = Inflater::new(direction);
        let mut out = Vec::new();
        payloads
            .iter()
            .map(|payload| {
                let end = inflater.inflate(payload, &mut out, 3, 1000)?;
                // The bytes that a message refers to must survive the codec.
                inflater.rest();
                Ok(String::from_utf8_lossy(&out[3..end]).into_owned())
            })
            .collect()
    }

    const TAKEOVER: Direction = Direction { window_bits: 15, takeover: true };
    const ALONE: Direction = Direction { window_bits: 15, takeover: false };

    #[test]
    fn the_examples_of_the_standard_are_messages() {
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let again: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];
        let stored: &[u8] = &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        let last: &[u8] = &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        let two_blocks: &[u8] =
            &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
        for payload in [hello, stored, last, two_blocks] {
            for direction in [TAKEOVER, ALONE] {
                assert_eq!(inflated(direction, &[payload]).unwrap(), ["Hello"], "{payload:x?}");
            }
            assert_eq!(inflated(TAKEOVER, &[payload, again]).unwrap(), ["Hello", "Hello"]);
            assert_eq!(inflated(ALONE, &[payload, again]), Err(Refused::Corrupt));
        }
        assert_eq!(inflated(TAKEOVER, &[&[0], &[0]]).unwrap(), ["", ""]);
        // A last block in the middle, and one that refers to what stands in front of it.
        let middle = [&last[..last.len() - 1], again].concat();
        assert_eq!(inflated(ALONE, &[&middle]).unwrap(), ["HelloHello"]);
    }

    #[test]
    fn what_is_no_whole_message_is_corrupt() {
        for payload in [
            // Nothing, not even the empty block whose tail is left out.
            &[][..],
            &[0xff],
            b"plain text",
            // The text ends inside a block, in front of its end, or without an empty block behind it.
            &[0xf2, 0x48, 0xcd],
            &[0xf2, 0x48, 0xcd, 0xc9, 0xc9],
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
            // The tail would fill up a block without compression.
            &[0x00, 0x09, 0x00, 0xf6, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f],
            &[0x00, 0x0a, 0x00, 0xf5, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f],
            // More behind the message.
            &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x55],
            // Bytes in front of the first.
            &[0xf2, 0x00, 0x11, 0x00, 0x00],
        ] {
            for direction in [TAKEOVER, ALONE] {
                assert_eq!(inflated(direction, &[payload]), Err(Refused::Corrupt), "{payload:x?}");
            }
        }
    }

    #[test]
    fn a_small_window_forgets() {
        let stored = |text: &[u8]| {
            let len = text.len() as u16;
            [&[0][..], &len.to_le_bytes(), &(!len).to_le_bytes(), text, &[0]].concat()
        };
        // Five bytes from a distance of five, whatever stands between the messages.
        let again: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];
        let small = Direction { window_bits: 8, takeover: true };
        let filled = stored(&[b'x'; 251]);
        let hello = stored(b"Hello");
        let messages = inflated(small, &[&hello, &filled, &hello, again]).unwrap();
        assert_eq!((messages[2].as_str(), messages[3].as_str()), ("Hello", "Hello"));
    }

    #[test]
    fn the_limit_holds_while_a_message_is_inflated() {
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let mut out = Vec::new();
        for (max, ended) in
            [(6, Ok(15)), (5, Ok(15)), (4, Err(Refused::TooLarge)), (1, Err(Refused::TooLarge))]
        {
            let mut inflater = Inflater::new(TAKEOVER);
            assert_eq!(inflater.inflate(hello, &mut out, 10, max), ended, "{max}");
        }
    }
}
