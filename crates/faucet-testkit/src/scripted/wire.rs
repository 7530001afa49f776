//! WebSocket frames as bytes, legal or not.

use bytes::{Buf as _, Bytes, BytesMut};

/// The opcodes of RFC 6455.
pub mod opcode {
    /// Goes on with a fragmented message.
    pub const CONTINUATION: u8 = 0;
    /// UTF-8 text.
    pub const TEXT: u8 = 1;
    /// Bytes.
    pub const BINARY: u8 = 2;
    /// The last frame of a side.
    pub const CLOSE: u8 = 8;
    /// Asks for a pong.
    pub const PING: u8 = 9;
    /// Answers a ping, or is sent unasked.
    pub const PONG: u8 = 10;
}

/// How a frame's length is written.
#[derive(Debug, Clone, Copy)]
enum Length {
    Shortest,
    /// In 64 bits, whatever it is.
    Wide,
    /// In 64 bits, and untrue.
    Claimed(u64),
}

/// A frame for the scripted peer to write. Nothing is checked: that is the point.
///
/// ```
/// use faucet_testkit::{Frame, opcode};
/// assert_eq!(Frame::text("hi").to_bytes(), [0x81, 2, b'h', b'i']);
/// assert_eq!(Frame::new(opcode::PING, "").rsv(0b100).not_final().to_bytes(), [0x49, 0]);
/// ```
#[derive(Debug, Clone)]
pub struct Frame {
    fin: bool,
    rsv: u8,
    opcode: u8,
    masked: bool,
    length: Length,
    payload: Bytes,
}

impl Frame {
    /// A final, unmasked frame.
    pub fn new(opcode: u8, payload: impl Into<Bytes>) -> Self {
        let (fin, rsv, masked, length) = (true, 0, false, Length::Shortest);
        Self { fin, rsv, opcode, masked, length, payload: payload.into() }
    }

    /// A text frame. The bytes need not be UTF-8.
    pub fn text(payload: impl Into<Bytes>) -> Self {
        Self::new(opcode::TEXT, payload)
    }

    /// A binary frame.
    pub fn binary(payload: impl Into<Bytes>) -> Self {
        Self::new(opcode::BINARY, payload)
    }

    /// The next part of a fragmented message.
    pub fn continuation(payload: impl Into<Bytes>) -> Self {
        Self::new(opcode::CONTINUATION, payload)
    }

    /// A Close frame with any code, also one that must not be sent.
    pub fn close(code: u16, reason: &str) -> Self {
        Self::new(opcode::CLOSE, close_payload(code, reason))
    }

    /// Says that more fragments follow.
    #[must_use]
    pub fn not_final(mut self) -> Self {
        self.fin = false;
        self
    }

    /// Sets the three reserved bits (`0b100` is RSV1).
    #[must_use]
    pub fn rsv(mut self, bits: u8) -> Self {
        self.rsv = bits & 0b111;
        self
    }

    /// Says that the message is compressed (RFC 7692 §6): sets RSV1.
    #[must_use]
    pub fn compressed(self) -> Self {
        self.rsv(0b100)
    }

    /// Masks the frame, which only clients may.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.masked = true;
        self
    }

    /// Writes the length in 64 bits though fewer would do.
    #[must_use]
    pub fn wide_length(mut self) -> Self {
        self.length = Length::Wide;
        self
    }

    /// Claims a length in 64 bits; the payload stays what it is.
    #[must_use]
    pub fn claiming(mut self, length: u64) -> Self {
        self.length = Length::Claimed(length);
        self
    }

    /// Appends the frame to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
        out.push(u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode & 0xf);
        write_length(out, u8::from(self.masked) << 7, self.length, self.payload.len());
        if self.masked {
            out.extend_from_slice(&MASK);
        }
        let start = out.len();
        out.extend_from_slice(&self.payload);
        if self.masked {
            unmask(&mut out[start..], MASK);
        }
    }

    /// The frame's bytes; cut them where you like.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.len() + 14);
        self.write(&mut out);
        out
    }
}

pub(crate) fn close_payload(code: u16, reason: &str) -> Bytes {
    [&code.to_be_bytes(), reason.as_bytes()].concat().into()
}

fn write_length(out: &mut Vec<u8>, mask_bit: u8, length: Length, actual: usize) {
    match (length, actual) {
        (Length::Shortest, 0..=125) => out.push(mask_bit | actual as u8),
        (Length::Shortest, 126..=0xffff) => {
            out.push(mask_bit | 126);
            out.extend_from_slice(&(actual as u16).to_be_bytes());
        }
        (Length::Shortest | Length::Wide, _) => {
            out.push(mask_bit | 127);
            out.extend_from_slice(&(actual as u64).to_be_bytes());
        }
        (Length::Claimed(claimed), _) => {
            out.push(mask_bit | 127);
            out.extend_from_slice(&claimed.to_be_bytes());
        }
    }
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let word = u32::from_ne_bytes(mask);
    let mut words = payload.chunks_exact_mut(4);
    for chunk in &mut words {
        let masked = u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        chunk.copy_from_slice(&(masked ^ word).to_ne_bytes());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask) {
        *byte ^= key;
    }
}

/// A frame that came from the client, unmasked and inflated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedFrame {
    /// Whether it ends its message.
    pub fin: bool,
    /// Whether it was compressed.
    pub compressed: bool,
    /// See [`opcode`].
    pub opcode: u8,
    /// Its payload.
    pub payload: Bytes,
}

/// Takes the first whole frame off `input`, or says which rule for clients it breaks. With `deflate` a
/// message may be compressed, if it is one frame.
pub(crate) fn take_frame(
    input: &mut BytesMut,
    deflate: bool,
) -> Result<Option<ReceivedFrame>, String> {
    let [first, second, ..] = input[..] else { return Ok(None) };
    let (fin, opcode) = (first & 0x80 != 0, first & 0xf);
    let compressed = deflate && fin && matches!(opcode, opcode::TEXT | opcode::BINARY);
    let compressed = compressed && first & 0x70 == 0x40;
    if first & 0x70 != 0 && !compressed {
        return Err(format!("a frame with reserved bits set (first byte {first:#04x})"));
    }
    if !matches!(opcode, 0..=2 | 8..=10) {
        return Err(format!("a frame with the reserved opcode {opcode}"));
    }
    if second & 0x80 == 0 {
        return Err("an unmasked frame".into());
    }
    if opcode >= 8 && (!fin || second & 0x7f > 125) {
        return Err("a fragmented or too long control frame".into());
    }
    let width = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let Some(extended) = input.get(2..2 + width) else { return Ok(None) };
    let length = match width {
        0 => usize::from(second & 0x7f),
        _ => extended.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
    };
    let Some(mask) = input.get(2 + width..6 + width) else { return Ok(None) };
    let mask = [mask[0], mask[1], mask[2], mask[3]];
    if input.len() - (6 + width) < length {
        return Ok(None);
    }
    input.advance(6 + width);
    let mut payload = input.split_to(length);
    unmask(&mut payload, mask);
    Ok(Some(ReceivedFrame { fin, compressed, opcode, payload: payload.freeze() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_as_it_was_written_whatever_its_length() {
        for length in [0, 1, 3, 125, 126, 0xffff, 0x1_0000] {
            for frame in [Frame::binary(vec![7; length]), Frame::text(vec![7; length]).not_final()]
            {
                let bytes = frame.masked().to_bytes();
                let mut input = BytesMut::from(&bytes[..bytes.len() - 1]);
                assert_eq!(take_frame(&mut input, false).unwrap(), None);
                input.extend_from_slice(&bytes[bytes.len() - 1..]);
                let received = take_frame(&mut input, false).unwrap().unwrap();
                assert_eq!(received.payload, vec![7; length]);
                assert_eq!(received.fin, received.opcode == opcode::BINARY);
                assert!(input.is_empty());
            }
        }
    }

    #[test]
    fn what_a_client_must_not_send_is_named() {
        for (frame, deflate, expected) in [
            (Frame::text("x"), false, "unmasked"),
            (Frame::text("x").masked().rsv(1), true, "reserved bits"),
            (Frame::text("x").masked().compressed(), false, "reserved bits"),
            (Frame::new(opcode::PING, "x").masked().compressed(), true, "reserved bits"),
            (Frame::continuation("x").masked().compressed(), true, "reserved bits"),
            (Frame::new(3, "x").masked(), false, "reserved opcode 3"),
            (Frame::new(opcode::PING, "x").masked().not_final(), false, "fragmented"),
            (Frame::new(opcode::PING, vec![0; 126]).masked(), false, "too long"),
        ] {
            let mut bytes = BytesMut::from(&frame.to_bytes()[..]);
            let error = take_frame(&mut bytes, deflate).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let mut bytes = BytesMut::from(&Frame::text("x").masked().compressed().to_bytes()[..]);
        assert!(take_frame(&mut bytes, true).unwrap().unwrap().compressed);
    }

    #[test]
    fn lengths_can_be_wasteful_and_untrue() {
        assert_eq!(Frame::text("a").wide_length().to_bytes()[..3], [0x81, 127, 0]);
        assert_eq!(Frame::text("a").claiming(1 << 62).to_bytes()[1..3], [127, 0x40]);
    }
}
