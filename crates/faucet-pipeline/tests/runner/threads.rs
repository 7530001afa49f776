//! Components as tasks on several threads.

use faucet_pipeline::{Flush, Pipeline};

use crate::books::{count, run, run_until};
use crate::doubles::{Filter, Memory, Numbers, after, folder, ms, saved_position};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_move_each_record_once_and_commit_all() {
    for _ in 0..50 {
        let (_folder, file) = folder();
        let (a, b) = (Memory::default(), Memory::default());
        let source = Numbers { resume: faucet_core::Resume::Positions, ..Numbers::new(500, 7) };
        let pipeline = Pipeline::builder()
            .source("n", source.clone())
            .transform("odd", Filter::keep(|n| n % 2 == 1), &["n"])
            .sink("a", a.clone(), &["n"])
            .sink("b", b.clone(), &["odd", "n"])
            .flush(Flush::every(ms(1)).or_records(50))
            .state(&file)
            .parallel(true)
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        assert!(report.error.is_none(), "{report:?}");
        assert_eq!((a.numbers().len(), b.numbers().len()), (500, 750));
        assert!(a.numbers().is_sorted());
        let committed = source.committed();
        assert!(committed.is_sorted() && committed.last() == Some(&500), "{committed:?}");
        assert_eq!(saved_position(&file, "n").as_deref(), Some("500"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_that_are_given_up_are_accounted_for() {
    for n in 0..20 {
        let pipeline = Pipeline::builder()
            .source("n", Numbers { every: None, ..Numbers::live(3, 0) })
            .transform("f", Filter::keep(|_| true), &["n"])
            .sink("slow", Memory::slow(100_000), &["f"])
            .sink("fast", Memory::default(), &["n"])
            .grace(ms(n))
            .parallel(true)
            .build()
            .unwrap();
        let report = run_until(&pipeline, after(5)).await;
        assert_eq!(count(&report, "slow", "records"), 0);
        assert!(count(&report, "slow", "not_written") > 0);
    }
}
