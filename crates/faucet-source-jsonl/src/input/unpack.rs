//! From compressed bytes to text.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use zstd_safe::{DCtx, InBuffer, OutBuffer, get_error_name};

/// The first bytes of a gzip member (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The first bytes of a zstd frame (RFC 8878 §3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The text that comes out of the codec at once.
const ROOM: usize = 128 << 10;

/// Decompresses a file.
pub(crate) enum Unpack {
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd {
        codec: DCtx<'static>,
        /// Whether a frame has begun and has not ended.
        is_inside: bool,
    },
}

impl Unpack {
    /// Whether so few bytes do not tell yet how the file is compressed.
    pub(crate) fn needs_more(begin: &[u8]) -> bool {
        let is_part = |magic: &[u8]| begin.len() < magic.len() && magic.starts_with(begin);
        is_part(&GZIP) || is_part(&ZSTD)
    }

    /// The codec of a file that begins with these bytes; `None`: the file is not compressed.
    pub(crate) fn of(begin: &[u8]) -> Option<Self> {
        match begin {
            [a, b, ..] if [*a, *b] == GZIP => {
                Some(Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))))
            }
            [a, b, c, d, ..] if [*a, *b, *c, *d] == ZSTD => {
                Some(Self::Zstd { codec: DCtx::create(), is_inside: false })
            }
            _ => None,
        }
    }

    /// Decompresses some of `bytes` and returns how many. The text is appended to `text`.
    pub(crate) fn push(&mut self, bytes: &[u8], text: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Gzip(member) => {
                // 1 kB of a member becomes 1 MB of text at most.
                let part = &bytes[..bytes.len().min(1 << 10)];
                let taken = member.write(part)?;
                member.flush()?;
                text.append(member.get_mut());
                Ok(taken)
            }
            Self::Zstd { codec, is_inside } => {
                let before = text.len();
                text.reserve(ROOM);
                let mut input = InBuffer::around(bytes);
                let mut output = OutBuffer::around_pos(text, before);
                let hint = codec.decompress_stream(&mut output, &mut input).map_err(|code| {
                    io::Error::new(io::ErrorKind::InvalidData, get_error_name(code))
                })?;
                *is_inside = hint != 0;
                Ok(input.pos())
            }
        }
    }

    /// Whether the bytes so far end with a whole frame. Call it behind the last byte.
    pub(crate) fn is_whole(&mut self) -> bool {
        match self {
            Self::Gzip(member) => member.try_finish().is_ok(),
            Self::Zstd { is_inside, .. } => !*is_inside,
        }
    }
}

impl std::fmt::Debug for Unpack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Gzip(_) => "Gzip",
            Self::Zstd { .. } => "Zstd",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_how_a_file_is_compressed() {
        for (begin, needs_more, is_packed) in [
            (&b""[..], true, false),
            (b"{", false, false),
            (b"1\n", false, false),
            (b"\x1f", true, false),
            (b"\x1f\x8b", false, true),
            (b"\x28\xb5", true, false),
            (b"\x28\xb5\x2f\xfd", false, true),
            (b"\x28\xb5\x2f\x00", false, false),
        ] {
            assert_eq!(Unpack::needs_more(begin), needs_more, "{begin:?}");
            assert_eq!(Unpack::of(begin).is_some(), is_packed, "{begin:?}");
        }
    }
}
