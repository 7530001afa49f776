//! A stream as tungstenite reads it.

use std::io::{self, Read, Write};

use tokio_tungstenite::tungstenite::protocol::{Role as WsRole, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::machine::Role;

/// Something that a reader found in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

/// Why a reader refuses a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Protocol,
    NotUtf8,
    TooLarge,
}

/// Where a reader stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// At the end of the bytes: more may come.
    More,
    /// Behind a Close frame.
    Closed,
    /// At a frame that may not be received.
    Refused(Refusal),
}

/// The bytes of a stream, of which at most `step` can be read at a time.
struct Bytes {
    bytes: Vec<u8>,
    at: usize,
    step: usize,
}

impl Read for Bytes {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let n = rest.len().min(buf.len()).min(self.step);
        if n == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        buf[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        Ok(n)
    }
}

impl Write for Bytes {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// tungstenite, reading one stream.
pub(crate) struct Judge(WebSocket<Bytes>);

impl Judge {
    /// Reads `stream`, of which `step` bytes arrive at a time, with messages of up to `max` bytes.
    pub(crate) fn new(stream: &[u8], role: Role, max: usize, step: usize) -> Self {
        let role = match role {
            Role::Client => WsRole::Client,
            Role::Server => WsRole::Server,
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(1024)
            .max_message_size(Some(max))
            .max_frame_size(Some(max));
        let bytes = Bytes { bytes: stream.to_vec(), at: 0, step };
        Self(WebSocket::from_raw_socket(bytes, role, Some(config)))
    }

    /// Everything that is found up to the end.
    pub(crate) fn read(&mut self) -> (Vec<Item>, End) {
        let mut items = Vec::new();
        let end = loop {
            match self.0.read() {
                Ok(Message::Text(text)) => items.push(Item::Text(text.as_bytes().to_vec())),
                Ok(Message::Binary(bytes)) => items.push(Item::Binary(bytes.to_vec())),
                Ok(Message::Ping(payload)) => items.push(Item::Ping(payload.to_vec())),
                Ok(Message::Pong(payload)) => items.push(Item::Pong(payload.to_vec())),
                Ok(Message::Frame(_)) => {}
                Ok(Message::Close(close)) => {
                    items.push(Item::Close(close.map(|close| close.code.into())));
                    break End::Closed;
                }
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    break End::More;
                }
                Err(Error::Utf8(_)) => break End::Refused(Refusal::NotUtf8),
                Err(Error::Capacity(_)) => break End::Refused(Refusal::TooLarge),
                Err(_) => break End::Refused(Refusal::Protocol),
            }
        };
        (items, end)
    }

    /// How the stream ends if `zeros` follow: whether what has begun would be refused.
    pub(crate) fn read_on(&mut self, zeros: usize) -> End {
        let bytes = self.0.get_mut();
        bytes.bytes.resize(bytes.bytes.len() + zeros, 0);
        bytes.step = usize::MAX;
        self.read().1
    }
}
