//! A scan of frame headers by hand, on tokio: the limit of what a receiver can do.

use std::hint::black_box;

use tokio::io::AsyncReadExt as _;

use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::wire::frame::{BINARY, CLOSE, TEXT};
use crate::wire::stream::connect;
use crate::wire::upgrade::ask;
use crate::work::Work;

const BUFFER: usize = 256 << 10;
const PAGE: usize = 1000;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let meter = Meter::start()?;
    let mut stream = connect(&work.from).await?;
    let rest = ask(&mut stream, &work.from.path, false).await?;
    let mut buffer = vec![0; BUFFER];
    let mut filled = rest.len();
    buffer[..filled].copy_from_slice(&rest);
    let mut pages = Pages::default();
    loop {
        let at = pages.scan(&buffer[..filled])?;
        buffer.copy_within(at..filled, 0);
        filled -= at;
        let n = if pages.over { 0 } else { stream.read(&mut buffer[filled..]).await? };
        if n == 0 {
            break;
        }
        filled += n;
    }
    meter.stop(pages.seen.check(work.messages)?)
}

/// Places of messages, about a thousand a page.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    places: Vec<(u32, u32)>,
    pub(crate) seen: Seen,
    /// The peer said Close.
    pub(crate) over: bool,
}

impl Pages {
    /// Goes over the whole frames of `bytes`, and returns where they end.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Result<usize> {
        // Counted once for all of `bytes`: a message has no more than a few nanoseconds.
        let (mut at, mut payload, before) = (0, 0, self.places.len());
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
            match first {
                TEXT | BINARY => self.places.push((start as u32, len as u32)),
                CLOSE => self.over = true,
                first => return Err(format!("a frame begins with {first:#x}").into()),
            }
            payload += if first == CLOSE { 0 } else { len };
            at = start + len;
        }
        self.seen.messages += (self.places.len() - before) as u64;
        self.seen.bytes += payload as u64;
        if self.places.len() >= PAGE {
            black_box(&self.places);
            self.places.clear();
        }
        Ok(at)
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
        let mut pages = Pages::default();
        assert_eq!(pages.scan(&bytes[..bytes.len() - 1]).unwrap(), first);
        assert_eq!(pages.scan(&bytes[first..]).unwrap(), bytes.len() - first);
        assert_eq!((pages.seen, pages.over), (Seen { messages: 2, bytes: 303 }, false));
        push_frame(&mut bytes, CLOSE, &[]);
        pages.scan(&bytes).unwrap();
        assert!(pages.over);
        assert!(pages.scan(&[0x83, 0]).is_err());
        assert!(pages.scan(&[TEXT, 0x80, 0, 0, 0, 0]).is_err());
    }
}
