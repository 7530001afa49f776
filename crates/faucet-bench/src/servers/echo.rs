//! A server that sends one message for each signal.

use tokio::io::AsyncWriteExt as _;

use crate::payload::Payload;
use crate::result::Result;
use crate::servers::listener::Listener;
use crate::servers::trigger::Trigger;
use crate::wire::frame::{TEXT, push_frame};
use crate::wire::upgrade::{answer, asked};

/// Serves one client, until it is gone.
pub(crate) async fn serve() -> Result<()> {
    let listener = Listener::plain().await?;
    let mut trigger = Trigger::accepted(listener.accept_tcp().await?);
    let mut stream = listener.accept_tcp().await?;
    let request = asked(&mut stream).await?;
    stream.write_all(answer(&request, None).as_bytes()).await?;
    let mut frames = Vec::new();
    for message in Payload::Trade.messages() {
        let mut frame = Vec::new();
        push_frame(&mut frame, TEXT, message.as_bytes());
        frames.push(frame);
    }
    for frame in frames.iter().cycle() {
        if trigger.signalled().await.is_err() {
            break;
        }
        stream.write_all(frame).await?;
    }
    Ok(())
}
