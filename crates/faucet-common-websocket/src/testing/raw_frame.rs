//! Frames byte by byte, legal or not.

use crate::machine::control::opcode;

/// The key of every masked frame of a test.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// How the length of a payload is written (RFC 6455 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LengthForm {
    Short,
    Medium,
    Long,
}

impl LengthForm {
    /// The shortest form for a payload of `len` bytes.
    pub(crate) fn shortest(len: usize) -> Self {
        match len {
            0..126 => Self::Short,
            126..=0xffff => Self::Medium,
            _ => Self::Long,
        }
    }
}

/// A frame that nobody checks.
#[derive(Debug, Clone)]
pub(crate) struct RawFrame {
    /// The first byte: FIN, reserved bits and opcode.
    first: u8,
    payload: Vec<u8>,
    masked: bool,
    form: LengthForm,
}

impl RawFrame {
    /// An unmasked frame with this first byte.
    pub(crate) fn new(first: u8, payload: impl AsRef<[u8]>) -> Self {
        let payload = payload.as_ref().to_vec();
        Self { first, form: LengthForm::shortest(payload.len()), masked: false, payload }
    }

    pub(crate) fn text(payload: impl AsRef<[u8]>) -> Self {
        Self::new(0x80 | opcode::TEXT, payload)
    }

    pub(crate) fn binary(payload: impl AsRef<[u8]>) -> Self {
        Self::new(0x80 | opcode::BINARY, payload)
    }

    pub(crate) fn continuation(payload: impl AsRef<[u8]>) -> Self {
        Self::new(0x80 | opcode::CONTINUATION, payload)
    }

    pub(crate) fn ping(payload: impl AsRef<[u8]>) -> Self {
        Self::new(0x80 | opcode::PING, payload)
    }

    pub(crate) fn pong(payload: impl AsRef<[u8]>) -> Self {
        Self::new(0x80 | opcode::PONG, payload)
    }

    pub(crate) fn close(code: u16, reason: &str) -> Self {
        Self::new(0x80 | opcode::CLOSE, [&code.to_be_bytes(), reason.as_bytes()].concat())
    }

    /// Not the last frame of its message.
    pub(crate) fn unfinished(mut self) -> Self {
        self.first &= 0x7f;
        self
    }

    pub(crate) fn masked(mut self) -> Self {
        self.masked = true;
        self
    }

    pub(crate) fn with_length(mut self, form: LengthForm) -> Self {
        self.form = form;
        self
    }

    /// With its length in a longer form than it needs, where there is one.
    pub(crate) fn lengthened(self) -> Self {
        let form = match self.form {
            LengthForm::Short => LengthForm::Medium,
            LengthForm::Medium | LengthForm::Long => LengthForm::Long,
        };
        self.with_length(form)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mask_bit = u8::from(self.masked) << 7;
        let len = self.payload.len();
        let mut out = vec![self.first];
        match self.form {
            LengthForm::Short => out.push(mask_bit | len as u8),
            LengthForm::Medium => {
                out.push(mask_bit | 126);
                out.extend((len as u16).to_be_bytes());
            }
            LengthForm::Long => {
                out.push(mask_bit | 127);
                out.extend((len as u64).to_be_bytes());
            }
        }
        if self.masked {
            out.extend(KEY);
            out.extend(self.payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        } else {
            out.extend(&self.payload);
        }
        out
    }
}

/// The bytes of frames one behind the other.
pub(crate) fn stream(frames: &[RawFrame]) -> Vec<u8> {
    frames.iter().flat_map(RawFrame::bytes).collect()
}

/// Reads a stream of whole frames back: `text abc`, `ping`, `close 1000 bye`. Masked frames begin
/// with `masked `.
pub(crate) fn described(mut bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (len, rest) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => {
                (u64::from_be_bytes(rest[..8].try_into().expect("8 bytes")) as usize, &rest[8..])
            }
            short => (usize::from(short), rest),
        };
        let (key, rest) = if second & 0x80 != 0 { rest.split_at(4) } else { (&[0][..], rest) };
        let (payload, rest) = rest.split_at(len);
        let payload: Vec<u8> = payload.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k).collect();
        let mask = if second & 0x80 != 0 { "masked " } else { "" };
        found.push(format!("{mask}{}", one(*first, &payload)));
        bytes = rest;
    }
    found
}

fn one(first: u8, payload: &[u8]) -> String {
    let (name, text) = match (first & 0x0f, payload) {
        (opcode::TEXT, _) => ("text", payload),
        (opcode::BINARY, _) => ("binary", payload),
        (opcode::PING, _) => ("ping", payload),
        (opcode::PONG, _) => ("pong", payload),
        (opcode::CLOSE, [high, low, reason @ ..]) => {
            let code = u16::from_be_bytes([*high, *low]);
            return format!("close {code} {}", reason.escape_ascii()).trim_end().to_owned();
        }
        (opcode::CLOSE, _) => ("close", payload),
        _ => ("?", payload),
    };
    format!("{name} {}", text.escape_ascii()).trim_end().to_owned()
}
