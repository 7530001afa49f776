//! What happens after the caller has asked for the end.

use std::time::Duration;

use faucet_core::ErrorKind;
use faucet_pipeline::{End, GRACE, Pipeline};
use tokio::time::Instant;

use crate::books::{BOTH, count, run, run_until};
use crate::doubles::Do::{Hang, Page, Panic, Wait};
use crate::doubles::{Log, Memory, Numbers, TestSink, TestSource, after, ms, never};

fn pipeline(source: TestSource, sink: TestSink, parallel: bool) -> Pipeline {
    with_grace(source, sink, parallel, GRACE)
}

fn with_grace(source: TestSource, sink: TestSink, parallel: bool, grace: Duration) -> Pipeline {
    let builder = Pipeline::builder().source("source", source).sink("sink", sink, &["source"]);
    builder.parallel(parallel).flush(never()).grace(grace).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn shutdown_while_reading_writes_the_partial_page() {
    for parallel in BOTH {
        let log = Log::default();
        let mut source = TestSource::new(&[Page(1), Hang], &log);
        source.drain = vec![Wait(100), Page(7)];
        let both = pipeline(source, TestSink::new(&[], &log), parallel);
        let report = run_until(&both, after(300)).await;
        assert_eq!((report.ended, report.records), (End::Shutdown, 8));
        assert!(report.error.is_none() && report.skipped.is_empty());
        assert_eq!(report.elapsed_seconds, 0.4);
        let mut lines = log.lines();
        lines.retain(|line| line != "hold");
        let mut lines = lines.split_off(4);
        let begin = ["drain source", "begin 7", "wrote 7", "flush", "flushed"];
        assert_eq!(lines[..5], begin);
        lines[5..].sort();
        assert_eq!(lines[5..], ["close sink", "close source", "committed 1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn shutdown_while_writing_lets_the_write_go_on_and_writes_the_rest() {
    for parallel in BOTH {
        let log = Log::default();
        let mut source = TestSource::new(&[Page(1), Page(2), Hang], &log);
        source.drain = vec![Wait(500), Page(3)];
        let sink = TestSink::new(&[&[Wait(1000)], &[Wait(100)]], &log);
        let report = run_until(&pipeline(source, sink, parallel), after(300)).await;
        assert_eq!((report.ended, report.records), (End::Shutdown, 6));
        // The source has stopped before the first write is over, and holds until there is room.
        assert_eq!(report.elapsed_seconds, 1.2);
        assert_eq!((log.count("begin 1"), log.count("drain source")), (1, 1));
        assert!(log.place("hold") < log.place("drain source"), "{:?}", log.lines());
        let last_hold = log.lines().iter().rposition(|line| line == "hold");
        assert!(last_hold > log.place("drain source"), "{:?}", log.lines());
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_the_last_page_waits_for_room_loses_nothing() {
    for parallel in BOTH {
        let log = Log::default();
        let mut source = TestSource::new(&[Page(1), Wait(100), Page(2), Hang], &log);
        source.drain = vec![Page(3)];
        source.hold_after_drain = Panic("boom");
        let sink = TestSink::new(&[&[Wait(150)], &[Wait(500)]], &log);
        let report = run_until(&pipeline(source, sink, parallel), after(120)).await;
        let error = report.error.as_ref().unwrap();
        assert_eq!(error.to_string(), "plugin panicked: boom (in hold)");
        assert_eq!((report.records, report.delivered), (6, 6));
        // The page has waited for room all the same.
        assert_eq!(count(&report, "sink", "held_peak"), 3);
        assert_eq!(log.count("close source"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_blocked_sink_is_given_up_after_the_grace_and_the_report_counts_what_was_lost() {
    for parallel in BOTH {
        let log = Log::default();
        let mut source = TestSource::new(&[Page(1), Page(20), Page(300), Hang], &log);
        source.drain = vec![Page(4000)];
        let live = source.live.clone();
        let sink = TestSink::new(&[&[], &[Hang]], &log);
        let report = run_until(&pipeline(source, sink, parallel), after(300)).await;
        assert_eq!((report.ended, report.error.is_none()), (End::Shutdown, true));
        assert_eq!(report.elapsed_seconds, 0.3 + GRACE.as_secs_f64());
        assert_eq!((report.records, report.skipped), (1, [("not_written", 4320)].into()));
        assert_eq!((log.count("drain source"), report.commits), (1, 0));
        assert_eq!(live.now(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_grace_is_one_for_everything_and_can_be_chosen() {
    for slow in ["write", "flush", "close"] {
        let log = Log::default();
        let mut source = TestSource::new(&[Page(1), Hang], &log);
        source.drain = vec![Wait(2000), Page(1)];
        let mut sink = TestSink::new(&[], &log);
        match slow {
            "write" => sink.writes = vec![vec![], vec![Wait(3500)]],
            "flush" => sink.flush = vec![Wait(3500)],
            _ => sink.close = vec![Wait(3500)],
        }
        let both = with_grace(source, sink, false, Duration::from_secs(5));
        let report = run_until(&both, after(10)).await;
        assert_eq!((report.ended, report.elapsed_seconds), (End::Shutdown, 5.01), "{slow}");
        let lost = report.skipped.get("not_written").copied();
        assert_eq!(lost, (slow == "write").then_some(1), "{slow}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_does_not_stop_leaves_a_part_of_the_grace_to_the_sink() {
    for call in ["drain", "close"] {
        let log = Log::default();
        let mut source = TestSource::new(&[Page(1), Hang], &log);
        let what = match call {
            "drain" => &mut source.drain,
            _ => &mut source.close,
        };
        *what = vec![Hang];
        let sink = TestSink::new(&[], &log);
        let report = run_until(&pipeline(source.clone(), sink.clone(), false), after(300)).await;
        let error = report.error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let verb = if call == "drain" { "stop" } else { "close" };
        let words = format!("the source did not {verb} within {:?}", GRACE * 3 / 4);
        assert_eq!(error.to_string(), words);
        let expected = (Duration::from_millis(300) + GRACE * 3 / 4).as_secs_f64();
        assert_eq!((report.records, report.elapsed_seconds), (1, expected));
        assert_eq!((log.count("flush"), log.count("close sink")), (1, 1));
        if call == "close" {
            // Nobody has to ask for a shutdown: a source that is over does not keep a process alive.
            source.steps = vec![Page(1)];
            let report = run(&pipeline(source, sink, false)).await;
            let expected = (GRACE * 3 / 4).as_secs_f64();
            assert_eq!((report.ended, report.elapsed_seconds), (End::Error, expected));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_read_is_there_and_committed_when_the_grace_is_kept() {
    for parallel in BOTH {
        let (source, sink) = (Numbers::live(1, 10), Memory::slow(30));
        let both = Pipeline::builder()
            .source("n", source.clone())
            .sink("m", sink, &["n"])
            .flush(never())
            .parallel(parallel)
            .build()
            .unwrap();
        let start = Instant::now();
        let report = run_until(&both, after(1000)).await;
        assert_eq!((report.ended, report.error.is_none()), (End::Shutdown, true));
        assert!(start.elapsed() < ms(1200));
        assert_eq!(count(&report, "n", "records"), count(&report, "m", "delivered"));
        assert_eq!(source.committed(), [count(&report, "n", "records")]);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_committed_when_the_grace_is_over() {
    for parallel in BOTH {
        let source = Numbers { every: None, ..Numbers::live(1, 0) };
        let both = Pipeline::builder()
            .source("n", source.clone())
            .sink("m", Memory::slow(60_000), &["n"])
            .grace(ms(500))
            .parallel(parallel)
            .build()
            .unwrap();
        let start = Instant::now();
        let report = run_until(&both, after(1000)).await;
        assert_eq!((report.ended, start.elapsed()), (End::Shutdown, ms(1500)));
        assert_eq!((source.committed().len(), report.delivered), (0, 0));
    }
}
