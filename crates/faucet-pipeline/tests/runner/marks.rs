//! Gaps and watermarks keep their place.

use faucet_pipeline::{Buffer, Pipeline, WhenFull};

use crate::books::{BOTH, count, run};
use crate::doubles::{Filter, Memory, Numbers, Window, ms, never};

fn gap(n: u64) -> String {
    format!("gap outage n {n}")
}

#[tokio::test(start_paused = true)]
async fn gaps_keep_their_place_through_transforms_and_fan_out() {
    for (when_full, parallel) in
        [(WhenFull::Block, false), (WhenFull::DropOldest, false), (WhenFull::Block, true)]
    {
        let [a, b, c, d] = [(); 4].map(|()| Memory::default());
        let numbers = Numbers { gap_before: vec![0, 5, 6], ..Numbers::new(12, 4) };
        let pipeline = Pipeline::builder()
            .source("n", numbers)
            .transform("odd", Filter::keep(|n| n % 2 == 1), &["n"])
            .transform("none", Filter::keep(|_| false), &["n"])
            .transform("fours", Window::of(4), &["n"])
            .transform("ones", Window::of(1), &["n"])
            .sink("a", a.clone(), &["odd"])
            .sink("b", b.clone(), &["none"])
            .sink("c", c.clone(), &["fours"])
            .sink("d", d.clone(), &["ones"])
            .buffer("a", Buffer::default().with_pages(9).when_full(when_full))
            .parallel(parallel)
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        assert!(report.error.is_none());
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let odd = [texts(&["1", "3"]), vec![gap(5)], texts(&["5"])];
        let rest = [vec![gap(6)], texts(&["7", "9", "11"])];
        assert_eq!(a.lines(), [vec![gap(0)], odd.concat(), rest.concat()].concat());
        // What keeps no record keeps the gaps.
        assert_eq!(b.lines(), [gap(0), gap(5), gap(6)]);
        // The window in hand is closed before the gap.
        let windows = [
            vec![gap(0)],
            texts(&["0+1+2+3", "4"]),
            vec![gap(5)],
            texts(&["5"]),
            vec![gap(6)],
            texts(&["6+7+8+9", "10+11"]),
        ];
        assert_eq!(c.lines(), windows.concat());
        // A page for each record: the gap stands before the first.
        let mut all: Vec<String> = (0..12u64).map(|n| n.to_string()).collect();
        [6, 5, 0].iter().for_each(|n| all.insert(*n as usize, gap(*n)));
        assert_eq!(d.lines(), all);
        assert_eq!((count(&report, "b", "gaps"), count(&report, "n", "gaps")), (3, 3));
        assert_eq!((report.gaps.len(), report.more_gaps), (3, 0));
        assert_eq!(report.gaps[1].source.as_deref(), Some("n"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_watermark_is_the_lowest_of_all_inputs_and_only_rises() {
    for parallel in BOTH {
        let sink = Memory::default();
        let ahead =
            Numbers { watermarks: true, add: 1000, every: Some(ms(10)), ..Numbers::new(50, 10) };
        let behind = Numbers { watermarks: true, every: Some(ms(30)), ..Numbers::new(100, 10) };
        let pipeline = Pipeline::builder()
            .source("ahead", ahead)
            .source("behind", behind)
            .transform("even", Filter::keep(|n| n % 2 == 0), &["ahead", "behind"])
            .sink("sink", sink.clone(), &["even"])
            .flush(never())
            .parallel(parallel)
            .build()
            .unwrap();
        run(&pipeline).await;
        let marks: Vec<String> =
            sink.lines().into_iter().filter(|line| line.starts_with("mark")).collect();
        let expected: Vec<String> = (1..=10).map(|n| format!("mark {}", n * 10)).collect();
        assert_eq!(marks, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_input_that_is_behind_raises_the_watermark() {
    let sink = Memory::default();
    let ahead = Numbers { watermarks: true, add: 1000, ..Numbers::live(10, 10) };
    let ahead = Numbers { count: 20, ..ahead };
    let behind = Numbers { watermarks: true, every: Some(ms(30)), ..Numbers::new(20, 10) };
    let pipeline = Pipeline::builder()
        .source("ahead", ahead)
        .source("behind", behind)
        .sink("sink", sink.clone(), &["ahead", "behind"])
        .build()
        .unwrap();
    crate::books::run_until(&pipeline, crate::doubles::after(500)).await;
    let lines = sink.lines();
    let marks: Vec<&String> = lines.iter().filter(|line| line.starts_with("mark")).collect();
    assert_eq!(marks, ["mark 10", "mark 20", "mark 1020"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_rejected_does_not_hold_the_watermark_of_a_sink_back() {
    let sink = Memory::default();
    let numbers = Numbers { watermarks: true, reject: |n| n == 3, ..Numbers::new(20, 10) };
    let pipeline = Pipeline::builder()
        .source("n", numbers)
        .sink("sink", sink.clone(), &["n"])
        .dead_letter("n", "sink")
        .build()
        .unwrap();
    run(&pipeline).await;
    let lines = sink.lines();
    let marks: Vec<&String> = lines.iter().filter(|line| line.starts_with("mark")).collect();
    assert_eq!(marks, ["mark 10", "mark 20"]);
}
