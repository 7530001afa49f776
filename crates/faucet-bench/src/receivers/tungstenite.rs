//! tokio-tungstenite that discards what it receives: what the others are compared with.

use std::hint::black_box;

use futures_util::StreamExt as _;
use tokio_tungstenite::tungstenite::Message;

use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::wire::stream::tungstenite;
use crate::work::Work;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let meter = Meter::start()?;
    let mut socket = tungstenite(&work.from, None).await?;
    let mut seen = Seen::default();
    while let Some(message) = socket.next().await {
        match message? {
            Message::Close(_) => break,
            message => seen.add(black_box(message).len()),
        }
    }
    meter.stop(seen.check(work.messages)?)
}
