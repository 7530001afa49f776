//! When sinks are flushed and positions committed.

use faucet_pipeline::{Flush, Pipeline};

use crate::books::{BOTH, check, count, run, run_until};
use crate::doubles::{Memory, Numbers, Queue, Window, after, every, folder, ms, saved_position};

fn pipeline(source: &Numbers, sink: &Memory, flush: Flush, parallel: bool) -> Pipeline {
    Pipeline::builder()
        .source("n", source.clone())
        .sink("m", sink.clone(), &["n"])
        .flush(flush)
        .parallel(parallel)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_live_feed_is_flushed_and_committed_on_the_cadence() {
    for parallel in BOTH {
        let (folder, file) = folder();
        let (source, sink) = (Numbers::live(1, 300), Memory::default());
        let pipeline = Pipeline::builder()
            .source("n", source.clone())
            .sink("m", sink.clone(), &["n"])
            .flush(Flush::every(ms(1000)))
            .state(&file)
            .parallel(parallel)
            .build()
            .unwrap();
        let look = async {
            let mut seen = Vec::new();
            for _ in 0..6 {
                after(1000).await;
                seen.push((sink.lines().len(), source.committed().last().copied()));
            }
            seen
        };
        // Dropped and not stopped: what was flushed on the way is there.
        let seen = tokio::select! {
            _ = pipeline.run() => unreachable!(),
            seen = look => seen,
        };
        // The first record comes after 300 ms and waits a second, the next wait begins with the next.
        let expected = [0, 4, 8, 12, 16, 16].map(|n| (n, (n > 0).then_some(n as u64)));
        assert_eq!(seen, expected);
        assert_eq!(saved_position(&file, "n").as_deref(), Some("16"));
        drop(folder);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_can_be_asked_for_between_two_of_the_cadence() {
    for parallel in BOTH {
        let (source, sink) = (Numbers::live(1, 300), Memory::default());
        let pipeline = pipeline(&source, &sink, Flush::every(ms(1_000_000)), parallel);
        let run = pipeline.start();
        let flusher = run.flusher();
        let look = async {
            let mut seen = Vec::new();
            for asks in [false, true, true, false] {
                after(1000).await;
                if asks {
                    // Twice at once is one flush.
                    flusher.flush();
                    flusher.flush();
                }
                after(10).await;
                seen.push(source.committed().last().copied());
            }
            seen
        };
        let seen = tokio::select! {
            _ = run.until(std::future::pending()) => unreachable!(),
            seen = look => seen,
        };
        assert_eq!(seen, [None, Some(6), Some(10), Some(10)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_begins_at_so_many_records_or_bytes() {
    for (flush, expected) in [
        (every(10), vec![12, 24, 36, 40]),
        (every(u64::MAX - 1), vec![40]),
        // The pages have 4, 4, 6, and then 8 digits each.
        (Flush::every(ms(1_000_000)).or_bytes(16), vec![16, 24, 32, 40]),
        (Flush::every(ms(35)), vec![16, 32, 40]),
        (Flush::every(ms(35)).or_records(5), vec![8, 16, 24, 32, 40]),
    ] {
        for parallel in BOTH {
            let source = Numbers { every: Some(ms(10)), ..Numbers::new(40, 4) };
            let report = run(&pipeline(&source, &Memory::default(), flush, parallel)).await;
            assert_eq!(source.committed(), expected, "{flush:?}");
            assert_eq!(report.commits, expected.len() as u64);
            // The end is a flush of its own, also where nothing came since the last one.
            let more = count(&report, "m", "flushes") - report.commits;
            assert!(more <= 1, "{flush:?}: {more}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_that_comes_during_a_slow_flush_waits_no_longer_than_others() {
    // The flush takes 700 ms of the second that the next one is due in.
    let source = Numbers::live(1, 100);
    let sink = Memory { flush: ms(700), ..Memory::default() };
    let both = pipeline(&source, &sink, Flush::every(ms(1000)), false);
    let report = run_until(&both, after(9950)).await;
    // A page waits in front of the sink and one at the source while it flushes.
    assert!((8..=10).contains(&count(&report, "m", "flushes")), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn no_flush_comes_while_nothing_does() {
    let source = Numbers { live: true, ..Numbers::new(3, 3) };
    let both = pipeline(&source, &Memory::default(), Flush::every(ms(10)), false);
    let report = run_until(&both, after(10_000)).await;
    assert_eq!((count(&report, "m", "flushes"), report.commits), (2, 1));
    assert_eq!(source.committed(), [3], "a position is told once");
}

#[tokio::test(start_paused = true)]
async fn what_a_stage_emits_by_its_clock_is_flushed_on_the_cadence() {
    for saves in [true, false] {
        let sink = Memory::default();
        let source = Numbers { live: true, ..Numbers::new(3, 3) };
        let window = Window { age: Some(ms(5000)), saves, ..Window::of(100) };
        let pipeline = Pipeline::builder()
            .source("n", source.clone())
            .transform("w", window, &["n"])
            .sink("m", sink.clone(), &["w"])
            .build()
            .unwrap();
        let run = pipeline.start();
        let look = async {
            after(5500).await;
            assert!(sink.lines().is_empty());
            assert_eq!(source.committed().is_empty(), !saves);
            after(1000).await;
            assert_eq!(sink.lines(), ["0+1+2"]);
            assert_eq!(source.committed(), [3]);
        };
        let report = run.until(look).await;
        check(&pipeline, &report);
        assert_eq!(report.commits_held_back, u64::from(!saves));
    }
}

#[tokio::test(start_paused = true)]
async fn an_ack_window_is_flushed_at_its_half() {
    for parallel in BOTH {
        let queue = Queue { window: Some(6), ..Queue::new(50) };
        let pipeline = Pipeline::builder()
            .source("queue", queue.clone())
            .sink("m", Memory::default(), &["queue"])
            .flush(Flush::every(ms(60_000)))
            .parallel(parallel)
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        // By the clock alone it would stand still for a minute after each six records.
        assert!(report.elapsed_seconds < 1.0, "{}", report.elapsed_seconds);
        assert_eq!((queue.acked().len(), queue.broker.lock().unwrap().most), (50, 6));
    }
}
