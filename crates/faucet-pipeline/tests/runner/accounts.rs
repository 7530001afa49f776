//! Each record is accounted for, whenever and however a run ends.

use faucet_core::ErrorKind;
use faucet_pipeline::{Buffer, Pipeline, PipelineBuilder, WhenFull};

use crate::books::{BOTH, check, run_until};
use crate::doubles::{Filter, Memory, Numbers, Window, after, every, ms};

/// A graph in which everything is slow, and everybody rejects something.
fn builder() -> PipelineBuilder {
    let numbers = Numbers { reject: |n| n % 7 == 3, ..Numbers::live(5, 3) };
    let filter = Filter { keep: |n| n % 3 != 0, reject: |n| n % 10 == 4 };
    let picky = Memory { reject: |line| line.ends_with('8'), flush: ms(4), ..Memory::slow(9) };
    Pipeline::builder()
        .source("a", numbers.clone())
        .source("b", Numbers { add: 1000, every: Some(ms(2)), ..numbers })
        .transform("f", filter, &["a", "b"])
        .transform("w", Window { each: ms(5), ..Window::of(4) }, &["a"])
        .sink("picky", picky, &["f"])
        .sink("windows", Memory::slow(6), &["w"])
        .sink("drops", Memory::slow(20), &["b"])
        .sink("letters", Memory::slow(7), &[])
        .buffer("drops", Buffer::default().with_pages(2).when_full(WhenFull::DropOldest))
        .dead_letter("a", "letters")
        .dead_letter("b", "letters")
        .dead_letter("f", "letters")
        .dead_letter("picky", "letters")
        .flush(every(11))
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_given_up_at_any_moment_accounts_for_each_record() {
    let mut given_up = 0;
    for parallel in BOTH {
        for stop in (1..80).step_by(3) {
            for grace in [1, 6, 19, 2000] {
                let pipeline = builder().grace(ms(grace)).parallel(parallel).build().unwrap();
                let report = run_until(&pipeline, after(stop)).await;
                assert!(grace < 2000 || report.error.is_none(), "{report:?}");
                let taken = report.elapsed_seconds - ms(stop + grace).as_secs_f64();
                given_up += u32::from(taken.abs() < 1e-6);
            }
        }
    }
    assert!(given_up > 50, "{given_up}");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_anywhere_in_a_graph_leaves_no_record_uncounted() {
    for parallel in BOTH {
        for k in 0..60 {
            for kind in [ErrorKind::Sink, ErrorKind::Cancelled] {
                let failing = Memory { fails_with: kind, ..Memory::failing_at(k) };
                let builder = builder().sink("bad", failing, &["f", "b"]).parallel(parallel);
                let report = run_until(&builder.build().unwrap(), after(5000)).await;
                assert_eq!(report.error.is_some(), kind == ErrorKind::Sink, "{report:?}");
                assert!(report.elapsed_seconds < 4.0, "{report:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_account_of_a_dropped_run_balances_too() {
    for polls in 1..200 {
        let pipeline = builder().build().unwrap();
        let run = pipeline.start();
        let progress = run.progress();
        assert!(crate::doubles::polls(polls, run.until(std::future::pending())).await.is_none());
        // A run that is over and says what the dropped one has counted.
        let mut report = pipeline.run_until(std::future::ready(())).await;
        for component in progress.components() {
            let shown = report.components.get_mut(&*component.id).unwrap();
            shown.counts = component.counters.fixed;
            shown.counters = component.counters.own;
        }
        check(&pipeline, &report);
    }
}
