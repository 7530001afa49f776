//! Watches the frames that go past (RFC 6455 §5.2) for two things that tungstenite keeps to itself:
//! how many fragments a message has, and what a Close frame said before it was tidied up.

use std::fmt;

/// A message may have this many fragments.
pub(crate) const MAX_FRAGMENTS: u32 = 65_536;

/// The message that is coming in has more than [`MAX_FRAGMENTS`] fragments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyFragments;

impl fmt::Display for TooManyFragments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message of more than {MAX_FRAGMENTS} fragments")
    }
}

impl std::error::Error for TooManyFragments {}

/// The payload of a Close frame (RFC 6455 §5.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CloseSeen(Vec<u8>);

impl CloseSeen {
    /// The status code, if the peer sent one.
    pub(crate) fn code(&self) -> Option<u16> {
        Some(u16::from_be_bytes(*self.0.first_chunk::<2>()?))
    }

    /// The reason, as text.
    pub(crate) fn reason(&self) -> String {
        String::from_utf8_lossy(self.0.get(2..).unwrap_or_default()).into_owned()
    }
}

const OPCODE_CLOSE: u8 = 8;
const LONGEST_CONTROL: u64 = 125;

#[derive(Debug, Default)]
pub(crate) struct FrameScan {
    header: [u8; 14],
    have: usize,
    /// Payload bytes of the current frame that are still to come.
    payload: u64,
    fragments: u32,
    in_close: bool,
    close: Option<CloseSeen>,
}

impl FrameScan {
    /// Looks at bytes that go past. They may end anywhere.
    pub(crate) fn watch(&mut self, mut bytes: &[u8]) -> Result<(), TooManyFragments> {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let skip = bytes.len().min(usize::try_from(self.payload).unwrap_or(usize::MAX));
                self.see_payload(&bytes[..skip]);
                bytes = &bytes[skip..];
                continue;
            }
            bytes = self.see_header(bytes)?;
        }
        Ok(())
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn is_mid_message(&self) -> bool {
        self.have > 0 || self.payload > 0 || self.fragments > 0
    }

    pub(crate) fn close_seen(&self) -> Option<&CloseSeen> {
        self.close.as_ref()
    }

    /// Takes the next bytes of a header and gives the rest.
    fn see_header<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], TooManyFragments> {
        if self.have == 0
            && let Some(whole) = bytes.first_chunk::<14>()
        {
            self.end_header(whole)?;
            return Ok(&bytes[header_length(whole)..]);
        }
        self.header[self.have] = bytes[0];
        self.have += 1;
        if self.have >= 2 && self.have == header_length(&self.header) {
            self.have = 0;
            let header = self.header;
            self.end_header(&header)?;
        }
        Ok(&bytes[1..])
    }

    fn see_payload(&mut self, bytes: &[u8]) {
        self.payload -= bytes.len() as u64;
        if self.in_close
            && let Some(CloseSeen(seen)) = &mut self.close
        {
            seen.extend_from_slice(bytes);
        }
    }

    fn end_header(&mut self, header: &[u8; 14]) -> Result<(), TooManyFragments> {
        self.payload = match header[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([header[2], header[3]])),
            127 => {
                let [_, _, length @ .., _, _, _, _] = *header;
                u64::from_be_bytes(length)
            }
            short => u64::from(short),
        };
        let (fin, opcode) = (header[0] & 0x80 != 0, header[0] & 0x0f);
        let first_close = opcode == OPCODE_CLOSE && self.close.is_none();
        self.in_close = first_close && self.payload <= LONGEST_CONTROL;
        if self.in_close {
            self.close = Some(CloseSeen(Vec::new()));
        }
        if opcode >= OPCODE_CLOSE {
            return Ok(());
        }
        self.fragments = if fin { 0 } else { self.fragments + 1 };
        if self.fragments == MAX_FRAGMENTS { Err(TooManyFragments) } else { Ok(()) }
    }
}

/// How long the header is that begins with these two bytes.
fn header_length(header: &[u8; 14]) -> usize {
    let extended = match header[1] & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    2 + extended + usize::from(header[1] >> 7) * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload.len() {
            n @ 0..126 => bytes.push(n as u8),
            n => {
                bytes.push(126);
                bytes.extend_from_slice(&(n as u16).to_be_bytes());
            }
        }
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn a_close_is_seen_wherever_the_bytes_are_cut() {
        let mut bytes = frame(0x81, &[0x88; 300]);
        bytes.extend(frame(0x89, b"\x88\x02"));
        bytes.extend(frame(0x88, b"\x03\xf6going down"));
        for step in 1..bytes.len() {
            let mut scan = FrameScan::default();
            for chunk in bytes.chunks(step) {
                scan.watch(chunk).unwrap();
            }
            let seen = scan.close_seen().unwrap();
            assert_eq!((seen.code(), seen.reason().as_str()), (Some(1014), "going down"));
        }
    }

    #[test]
    fn fragments_are_counted_per_message_and_control_frames_are_none() {
        let fragments = |n: u32| {
            let mut scan = FrameScan::default();
            scan.watch(&frame(0x01, b"x")).unwrap();
            for _ in 1..n {
                scan.watch(&frame(0x00, b"")).unwrap();
                scan.watch(&frame(0x89, b"")).unwrap();
            }
            scan
        };
        let mut longest = fragments(MAX_FRAGMENTS - 1);
        longest.watch(&frame(0x80, b"")).unwrap();
        longest.watch(&frame(0x01, b"the next message")).unwrap();
        let mut endless = fragments(MAX_FRAGMENTS - 1);
        assert_eq!(endless.watch(&frame(0x00, b"")), Err(TooManyFragments));
    }
}
