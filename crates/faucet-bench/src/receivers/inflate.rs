//! A scan of frame headers by hand that inflates each message: the limit with permessage-deflate.

use std::hint::black_box;

use tokio::io::AsyncReadExt as _;

use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::wire::deflate::Inflater;
use crate::wire::frame::{CLOSE, DEFLATED, Header};
use crate::wire::stream::connect;
use crate::wire::upgrade::ask;
use crate::work::{Compression, Work};

const BUFFER: usize = 256 << 10;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let meter = Meter::start()?;
    let mut stream = connect(&work.from).await?;
    let mut buffer = ask(&mut stream, &work.from.path, true).await?;
    let mut filled = buffer.len();
    buffer.resize(BUFFER, 0);
    let mut inflater = Inflater::new(work.compression == Compression::Reset);
    let (mut seen, mut over) = (Seen::default(), false);
    while !over {
        let mut at = 0;
        while let Some(header) = Header::read(&buffer[at..filled]) {
            let (start, end) = (at + header.start, at + header.end());
            if end > filled {
                break;
            }
            match header.first {
                DEFLATED => {
                    let message = inflater.message(&buffer[start..end])?;
                    seen.add(black_box(message).len());
                }
                CLOSE => over = true,
                first => return Err(format!("a frame begins with {first:#x}").into()),
            }
            at = end;
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
        if !over {
            let n = stream.read(&mut buffer[filled..]).await?;
            filled += n;
            over = n == 0;
        }
    }
    meter.stop(seen.check(work.messages)?)
}
