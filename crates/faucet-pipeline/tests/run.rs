//! Runs against a source and a sink that do what the test says. Time is paused: a wait costs none.

mod doubles;

use std::future::{pending, ready};
use std::time::Duration;

use doubles::Do::{End, Fail, Hang, Page, Panic, Wait};
use doubles::{Do, Log, TestSink, TestSource};
use faucet_core::{Ended, ErrorKind};
use faucet_pipeline::{End as RunEnd, GRACE, Pipeline, Report};
use tokio::time::{Instant, sleep};

fn pipeline(source: TestSource, sink: TestSink) -> Pipeline {
    Pipeline::new(Box::new(source), Box::new(sink))
}

async fn run(steps: &[Do], writes: &[&[Do]]) -> (Report, Log) {
    let log = Log::default();
    let report = pipeline(TestSource::new(steps, &log), TestSink::new(writes, &log)).run().await;
    (report, log)
}

async fn after(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

fn both_closed(log: &Log) {
    for what in ["close source", "close sink"] {
        assert_eq!(log.count(what), 1, "{what}: {:?}", log.lines());
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_as_its_source_does() {
    for (ended, expected) in [
        (Ended::MaxMessages, RunEnd::MaxMessages),
        (Ended::Idle, RunEnd::Idle),
        (Ended::Closed, RunEnd::Closed),
        (Ended::Exhausted, RunEnd::Exhausted),
    ] {
        let (report, log) = run(&[Page(3), Wait(10), Page(2), End(ended)], &[]).await;
        assert_eq!((report.ended, report.error.is_none()), (expected, true));
        assert_eq!((report.records, report.bytes, report.pages), (5, 50, 2));
        assert_eq!(report.delivered, 5);
        both_closed(&log);
        let lines = log.lines();
        assert_eq!(lines[lines.len() - 2..], ["flush", "close sink"], "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_source_is_opened_first_and_a_sink_is_not_touched_without_it() {
    let log = Log::default();
    let mut source = TestSource::new(&[], &log);
    source.open = vec![Wait(5), Fail(ErrorKind::Connect, "refused")];
    let report = pipeline(source, TestSink::new(&[], &log)).run().await;
    assert_eq!(report.ended, RunEnd::Error);
    assert_eq!(report.error.unwrap().kind(), ErrorKind::Connect);
    assert_eq!(log.lines(), ["open source"]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_does_not_open_closes_the_source_and_what_that_had_is_counted() {
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1)], &log);
    source.close = vec![Page(4)];
    let mut sink = TestSink::new(&[], &log);
    sink.open = vec![Wait(100), Fail(ErrorKind::Sink, "no such directory")];
    let report = pipeline(source, sink).run().await;
    assert_eq!(report.error.unwrap().to_string(), "no such directory");
    assert_eq!(log.lines(), ["open source", "open sink", "hold", "close source"]);
    assert_eq!(report.skipped, [("not_written", 4)].into());
}

#[tokio::test(start_paused = true)]
async fn what_was_read_before_an_error_is_written_first() {
    let log = Log::default();
    let failing = [Page(1), Page(2), Fail(ErrorKind::Protocol, "garbage")];
    let mut source = TestSource::new(&failing, &log);
    source.close = vec![Page(3)];
    let report = pipeline(source, TestSink::new(&[&[Wait(1000)]], &log)).run().await;
    assert_eq!(report.error.unwrap().kind(), ErrorKind::Protocol);
    assert_eq!((report.ended, report.records, report.pages), (RunEnd::Error, 6, 3));
    assert!(report.skipped.is_empty());
    both_closed(&log);
    assert_eq!(log.count("flush"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sink_error_ends_the_run_and_the_failed_page_is_not_counted() {
    let full: &[Do] = &[Wait(10), Fail(ErrorKind::Sink, "disk full")];
    let (report, log) = run(&[Page(1), Page(2), Page(3), Hang], &[&[], full]).await;
    assert_eq!(report.error.unwrap().to_string(), "disk full");
    assert_eq!((report.ended, report.records, report.pages), (RunEnd::Error, 1, 1));
    assert_eq!(report.skipped, [("not_written", 5)].into());
    both_closed(&log);
    assert_eq!(log.count("flush"), 0);
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
        let report = pipeline(source.clone(), sink.clone()).run().await;
        assert_eq!(report.error.unwrap().to_string(), failing);
        assert_eq!(report.elapsed_seconds, (GRACE * 3 / 4).as_secs_f64());
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_the_sink_that_left_ends_the_run_well() {
    let closed: &[Do] = &[Fail(ErrorKind::Cancelled, "broken pipe")];
    for steps in [&[Page(1), Page(2), Hang][..], &[Page(1), Page(2)]] {
        let (report, log) = run(steps, &[&[], closed]).await;
        assert_eq!((report.ended, report.error.is_none()), (RunEnd::Closed, true));
        assert_eq!((report.records, report.skipped), (1, [("not_written", 2)].into()));
        both_closed(&log);
    }
    let log = Log::default();
    let mut sink = TestSink::new(&[], &log);
    sink.open = closed.to_vec();
    let report = pipeline(TestSource::new(&[Hang], &log), sink).run().await;
    assert_eq!((report.ended, report.error.is_none()), (RunEnd::Closed, true));
}

#[tokio::test(start_paused = true)]
async fn the_first_error_wins() {
    let fail = |what| Fail(ErrorKind::Other, what);
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1), Wait(10), fail("read")], &log);
    source.close = vec![fail("close source")];
    let mut sink = TestSink::new(&[&[Wait(100), fail("write")]], &log);
    sink.flush = vec![fail("flush")];
    sink.close = vec![fail("close sink")];
    for expected in ["read", "write", "close source", "flush", "close sink"] {
        let report = pipeline(source.clone(), sink.clone()).run().await;
        assert_eq!(report.error.unwrap().to_string(), expected);
        match expected {
            "read" => source.steps = vec![Page(1)],
            "write" => sink.writes = vec![],
            "close source" => source.close = vec![],
            _ => sink.flush = vec![],
        }
    }
}

#[tokio::test(start_paused = true)]
async fn shutdown_while_opening_leaves_at_once() {
    let log = Log::default();
    let mut source = TestSource::new(&[Hang], &log);
    source.open = vec![Hang];
    let sink = TestSink::new(&[], &log);
    let report = pipeline(source, sink.clone()).run_until(after(300)).await;
    assert_eq!((report.ended, report.elapsed_seconds), (RunEnd::Shutdown, 0.3));
    assert_eq!(log.lines(), ["open source"]);

    let log = Log::default();
    let mut source = TestSource::new(&[Hang], &log);
    source.close = vec![Page(2)];
    let mut sink = TestSink::new(&[], &log);
    sink.open = vec![Hang];
    let report = pipeline(source, sink).run_until(after(300)).await;
    assert_eq!((report.ended, report.elapsed_seconds), (RunEnd::Shutdown, 0.3));
    assert_eq!(log.lines(), ["open source", "open sink", "hold", "close source"]);
    assert_eq!(report.skipped, [("not_written", 2)].into());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_asked_for_before_the_run_opens_nothing() {
    let log = Log::default();
    let both = pipeline(TestSource::new(&[Page(1)], &log), TestSink::new(&[], &log));
    assert_eq!(both.run_until(ready(())).await.ended, RunEnd::Shutdown);
    assert!(log.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn shutdown_while_reading_writes_the_partial_page() {
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1), Hang], &log);
    source.close = vec![Wait(100), Page(7)];
    let report = pipeline(source, TestSink::new(&[], &log)).run_until(after(300)).await;
    assert_eq!((report.ended, report.records), (RunEnd::Shutdown, 8));
    assert!(report.error.is_none() && report.skipped.is_empty());
    assert_eq!(report.elapsed_seconds, 0.4);
    let expected = ["close source", "begin 7", "wrote 7", "flush", "close sink"];
    assert_eq!(log.lines()[4..], expected);
}

#[tokio::test(start_paused = true)]
async fn shutdown_while_writing_lets_the_write_go_on_and_writes_the_rest() {
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1), Page(2), Hang], &log);
    source.close = vec![Wait(500), Page(3)];
    let sink = TestSink::new(&[&[Wait(1000)], &[Wait(100)]], &log);
    let report = pipeline(source, sink).run_until(after(300)).await;
    assert_eq!((report.ended, report.records), (RunEnd::Shutdown, 6));
    // The farewell of the source is over before the first write is.
    assert_eq!(report.elapsed_seconds, 1.2);
    assert_eq!(log.count("begin 1"), 1);
    both_closed(&log);
}

#[tokio::test(start_paused = true)]
async fn a_blocked_sink_is_given_up_after_the_grace_and_the_report_counts_what_was_lost() {
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1), Page(20), Page(300), Hang], &log);
    source.close = vec![Page(4000)];
    let live = source.live.clone();
    let sink = TestSink::new(&[&[], &[Hang]], &log);
    let report = pipeline(source, sink).run_until(after(300)).await;
    assert_eq!((report.ended, report.error.is_none()), (RunEnd::Shutdown, true));
    assert_eq!(report.elapsed_seconds, 0.3 + GRACE.as_secs_f64());
    assert_eq!((report.records, report.skipped), (1, [("not_written", 4320)].into()));
    assert_eq!(log.count("close source"), 1);
    assert_eq!(live.now(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_grace_is_one_for_everything_and_can_be_chosen() {
    let log = Log::default();
    for slow in ["write", "flush", "close"] {
        let mut source = TestSource::new(&[Page(1), Hang], &log);
        source.close = vec![Wait(2000), Page(1)];
        let mut sink = TestSink::new(&[], &log);
        match slow {
            "write" => sink.writes = vec![vec![], vec![Wait(3500)]],
            "flush" => sink.flush = vec![Wait(3500)],
            _ => sink.close = vec![Wait(3500)],
        }
        let both = pipeline(source, sink).with_grace(Duration::from_secs(5));
        let report = both.run_until(after(10)).await;
        assert_eq!((report.ended, report.elapsed_seconds), (RunEnd::Shutdown, 5.01), "{slow}");
        let lost = report.skipped.get("not_written").copied();
        assert_eq!(lost, (slow == "write").then_some(1), "{slow}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_does_not_close_leaves_a_part_of_the_grace_to_the_sink() {
    let log = Log::default();
    let mut source = TestSource::new(&[Page(1), Hang], &log);
    source.close = vec![Hang];
    let sink = TestSink::new(&[], &log);
    let report = pipeline(source.clone(), sink.clone()).run_until(after(300)).await;
    let error = report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.to_string(), format!("the source did not close within {:?}", GRACE * 3 / 4));
    assert_eq!(
        (report.records, report.elapsed_seconds),
        (1, (Duration::from_millis(300) + GRACE * 3 / 4).as_secs_f64())
    );
    assert_eq!(log.lines()[log.lines().len() - 2..], ["flush", "close sink"]);

    // Nobody has to ask for a shutdown: a source that is over must not keep a process alive.
    source.steps = vec![Page(1)];
    let report = pipeline(source, sink).run().await;
    assert_eq!(
        (report.ended, report.elapsed_seconds),
        (RunEnd::Error, (GRACE * 3 / 4).as_secs_f64())
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_shutdown_a_slow_sink_has_all_the_time_it_takes() {
    let log = Log::default();
    let source = TestSource::new(&[Page(1)], &log);
    let mut sink = TestSink::new(&[&[Wait(60_000)]], &log);
    sink.flush = vec![Wait(60_000)];
    let report = pipeline(source.clone(), sink.clone()).run().await;
    assert_eq!((report.ended, report.elapsed_seconds), (RunEnd::Exhausted, 120.0));
    // Until one comes while the run winds down.
    let report = pipeline(source, sink).run_until(after(70_000)).await;
    assert_eq!(
        (report.ended, report.elapsed_seconds),
        (RunEnd::Shutdown, 70.0 + GRACE.as_secs_f64())
    );
    assert_eq!((report.records, report.skipped.len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn at_most_two_pages_are_held_and_the_source_is_kept_alive_meanwhile() {
    let log = Log::default();
    let source = TestSource::new(&[Page(1); 50], &log);
    let live = source.live.clone();
    let report = pipeline(source, TestSink::new(&[&[Wait(10)]], &log)).run().await;
    assert_eq!(report.records, 50);
    assert_eq!((live.most(), live.now()), (2, 0));
    assert_eq!(log.count("hold"), 49);
    // One page is read while another is written, so only the writes take time.
    assert_eq!(report.elapsed_seconds, 0.5);
}

#[tokio::test(start_paused = true)]
async fn reading_and_writing_go_on_at_the_same_time() {
    let steps: Vec<Do> = (0..10).flat_map(|_| [Wait(10), Page(1)]).collect();
    let (report, _) = run(&steps, &[&[Wait(10)]]).await;
    assert_eq!(report.records, 10);
    assert_eq!(report.elapsed_seconds, 0.11);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_source_is_an_error_and_the_sink_keeps_what_it_got() {
    for (steps, hold, call) in [
        (vec![Page(1), Page(2), Panic("boom")], Hang, "next_page"),
        (vec![Page(1), Page(2)], Panic("boom"), "hold"),
    ] {
        let log = Log::default();
        let mut source = TestSource::new(&steps, &log);
        source.hold = hold;
        let mut sink = TestSink::new(&[&[Wait(10)]], &log);
        sink.open = vec![];
        let report = pipeline(source, sink).run().await;
        let error = report.error.unwrap();
        assert_eq!(error.to_string(), format!("plugin panicked: boom (in {call} of the source)"));
        assert_eq!((report.ended, report.records), (RunEnd::Error, 3));
        assert_eq!((log.count("flush"), log.count("close sink")), (1, 1));
        assert_eq!(log.count("close source"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_sink_is_an_error_and_the_source_is_closed() {
    let (report, log) = run(&[Page(1), Page(2), Hang], &[&[], &[Wait(5), Panic("boom")]]).await;
    let error = report.error.unwrap();
    assert_eq!(error.to_string(), "plugin panicked: boom (in write_page of the sink)");
    assert_eq!(report.records, 1);
    assert_eq!((log.count("close source"), log.count("close sink")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn panics_in_every_other_call_are_errors_too() {
    let log = Log::default();
    let good = (TestSource::new(&[Page(1)], &log), TestSink::new(&[], &log));
    let boom = vec![Panic("boom")];
    for call in
        ["open of the source", "open of the sink", "close of the source", "flush of the sink"]
    {
        let (mut source, mut sink) = good.clone();
        match call {
            "open of the source" => source.open = boom.clone(),
            "open of the sink" => sink.open = boom.clone(),
            "close of the source" => source.close = boom.clone(),
            _ => sink.flush = boom.clone(),
        }
        let error = pipeline(source, sink).run().await.error.unwrap();
        assert_eq!(error.to_string(), format!("plugin panicked: boom (in {call})"));
    }
}

#[tokio::test(start_paused = true)]
async fn progress_can_be_read_while_the_run_goes_on() {
    let log = Log::default();
    let source = TestSource::new(&[Wait(100), Page(3), Wait(400), Page(4), Hang], &log);
    let run = pipeline(source, TestSink::new(&[&[Wait(50)]], &log)).start();
    let progress = run.progress();
    assert_eq!((progress.records(), progress.age_of_last_record()), (0, None));
    let watch = async {
        let start = Instant::now();
        let at = |ms| tokio::time::sleep_until(start + Duration::from_millis(ms));
        at(120).await;
        assert_eq!((progress.records_read(), progress.records()), (3, 0));
        at(160).await;
        assert_eq!((progress.records(), progress.bytes(), progress.pages()), (3, 30, 1));
        assert_eq!(progress.age_of_last_record(), Some(Duration::from_millis(60)));
        assert_eq!(progress.meter().delivered, 3);
        at(600).await;
        assert_eq!((progress.records_read(), progress.records()), (7, 7));
    };
    let report = run.until(watch).await;
    assert_eq!((report.records, progress.records()), (7, 7));
}

#[tokio::test]
async fn ends_that_are_always_ready_do_not_keep_the_thread() {
    let log = Log::default();
    let source = TestSource::new(&[Page(1); 10_000], &log);
    let (stop, stopped) = tokio::sync::oneshot::channel();
    // Runs on the same thread as the pipeline, when that lets it.
    tokio::spawn(async move { stop.send(()) });
    let shutdown = async { stopped.await.unwrap() };
    let report = pipeline(source, TestSink::new(&[], &log)).run_until(shutdown).await;
    assert_eq!(report.ended, RunEnd::Shutdown);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_drops_everything() {
    let log = Log::default();
    let source = TestSource::new(&[Page(1), Page(2), Hang], &log);
    let live = source.live.clone();
    let both = pipeline(source, TestSink::new(&[&[Hang]], &log));
    tokio::select! {
        _ = both.run_until(pending()) => unreachable!(),
        () = after(10) => {}
    }
    assert_eq!(live.now(), 0);
}

#[tokio::test(start_paused = true)]
async fn reports_serialize_with_the_documented_fields() {
    let (report, _) = run(&[Page(2), Wait(1500)], &[]).await;
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        serde_json::json!({
            "ended": "exhausted", "error": null, "records": 2, "bytes": 20, "pages": 1,
            "reconnects": 0, "sink_reconnects": 0, "skipped": {}, "delivered": 2, "unconfirmed": 0,
            "resent": 0, "elapsed_seconds": 1.5
        })
    );
    let (report, _) = run(&[Page(2), Fail(ErrorKind::TooLarge, "too large")], &[]).await;
    let report = serde_json::to_value(&report).unwrap();
    assert_eq!(report["ended"], "error");
    assert_eq!(report["error"], serde_json::json!({"kind": "too_large", "message": "too large"}));
}

#[test]
fn runs_can_be_spawned() {
    fn send<T: Send>(_: T) {}
    let log = Log::default();
    let both = pipeline(TestSource::new(&[], &log), TestSink::new(&[], &log));
    send(both.start().until(pending()));
    send(both);
}
