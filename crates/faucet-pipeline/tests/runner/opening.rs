//! How a run begins, and what becomes of it when it does not.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Info, PageWriter, Result, Resume, Scope, Sink,
};
use faucet_pipeline::{End, Pipeline};

use crate::books::{BOTH, run, run_until};
use crate::doubles::Do::{Fail, Hang, Ok, Page, Panic, Wait};
use crate::doubles::{Log, Numbers, TestSink, TestSource, Window, after, never};

fn pipeline(source: TestSource, sink: TestSink, parallel: bool) -> Pipeline {
    let builder = Pipeline::builder().source("source", source).sink("sink", sink, &["source"]);
    builder.parallel(parallel).flush(never()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_source_is_opened_first_and_a_sink_is_not_touched_without_it() {
    let log = Log::default();
    let mut source = TestSource::new(&[], &log);
    source.open = vec![Wait(5), Fail(ErrorKind::Connect, "refused")];
    let report = run(&pipeline(source, TestSink::new(&[], &log), false)).await;
    assert_eq!(report.ended, End::Error);
    let error = report.error.unwrap();
    assert_eq!(
        (error.kind(), error.component().map(|id| &**id)),
        (ErrorKind::Connect, Some("source"))
    );
    assert_eq!(log.lines(), ["open source"]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_does_not_open_closes_the_source_and_what_that_had_is_counted() {
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1)], &log);
    source.drain = vec![Page(4)];
    let mut sink = TestSink::new(&[], &log);
    sink.open = vec![Wait(100), Fail(ErrorKind::Sink, "no such directory")];
    let report = run(&pipeline(source, sink, false)).await;
    assert_eq!(report.error.unwrap().to_string(), "no such directory");
    let expected = ["open source", "open sink", "hold", "drain source", "close source"];
    assert_eq!(log.lines(), expected);
    assert_eq!(report.skipped, [("not_written", 4)].into());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_to_drain_is_closed_all_the_same() {
    for (drain, closed) in [(Fail(ErrorKind::Other, "lost"), 1), (Panic("boom"), 0), (Ok, 1)] {
        let log = Log::default();
        let mut source = TestSource::new(&[], &log);
        source.drain = vec![drain];
        let mut sink = TestSink::new(&[], &log);
        sink.open = vec![Fail(ErrorKind::Sink, "no such directory")];
        let report = run(&pipeline(source, sink, false)).await;
        assert_eq!(report.error.unwrap().to_string(), "no such directory");
        assert_eq!(log.count("close source"), closed, "{drain:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_that_fails_ends_the_opening_of_all_others() {
    let log = Log::default();
    let failing = |what: &str| {
        let mut source = TestSource::new(&[], &log);
        source.open = match what {
            "slow" => vec![Hang],
            "bad" => vec![Wait(20), Fail(ErrorKind::Auth, "who are you")],
            _ => vec![Wait(10)],
        };
        source
    };
    let sink = TestSink::new(&[], &log);
    let pipeline = Pipeline::builder()
        .source("slow", failing("slow"))
        .source("good", failing("good"))
        .source("bad", failing("bad"))
        .sink("sink", sink, &["slow", "good", "bad"])
        .build()
        .unwrap();
    let report = run(&pipeline).await;
    assert_eq!((report.elapsed_seconds, report.ended), (0.02, End::Error));
    assert_eq!(report.error.unwrap().component().map(|id| &**id), Some("bad"));
    // The one that was open is kept alive while it waits, and closed.
    assert_eq!((log.count("hold"), log.count("close source"), log.count("open sink")), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_while_sinks_open_ends_the_run() {
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1)], &log);
    source.hold = Panic("boom");
    let mut sink = TestSink::new(&[], &log);
    sink.open = vec![Hang];
    let other = TestSink::new(&[], &log);
    let pipeline = Pipeline::builder()
        .source("source", source)
        .sink("slow", sink, &["source"])
        .sink("sink", other, &["source"])
        .build()
        .unwrap();
    let error = run(&pipeline).await.error.unwrap();
    assert_eq!(error.to_string(), "plugin panicked: boom (in hold)");
    assert_eq!(error.component().map(|id| &**id), Some("source"));
    assert_eq!((log.count("close source"), log.count("close sink")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_left_before_the_sink_was_open_ends_the_run_well() {
    let log = Log::default();
    let mut sink = TestSink::new(&[], &log);
    sink.open = vec![Fail(ErrorKind::Cancelled, "broken pipe")];
    let report = run(&pipeline(TestSource::new(&[Hang], &log), sink, false)).await;
    assert_eq!((report.ended, report.error.is_none()), (End::Closed, true));
}

#[tokio::test(start_paused = true)]
async fn shutdown_while_opening_leaves_at_once() {
    for parallel in BOTH {
        let log = Log::default();
        let mut source = TestSource::new(&[Hang], &log);
        source.open = vec![Hang];
        let sink = TestSink::new(&[], &log);
        let report = run_until(&pipeline(source, sink, parallel), after(300)).await;
        assert_eq!((report.ended, report.elapsed_seconds), (End::Shutdown, 0.3));
        assert_eq!(log.lines(), ["open source"]);

        let log = Log::default();
        let mut source = TestSource::new(&[Hang], &log);
        source.drain = vec![Page(2)];
        let mut sink = TestSink::new(&[], &log);
        sink.open = vec![Hang];
        let report = run_until(&pipeline(source, sink, parallel), after(300)).await;
        assert_eq!((report.ended, report.elapsed_seconds), (End::Shutdown, 0.3));
        let expected = ["open source", "open sink", "hold", "drain source", "close source"];
        assert_eq!(log.lines(), expected);
        assert_eq!(report.skipped, [("not_written", 2)].into());
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_asked_for_before_the_run_opens_nothing() {
    let log = Log::default();
    let both = pipeline(TestSource::new(&[Page(1)], &log), TestSink::new(&[], &log), false);
    assert_eq!(run_until(&both, std::future::ready(())).await.ended, End::Shutdown);
    assert!(log.lines().is_empty());
}

/// A sink that notes whether its input is live, and does not open.
#[derive(Debug, Clone, Default)]
struct Told(Arc<Mutex<Option<bool>>>);

#[async_trait]
impl Sink for Told {
    fn info(&self) -> Info {
        Info::new("told", "nowhere", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>> {
        *self.0.lock().unwrap() = Some(scope.is_live());
        Err(Error::new(ErrorKind::Sink, "it was told"))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("nowhere")
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_is_told_whether_records_come_again() {
    for (one, other, is_live) in [
        (Resume::No, Resume::No, true),
        (Resume::Positions, Resume::No, false),
        (Resume::No, Resume::Acks, false),
    ] {
        let numbers = |resume| Numbers { resume, ..Numbers::new(10, 4) };
        let told = Told::default();
        let pipeline = Pipeline::builder()
            .source("one", numbers(one))
            .source("other", numbers(other))
            .transform("w", Window::of(7), &["one"])
            .sink("told", told.clone(), &["w", "other"])
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        assert_eq!(report.error.unwrap().to_string(), "it was told");
        assert_eq!(*told.0.lock().unwrap(), Some(is_live), "{one:?} {other:?}");
    }
}
