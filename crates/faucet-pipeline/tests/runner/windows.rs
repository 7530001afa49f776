//! Transforms that gather: their saved bytes come back, and their clock runs.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_trait::async_trait;
use faucet_core::{Carry, Delivery, Info, Out, PageStage, Result, Scope, StreamPage, Transform};
use faucet_pipeline::Pipeline;

use crate::books::{BOTH, run, run_until};
use crate::doubles::{Memory, Numbers, Window, after, folder, ms, polls};

#[tokio::test(start_paused = true)]
async fn a_stopped_window_goes_on_in_the_next_run() {
    for parallel in BOTH {
        let (_folder, file) = folder();
        let there = Memory::default();
        let window = Window::of(3);
        for (count, upto) in [(4, 1), (10, 3)] {
            let source = Numbers { live: true, every: Some(ms(1)), ..Numbers::new(count, 1) };
            let pipeline = Pipeline::builder()
                .source("n", source)
                .transform("threes", window.clone(), &["n"])
                .sink("m", there.clone(), &["threes"])
                .state(&file)
                .parallel(parallel)
                .build()
                .unwrap();
            let report = run_until(&pipeline, after(100)).await;
            assert!(report.error.is_none());
            assert_eq!(there.lines().len(), upto);
        }
        assert_eq!(there.lines(), ["0+1+2", "3+4+5", "6+7+8"]);
        assert_eq!(*window.opened_with.lock().unwrap(), ["", "3"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_window_that_no_later_run_gets_is_emitted() {
    // Without a state file, and where the window cannot be saved.
    for (saves, state) in [(true, false), (false, true)] {
        let (_folder, file) = folder();
        let there = Memory::default();
        let source = Numbers { live: true, every: Some(ms(1)), ..Numbers::new(4, 1) };
        let mut builder = Pipeline::builder()
            .source("n", source.clone())
            .transform("threes", Window { saves, ..Window::of(3) }, &["n"])
            .sink("m", there.clone(), &["threes"]);
        if state {
            builder = builder.state(&file);
        }
        run_until(&builder.build().unwrap(), after(100)).await;
        assert_eq!(there.lines(), ["0+1+2", "3"]);
        assert_eq!(source.committed(), [4]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_whose_input_ended_leaves_nothing_for_the_next_run() {
    let (_folder, file) = folder();
    let there = Memory::default();
    let window = Window::of(3);
    for count in [4, 8] {
        let pipeline = Pipeline::builder()
            .source("n", Numbers::new(count, 4))
            .transform("threes", window.clone(), &["n"])
            .sink("m", there.clone(), &["threes"])
            .state(&file)
            .build()
            .unwrap();
        run(&pipeline).await;
    }
    assert_eq!(there.lines(), ["0+1+2", "3", "4+5+6", "7"]);
    assert_eq!(*window.opened_with.lock().unwrap(), ["", ""]);
}

#[tokio::test(start_paused = true)]
async fn windows_close_by_age_while_nothing_comes() {
    for parallel in BOTH {
        let there = Memory::default();
        let source = Numbers { live: true, every: Some(ms(40)), ..Numbers::new(7, 1) };
        let window = Window { age: Some(ms(100)), ..Window::of(usize::MAX) };
        let pipeline = Pipeline::builder()
            .source("n", source)
            .transform("w", window, &["n"])
            .sink("m", there.clone(), &["w"])
            .parallel(parallel)
            .build()
            .unwrap();
        run_until(&pipeline, after(2000)).await;
        assert_eq!(there.lines(), ["0+1+2", "3+4+5", "6"]);
    }
}

#[tokio::test(start_paused = true)]
async fn windows_close_by_age_while_pages_come_without_a_pause() {
    // A page waits whenever the stage asks for one: its clock gets its turn all the same.
    let there = Memory::default();
    let window = Window { age: Some(ms(50)), each: ms(10), ..Window::of(usize::MAX) };
    let pipeline = Pipeline::builder()
        .source("n", Numbers::new(20, 1))
        .transform("w", window, &["n"])
        .sink("m", there.clone(), &["w"])
        .build()
        .unwrap();
    run(&pipeline).await;
    let sizes: Vec<usize> = there.lines().iter().map(|line| line.split('+').count()).collect();
    assert_eq!(sizes, [6, 6, 6, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_always_due_does_not_keep_pages_out() {
    let there = Memory::default();
    let window = Window { age: Some(ms(0)), ..Window::of(usize::MAX) };
    let pipeline = Pipeline::builder()
        .source("n", Numbers::new(5, 1))
        .transform("w", window, &["n"])
        .sink("m", there.clone(), &["w"])
        .build()
        .unwrap();
    run(&pipeline).await;
    assert_eq!(there.lines(), ["0", "1", "2", "3", "4"]);
}

/// Hands pages on, notes the inputs they came from, and may be due at any time.
#[derive(Debug, Clone, Default)]
struct Inputs {
    seen: Arc<Mutex<Vec<(usize, usize)>>>,
    always_due: bool,
}

#[async_trait]
impl Transform for Inputs {
    fn info(&self) -> Info {
        Info::new("inputs", "", Delivery::AtLeastOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageStage>> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl PageStage for Inputs {
    async fn push(&mut self, input: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        self.seen.lock().unwrap().push((input, page.len()));
        out.emit(page);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        Ok(Carry::Nothing)
    }

    fn deadline(&self) -> Option<Instant> {
        self.always_due.then(|| tokio::time::Instant::now().into_std())
    }

    async fn finish(&mut self, _: &mut Out) -> Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_never_moves_does_not_keep_pages_out() {
    let there = Memory::default();
    let pipeline = Pipeline::builder()
        .source("n", Numbers::new(5, 1))
        .transform("t", Inputs { always_due: true, ..Inputs::default() }, &["n"])
        .sink("m", there.clone(), &["t"])
        .build()
        .unwrap();
    assert!(polls(10_000, pipeline.run()).await.is_some());
    assert_eq!(there.numbers().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_stage_is_told_which_of_its_inputs_a_page_is_of() {
    let inputs = Inputs::default();
    let pipeline = Pipeline::builder()
        .source("one", Numbers::new(1, 1))
        .source("two", Numbers::new(2, 2))
        .transform("t", inputs.clone(), &["two", "one"])
        .sink("m", Memory::default(), &["t"])
        .build()
        .unwrap();
    pipeline.run().await;
    let mut seen = inputs.seen.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, [(0, 2), (1, 1)]);
}
