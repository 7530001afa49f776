//! A panic in any method is an error that names the component and the method, and loses nothing.

use faucet_core::{ErrorKind, Resume};
use faucet_pipeline::{Pipeline, Report};

use crate::books::{BOTH, count, run, run_until};
use crate::doubles::Do::{self, Gap, Hang, Page, Panic, Wait};
use crate::doubles::{Filter, Log, Memory, Numbers, TestSink, TestSource, TestTransform, after};

const SOURCE: [&str; 7] = ["open", "next_page", "hold", "position", "committed", "drain", "close"];
const STAGE: [&str; 7] = ["open", "push", "snapshot", "mark", "deadline", "tick", "finish"];
const SINK: [&str; 5] = ["open", "write_page", "mark", "flush", "close"];

/// A source, a transform and a sink, and a sink beside them that is well. `method` of `who` panics.
fn pipeline(who: &str, method: &'static str, nth: usize, log: &Log, parallel: bool) -> Pipeline {
    let boom = Panic("boom");
    let steps = [Page(1), Gap, Page(2), Wait(1500), Page(3), Hang];
    let mut source = TestSource::new(&steps, log);
    source.resume = Resume::Positions;
    source.drain = vec![Page(7)];
    let mut sink = TestSink::new(&[&[Wait(10)]], log);
    let at = if who == "stage" { method } else { "nothing" };
    let stage = TestTransform { at, nth, what: boom, log: log.clone() };
    match (who, method) {
        ("source", "open") => source.open = vec![boom],
        ("source", "next_page") => source.steps.insert(3, boom),
        ("source", "hold") => source.hold = boom,
        ("source", "position") => source.position = boom,
        ("source", "committed") => source.committed = vec![boom],
        ("source", "drain") => source.drain = vec![boom],
        ("source", _) => source.close = vec![boom],
        ("sink", "open") => sink.open = vec![boom],
        ("sink", "write_page") => sink.writes = vec![vec![Wait(10)], vec![Wait(10), boom]],
        ("sink", "mark") => sink.mark = vec![boom],
        ("sink", "flush") => sink.flush = vec![boom],
        ("sink", _) => sink.close = vec![boom],
        _ => {}
    }
    Pipeline::builder()
        .source("source", source)
        .transform("stage", stage, &["source"])
        .sink("sink", sink, &["stage"])
        .sink("well", Memory::default(), &["source"])
        .parallel(parallel)
        .build()
        .unwrap()
}

fn check(report: &Report, who: &str, method: &str) {
    let error = report.error.as_ref().unwrap_or_else(|| panic!("{who} {method}: no error"));
    assert_eq!(error.component().map(|id| &**id), Some(who), "{method}: {error:#}");
    assert_eq!(error.kind(), ErrorKind::Panic, "{who} {method}");
    assert_eq!(error.to_string(), format!("plugin panicked: boom (in {method})"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_any_method_names_the_component_and_the_method() {
    let all = [("source", &SOURCE[..]), ("stage", &STAGE[..]), ("sink", &SINK[..])];
    for (who, methods) in all {
        for (method, parallel) in methods.iter().flat_map(|m| BOTH.map(|parallel| (*m, parallel))) {
            let log = Log::default();
            let pipeline = pipeline(who, method, 0, &log, parallel);
            // The account is checked in there: what was read is written or counted.
            let report = run_until(&pipeline, after(5000)).await;
            check(&report, who, method);
            // What has panicked is not called again. All others are closed.
            for (other, close) in [("source", "close source"), ("sink", "close sink")] {
                let opened = log.count(&format!("open {other}")) > 0;
                let expected = if other == who { method == "close" } else { opened };
                assert_eq!(log.count(close) == 1, expected, "{close} after {who} {method}");
            }
            // What was read is in the sink that is well, but for a panic while components open.
            if method != "open" {
                let read = count(&report, "source", "records");
                assert!(read > 0);
                assert_eq!(count(&report, "well", "delivered"), read, "{who} {method}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_at_any_call_loses_nothing_without_counting_it() {
    for method in STAGE {
        for nth in 1..4 {
            let log = Log::default();
            let report = run_until(&pipeline("stage", method, nth, &log, false), after(5000)).await;
            if let Some(error) = &report.error {
                assert_eq!(error.kind(), ErrorKind::Panic);
            }
            assert_eq!(count(&report, "well", "delivered"), count(&report, "source", "records"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_source_has_handed_over_before_its_panic_is_committed() {
    for parallel in BOTH {
        let log = Log::default();
        let steps = [Page(1), Page(2), Wait(1500), Page(1), Panic("boom")];
        let source = TestSource::new(&steps, &log);
        let both = Pipeline::builder()
            .source("source", source)
            .sink("sink", TestSink::new(&[], &log), &["source"])
            .parallel(parallel)
            .build()
            .unwrap();
        let report = run(&both).await;
        check(&report, "source", "next_page");
        assert_eq!((report.records, report.delivered), (4, 4));
        // The first three by the clock. Where it stood when it panicked nobody can ask it.
        assert_eq!((log.count("committed 2"), log.count("committed 3")), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_flush_after_half_a_page_is_contained_too() {
    let log = Log::default();
    let mut sink = TestSink::new(&[&[Do::Fail(ErrorKind::Sink, "disk full")]], &log);
    (sink.written, sink.flush) = (Some(1), vec![Panic("boom")]);
    let both = Pipeline::builder()
        .source("source", TestSource::new(&[Page(3), Hang], &log))
        .sink("sink", sink, &["source"])
        .build()
        .unwrap();
    let report = run(&both).await;
    assert_eq!(report.error.as_ref().unwrap().to_string(), "disk full");
    assert_eq!((report.records, report.unconfirmed), (1, 1));
    assert_eq!(log.count("close sink"), 0);
}

#[test]
fn a_panic_while_a_component_describes_itself_is_a_problem_of_it() {
    let log = Log::default();
    for who in ["source", "stage", "sink"] {
        let mut source = TestSource::new(&[], &log);
        let mut sink = TestSink::new(&[], &log);
        let mut at = "nothing";
        match who {
            "source" => source.info = Panic("boom"),
            "stage" => at = "info",
            _ => sink.info = Panic("boom"),
        }
        let stage = TestTransform { at, nth: 0, what: Do::Ok, log: log.clone() };
        let problems = Pipeline::builder()
            .source("source", source)
            .transform("stage", stage, &["source"])
            .sink("sink", sink, &["stage"])
            .build()
            .unwrap_err();
        let first = problems.iter().next().unwrap().to_string();
        assert_eq!(first, format!("{who}: plugin panicked: boom (in info)"));
        assert_eq!(problems.len(), 1, "{problems}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panicking_check_is_a_step_that_failed() {
    #[derive(Debug, Clone)]
    struct Bad;

    #[async_trait::async_trait]
    impl faucet_core::Sink for Bad {
        fn info(&self) -> faucet_core::Info {
            faucet_core::Info::new("bad", "far end", faucet_core::Delivery::AtMostOnce)
        }

        async fn open(
            &self,
            _: &faucet_core::Scope,
        ) -> faucet_core::Result<Box<dyn faucet_core::PageWriter>> {
            panic!("boom")
        }

        async fn check(&self, _: &faucet_core::Scope) -> faucet_core::CheckReport {
            panic!("boom")
        }
    }

    let pipeline = Pipeline::builder()
        .source("n", Numbers::new(1, 1))
        .transform("f", Filter::keep(|_| true), &["n"])
        .sink("bad", Bad, &["f"])
        .build()
        .unwrap();
    let bad = pipeline.component("bad").unwrap();
    let report = bad.check(&pipeline.scope("bad")).await.unwrap();
    assert_eq!(report.target, "far end");
    let error = report.into_result().unwrap_err();
    assert_eq!(error.to_string(), "plugin panicked: boom (in check)");
    let filter = pipeline.component("f").unwrap();
    assert!(filter.check(&pipeline.scope("f")).await.is_none());
}
