//! From a signal to the server until its message is here, one at a time.

use std::time::Instant;

use faucet_stream::{Next, Scope, Source as _};
use futures_util::StreamExt as _;
use serde_json::json;

use crate::receivers::ours::source;
use crate::result::Result;
use crate::sample::{Latency, Meter, Sample, Seen};
use crate::servers::trigger::Trigger;
use crate::wire::stream;
use crate::work::Work;

/// Messages before the first that counts.
const WARM_UP: u64 = 200;

/// Measures tokio-tungstenite.
pub(crate) async fn tungstenite(work: &Work) -> Result<Sample> {
    let trigger = Trigger::connect(&work.from).await?;
    let mut socket = stream::tungstenite(&work.from, None).await?;
    measure(work, trigger, async || Ok(socket.next().await.ok_or("the server is gone")??.len()))
        .await
}

/// Measures the source with pages of one record.
pub(crate) async fn pages(work: &Work) -> Result<Sample> {
    let trigger = Trigger::connect(&work.from).await?;
    let source = source(&work.from, json!({ "message_format": "raw_string", "batch_size": 1 }))?;
    let mut reader = source.open(&Scope::default()).await?;
    measure(work, trigger, async || match reader.next_page().await? {
        Next::Page(page) if page.len() == 1 => Ok(page.payload_bytes()),
        other => Err(format!("a page of one record was expected: {other:?}").into()),
    })
    .await
}

async fn measure(
    work: &Work,
    mut trigger: Trigger,
    mut next: impl AsyncFnMut() -> Result<usize>,
) -> Result<Sample> {
    for _ in 0..WARM_UP {
        trigger.signal().await?;
        next().await?;
    }
    let (meter, mut seen) = (Meter::start()?, Seen::default());
    let mut micros = Vec::new();
    for _ in 0..work.messages {
        let began = Instant::now();
        trigger.signal().await?;
        seen.add(next().await?);
        micros.push(began.elapsed().as_secs_f64() * 1e6);
    }
    let mut sample = meter.stop(seen.check(work.messages)?)?;
    sample.latency = Latency::of(micros);
    Ok(sample)
}
