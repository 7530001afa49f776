//! Frames: their headers, and how they are written.

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
/// A text message that is compressed (RFC 7692).
pub(crate) const DEFLATED: u8 = 0xc1;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;

const MASKED: u8 = 0x80;

/// Of a client, with the key.
pub(crate) const LONGEST_HEADER: usize = 14;

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// FIN, the reserved bits and the opcode.
    pub(crate) first: u8,
    pub(crate) mask: Option<[u8; 4]>,
    /// Where the payload begins.
    pub(crate) start: usize,
    /// The length of the payload.
    pub(crate) len: usize,
}

impl Header {
    /// Where the frame ends.
    pub(crate) fn end(&self) -> usize {
        self.start + self.len
    }

    /// The header at the beginning of `bytes`; `None` while it is not whole.
    #[inline]
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let &[first, second] = bytes.first_chunk()?;
        let (mut start, len) = match second & !MASKED {
            126 => {
                let &[_, _, a, b] = bytes.first_chunk()?;
                (4, usize::from(u16::from_be_bytes([a, b])))
            }
            127 => {
                let &[_, _, ref len @ ..] = bytes.first_chunk::<10>()?;
                (10, usize::try_from(u64::from_be_bytes(*len)).ok()?)
            }
            len => (2, usize::from(len)),
        };
        let mut mask = None;
        if second & MASKED != 0 {
            mask = Some(*bytes.get(start..)?.first_chunk()?);
            start += 4;
        }
        Some(Self { first, mask, start, len })
    }
}

/// Appends a frame as servers send them.
pub(crate) fn push_frame(out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    match payload.len() {
        len @ ..126 => out.extend_from_slice(&[first, len as u8]),
        len @ 126..=0xffff => {
            let [a, b] = (len as u16).to_be_bytes();
            out.extend_from_slice(&[first, 126, a, b]);
        }
        len => {
            out.extend_from_slice(&[first, 127]);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// Writes a frame as clients send them to the beginning of `out`, which must have room for it, and
/// returns its length. The payload is masked on the way, and gone over once.
#[inline]
pub(crate) fn put_masked(out: &mut [u8], first: u8, payload: &[u8], key: [u8; 4]) -> usize {
    let [k0, k1, k2, k3] = key;
    let start = match payload.len() {
        len @ ..126 => {
            out[..6].copy_from_slice(&[first, MASKED | len as u8, k0, k1, k2, k3]);
            6
        }
        len @ 126..=0xffff => {
            let [a, b] = (len as u16).to_be_bytes();
            out[..8].copy_from_slice(&[first, MASKED | 126, a, b, k0, k1, k2, k3]);
            8
        }
        len => {
            out[..2].copy_from_slice(&[first, MASKED | 127]);
            out[2..10].copy_from_slice(&(len as u64).to_be_bytes());
            out[10..14].copy_from_slice(&key);
            LONGEST_HEADER
        }
    };
    let end = start + payload.len();
    let word = repeated(key);
    let (to, to_rest) = out[start..end].as_chunks_mut::<8>();
    let (from, from_rest) = payload.as_chunks::<8>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = (u64::from_ne_bytes(*from) ^ word).to_ne_bytes();
    }
    for ((to, from), key) in to_rest.iter_mut().zip(from_rest).zip(key.iter().cycle()) {
        *to = from ^ key;
    }
    end
}

/// The bytes of the key that mask eight bytes.
fn repeated([a, b, c, d]: [u8; 4]) -> u64 {
    u64::from_ne_bytes([a, b, c, d, a, b, c, d])
}

/// Masks, or takes the mask away.
pub(crate) fn mask(payload: &mut [u8], key: [u8; 4]) {
    let word = repeated(key);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for chunk in words {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Appends a frame as clients send them.
    pub(crate) fn push_masked(out: &mut Vec<u8>, first: u8, payload: &[u8], key: [u8; 4]) {
        let at = out.len();
        out.resize(at + payload.len() + LONGEST_HEADER, 0);
        let len = put_masked(&mut out[at..], first, payload, key);
        out.truncate(at + len);
    }

    #[test]
    fn what_is_written_is_read() {
        for len in [0, 1, 7, 125, 126, 135, 0xffff, 0x1_0000] {
            let payload = vec![b'x'; len];
            let mut out = Vec::new();
            push_frame(&mut out, TEXT, &payload);
            let header = Header::read(&out).unwrap();
            assert_eq!((header.first, header.mask, header.len), (TEXT, None, len));
            assert_eq!((header.end(), &out[header.start..]), (out.len(), payload.as_slice()));

            let mut out = Vec::new();
            push_masked(&mut out, PING, &payload, [1, 2, 3, 4]);
            let header = Header::read(&out).unwrap();
            assert_eq!((header.first, header.mask, header.len), (PING, Some([1, 2, 3, 4]), len));
            assert_eq!(header.end(), out.len());
            mask(&mut out[header.start..], [1, 2, 3, 4]);
            assert_eq!(&out[header.start..], payload.as_slice());
            for cut in 0..header.start {
                assert_eq!(Header::read(&out[..cut]), None, "{cut} of {len}");
            }
        }
    }
}
