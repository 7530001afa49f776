//! The loop that everybody writes first: a `serde_json::Value` for each message, and a `select!` with
//! timers around it.

use std::hint::black_box;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::wire::stream::tungstenite;
use crate::work::Work;

const PAGE: usize = 1000;
const PAGE_AGE: Duration = Duration::from_millis(50);
const IDLE: Duration = Duration::from_secs(30);

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let meter = Meter::start()?;
    let mut socket = tungstenite(&work.from, None).await?;
    let mut seen = Seen::default();
    let mut page: Vec<Value> = Vec::new();
    let mut flush = tokio::time::interval(PAGE_AGE);
    loop {
        tokio::select! {
            message = socket.next() => match message {
                None | Some(Ok(Message::Close(_))) => break,
                Some(message) => {
                    let message = message?;
                    seen.add(message.len());
                    page.push(serde_json::from_str(message.to_text()?)?);
                    if page.len() == PAGE {
                        black_box(std::mem::take(&mut page));
                    }
                }
            },
            _ = flush.tick() => drop(black_box(std::mem::take(&mut page))),
            () = tokio::time::sleep(IDLE) => return Err("the feed is silent".into()),
        }
    }
    black_box(page);
    meter.stop(seen.check(work.messages)?)
}
