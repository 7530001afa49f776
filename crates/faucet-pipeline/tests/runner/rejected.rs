//! Records that a component cannot handle go to its dead letter, or end the run.

use faucet_core::ErrorKind;
use faucet_pipeline::{Pipeline, PipelineBuilder};

use crate::books::{BOTH, count, run};
use crate::doubles::{Filter, Memory, Numbers, every};

/// Numbers of which the source rejects 3, the transform 5, and the sink 7.
fn builder(good: &Memory) -> PipelineBuilder {
    let source = Numbers { reject: |n| n == 3, ..Numbers::new(20, 4) };
    let filter = Filter { keep: |n| n % 2 == 1, reject: |n| n == 5 };
    let sink = Memory { reject: |line| line == "7", ..good.clone() };
    Pipeline::builder()
        .source("n", source)
        .transform("odd", filter, &["n"])
        .sink("good", sink, &["odd"])
        .flush(every(4))
}

#[tokio::test(start_paused = true)]
async fn what_a_component_rejects_goes_to_its_dead_letter_with_its_name_and_the_reason() {
    for parallel in BOTH {
        let (good, bad) = (Memory::default(), Memory::default());
        let pipeline = builder(&good)
            .sink("bad", bad.clone(), &[])
            .dead_letter("n", "bad")
            .dead_letter("odd", "bad")
            .dead_letter("good", "bad")
            .parallel(parallel)
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        assert!(report.error.is_none(), "{report:?}");
        assert_eq!(good.numbers(), [1, 9, 11, 13, 15, 17, 19]);
        let mut letters = bad.lines();
        letters.sort();
        let letter = |component: &str, reason: &str, n: u64| {
            format!(
                "{{\"component\":\"{component}\",\"kind\":\"text\",\"reason\":\"{reason}\",\
                 \"received_at\":{n},\"data\":\"{n}\"}}"
            )
        };
        let expected = [
            letter("good", "bad luck", 7),
            letter("n", "odd number", 3),
            letter("odd", "not even", 5),
        ];
        let parsed = |lines: &[String]| -> Vec<serde_json::Value> {
            lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        assert_eq!(parsed(&letters), parsed(&expected));
        for id in ["n", "odd", "good"] {
            assert_eq!(count(&report, id, "rejected"), 1, "{id}");
        }
        assert_eq!((count(&report, "bad", "delivered"), report.skipped["rejected"]), (3, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_dead_letter_the_run_ends_and_nothing_behind_it_is_committed() {
    for (letters, who, reason) in [
        (vec!["odd", "good"], "n", "odd number"),
        (vec!["n", "good"], "odd", "not even"),
        (vec!["n", "odd"], "good", "bad luck"),
    ] {
        for parallel in BOTH {
            let source = Numbers { reject: |n| n == 3, ..Numbers::new(20, 4) };
            let filter = Filter { keep: |n| n % 2 == 1, reject: |n| n == 5 };
            let sink = Memory { reject: |line| line == "7", ..Memory::default() };
            let mut builder = Pipeline::builder()
                .source("n", source.clone())
                .transform("odd", filter, &["n"])
                .sink("good", sink, &["odd"])
                .sink("bad", Memory::default(), &[])
                .flush(every(1))
                .parallel(parallel);
            for id in letters.iter() {
                builder = builder.dead_letter(id, "bad");
            }
            let report = run(&builder.build().unwrap()).await;
            let error = report.error.as_ref().unwrap();
            assert_eq!(error.component().map(|id| &**id), Some(who));
            let kind = if who == "good" { ErrorKind::Sink } else { ErrorKind::Decode };
            assert_eq!(error.kind(), kind);
            assert_eq!(error.to_string(), format!("a record cannot be handled: {reason}"));
            assert!(error.hint().unwrap().contains("dead_letter"), "{error:#}");
            let bad = match who {
                "n" => 3,
                "odd" => 5,
                _ => 7,
            };
            assert!(source.committed().iter().all(|upto| *upto <= bad), "{:?}", source.committed());
            assert_eq!(count(&report, who, "rejected"), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn many_letters_wait_for_a_slow_sink_and_none_is_lost() {
    for parallel in BOTH {
        let bad = Memory::slow(50);
        let source = Numbers { reject: |n| n % 2 == 0, ..Numbers::new(40, 2) };
        let filter = Filter { keep: |_| true, reject: |n| n % 4 == 1 };
        let sink = Memory { reject: |line| line.ends_with('3'), ..Memory::default() };
        let pipeline = Pipeline::builder()
            .source("n", source)
            .transform("f", filter, &["n"])
            .sink("good", sink, &["f"])
            .sink("bad", bad.clone(), &[])
            .dead_letter("n", "bad")
            .dead_letter("f", "bad")
            .dead_letter("good", "bad")
            .flush(every(3))
            .parallel(parallel)
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        assert!(report.error.is_none());
        let rejected = ["n", "f", "good"].map(|id| count(&report, id, "rejected"));
        assert_eq!(rejected, [20, 10, 2]);
        assert_eq!(bad.lines().len(), 32);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_sink_that_fails_ends_the_run() {
    let pipeline = builder(&Memory::default())
        .sink("bad", Memory::failing_at(1), &[])
        .dead_letter("n", "bad")
        .dead_letter("odd", "bad")
        .dead_letter("good", "bad")
        .build()
        .unwrap();
    let report = run(&pipeline).await;
    assert_eq!(report.error.unwrap().component().map(|id| &**id), Some("bad"));
}

#[tokio::test(start_paused = true)]
async fn letters_are_flushed_and_committed_on_the_cadence_like_all_records() {
    for parallel in BOTH {
        let bad = Memory::default();
        let source = Numbers { reject: |n| n % 2 == 0, ..Numbers::live(2, 100) };
        let pipeline = Pipeline::builder()
            .source("n", source.clone())
            .transform("f", Filter { keep: |_| true, reject: |n| n % 5 == 0 }, &["n"])
            .sink("good", Memory::default(), &["f"])
            .sink("bad", bad.clone(), &[])
            .dead_letter("n", "bad")
            .dead_letter("f", "bad")
            .dead_letter("good", "bad")
            .parallel(parallel)
            .build()
            .unwrap();
        let look = async {
            crate::doubles::after(2950).await;
            assert_eq!(source.committed(), [20, 40]);
            assert_eq!(bad.lines().len(), 20 + 4);
        };
        crate::books::run_until(&pipeline, look).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_source_has_received_behind_a_refused_message_is_written() {
    for parallel in BOTH {
        let good = Memory::default();
        let source = Numbers { reject: |n| n == 3, unread: 2, ..Numbers::new(20, 5) };
        let pipeline = Pipeline::builder()
            .source("n", source)
            .sink("good", good.clone(), &["n"])
            .parallel(parallel)
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        assert_eq!(report.error.unwrap().kind(), ErrorKind::Decode);
        assert_eq!(good.numbers(), [0, 1, 2, 4, 5, 6]);
    }
}
