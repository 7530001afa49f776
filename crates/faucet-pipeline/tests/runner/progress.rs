//! What can be seen of a run while it goes on, and of one that is over.

use faucet_core::{ComponentKind, ConnectionState, ErrorKind, Phase};
use faucet_pipeline::{End, Pipeline, Report};
use tokio::time::Instant;

use crate::books::run;
use crate::doubles::Do::{Fail, Hang, Page, Wait};
use crate::doubles::{Do, Filter, Log, Memory, Numbers, TestSink, TestSource, ms, never};

fn pipeline(steps: &[Do], writes: &[&[Do]]) -> Pipeline {
    let log = Log::default();
    Pipeline::new(TestSource::new(steps, &log), TestSink::new(writes, &log))
}

#[tokio::test(start_paused = true)]
async fn progress_can_be_read_while_the_run_goes_on() {
    let steps = [Wait(100), Page(3), Wait(1400), Page(4), Hang];
    let run = pipeline(&steps, &[&[Wait(50)]]).start();
    let progress = run.progress();
    assert_eq!((progress.records(), progress.age_of_last_record()), (0, None));
    let watch = async {
        let start = Instant::now();
        let at = |millis| tokio::time::sleep_until(start + ms(millis));
        at(120).await;
        assert_eq!((progress.records_read(), progress.records()), (3, 0));
        at(160).await;
        assert_eq!((progress.records(), progress.bytes(), progress.pages()), (3, 30, 1));
        assert_eq!(progress.age_of_last_record(), Some(ms(60)));
        assert_eq!((progress.delivered(), progress.commits()), (0, 0));
        at(1150).await;
        assert_eq!((progress.delivered(), progress.commits()), (3, 1));
        at(1600).await;
        assert_eq!((progress.records_read(), progress.records()), (7, 7));
        assert_eq!(progress.connection(ComponentKind::Source), ConnectionState::None);
        assert_eq!((progress.elapsed(), progress.unconfirmed()), (ms(1600), 0));
    };
    let report = run.until(watch).await;
    assert_eq!((report.records, progress.records(), progress.delivered()), (7, 7, 7));
    let ids: Vec<String> = progress.components().iter().map(|c| c.id.to_string()).collect();
    assert_eq!(ids, ["source", "sink"]);
}

#[tokio::test(start_paused = true)]
async fn a_component_tells_how_far_it_is_and_what_takes_its_time() {
    let steps = [Wait(100), Page(3), Wait(5_000), Page(1)];
    let run = pipeline(&steps, &[&[Wait(700)]]).start();
    let progress = run.progress();
    let activity = |index: usize| progress.components()[index].counters.activity.clone();
    assert_eq!((activity(0).phase, activity(1).phase), (Phase::Opening, Phase::Opening));
    let watch = async {
        let start = Instant::now();
        let at = |millis| tokio::time::sleep_until(start + ms(millis));
        at(150).await;
        assert_eq!((activity(0).phase, activity(1).phase), (Phase::Open, Phase::Open));
        assert_eq!(
            (progress.arrived(), activity(0).arrived, activity(0).arrived_bytes),
            (3, 3, 30)
        );
        assert_eq!(activity(1).busy_since, Some((start + ms(100)).into_std()), "it writes");
        at(900).await;
        assert_eq!((activity(1).busy_since, activity(1).latency.count()), (None, 0));
        at(2_000).await;
        assert_eq!((activity(1).latency.count(), activity(1).flush.count()), (1, 1));
        std::future::pending::<()>().await;
    };
    let report = run.until(watch);
    assert_eq!(report.await.ended, End::Exhausted);
    assert_eq!((activity(0).phase, activity(1).phase), (Phase::Over, Phase::Over));
    let sink = &progress.components()[1].counters;
    assert_eq!(sink.activity.latency.count(), sink.fixed["pages"]);
    assert_eq!(sink.activity.flush.count(), sink.fixed["flushes"]);
}

#[tokio::test(start_paused = true)]
async fn reports_serialize_with_the_documented_fields() {
    let report = run(&pipeline(&[Page(2), Wait(1500)], &[])).await;
    let component = |kind: &str, counts: serde_json::Value| {
        let mut object = serde_json::json!({
            "kind": kind, "type": "test", "target": kind, "records": 2, "bytes": 20, "pages": 1,
            "counters": {}, "skipped": {},
        });
        object.as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
        object
    };
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        serde_json::json!({
            "ended": "exhausted", "error": null, "records": 2, "bytes": 20, "pages": 1,
            "reconnects": 0, "sink_reconnects": 0, "gaps": [], "more_gaps": 0,
            "disconnected_seconds": 0.0, "skipped": {}, "delivered": 2, "unconfirmed": 0,
            "resent": 0, "commits": 1, "commits_held_back": 0, "elapsed_seconds": 1.5,
            "components": {
                "source": component("source", serde_json::json!({"ended": "exhausted"})),
                "sink": component("sink", serde_json::json!({
                    "delivered": 2, "unconfirmed": 0, "flushes": 2, "held_peak": 2,
                })),
            },
        })
    );
    let report = run(&pipeline(&[Page(2), Fail(ErrorKind::TooLarge, "too large")], &[])).await;
    let report = serde_json::to_value(&report).unwrap();
    assert_eq!(report["ended"], "error");
    let expected =
        serde_json::json!({"component": "source", "kind": "too_large", "message": "too large"});
    assert_eq!(report["error"], expected);
    assert_eq!(report["components"]["source"]["error"], "too large");
}

#[tokio::test(start_paused = true)]
async fn totals_are_sums_over_the_components() {
    let pipeline = Pipeline::builder()
        .source("a", Numbers::new(10, 5))
        .source("b", Numbers { add: 100, gap_before: vec![5, 6], ..Numbers::new(10, 5) })
        .transform("odd", Filter::keep(|n| n % 2 == 1), &["a", "b"])
        .sink("all", Memory::default(), &["a", "b"])
        .sink("some", Memory::default(), &["odd"])
        .flush(never())
        .build()
        .unwrap();
    let report = run(&pipeline).await;
    assert_eq!((report.records, report.delivered, report.gaps.len()), (30, 30, 2));
    assert_eq!(report.components["odd"].counts["records"], 10);
    assert_eq!(report.components["all"].counts["records"], 20);
    assert_eq!(report.components["all"].connector, "memory");
}

#[test]
fn a_report_of_nothing_has_the_error_and_no_counts() {
    let report = Report::failed(faucet_core::Error::usage("no such file"));
    assert_eq!((report.ended, report.records, report.elapsed_seconds), (End::Error, 0, 0.0));
    assert_eq!(report.into_result().unwrap_err().to_string(), "no such file");
}
