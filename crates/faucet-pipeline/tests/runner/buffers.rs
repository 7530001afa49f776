//! What a full buffer drops is counted, and a gap stands in its place.

use faucet_core::select::Pointer;
use faucet_core::{JsonText, Payload, Record};
use faucet_pipeline::{Buffer, Pipeline, WhenFull};

use crate::books::{BOTH, count, run};
use crate::doubles::{Memory, Numbers, ms, never};

#[tokio::test(start_paused = true)]
async fn what_a_buffer_drops_is_a_gap_and_counted() {
    for (when_full, newest) in [(WhenFull::DropOldest, false), (WhenFull::DropNewest, true)] {
        for parallel in BOTH {
            let sink = Memory::slow(100);
            let numbers = Numbers { every: Some(ms(10)), ..Numbers::new(400, 2) };
            let pipeline = Pipeline::builder()
                .source("n", numbers)
                .sink("slow", sink.clone(), &["n"])
                .buffer("slow", Buffer::default().with_pages(3).when_full(when_full.clone()))
                .flush(never())
                .parallel(parallel)
                .build()
                .unwrap();
            let report = run(&pipeline).await;
            let (lines, numbers) = (sink.lines(), sink.numbers());
            assert!(numbers.is_sorted());
            let dropped = count(&report, "slow", "dropped");
            assert_eq!(dropped + count(&report, "slow", "delivered"), 400);
            assert_eq!(report.skipped["dropped"], dropped);
            assert!(dropped > 200 && count(&report, "slow", "held_peak") <= 8, "{report:?}");
            assert_eq!(numbers.last() == Some(&399), !newest);
            // Wherever numbers are missing there is a gap, and nowhere else.
            let (mut next, mut gap) = (0, false);
            for line in &lines {
                match line.parse::<u64>() {
                    Ok(n) => {
                        assert_eq!(n != next, gap, "{line} after {next}");
                        (next, gap) = (n + 1, false);
                    }
                    Err(_) => {
                        assert!(line.starts_with("gap dropped"), "{line}");
                        gap = true;
                    }
                }
            }
            assert_eq!(next < 400, gap, "a hole at the end has its gap");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_of_a_buffer_names_the_component_that_lost_the_records() {
    let sink = Memory::slow(100);
    let numbers = Numbers { every: Some(ms(10)), ..Numbers::new(40, 2) };
    let pipeline = Pipeline::builder()
        .source("n", numbers)
        .sink("slow", sink.clone(), &["n"])
        .buffer("slow", Buffer::default().when_full(WhenFull::DropOldest))
        .build()
        .unwrap();
    run(&pipeline).await;
    let lines = sink.lines();
    let gap = lines.iter().find(|line| line.starts_with("gap")).unwrap();
    assert!(gap.starts_with("gap dropped slow "), "{gap}");
}

/// `{"k": n % 3, "n": n}`.
fn keyed(n: u64) -> Record {
    let json = JsonText::new(format!("{{\"k\":{},\"n\":{n}}}", n % 3).into()).unwrap();
    Record::new(Payload::Json(json), faucet_core::Timestamp::from_unix_millis(n))
}

#[tokio::test(start_paused = true)]
async fn conflation_keeps_the_newest_of_each_key_on_its_side_of_a_gap() {
    for parallel in BOTH {
        let sink = Memory::slow(500);
        let numbers = Numbers {
            every: Some(ms(10)),
            gap_before: vec![150],
            make: keyed,
            ..Numbers::new(300, 2)
        };
        let key = Pointer::parse("/k").unwrap();
        let pipeline = Pipeline::builder()
            .source("n", numbers)
            .sink("slow", sink.clone(), &["n"])
            .buffer("slow", Buffer::default().when_full(WhenFull::Conflate { key }))
            .parallel(parallel)
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        let lines = sink.lines();
        let at = lines.iter().position(|line| line.starts_with("gap")).unwrap();
        let number = |line: &String| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            value["n"].as_u64().unwrap()
        };
        assert!(lines[..at].iter().map(number).all(|n| n < 150), "{lines:?}");
        assert!(lines[at + 1..].iter().map(number).all(|n| n >= 150), "{lines:?}");
        let last: Vec<u64> = lines[lines.len() - 3..].iter().map(number).collect();
        assert!([297, 298, 299].iter().all(|n| last.contains(n)), "{last:?}");
        assert!(count(&report, "slow", "held_peak") <= 12 && lines.len() < 60, "{report:?}");
        let kept = count(&report, "slow", "dropped") + count(&report, "slow", "delivered");
        assert_eq!(kept, 300);
    }
}

#[tokio::test(start_paused = true)]
async fn one_slow_sink_holds_others_back_as_its_buffer_says() {
    for (when_full, together) in [(WhenFull::Block, true), (WhenFull::DropOldest, false)] {
        let (slow, fast) = (Memory::slow(100), Memory::default());
        let numbers = Numbers { every: Some(ms(1)), ..Numbers::new(50, 1) };
        let pipeline = Pipeline::builder()
            .source("n", numbers)
            .sink("slow", slow.clone(), &["n"])
            .sink("fast", fast.clone(), &["n"])
            .buffer("slow", Buffer::default().when_full(when_full))
            .build()
            .unwrap();
        let report = run(&pipeline).await;
        assert_eq!(fast.numbers().len(), 50);
        assert_eq!(report.elapsed_seconds > 4.0, together, "{}", report.elapsed_seconds);
    }
}
