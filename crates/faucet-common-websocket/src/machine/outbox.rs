//! Frames on their way to the socket (RFC 6455 §5.2).

use std::sync::Arc;

use crate::frame::Frame;
use crate::machine::control::{ControlPayload, LONGEST, opcode};
use crate::machine::deflate::{Compressor, Direction};
use crate::machine::frame_header::COMPRESSED;
use crate::machine::mask::{MaskKeys, copy_masked};
use crate::machine::pool::Pool;
use crate::machine::role::Role;
use faucet_core::MessageKind;

/// The longest header of a frame, with its mask key.
pub(crate) const LONGEST_HEADER: usize = 14;
/// Pongs of so many bytes may wait for the socket. Of those beyond only the latest is kept (RFC 6455
/// §5.5.3): a peer that pings and does not read must not fill the memory.
const CONTROL_ROOM: usize = 4 * 1024;

/// The Pongs that the socket has not taken yet.
#[derive(Default)]
struct Pongs {
    /// The bytes of those that were encoded since the socket had taken all of them.
    bytes: usize,
    /// The position of their last byte among the bytes of the connection.
    end: u64,
    /// The latest that there is no room for.
    latest: Option<Box<ControlPayload>>,
}

/// Encodes frames into one buffer, from which the socket takes them.
pub struct Outbox {
    role: Role,
    keys: MaskKeys,
    pool: Arc<Pool>,
    /// Where permessage-deflate was agreed.
    compressor: Option<Box<Compressor>>,
    /// Empty while nothing waits.
    buf: Vec<u8>,
    /// The end of the encoded bytes.
    end: usize,
    /// The socket has taken the bytes before this offset.
    sent: usize,
    /// All bytes that the socket has taken on this connection.
    written: u64,
    pongs: Pongs,
}

impl Outbox {
    pub(crate) fn new(role: Role, pool: Arc<Pool>) -> Self {
        let (keys, pongs) = (MaskKeys::default(), Pongs::default());
        let (buf, end, sent, written) = (Vec::new(), 0, 0, 0);
        Self { role, keys, pool, compressor: None, buf, end, sent, written, pongs }
    }

    /// Messages are compressed: permessage-deflate was agreed.
    pub(crate) fn with_deflate(mut self, outbound: Direction) -> Self {
        self.compressor = Some(Box::new(Compressor::new(outbound)));
        self
    }

    /// The bytes that the socket has not taken yet.
    pub fn pending(&self) -> &[u8] {
        &self.buf[self.sent..self.end]
    }

    /// The socket has taken `n` bytes.
    pub(crate) fn wrote(&mut self, n: usize) {
        self.sent += n;
        self.written += n as u64;
        if self.sent == self.end {
            self.give_back();
        }
        // Messages may wait all the time: a Pong that waited for all of them would never leave.
        if self.written >= self.pongs.end
            && let Some(payload) = self.pongs.latest.take()
        {
            self.pong(*payload);
        }
    }

    /// Drops everything that waits: the socket takes no more.
    pub(crate) fn clear(&mut self) {
        self.pongs = Pongs::default();
        self.give_back();
    }

    fn give_back(&mut self) {
        self.pool.put(std::mem::take(&mut self.buf));
        (self.sent, self.end) = (0, 0);
        if let Some(compressor) = &mut self.compressor {
            compressor.rest();
        }
    }

    /// All bytes that the socket has taken on this connection.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// All bytes that were encoded on this connection.
    pub(crate) fn encoded(&self) -> u64 {
        self.written + self.pending().len() as u64
    }

    /// The size of a control frame with so long a payload.
    pub(crate) fn size_of_control(&self, payload: usize) -> u64 {
        let key = if self.role == Role::Client { 4 } else { 0 };
        (2 + key + payload) as u64
    }

    /// Appends a data frame. Text must be UTF-8.
    pub fn message(&mut self, kind: MessageKind, payload: &[u8]) {
        let opcode = match kind {
            MessageKind::Text => opcode::TEXT,
            MessageKind::Binary => opcode::BINARY,
        };
        if self.compressor.is_some() {
            return self.compressed(opcode, payload);
        }
        self.frame(opcode, payload);
    }

    /// Appends a data frame, compressed if that is of use.
    fn compressed(&mut self, opcode: u8, payload: &[u8]) {
        let mut compressor = self.compressor.take();
        match compressor.as_mut().and_then(|compressor| compressor.compress(payload)) {
            Some(compressed) => self.frame(COMPRESSED | opcode, compressed),
            None => self.frame(opcode, payload),
        }
        self.compressor = compressor;
    }

    /// Messages that follow do not refer to those before: a connection that sends nothing more keeps
    /// no compressor.
    pub(crate) fn forget_context(&mut self) {
        if let Some(compressor) = &mut self.compressor {
            compressor.begin_anew();
        }
    }

    pub(crate) fn data(&mut self, frame: &Frame) {
        self.message(frame.kind(), frame.as_bytes());
    }

    /// Appends a Ping, of whose payload 125 bytes are sent. [`Event::Pong`](crate::Event::Pong) tells of its
    /// answer where the owner asks for control frames.
    pub fn ping(&mut self, payload: &[u8]) {
        self.frame(opcode::PING, &payload[..payload.len().min(LONGEST)]);
    }

    /// Appends a Pong that nobody has asked for, of whose payload 125 bytes are sent.
    pub fn unsolicited_pong(&mut self, payload: &[u8]) {
        self.pong(ControlPayload::new(payload));
    }

    pub(crate) fn pong(&mut self, payload: ControlPayload) {
        if self.written >= self.pongs.end {
            self.pongs.bytes = 0;
        }
        let size = payload.as_slice().len() + LONGEST_HEADER;
        if self.pongs.bytes + size > CONTROL_ROOM {
            self.pongs.latest = Some(Box::new(payload));
            return;
        }
        self.frame(opcode::PONG, payload.as_slice());
        self.pongs.bytes += size;
        self.pongs.end = self.encoded();
    }

    /// Appends a Close frame; `None` sends one without a code.
    pub(crate) fn close(&mut self, code: Option<u16>) {
        let code = code.map(u16::to_be_bytes);
        self.frame(opcode::CLOSE, code.as_ref().map_or(&[], |code| code.as_slice()));
    }

    /// Appends a Close frame with a code and a reason, of which 123 bytes are sent.
    pub(crate) fn close_with(&mut self, code: u16, reason: &str) {
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend(reason.bytes().take(LONGEST - 2));
        self.frame(opcode::CLOSE, &payload);
    }

    /// Appends a whole frame. `first` is its first byte without FIN.
    #[inline]
    fn frame(&mut self, first: u8, payload: &[u8]) {
        let key = match self.role {
            Role::Client => Some(self.keys.next()),
            Role::Server => None,
        };
        let out = self.room(payload.len() + LONGEST_HEADER);
        let size = write_header(out, first, payload.len(), key);
        let body = &mut out[size..size + payload.len()];
        match key {
            Some(key) => copy_masked(body, payload, key),
            None => body.copy_from_slice(payload),
        }
        self.end += size + payload.len();
    }

    /// Room for `size` bytes behind those that wait.
    #[inline]
    fn room(&mut self, size: usize) -> &mut [u8] {
        if self.buf.len() - self.end < size {
            self.make_room(size);
        }
        &mut self.buf[self.end..]
    }

    #[cold]
    fn make_room(&mut self, size: usize) {
        if self.buf.is_empty() {
            self.buf = self.pool.take();
        }
        if self.sent > 0 {
            self.buf.copy_within(self.sent..self.end, 0);
            (self.sent, self.end) = (0, self.end - self.sent);
        }
        if self.buf.len() - self.end < size {
            self.buf.resize((self.end + size).next_power_of_two(), 0);
        }
    }
}

/// Writes the header of a final frame (RFC 6455 §5.2). Returns its size.
#[inline]
fn write_header(out: &mut [u8], first: u8, len: usize, key: Option<[u8; 4]>) -> usize {
    let (first, mask_bit) = (0x80 | first, u8::from(key.is_some()) << 7);
    let size = match len {
        short @ 0..126 => {
            out[..2].copy_from_slice(&[first, mask_bit | short as u8]);
            2
        }
        medium @ 126..=0xffff => {
            let [a, b] = (medium as u16).to_be_bytes();
            out[..4].copy_from_slice(&[first, mask_bit | 126, a, b]);
            4
        }
        long => {
            out[..2].copy_from_slice(&[first, mask_bit | 127]);
            out[2..10].copy_from_slice(&(long as u64).to_be_bytes());
            10
        }
    };
    let Some(key) = key else { return size };
    out[size..size + 4].copy_from_slice(&key);
    size + 4
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outbox({} bytes wait, {} written)", self.pending().len(), self.written)
    }
}

#[cfg(test)]
mod tests;
