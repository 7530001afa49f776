//! Hot paths without a network, for counting their instructions: `cargo xtask instructions` runs each
//! with two numbers of messages, and what the second takes more is the path.

mod peer;

use std::sync::Arc;

use faucet_stream::{
    JsonlSinkConfig, Payload as RecordPayload, Record, Scope, Sink, SinkConfig as _, Source as _,
    StreamPage, Timestamp, WebsocketSink, WebsocketSinkConfig, WebsocketSource,
    WebsocketSourceConfig, core,
};
use futures_util::StreamExt as _;
use serde_json::json;

use crate::payload::Payload;
use crate::result::Result;
use crate::servers::feed::Feed;
use crate::work::{Compression, Subject};
use peer::MemoryDial;

/// A host that nobody dials.
const URL: &str = "ws://memory.invalid/";
const PAGE: u64 = 1000;

/// The hot paths, and how many messages are enough for each.
const PATHS: [(Subject, Payload, u64); 10] = [
    (Subject::PagesRaw, Payload::Trade, 20_000),
    (Subject::PagesJson, Payload::Trade, 20_000),
    (Subject::PagesRaw, Payload::Book, 2_000),
    (Subject::PagesJson, Payload::Book, 2_000),
    (Subject::LinesRaw, Payload::Trade, 20_000),
    (Subject::LinesJson, Payload::Trade, 20_000),
    (Subject::RelayAtMostOnce, Payload::Trade, 20_000),
    (Subject::RelayAtLeastOnce, Payload::Trade, 20_000),
    (Subject::SinkAtMostOnce, Payload::Trade, 20_000),
    (Subject::SinkAtLeastOnce, Payload::Trade, 20_000),
];

fn name(subject: Subject, payload: Payload) -> String {
    format!("{}/{payload}", subject.name())
}

/// Runs a hot path with so many messages; `list` prints all of them with their number of messages.
pub(crate) fn run(path: &str, messages: u64) -> Result<()> {
    if path == "list" {
        for (subject, payload, messages) in PATHS {
            println!("{} {messages}", name(subject, payload));
        }
        return Ok(());
    }
    let found = PATHS.iter().find(|(subject, payload, _)| name(*subject, *payload) == path);
    let (subject, payload, _) = *found.ok_or("no such path; `list` lists them")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(go(subject, payload, messages))
}

async fn go(subject: Subject, payload: Payload, messages: u64) -> Result<()> {
    let feed = Arc::new(Feed::new(payload, Compression::None)?);
    let source = |format| source(&feed, messages, format);
    let done = match subject {
        Subject::PagesRaw => pages(&source("raw_string")?).await?,
        Subject::PagesJson => pages(&source("json")?).await?,
        Subject::LinesRaw => pipeline(source("raw_string")?, lines()?).await?,
        Subject::LinesJson => pipeline(source("json")?, lines()?).await?,
        Subject::RelayAtMostOnce => {
            pipeline(source("raw_string")?, sink(&feed, "at_most_once")?).await?
        }
        Subject::RelayAtLeastOnce => {
            pipeline(source("raw_string")?, sink(&feed, "at_least_once")?).await?
        }
        Subject::SinkAtMostOnce => write(&sink(&feed, "at_most_once")?, payload, messages).await?,
        Subject::SinkAtLeastOnce => {
            write(&sink(&feed, "at_least_once")?, payload, messages).await?
        }
        other => return Err(format!("{} is no hot path", other.name()).into()),
    };
    match done == messages {
        true => Ok(()),
        false => Err(format!("{done} of {messages} messages were there").into()),
    }
}

fn source(feed: &Arc<Feed>, messages: u64, format: &str) -> Result<WebsocketSource> {
    let keys = json!({ "url": URL, "unbounded": true, "message_format": format });
    let source = WebsocketSource::new(core::decode::<WebsocketSourceConfig>(keys)?)?;
    Ok(source.with_dial(MemoryDial::feed(Arc::clone(feed), messages)))
}

fn sink(feed: &Arc<Feed>, delivery: &str) -> Result<WebsocketSink> {
    let keys = json!({ "url": URL, "delivery": delivery });
    let sink = WebsocketSink::new(core::decode::<WebsocketSinkConfig>(keys)?)?;
    Ok(sink.with_dial(MemoryDial::black_hole(Arc::clone(feed))))
}

fn lines() -> Result<impl Sink + 'static> {
    let keys = json!({ "path": "/dev/null" });
    Ok(core::decode::<JsonlSinkConfig>(keys)?.build()?)
}

async fn pages(source: &WebsocketSource) -> Result<u64> {
    let (scope, mut records) = (Scope::default(), 0);
    let mut pages = source.stream_pages(&scope);
    while let Some(page) = pages.next().await {
        records += std::hint::black_box(page?).len() as u64;
    }
    Ok(records)
}

async fn pipeline(source: WebsocketSource, sink: impl Sink + 'static) -> Result<u64> {
    Ok(faucet_stream::run(source, sink).await.into_result()?.delivered)
}

async fn write(sink: &WebsocketSink, payload: Payload, messages: u64) -> Result<u64> {
    let at = Timestamp::now();
    let records = payload.messages().into_iter().take(PAGE as usize);
    let page: StreamPage =
        records.map(|text| Record::new(RecordPayload::Text(text.as_str().into()), at)).collect();
    let mut writer = sink.open(&Scope::default()).await?;
    for _ in 0..messages / PAGE {
        writer.write_page(page.clone()).await?;
    }
    let unconfirmed = writer.flush().await?.unconfirmed();
    writer.close().await?;
    Ok(messages / PAGE * page.len() as u64 - unconfirmed)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn every_hot_path_moves_all_its_messages() {
        for (subject, payload, _) in PATHS {
            for messages in [1_000, 7_000] {
                run(&name(subject, payload), messages).unwrap();
            }
        }
        assert!(run("nothing", 1).is_err());
    }
}
