//! A page that a sink takes in part.

use faucet_core::ErrorKind;
use faucet_pipeline::Pipeline;

use crate::books::{BOTH, count, run};
use crate::doubles::{Memory, Numbers, every};

#[tokio::test(start_paused = true)]
async fn what_a_sink_took_of_a_page_before_it_failed_is_counted_exactly() {
    for parallel in BOTH {
        for k in 0..=31 {
            let (bad, good) = (Memory::failing_at(k), Memory::default());
            let numbers = Numbers { live: true, ..Numbers::new(1000, 10) };
            let pipeline = Pipeline::builder()
                .source("n", numbers.clone())
                .sink("bad", bad.clone(), &["n"])
                .sink("good", good.clone(), &["n"])
                .flush(every(20))
                .parallel(parallel)
                .build()
                .unwrap();
            let report = run(&pipeline).await;
            let error = report.error.as_ref().unwrap();
            assert_eq!(error.component().map(|id| &**id), Some("bad"));
            assert_eq!((error.to_string().as_str(), error.written()), ("disk full", Some(k % 10)));
            assert_eq!(
                (count(&report, "bad", "records"), count(&report, "bad", "delivered")),
                (k, k)
            );
            assert_eq!(bad.numbers(), (0..k).collect::<Vec<u64>>());
            // The healthy sink gets everything that was read.
            assert_eq!(count(&report, "good", "delivered"), count(&report, "n", "records"));
            // Nothing is committed that is not everywhere.
            assert!(numbers.committed().iter().all(|upto| *upto <= k), "{:?}", numbers.committed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_does_not_know_how_much_it_took_has_taken_nothing_of_the_page() {
    for (kind, ended) in [(ErrorKind::Sink, "error"), (ErrorKind::Cancelled, "closed")] {
        let bad = Memory { says_written: false, fails_with: kind, ..Memory::failing_at(25) };
        let pipeline = Pipeline::builder()
            .source("n", Numbers { live: true, ..Numbers::new(1000, 10) })
            .sink("bad", bad.clone(), &["n"])
            .flush(every(10_000))
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        assert_eq!(report.ended.as_str(), ended);
        // Two pages were taken, and no flush follows.
        assert_eq!((report.records, report.delivered, report.unconfirmed), (20, 0, 20));
        assert!(bad.lines().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_says_at_a_flush_what_may_be_lost() {
    let sink = Memory { unconfirmed: 1, ..Memory::default() };
    let pipeline = Pipeline::new(Numbers::new(75, 10), sink);
    let report = run(&pipeline).await;
    assert_eq!((report.records, report.delivered, report.unconfirmed), (75, 74, 1));
}
