//! tokio-tungstenite that feeds a page of messages and then flushes.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::senders::PAGE;
use crate::wire::stream::tungstenite;
use crate::work::Work;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let messages: Vec<Message> = work.payload.messages().into_iter().map(Message::text).collect();
    let meter = Meter::start()?;
    let mut socket = tungstenite(&work.to, None).await?;
    let mut seen = Seen::default();
    let mut next = messages.iter().cycle();
    while seen.messages < work.messages {
        let page = PAGE.min(usize::try_from(work.messages - seen.messages)?);
        for message in next.by_ref().take(page) {
            seen.add(message.len());
            // A clone shares the bytes.
            socket.feed(message.clone()).await?;
        }
        socket.flush().await?;
    }
    socket.close(None).await?;
    while let Some(Ok(_)) = socket.next().await {}
    meter.stop(seen.check(work.messages)?)
}
