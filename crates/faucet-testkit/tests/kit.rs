//! The doubles, held against the conformance suite, and the suite against bad connectors.

use std::task::Poll;

use faucet_core::{
    CheckReport, Delivery, Ended, Error, ErrorKind, Info, Next, PageReader, Problems, Record,
    Result, Scope, Sink, Source, SourceConfig, StreamPage, async_trait,
};
use faucet_testkit::{
    FailingSink, FailingSource, Gate, GatedSink, MemorySink, VecSource, conformance,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Yields numbers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GoodConfig {
    /// How many.
    count: usize,
}

impl SourceConfig for GoodConfig {
    const NAME: &'static str = "good";
    type Source = VecSource;

    fn build(self) -> Result<VecSource, Problems> {
        let texts: Vec<String> = (0..self.count).map(|n| n.to_string()).collect();
        Ok(VecSource::texts(&texts, 2))
    }
}

/// Lets every key pass.
#[derive(Debug, Deserialize, JsonSchema)]
struct LaxConfig {
    /// How many.
    #[serde(default)]
    _count: usize,
}

impl SourceConfig for LaxConfig {
    const NAME: &'static str = "lax";
    type Source = VecSource;

    fn build(self) -> Result<VecSource, Problems> {
        Ok(VecSource::new([]))
    }
}

#[tokio::test]
async fn a_good_source_conforms() {
    conformance::source_config::<GoodConfig>();
    let source = GoodConfig { count: 5 }.build().unwrap();
    let records = conformance::source(&source).await;
    let texts: Vec<_> = records.iter().map(|record| record.to_json()).collect();
    assert_eq!(texts, [b"\"0\"", b"\"1\"", b"\"2\"", b"\"3\"", b"\"4\""]);
    conformance::keeps_secret(&source.info(), "hunter2");
}

#[test]
#[should_panic(expected = "source lax: / allows unknown keys")]
fn a_lax_configuration_does_not_conform() {
    conformance::source_config::<LaxConfig>();
}

#[test]
#[should_panic(expected = "shows a secret")]
fn a_talkative_info_does_not_conform() {
    let info = Info::new("x", "ws://h/?token=hunter2", Delivery::AtMostOnce);
    conformance::keeps_secret(&info, "hunter2");
}

/// Takes a record out of its queue before it awaits: what a dropped future had is lost.
#[derive(Debug)]
struct Hasty;

struct HastyReader(Vec<Record>);

#[async_trait]
impl Source for Hasty {
    fn info(&self) -> Info {
        Info::new("hasty", "memory", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        let source = VecSource::texts(&["a", "b", "c"], 3);
        Ok(Box::new(HastyReader(source.fetch_all().await?)))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("memory")
    }
}

#[async_trait]
impl PageReader for HastyReader {
    async fn next_page(&mut self) -> Result<Next> {
        let Some(record) = self.0.pop() else { return Ok(Next::End(Ended::Exhausted)) };
        tokio::task::yield_now().await;
        Ok(Next::Page(StreamPage::new(vec![record])))
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        Ok(None)
    }
}

#[tokio::test]
#[should_panic(expected = "next_page is not cancel safe")]
async fn a_source_that_loses_records_with_its_future_does_not_conform() {
    conformance::source(&Hasty).await;
}

fn broken() -> Error {
    Error::new(ErrorKind::Other, "broken on purpose")
}

#[tokio::test]
async fn sources_end_fail_and_hang_as_told() {
    let scope = Scope::default();
    let source = VecSource::texts(&["a", "b"], 1);
    let last = StreamPage::new(source.fetch_all().await.unwrap());

    let ending = source.clone().then_end(Ended::Idle).with_last_page(last);
    let mut reader = ending.open(&scope).await.unwrap();
    for _ in 0..2 {
        assert!(matches!(reader.next_page().await.unwrap(), Next::Page(page) if page.len() == 1));
    }
    assert!(matches!(reader.next_page().await.unwrap(), Next::End(Ended::Idle)));
    assert_eq!(reader.drain().await.unwrap().unwrap().len(), 2);

    let error = source.clone().then_fail(broken).fetch_all().await.unwrap_err();
    assert_eq!(error.to_string(), "broken on purpose");
    let mut reader = source.then_hang().open(&scope).await.unwrap();
    for _ in 0..2 {
        reader.next_page().await.unwrap();
    }
    assert!(futures_util::poll!(reader.next_page()).is_pending());

    let failing = FailingSource::new(broken);
    assert_eq!(failing.open(&scope).await.err().unwrap().to_string(), "broken on purpose");
    assert!(failing.validate_connectivity().await.is_err());
}

#[tokio::test]
async fn sinks_keep_fail_and_block_as_told() {
    let scope = Scope::default();
    let page = || StreamPage::new(Vec::from_iter(Record::from_serialize(&1, at())));
    let sink = MemorySink::new();
    let mut writer = sink.open(&scope).await.unwrap();
    writer.write_page(page()).await.unwrap();
    assert_eq!(writer.flush().await.unwrap(), faucet_core::Flushed::ALL);
    writer.close().await.unwrap();
    assert_eq!((sink.json(), sink.opened()), (vec!["1".to_owned()], 1));
    assert_eq!((sink.flushes(), sink.closes()), (1, 1));

    let sink = FailingSink::after_pages(1, broken);
    let mut writer = sink.open(&scope).await.unwrap();
    writer.write_page(page()).await.unwrap();
    for _ in 0..2 {
        assert!(writer.write_page(page()).await.is_err());
    }
    assert_eq!(sink.taken().pages().len(), 1);
    assert!(FailingSink::at_open(broken).open(&scope).await.is_err());
    for (sink, at_flush) in
        [(FailingSink::at_flush(broken), true), (FailingSink::at_close(broken), false)]
    {
        let mut writer = sink.open(&scope).await.unwrap();
        assert_eq!(writer.flush().await.is_err(), at_flush);
        assert_eq!(writer.close().await.is_err(), !at_flush);
    }

    let gate = Gate::new();
    let sink = GatedSink::new(&gate);
    let mut writer = sink.open(&scope).await.unwrap();
    let mut write = writer.write_page(page());
    assert!(matches!(futures_util::poll!(&mut write), Poll::Pending));
    gate.reached().await;
    assert!(sink.taken().records().is_empty());
    gate.open();
    write.await.unwrap();
    assert_eq!(sink.taken().records().len(), 1);
}

fn at() -> faucet_core::Timestamp {
    faucet_core::Timestamp::from_unix_millis(0)
}
