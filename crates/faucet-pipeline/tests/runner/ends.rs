//! How a run ends when nobody stops it.

use faucet_core::{Ended, ErrorKind};
use faucet_pipeline::{End, GRACE, Pipeline, Report};

use crate::books::{self, BOTH};
use crate::doubles::Do::{self, Fail, Hang, Page, Wait};
use crate::doubles::{Filter, Log, Memory, Numbers, TestSink, TestSource, every, ms, never};

fn pipeline(source: TestSource, sink: TestSink, parallel: bool) -> Pipeline {
    let builder = Pipeline::builder().source("source", source).sink("sink", sink, &["source"]);
    builder.parallel(parallel).flush(never()).build().unwrap()
}

async fn run(steps: &[Do], writes: &[&[Do]], parallel: bool) -> (Report, Log) {
    let log = Log::default();
    let both = pipeline(TestSource::new(steps, &log), TestSink::new(writes, &log), parallel);
    (books::run(&both).await, log)
}

fn both_closed(log: &Log) {
    for what in ["close source", "close sink"] {
        assert_eq!(log.count(what), 1, "{what}: {:?}", log.lines());
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_as_its_source_does() {
    for (ended, expected) in [
        (Ended::MaxRecords, End::MaxMessages),
        (Ended::Idle, End::Idle),
        (Ended::Closed, End::Closed),
        (Ended::Exhausted, End::Exhausted),
    ] {
        for parallel in BOTH {
            let (report, log) =
                run(&[Page(3), Wait(10), Page(2), Do::End(ended)], &[], parallel).await;
            assert_eq!((report.ended, report.error.is_none()), (expected, true));
            assert_eq!((report.records, report.bytes, report.pages), (5, 50, 2));
            assert_eq!((report.delivered, report.commits), (5, 1));
            both_closed(&log);
            // Everything is flushed, then acknowledged, and only then the source is closed.
            let order = ["wrote 2", "flushed", "committed 2", "close source"];
            let places = order.map(|what| log.place(what).unwrap());
            assert!(places.is_sorted(), "{:?}", log.lines());
            assert_eq!(log.count("drain source"), 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_an_error_is_written_first() {
    for parallel in BOTH {
        let failing = [Page(1), Page(2), Fail(ErrorKind::Protocol, "garbage")];
        let (report, log) = run(&failing, &[&[Wait(1000)]], parallel).await;
        assert_eq!(report.error.unwrap().kind(), ErrorKind::Protocol);
        assert_eq!((report.ended, report.records, report.pages), (End::Error, 3, 2));
        assert!(report.skipped.is_empty());
        both_closed(&log);
        // A source that failed is not asked for more. What it has read is acknowledged.
        assert_eq!((log.count("flush"), log.count("drain source")), (1, 0));
        assert_eq!(log.count("committed 2"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_source_stops_the_others_and_all_that_was_read_is_written() {
    for parallel in BOTH {
        let log = Log::default();
        let failing = [Page(1), Wait(55), Fail(ErrorKind::Protocol, "garbage")];
        let live = Numbers::live(2, 10);
        let there = Memory::default();
        let both = Pipeline::builder()
            .source("bad", TestSource::new(&failing, &log))
            .source("live", live.clone())
            .sink("sink", there.clone(), &["live"])
            .sink("other", TestSink::new(&[], &log), &["bad", "live"])
            .parallel(parallel)
            .build()
            .unwrap();
        let report = books::run(&both).await;
        let error = report.error.as_ref().unwrap();
        assert_eq!(error.component().map(|id| &**id), Some("bad"));
        assert_eq!(there.numbers(), (0..10).collect::<Vec<u64>>());
        assert_eq!((report.records, report.delivered), (21, 21));
        assert_eq!(live.committed(), [10]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_error_ends_the_run_and_the_failed_page_is_not_counted() {
    for parallel in BOTH {
        let full: &[Do] = &[Wait(10), Fail(ErrorKind::Sink, "disk full")];
        let steps = [Page(1), Page(2), Page(3), Hang];
        let (report, log) = run(&steps, &[&[], full], parallel).await;
        assert_eq!(report.error.unwrap().to_string(), "disk full");
        assert_eq!((report.ended, report.records, report.pages), (End::Error, 1, 1));
        assert_eq!(report.skipped, [("not_written", 5)].into());
        both_closed(&log);
        assert_eq!((log.count("flush"), log.count("drain source")), (0, 1));
        assert_eq!((report.delivered, report.unconfirmed), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_failed_and_does_not_close_does_not_keep_the_run_alive() {
    let log = Log::default();
    let source = TestSource::new(&[Page(1)], &log);
    let mut sink = TestSink::new(&[], &log);
    sink.close = vec![Hang];
    for failing in ["write", "flush"] {
        let failure = Fail(ErrorKind::Sink, failing);
        sink.writes = vec![if failing == "write" { vec![failure] } else { vec![] }];
        sink.flush = vec![failure];
        let report = books::run(&pipeline(source.clone(), sink.clone(), false)).await;
        assert_eq!(report.error.unwrap().to_string(), failing);
        assert_eq!(report.elapsed_seconds, (GRACE * 3 / 4).as_secs_f64());
    }
    // Nor does the flush after a part of a page, nor a source that does not take its last commit.
    sink.writes = vec![vec![Fail(ErrorKind::Sink, "half")]];
    (sink.written, sink.flush) = (Some(1), vec![Hang]);
    let report = books::run(&pipeline(source.clone(), sink.clone(), false)).await;
    assert_eq!(report.error.unwrap().to_string(), "half");
    assert_eq!(report.elapsed_seconds, (GRACE * 3 / 2).as_secs_f64());
    let mut source = source;
    source.committed = vec![Hang];
    let report = books::run(&pipeline(source, TestSink::new(&[], &log), false)).await;
    let error = report.error.unwrap();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some("committed")));
    assert_eq!(report.elapsed_seconds, (GRACE * 3 / 4).as_secs_f64());
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_the_sink_that_left_ends_the_run_well() {
    let closed: &[Do] = &[Fail(ErrorKind::Cancelled, "broken pipe")];
    for steps in [&[Page(1), Page(2), Hang][..], &[Page(1), Page(2)]] {
        let (report, log) = run(steps, &[&[], closed], false).await;
        assert_eq!((report.ended, report.error.is_none()), (End::Closed, true));
        assert_eq!((report.records, report.skipped), (1, [("not_written", 2)].into()));
        both_closed(&log);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_left_stops_the_sources_and_other_sinks_get_the_rest() {
    for parallel in BOTH {
        let pipe =
            Memory { fails_at: Some(25), fails_with: ErrorKind::Cancelled, ..Memory::default() };
        let (file, live) = (Memory::slow(10), Numbers { every: None, ..Numbers::live(10, 0) });
        let both = Pipeline::builder()
            .source("live", live.clone())
            .transform("odd", Filter::keep(|n| n % 2 == 1), &["live"])
            .sink("pipe", pipe.clone(), &["live"])
            .sink("file", file.clone(), &["live"])
            .sink("odd_file", file.clone(), &["odd"])
            .flush(every(10))
            .parallel(parallel)
            .build()
            .unwrap();
        let report = books::run(&both).await;
        assert_eq!((report.ended, report.error.is_none()), (End::Closed, true));
        assert_eq!(pipe.numbers().len(), 25);
        let read = books::count(&report, "live", "records");
        assert_eq!(books::count(&report, "file", "delivered"), read);
        assert_eq!(books::count(&report, "odd_file", "delivered"), read / 2);
        assert!(live.committed().iter().all(|upto| *upto <= 20), "{:?}", live.committed());
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_sink_may_say_that_nobody_wants_more() {
    let (report, _) = run(&[Page(1), Fail(ErrorKind::Cancelled, "tired")], &[], false).await;
    assert_eq!(report.error.unwrap().kind(), ErrorKind::Other);
}

#[tokio::test(start_paused = true)]
async fn the_first_error_wins() {
    let fail = |what| Fail(ErrorKind::Other, what);
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1), Wait(10), fail("read")], &log);
    source.close = vec![fail("close source")];
    let mut sink = TestSink::new(&[&[Wait(100), fail("write")]], &log);
    sink.flush = vec![fail("flush")];
    sink.close = vec![Wait(1), fail("close sink")];
    for expected in ["read", "write", "flush", "close source", "close sink"] {
        let report = books::run(&pipeline(source.clone(), sink.clone(), false)).await;
        assert_eq!(report.error.unwrap().to_string(), expected);
        match expected {
            "read" => source.steps = vec![Page(1)],
            "write" => sink.writes = vec![],
            "flush" => sink.flush = vec![],
            _ => source.close = vec![],
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_failure_stands_beside_its_component() {
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1), Fail(ErrorKind::Protocol, "garbage")], &log);
    source.close = vec![Fail(ErrorKind::Other, "late")];
    let mut sink = TestSink::new(&[], &log);
    sink.flush = vec![Wait(10), Fail(ErrorKind::Sink, "disk full")];
    let report = books::run(&pipeline(source, sink, false)).await;
    // The source is closing still when the sink fails, and had failed before.
    assert_eq!(report.error.unwrap().to_string(), "garbage");
    assert_eq!(report.components["sink"].error.as_deref(), Some("disk full"));
    assert_eq!(report.components["source"].error.as_deref(), Some("garbage"));
}

#[tokio::test(start_paused = true)]
async fn without_a_shutdown_a_slow_sink_has_all_the_time_it_takes() {
    let log = Log::default();
    let source = TestSource::new(&[Page(1)], &log);
    let mut sink = TestSink::new(&[&[Wait(60_000)]], &log);
    sink.flush = vec![Wait(60_000)];
    let report = books::run(&pipeline(source.clone(), sink.clone(), false)).await;
    assert_eq!((report.ended, report.elapsed_seconds), (End::Exhausted, 120.0));
    // Until one comes while the run winds down.
    let both = pipeline(source, sink, false);
    let report = books::run_until(&both, tokio::time::sleep(ms(70_000))).await;
    let expected = 70.0 + GRACE.as_secs_f64();
    assert_eq!((report.ended, report.elapsed_seconds), (End::Shutdown, expected));
    assert_eq!((report.records, report.skipped.len(), report.unconfirmed), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_ended_early_is_acknowledged_and_closed_while_others_go_on() {
    for parallel in BOTH {
        let queue = crate::doubles::Queue::new(5);
        let early = Numbers::new(7, 2);
        let both = Pipeline::builder()
            .source("queue", queue.clone())
            .source("early", early.clone())
            .source("live", Numbers { add: 1000, ..Numbers::live(1, 10) })
            .sink("sink", Memory::default(), &["queue", "live"])
            .sink("only", Memory::default(), &["queue", "early"])
            .flush(faucet_pipeline::Flush::every(ms(100)))
            .parallel(parallel)
            .build()
            .unwrap();
        let look = async {
            tokio::time::sleep(ms(350)).await;
            assert_eq!(queue.acked().len(), 5);
            assert_eq!(early.committed(), [7]);
            assert_eq!(early.closed.load(std::sync::atomic::Ordering::SeqCst), 1);
        };
        let report = books::run_until(&both, look).await;
        assert!(report.error.is_none() && report.commits >= 3, "{report:?}");
        assert_eq!(report.components["early"].ended, Some(End::Exhausted));
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_drops_everything() {
    for parallel in BOTH {
        let log = Log::default();
        let source = TestSource::new(&[Page(1), Page(2), Hang], &log);
        let live = source.live.clone();
        let both = pipeline(source, TestSink::new(&[&[Hang]], &log), parallel);
        tokio::select! {
            _ = both.run() => unreachable!(),
            () = tokio::time::sleep(ms(10)) => {}
        }
        // Tasks are gone when they are polled next.
        tokio::task::yield_now().await;
        assert_eq!(live.now(), 0);
    }
}
