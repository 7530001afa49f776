//! The WebSocket sink alone.

use faucet_stream::{Payload, Record, Scope, Sink as _, StreamPage, Timestamp};

use crate::receivers::ours::sink;
use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::senders::PAGE;
use crate::work::Work;

/// Measures it in one of the delivery modes.
pub(crate) async fn measure(work: &Work, delivery: &str) -> Result<Sample> {
    let pages = pages(&work.payload.messages());
    let sink = sink(work, delivery)?;
    let meter = Meter::start()?;
    let mut writer = sink.open(&Scope::default()).await?;
    let mut seen = Seen::default();
    let mut next = pages.iter().cycle();
    while seen.messages < work.messages {
        let Some(page) = next.next() else { break };
        // A clone shares the records.
        let mut page = page.clone();
        let left = usize::try_from(work.messages - seen.messages)?;
        if left < page.len() {
            let _rest = page.split_off(left);
        }
        seen.messages += page.len() as u64;
        seen.bytes += page.payload_bytes() as u64;
        writer.write_page(page).await?;
    }
    let unconfirmed = writer.flush().await?.unconfirmed();
    writer.close().await?;
    if unconfirmed > 0 {
        return Err(format!("{unconfirmed} records are not confirmed").into());
    }
    meter.stop(seen.check(work.messages)?)
}

/// Pages of a thousand different messages, made before anything is measured.
fn pages(messages: &[String]) -> Vec<StreamPage> {
    let at = Timestamp::now();
    let record = |message: &String| Record::new(Payload::Text(message.as_str().into()), at);
    let records: Vec<Record> = messages.iter().map(record).collect();
    let different = (records.len() / PAGE).max(1);
    let all = records.iter().cycle();
    (0..different).map(|n| all.clone().skip(n * PAGE).take(PAGE).cloned().collect()).collect()
}
