//! A server that reads and discards, and answers Pings.
//!
//! `/MESSAGES` says how many messages it is to get. It answers Close with 1000 if they came and with
//! 1011 if not.

use std::path::Path;

use tokio::io::AsyncWriteExt as _;

use crate::result::Result;
use crate::servers::listener::Listener;
use crate::wire::client_frames::ClientFrames;
use crate::wire::frame::{CLOSE, push_frame};
use crate::wire::stream::Stream;
use crate::wire::upgrade::{answer, asked};

/// Serves until the process ends, one connection after the other.
pub(crate) async fn serve(ca_file: &Path) -> Result<()> {
    let listener = Listener::with_tls(ca_file).await?;
    loop {
        let mut stream = listener.accept().await?;
        if let Err(error) = swallow(&mut *stream).await {
            eprintln!("black hole: {error}");
        }
    }
}

async fn swallow(mut stream: &mut dyn Stream) -> Result<()> {
    let request = asked(&mut stream).await?;
    let expected: u64 = request.path.trim_start_matches('/').parse()?;
    // Frames are counted and not inflated.
    let extensions = request.deflate.then_some("permessage-deflate");
    stream.write_all(answer(&request, extensions).as_bytes()).await?;
    stream.flush().await?;
    let mut frames = ClientFrames::new();
    loop {
        let arrived = frames.read(&mut stream).await?;
        if !arrived.answers.is_empty() {
            stream.write_all(&arrived.answers).await?;
            stream.flush().await?;
        }
        if arrived.over {
            break;
        }
    }
    let complete = frames.messages == expected;
    let code: u16 = if complete { 1000 } else { 1011 };
    let mut close = Vec::new();
    push_frame(&mut close, CLOSE, &code.to_be_bytes());
    // A client that is gone already hears nothing.
    let _ = stream.write_all(&close).await;
    let _ = stream.shutdown().await;
    match complete {
        true => Ok(()),
        false => Err(format!("{} of {expected} messages came", frames.messages).into()),
    }
}
