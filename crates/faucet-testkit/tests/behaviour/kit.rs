//! The doubles do what they say, and conform.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::task::Poll;

use faucet_core::{
    Cancel, Carry, Ended, Error, ErrorKind, Next, Out, PageReader, Position, Scope, Sink, Source,
    StreamPage, Transform,
};
use faucet_testkit::sink::{self, SinkCase};
use faucet_testkit::source::{self, SourceCase, SourceSetup};
use faucet_testkit::transform::{self, TransformCase};
use faucet_testkit::{
    BufferingTransform, Chaos, FailingSink, FailingSource, Gate, GatedSink, MemorySink,
    PassTransform, Polls, VecSource, record,
};

fn broken() -> Error {
    Error::new(ErrorKind::Other, "broken on purpose")
}

fn page(texts: &[&str]) -> StreamPage {
    StreamPage::new(texts.iter().map(|text| record(text)).collect())
}

async fn next(reader: &mut dyn PageReader) -> StreamPage {
    match reader.next_page().await.unwrap() {
        Next::Page(page) => page,
        other => panic!("{other:?} instead of a page"),
    }
}

#[tokio::test]
async fn sources_end_fail_and_hang_as_told() {
    let scope = Scope::default();
    let source = VecSource::texts(&["a", "b"], 1);
    let ending = source.clone().then_end(Ended::Idle).with_last_page(page(&["c", "d"]));
    let mut reader = ending.open(&scope).await.unwrap();
    for _ in 0..2 {
        assert_eq!(next(&mut *reader).await.len(), 1);
    }
    assert!(matches!(reader.next_page().await.unwrap(), Next::End(Ended::Idle)));
    assert_eq!(reader.drain().await.unwrap().unwrap().len(), 2);
    let position = reader.position().unwrap();
    reader.committed(&position).await.unwrap();
    reader.close().await.unwrap();
    assert_eq!((ending.committed(), ending.opened()), (vec![Position::new("2")], 1));
    assert_eq!(source.closed(), 1);

    let mut reader = source.open(&scope.with_position(Position::new("1"))).await.unwrap();
    assert_eq!(next(&mut *reader).await.into_records()[0].to_json(), b"\"b\"");

    let error = source.clone().then_fail(broken).fetch_all().await.unwrap_err();
    assert_eq!(error.to_string(), "broken on purpose");
    let mut reader = source.then_hang().open(&Scope::default()).await.unwrap();
    for _ in 0..2 {
        next(&mut *reader).await;
    }
    assert!(futures_util::poll!(reader.next_page()).is_pending());

    let failing = FailingSource::new(broken);
    let error = failing.open(&Scope::default()).await.err().unwrap();
    assert_eq!(error.to_string(), "broken on purpose");
    assert!(failing.validate_connectivity().await.is_err());
}

#[tokio::test]
async fn sinks_keep_fail_and_block_as_told() {
    let scope = Scope::default();
    let sink = MemorySink::new();
    let mut writer = sink.open(&scope).await.unwrap();
    writer.write_page(page(&["1"])).await.unwrap();
    assert_eq!((sink.json(), sink.flushed()), (vec!["1".to_owned()], vec![]));
    let _ = writer.flush().await.unwrap();
    writer.close().await.unwrap();
    drop(writer);
    assert_eq!((sink.flushed(), sink.opened()), (vec!["1".to_owned()], 1));
    assert_eq!((sink.flushes(), sink.closes()), (1, 1));

    let sink = FailingSink::after_pages(1, broken);
    let mut writer = sink.open(&scope).await.unwrap();
    writer.write_page(page(&["1"])).await.unwrap();
    for _ in 0..2 {
        assert_eq!(writer.write_page(page(&["2"])).await.unwrap_err().written(), None);
    }
    assert_eq!(sink.taken().pages().len(), 1);

    let sink = FailingSink::after_records(3, broken);
    let mut writer = sink.open(&scope).await.unwrap();
    writer.write_page(page(&["1", "2"])).await.unwrap();
    assert_eq!(writer.write_page(page(&["3", "4"])).await.unwrap_err().written(), Some(1));
    assert_eq!(sink.taken().json(), ["1", "2", "3"]);

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
    let mut write = writer.write_page(page(&["1"]));
    assert!(matches!(futures_util::poll!(&mut write), Poll::Pending));
    gate.reached().await;
    assert!(sink.taken().records().is_empty());
    gate.open();
    write.await.unwrap();
    assert_eq!(sink.taken().records().len(), 1);
}

#[tokio::test]
async fn transforms_pass_and_hold_as_told() {
    let transform = BufferingTransform::new(2);
    let mut stage = transform.open(&Scope::default()).await.unwrap();
    let mut out = Out::default();
    stage.push(0, page(&["1", "2", "x"]), &mut out).await.unwrap();
    assert_eq!(out.take().pages.len(), 1);
    let Carry::Saved(saved) = stage.snapshot().unwrap() else { panic!("it holds a record") };
    let mut stage = transform.open(&Scope::default().with_saved(saved)).await.unwrap();
    stage.finish(&mut out).await.unwrap();
    assert_eq!(out.take().pages[0].clone().into_records(), [record("x")]);
    let mut stage = transform.without_saving().open(&Scope::default()).await.unwrap();
    stage.push(0, page(&["1"]), &mut out).await.unwrap();
    assert_eq!(stage.snapshot().unwrap(), Carry::Unsaved);
}

#[tokio::test(start_paused = true)]
async fn the_doubles_conform() {
    let texts = ["a", "b", "c", "d", "e"];
    for positions in [true, false] {
        let case = SourceCase::new(async || {
            let source = VecSource::texts(&texts, 2);
            let source = if positions { source } else { source.without_positions() };
            let seen = source.clone();
            SourceSetup::new(source).connected(move || seen.closed() < seen.opened())
        });
        let case = case.payloads(texts).page_limit(2).replays().ends(Ended::Exhausted).name("vec");
        // A run that is dropped is not closed, so the far end of this double cannot tell.
        source::closes(&case).await;
        let case = SourceCase::new(async || match positions {
            true => VecSource::texts(&texts, 2),
            false => VecSource::texts(&texts, 2).without_positions(),
        });
        let case = case
            .payloads(texts)
            .page_limit(2)
            .replays()
            .fails_after(5, async || VecSource::texts(&texts, 2).then_fail(broken))
            .unreachable(async || FailingSource::new(broken));
        source::conforms(&case).await;
    }
    let sink = MemorySink::new();
    let case = SinkCase::new(async || sink.clone(), async || sink.json())
        .reset(async || sink.clear())
        .fails_at(async |k| FailingSink::after_records(k, broken).into_sink(&sink))
        .unreachable(async || FailingSink::at_open(broken))
        .name("memory");
    sink::conforms(&case).await;
    let numbers = ["1", "2", "3", "4", "5"];
    let case = TransformCase::new(async || PassTransform::new()).inputs(numbers).expect(numbers);
    transform::conforms(&case).await;
    for transform in [BufferingTransform::new(2), BufferingTransform::new(3).without_saving()] {
        let case = TransformCase::new(async || transform.clone()).inputs(numbers).expect(numbers);
        transform::conforms(&case).await;
    }
}

/// A run of a source into a sink, as a runner would do it: flush, then commit.
async fn feed(source: &VecSource, sink: &MemorySink, from: Option<Position>) {
    let cancel = Cancel::new();
    let mut scope = Scope::default().with_cancelled(cancel.cancelled());
    if let Some(position) = from {
        scope = scope.with_position(position);
    }
    let mut reader = source.open(&scope).await.unwrap();
    let mut writer = sink.open(&scope).await.unwrap();
    while let Next::Page(page) = reader.next_page().await.unwrap() {
        let position = reader.position().unwrap();
        writer.write_page(page).await.unwrap();
        let _ = writer.flush().await.unwrap();
        reader.committed(&position).await.unwrap();
    }
    writer.close().await.unwrap();
    reader.close().await.unwrap();
}

#[tokio::test]
async fn chaos_and_polls_kill_at_every_step_and_poll() {
    let texts = ["a", "b", "c", "d", "e", "f", "g"];
    for by_step in [true, false] {
        let mut kills = 0;
        for n in 1.. {
            let chaos = Chaos::kill_at(if by_step { n } else { u64::MAX });
            let source = VecSource::texts(&texts, 2);
            let sink = MemorySink::new();
            let (dying, there) =
                (source.clone().with_chaos(chaos.clone()), sink.clone().with_chaos(chaos.clone()));
            let run = feed(&dying, &there, None);
            let whole = match by_step {
                true => chaos.run(run).await.is_some(),
                false => Polls::new(n, run).await.is_some(),
            };
            feed(&source, &sink, source.committed().last().cloned()).await;
            let mut flushed = sink.flushed();
            flushed.dedup();
            let committed = source.committed().len();
            for text in texts {
                assert!(flushed.contains(&format!("\"{text}\"")), "{text} is lost at {n}");
            }
            assert!(committed >= 4);
            kills = n;
            if whole {
                break;
            }
        }
        assert!(kills > 20, "{kills} kills");
    }
}
