//! Frames encoded by hand, a page in one write: the limit of a sink.

use tokio::io::AsyncWriteExt as _;

use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::senders::PAGE;
use crate::wire::client_frames::ClientFrames;
use crate::wire::frame::{CLOSE, LONGEST_HEADER, TEXT, put_masked};
use crate::wire::stream::connect;
use crate::wire::upgrade::ask;
use crate::work::Work;

/// A larger write would leave the cache before the kernel has copied it.
const WRITE: usize = 256 << 10;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let messages = work.payload.messages();
    let mut keys = fastrand::Rng::new();
    let meter = Meter::start()?;
    let mut stream = connect(&work.to).await?;
    ask(&mut stream, &work.to.path, false).await?;
    let (mut seen, mut out) =
        (Seen::default(), vec![0; WRITE + work.payload.len() + LONGEST_HEADER]);
    let mut next = messages.iter().cycle();
    while seen.messages < work.messages {
        let (page, mut at) = (PAGE.min(usize::try_from(work.messages - seen.messages)?), 0);
        for message in next.by_ref().take(page) {
            let key = keys.u32(..).to_ne_bytes();
            at += put_masked(&mut out[at..], TEXT, message.as_bytes(), key);
            seen.add(message.len());
            if at >= WRITE {
                break;
            }
        }
        stream.write_all(&out[..at]).await?;
    }
    let len = put_masked(&mut out, CLOSE, &1000u16.to_be_bytes(), [1, 2, 3, 4]);
    stream.write_all(&out[..len]).await?;
    stream.flush().await?;
    ClientFrames::new().read_to_end(&mut stream).await?;
    meter.stop(seen.check(work.messages)?)
}
