//! The header and the trailer of a gzip member (RFC 1952).
//!
//! zlib-rs reads gzip too, but must be made anew for each member then; a reader of raw DEFLATE is
//! used again.

use zlib_rs::crc32::crc32;

use crate::reading::failure::DecompressFailed;

/// The first bytes of a member: the mark of gzip, and DEFLATE as its only method.
pub(super) const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// The bytes behind the compressed ones: a checksum and the length of the text.
const TRAILER: usize = 8;

const HAS_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// The bytes behind the header at the front of `member`.
pub(super) fn behind_header(member: &[u8]) -> Result<&[u8], DecompressFailed> {
    header(member).ok_or(DecompressFailed::Corrupt)
}

fn header(member: &[u8]) -> Option<&[u8]> {
    let rest = member.strip_prefix(&MAGIC)?;
    // A time, a level and a system follow, which say nothing about the text.
    let (&[flags, ..], mut rest) = rest.split_first_chunk::<7>()?;
    if flags & RESERVED != 0 {
        return None;
    }
    if flags & HAS_EXTRA != 0 {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for name in [HAS_NAME, HAS_COMMENT] {
        if flags & name != 0 {
            rest = rest.get(memchr::memchr(0, rest)? + 1..)?;
        }
    }
    if flags & HAS_CHECKSUM != 0 {
        let header = member.get(..member.len() - rest.len())?;
        let (checksum, behind) = rest.split_first_chunk::<2>()?;
        if u16::from_le_bytes(*checksum) != crc32(0, header) as u16 {
            return None;
        }
        rest = behind;
    }
    Some(rest)
}

/// The bytes behind the trailer at the front of `bytes`, which must be that of `text`.
pub(super) fn behind_trailer<'a>(
    bytes: &'a [u8],
    text: &[u8],
) -> Result<&'a [u8], DecompressFailed> {
    let (trailer, rest) = bytes.split_first_chunk::<TRAILER>().ok_or(DecompressFailed::Corrupt)?;
    // The length counts modulo 2³².
    let expected = u64::from(crc32(0, text)) | (text.len() as u64) << 32;
    if u64::from_le_bytes(*trailer) == expected { Ok(rest) } else { Err(DecompressFailed::Corrupt) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let plain = [0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 0, 3];
        let with = |flags: u8, fields: &[u8]| {
            let mut member = plain.to_vec();
            member[3] = flags;
            member.extend(fields);
            member
        };
        let checked = with(HAS_CHECKSUM | HAS_NAME, b"name\0");
        let checksum = (crc32(0, &checked) as u16).to_le_bytes();
        let all = HAS_EXTRA | HAS_NAME | HAS_COMMENT;
        for (member, rest) in [
            (with(0, b"data"), Some(&b"data"[..])),
            // A hint that the text is text.
            (with(1, b"data"), Some(b"data")),
            (with(HAS_EXTRA, b"\x03\x00abcdata"), Some(b"data")),
            (with(all, b"\x01\x00xname\0comment\0data"), Some(b"data")),
            (with(all, b"\x01\x00xname\0comment"), None),
            (with(HAS_EXTRA, b"\x09\x00abc"), None),
            (with(HAS_EXTRA, b"\x09"), None),
            ([&checked[..], &checksum, b"data"].concat(), Some(b"data")),
            ([&checked[..], &[!checksum[0], checksum[1]], b"data"].concat(), None),
            ([&checked[..], &checksum[..1]].concat(), None),
            (with(0x20, b"data"), None),
            (plain[..9].to_vec(), None),
            (b"\x1f\x8b\x07\0\0\0\0\0\0\0\0".to_vec(), None),
        ] {
            assert_eq!(header(&member), rest, "{member:x?}");
        }
    }

    #[test]
    fn trailers() {
        // The check value of CRC-32.
        let trailer = [0x26, 0x39, 0xf4, 0xcb, 9, 0, 0, 0, 0x1f];
        assert_eq!(behind_trailer(&trailer, b"123456789"), Ok(&[0x1f][..]));
        for at in 0..TRAILER {
            let mut wrong = trailer;
            wrong[at] ^= 1;
            assert_eq!(behind_trailer(&wrong, b"123456789"), Err(DecompressFailed::Corrupt));
        }
        assert_eq!(behind_trailer(&trailer[..7], b"123456789"), Err(DecompressFailed::Corrupt));
    }
}
