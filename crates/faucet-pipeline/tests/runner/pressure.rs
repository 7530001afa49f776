//! Slow sinks: what waits is bounded, sources hold, and the thread is shared.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use async_trait::async_trait;
use faucet_core::{
    CheckReport, Delivery, Info, Next, PageReader, Result, Scope, Source, StreamPage,
};
use faucet_pipeline::{Buffer, Component, End, Pipeline};

use crate::books::{BOTH, count, run, run_until};
use crate::doubles::Do::{Page, Wait};
use crate::doubles::{Do, Filter, Log, Memory, Numbers, TestSink, TestSource, every, ms, never};

fn pipeline(source: TestSource, sink: TestSink, parallel: bool) -> Pipeline {
    let builder = Pipeline::builder().source("source", source).sink("sink", sink, &["source"]);
    builder.parallel(parallel).flush(never()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn at_most_two_pages_are_held_and_the_source_is_kept_alive_meanwhile() {
    for parallel in BOTH {
        let log = Log::default();
        let source = TestSource::new(&[Page(1); 50], &log);
        let live = source.live.clone();
        let sink = TestSink::new(&[&[Wait(10)]], &log);
        let report = run(&pipeline(source, sink, parallel)).await;
        assert_eq!(report.records, 50);
        assert_eq!((live.most(), live.now()), (2, 0));
        assert!((49..=51).contains(&log.count("hold")), "{}", log.count("hold"));
        // One page is read while another is written, so only the writes take time.
        assert_eq!(report.elapsed_seconds, 0.5);
    }
}

#[tokio::test(start_paused = true)]
async fn reading_and_writing_go_on_at_the_same_time() {
    for parallel in BOTH {
        let log = Log::default();
        let steps: Vec<Do> = (0..10).flat_map(|_| [Wait(10), Page(1)]).collect();
        let source = TestSource::new(&steps, &log);
        let sink = TestSink::new(&[&[Wait(10)]], &log);
        let report = run(&pipeline(source, sink, parallel)).await;
        assert_eq!((report.records, report.elapsed_seconds), (10, 0.11));
    }
}

#[tokio::test(start_paused = true)]
async fn back_pressure_bounds_what_is_in_memory() {
    for parallel in BOTH {
        let numbers = Numbers::new(1000, 10);
        let handed = numbers.handed.clone();
        let pipeline = Pipeline::builder()
            .source("n", numbers)
            .transform("f", Filter::keep(|_| true), &["n"])
            .sink("slow", Memory::slow(10), &["f"])
            .sink("fast", Memory::default(), &["n"])
            .flush(every(10))
            .parallel(parallel)
            .build()
            .unwrap();
        let run = pipeline.start();
        let progress = run.progress();
        let written = || {
            let components = progress.components();
            components.iter().find(|c| &*c.id == "slow").unwrap().counters.fixed["records"]
        };
        let watch = async {
            let mut worst = 0;
            while handed.load(SeqCst) < 1000 {
                tokio::time::sleep(ms(5)).await;
                worst = worst.max(handed.load(SeqCst) - written());
            }
            worst
        };
        let (report, worst) = tokio::join!(run.until(std::future::pending()), watch);
        assert_eq!(count(&report, "slow", "delivered"), 1000);
        // A page in front of the transform, one in it, one in front of the sink, one in the sink.
        assert_eq!(worst, 40);
        assert_eq!(
            (count(&report, "slow", "held_peak"), count(&report, "f", "held_peak")),
            (10, 10)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_larger_buffer_holds_so_many_pages_or_bytes() {
    for (buffer, peak) in [
        (Buffer::default().with_pages(5), 10),
        (Buffer::default().with_pages(100).with_bytes(7), 8),
    ] {
        let pipeline = Pipeline::builder()
            .source("n", Numbers { add: 1, ..Numbers::new(9, 2) })
            .sink("slow", Memory::slow(10), &["n"])
            .buffer("slow", buffer)
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        let held = count(&report, "slow", "held_peak");
        assert!(held <= peak && held >= peak - 3, "{held} {peak}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_holds_through_boxes_and_shared_pointers() {
    let numbers = Numbers::new(10, 1);
    let held = numbers.held.clone();
    let boxed: Box<dyn Source> = Box::new(numbers);
    let pipeline = Pipeline::builder()
        .source("n", Arc::new(boxed))
        .sink("slow", Memory::slow(105), &["n"])
        .build()
        .unwrap();
    run(&pipeline).await;
    assert!(held.load(SeqCst) >= 80, "{}", held.load(SeqCst));
}

#[tokio::test]
async fn ends_that_are_always_ready_do_not_keep_the_thread() {
    for parallel in BOTH {
        let log = Log::default();
        let source = TestSource::new(&[Page(1); 10_000], &log);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        // Runs on the same thread as the pipeline, when that lets it.
        tokio::spawn(async move { stop.send(()) });
        let shutdown = async { stopped.await.unwrap() };
        let both = pipeline(source, TestSink::new(&[], &log), parallel);
        assert_eq!(run_until(&both, shutdown).await.ended, End::Shutdown);
    }
}

/// Is always ready, with nothing.
#[derive(Debug, Clone)]
struct Void;

#[async_trait]
impl Source for Void {
    fn info(&self) -> Info {
        Info::new("void", "", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        Ok(Box::new(Self))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("")
    }
}

#[async_trait]
impl PageReader for Void {
    async fn next_page(&mut self) -> Result<Next> {
        Ok(Next::Page(StreamPage::default()))
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        Ok(Some(StreamPage::default()))
    }
}

#[tokio::test]
async fn pages_of_nothing_go_nowhere_and_do_not_keep_the_thread() {
    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(async move { stop.send(()) });
    let pipeline = Pipeline::new(Void, Memory::default());
    let report = run_until(&pipeline, async { stopped.await.unwrap() }).await;
    assert_eq!((report.ended, report.pages), (End::Shutdown, 0));
    assert_eq!(pipeline.components().iter().map(Component::id).count(), 2);
}

#[test]
fn runs_can_be_spawned_and_their_future_is_small() {
    fn send<T: Send>(_: &T) {}
    let log = Log::default();
    let both = pipeline(TestSource::new(&[], &log), TestSink::new(&[], &log), false);
    let run = both.start().until(std::future::pending());
    send(&run);
    send(&both);
    assert!(size_of_val(&run) < 1024, "{}", size_of_val(&run));
}
