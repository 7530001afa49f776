//! Many connections, and an even stream of messages over all of them in turn.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::interval;

use crate::payload::Payload;
use crate::result::Result;
use crate::servers::listener::Listener;
use crate::servers::trigger::Trigger;
use crate::usage::allow_files;
use crate::wire::frame::{TEXT, push_frame};
use crate::wire::upgrade::{answer, asked};

const TICK: Duration = Duration::from_millis(1);

/// What is asked of the server.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(crate) struct Pace {
    pub(crate) connections: usize,
    /// Over all connections together.
    pub(crate) messages: u64,
    pub(crate) messages_per_second: u64,
}

/// Accepts all connections, signals for each, waits for a signal, sends, and ends when the client is
/// gone.
pub(crate) async fn serve(pace: Pace) -> Result<()> {
    allow_files(pace.connections as u64 + 64)?;
    let listener = Listener::plain().await?;
    let mut trigger = Trigger::accepted(listener.accept_tcp().await?);
    let mut streams = Vec::new();
    while streams.len() < pace.connections {
        let mut stream = listener.accept_tcp().await?;
        let request = asked(&mut stream).await?;
        stream.write_all(answer(&request, None).as_bytes()).await?;
        streams.push(stream);
        trigger.signal().await?;
    }
    trigger.signalled().await?;
    send(pace, &streams).await?;
    let _ = trigger.signalled().await;
    Ok(())
}

async fn send(pace: Pace, streams: &[TcpStream]) -> Result<()> {
    let messages = Payload::Trade.messages();
    let mut ticks = interval(TICK);
    let a_tick = (pace.messages_per_second / 1000).max(1);
    let (mut frame, mut sent) = (Vec::new(), 0);
    while sent < pace.messages {
        ticks.tick().await;
        for _ in 0..a_tick.min(pace.messages - sent) {
            let n = usize::try_from(sent)?;
            frame.clear();
            push_frame(&mut frame, TEXT, messages[n % messages.len()].as_bytes());
            // A receiver that keeps up leaves room for a message.
            if streams[n % streams.len()].try_write(&frame)? != frame.len() {
                return Err("a receiver does not keep up".into());
            }
            sent += 1;
        }
    }
    Ok(())
}
