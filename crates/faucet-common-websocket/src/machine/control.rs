//! Control frames (RFC 6455 §5.5).

use crate::machine::violation::Violation;

/// The longest payload of a control frame.
pub(crate) const LONGEST: usize = 125;

/// The opcodes of RFC 6455 §5.2.
pub(crate) mod opcode {
    pub(crate) const CONTINUATION: u8 = 0;
    pub(crate) const TEXT: u8 = 1;
    pub(crate) const BINARY: u8 = 2;
    pub(crate) const CLOSE: u8 = 8;
    pub(crate) const PING: u8 = 9;
    pub(crate) const PONG: u8 = 10;
}

/// A control frame that came in whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Control {
    Ping(ControlPayload),
    Pong(ControlPayload),
    Close(PeerClose),
}

/// The payload of a Ping or a Pong, kept in place: a flood of Pings allocates nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ControlPayload {
    len: u8,
    bytes: [u8; LONGEST],
}

impl ControlPayload {
    pub(crate) const EMPTY: Self = Self { len: 0, bytes: [0; LONGEST] };

    /// The first 125 bytes of `payload`; a control frame has no more.
    pub(crate) fn new(payload: &[u8]) -> Self {
        let payload = &payload[..payload.len().min(LONGEST)];
        let mut bytes = [0; LONGEST];
        bytes[..payload.len()].copy_from_slice(payload);
        Self { len: payload.len() as u8, bytes }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl std::fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.as_slice().escape_ascii())
    }
}

/// A Close frame of the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeerClose {
    /// The status code; `None` where the frame is empty.
    pub(crate) code: Option<u16>,
    /// The reason; empty where the peer gives none.
    pub(crate) reason: String,
}

impl PeerClose {
    /// Reads the payload of a Close frame (RFC 6455 §5.5.1). A code that may not be sent is kept: the
    /// reason beside it may say what is wrong.
    pub(crate) fn parse(payload: &[u8]) -> Result<Self, Violation> {
        let Some((code, reason)) = payload.split_first_chunk::<2>() else {
            return match payload {
                [] => Ok(Self { code: None, reason: String::new() }),
                _ => Err(Violation::ShortClose),
            };
        };
        let code = u16::from_be_bytes(*code);
        let reason = std::str::from_utf8(reason).map_err(|_| Violation::CloseReason)?;
        Ok(Self { code: Some(code), reason: reason.to_owned() })
    }
}
