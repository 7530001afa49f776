//! A scan of frame headers by hand, on tokio: the limit of what a receiver can do.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt as _;

use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::wire::frame::{BINARY, CLOSE, TEXT};
use crate::wire::stream::connect;
use crate::wire::upgrade::ask;
use crate::work::Work;

const BUFFER: usize = 256 << 10;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let meter = Meter::start()?;
    let mut stream = connect(&work.from).await?;
    let rest = ask(&mut stream, &work.from.path, false).await?;
    let mut buffer = BytesMut::with_capacity(BUFFER);
    buffer.extend_from_slice(&rest);
    let (mut seen, mut over) = (Seen::default(), false);
    loop {
        let scanned = Scanned::of(&buffer)?;
        seen.messages += scanned.places.len() as u64;
        seen.bytes += scanned.bytes;
        over |= scanned.over;
        // Handed over and dropped: then the buffer is free again.
        let chunk = buffer.split_to(scanned.end).freeze();
        black_box(Page { chunk, places: scanned.places });
        buffer.reserve(BUFFER.saturating_sub(buffer.len()));
        if over || stream.read_buf(&mut buffer).await? == 0 {
            break;
        }
    }
    meter.stop(seen.check(work.messages)?)
}

/// Messages: a chunk, and where they lie in it.
struct Page {
    #[expect(dead_code, reason = "a page holds its messages, whether somebody looks or not")]
    chunk: Bytes,
    #[expect(dead_code, reason = "as above")]
    places: Vec<Place>,
}

/// Where a message begins, and how long it is.
type Place = (u32, u32);

/// The whole frames at the beginning of some bytes.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    pub(crate) places: Vec<Place>,
    /// The size of all messages.
    pub(crate) bytes: u64,
    /// Where the last frame ends.
    pub(crate) end: usize,
    /// The peer said Close.
    pub(crate) over: bool,
}

impl Scanned {
    /// Goes over the whole frames of `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self> {
        // Room for as many as there can be of the smallest messages of the bench.
        let mut found = Self { places: Vec::with_capacity(bytes.len() / 128), ..Self::default() };
        let mut at = 0;
        // A frame of servers has no mask, so fewer headers are possible than `Header` reads.
        while let Some(&[first, second]) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            let (header, len) = match second {
                ..126 => (2, usize::from(second)),
                126 => {
                    let Some(&[_, _, a, b]) = bytes[at..].first_chunk() else { break };
                    (4, usize::from(u16::from_be_bytes([a, b])))
                }
                _ => return Err("a frame is masked, or larger than the bench sends".into()),
            };
            let start = at + header;
            if start + len > bytes.len() {
                break;
            }
            at = start + len;
            match first {
                TEXT | BINARY => {
                    found.places.push((start as u32, len as u32));
                    found.bytes += len as u64;
                }
                CLOSE => found.over = true,
                first => return Err(format!("a frame begins with {first:#x}").into()),
            }
        }
        found.end = at;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::push_frame;

    #[test]
    fn whole_frames_are_taken() {
        let mut bytes = Vec::new();
        push_frame(&mut bytes, TEXT, b"abc");
        let first = bytes.len();
        push_frame(&mut bytes, BINARY, &[0; 300]);
        let found = Scanned::of(&bytes[..bytes.len() - 1]).unwrap();
        assert_eq!((found.places, found.bytes, found.end), (vec![(2, 3)], 3, first));
        let found = Scanned::of(&bytes[first..]).unwrap();
        assert_eq!((found.places, found.bytes), (vec![(4, 300)], 300));
        assert!(!found.over);
        push_frame(&mut bytes, CLOSE, &[]);
        assert!(Scanned::of(&bytes).unwrap().over);
        assert!(Scanned::of(&[0x83, 0]).is_err());
        assert!(Scanned::of(&[TEXT, 0x80, 0, 0, 0, 0]).is_err());
    }
}
