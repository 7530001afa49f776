//! A slow feed: messages that say when they were sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::AsyncWriteExt as _;

use crate::payload::stamped;
use crate::result::Result;
use crate::servers::listener::Listener;
use crate::wire::client_frames::ClientFrames;
use crate::wire::frame::{CLOSE, TEXT, push_frame};
use crate::wire::upgrade::{answer, asked};

/// Longer than the `batch_timeout` of a source, and no multiple of it.
const PAUSE: Duration = Duration::from_millis(97);

/// Serves one client with so many messages.
pub(crate) async fn serve(messages: u64) -> Result<()> {
    let listener = Listener::plain().await?;
    let mut stream = listener.accept_tcp().await?;
    let request = asked(&mut stream).await?;
    stream.write_all(answer(&request, None).as_bytes()).await?;
    let mut frame = Vec::new();
    for _ in 0..messages {
        tokio::time::sleep(PAUSE).await;
        frame.clear();
        push_frame(&mut frame, TEXT, stamped(nanos_now()?).as_bytes());
        stream.write_all(&frame).await?;
    }
    tokio::time::sleep(PAUSE).await;
    frame.clear();
    push_frame(&mut frame, CLOSE, &1000u16.to_be_bytes());
    stream.write_all(&frame).await?;
    ClientFrames::new().read_to_end(&mut stream).await?;
    Ok(())
}

/// Nanoseconds since 1970: a clock that all processes of a machine share.
pub(crate) fn nanos_now() -> Result<u128> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())
}
