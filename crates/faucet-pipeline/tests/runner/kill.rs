//! A run is killed at every step of its components and at every poll, and started again.

use std::collections::BTreeMap;
use std::path::Path;

use faucet_pipeline::{Buffer, Pipeline, PipelineBuilder};

use crate::books::BOTH;
use crate::doubles::{
    Chaos, Do, FileSink, Filter, Log, Memory, Numbers, Queue, TestTransform, Window, every, folder,
    ms, polls, saved_position,
};

#[derive(Clone, Copy, Debug)]
enum Kill {
    Step(u64),
    Poll(u64),
    Never,
}

/// One life of a run; true when it came to its end.
async fn life(kill: Kill, builder: impl FnOnce(Chaos) -> PipelineBuilder) -> bool {
    let chaos = match kill {
        Kill::Step(n) => Chaos::kill_at(n),
        _ => Chaos::kill_at(u64::MAX),
    };
    let pipeline = builder(chaos.clone()).build().unwrap();
    let report = match kill {
        Kill::Poll(n) => polls(n, pipeline.run()).await,
        _ => tokio::select! {
            biased;
            () = chaos.killed() => None,
            report = pipeline.run() => Some(report),
        },
    };
    // What belongs to the dead process is gone, also where it had tasks.
    drop(pipeline);
    tokio::task::yield_now().await;
    if let Some(report) = &report {
        assert!(report.error.is_none(), "{:?}", report.error);
    }
    report.is_some()
}

fn counts(lines: &[String]) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    lines.iter().for_each(|line| *counts.entry(line.parse().unwrap()).or_default() += 1);
    counts
}

fn committed(file: &Path) -> u64 {
    saved_position(file, "numbers").map_or(0, |position| position.parse().unwrap())
}

/// All moments at which a run can be killed, until it comes to its end before it is.
const MOMENTS: [fn(u64) -> Kill; 2] = [Kill::Step, Kill::Poll];

/// A source, a filter, two sinks.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_what_comes_twice_is_behind_the_last_commit() {
    const N: u64 = 23;
    let mut tried = 0;
    for (moment, parallel) in [(MOMENTS[0], false), (MOMENTS[1], false), (MOMENTS[0], true)] {
        for k in 1.. {
            let (_folder, file) = folder();
            let (all, some) = (Memory::default(), Memory::default());
            let builder = |chaos: Chaos| {
                let sink = |of: &Memory| Memory { chaos: chaos.clone(), ..of.clone() };
                let numbers = Numbers { chaos: chaos.clone(), ..Numbers::new(N, 4) };
                Pipeline::builder()
                    .source("numbers", numbers)
                    .transform("odd", Filter::keep(|n| n % 2 == 1), &["numbers"])
                    .sink("all", sink(&all), &["numbers"])
                    .sink("some", sink(&some), &["odd"])
                    .flush(every(5))
                    .state(&file)
                    .parallel(parallel)
            };
            let whole = life(moment(k), builder).await;
            let committed = committed(&file);
            for n in 0..committed {
                let at = moment(k);
                assert!(all.numbers().contains(&n), "{at:?}: {n} of {committed} is not there");
                assert!(n % 2 == 0 || some.numbers().contains(&n), "{at:?}: {n} of {committed}");
            }
            assert!(life(Kill::Never, builder).await);
            for (there, odd) in [(&all, false), (&some, true)] {
                let counts = counts(&there.lines());
                for n in 0..N {
                    let times = counts.get(&n).copied().unwrap_or(0);
                    let at = moment(k);
                    match (n % 2 == 1 || !odd, n < committed) {
                        (false, _) => assert_eq!(times, 0),
                        (true, true) => assert_eq!(times, 1, "{at:?}: {n} was committed"),
                        (true, false) => {
                            assert!((1..=2).contains(&times), "{at:?}: {n} is there {times} times");
                        }
                    }
                }
            }
            tried += 1;
            if whole {
                break;
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

/// A source that is acknowledged, killed again and again until it is through.
#[tokio::test(start_paused = true)]
async fn nothing_is_acknowledged_that_is_not_there() {
    let mut tried = 0;
    for (moment, parallel) in [(MOMENTS[0], false), (MOMENTS[1], false), (MOMENTS[0], true)] {
        for k in 1.. {
            let (queue, there) = (Queue::new(17), Memory::default());
            let mut lives = 0;
            let mut whole = false;
            // The same death again and again, and then a long life.
            while !whole {
                lives += 1;
                let kill = if lives > 3 { Kill::Never } else { moment(k) };
                let builder = |chaos: Chaos| {
                    Pipeline::builder()
                        .source("queue", Queue { chaos: chaos.clone(), ..queue.clone() })
                        .sink("there", Memory { chaos, ..there.clone() }, &["queue"])
                        .flush(every(4))
                        .parallel(parallel)
                };
                whole = life(kill, builder).await;
                for tag in queue.acked() {
                    let there = there.numbers().contains(&tag);
                    assert!(there, "{kill:?}: {tag} is acknowledged and lost");
                }
                tried += 1;
            }
            assert_eq!(counts(&there.lines()).len(), 17);
            assert_eq!(queue.acked().len(), 17, "the last ones are acknowledged before the close");
            if lives == 1 {
                break;
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

/// A sink that saves its committed length and is cut back to it.
#[tokio::test(start_paused = true)]
async fn a_file_that_is_cut_back_to_its_committed_length_has_each_record_once() {
    let mut tried = 0;
    for (moment, parallel) in [(MOMENTS[0], false), (MOMENTS[1], false), (MOMENTS[0], true)] {
        for k in 1.. {
            let (_folder, file) = folder();
            let sinks = [FileSink::default(), FileSink::default()];
            let mut lives = 0;
            let mut whole = false;
            while !whole {
                lives += 1;
                let kill = match lives {
                    1 => moment(k),
                    2 => Kill::Step(3 + k % 29),
                    _ => Kill::Never,
                };
                let builder = |chaos: Chaos| {
                    let sink = |n: usize| FileSink { chaos: chaos.clone(), ..sinks[n].clone() };
                    Pipeline::builder()
                        .source("n", Numbers { chaos: chaos.clone(), ..Numbers::new(20, 3) })
                        .transform("threes", Window::of(3), &["n"])
                        .sink("all", sink(0), &["n"])
                        .sink("windows", sink(1), &["threes"])
                        .flush(every(4))
                        .state(&file)
                        .parallel(parallel)
                };
                whole = life(kill, builder).await;
                tried += 1;
            }
            let [all, windows] = [0, 1].map(|n| sinks[n].file.lock().unwrap().clone());
            let expected: Vec<String> = (0..20).map(|n: u64| n.to_string()).collect();
            assert_eq!(all, expected, "{:?}", moment(k));
            let expected: Vec<String> = expected.chunks(3).map(|window| window.join("+")).collect();
            assert_eq!(windows, expected, "{:?}", moment(k));
            if lives == 1 {
                break;
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

/// A window that saves itself, killed in two lives.
#[tokio::test(start_paused = true)]
async fn windows_are_whole_after_a_restart() {
    let numbers: Vec<String> = (0..20u64).map(|n| n.to_string()).collect();
    let expected: Vec<String> = numbers.chunks(3).map(|window| window.join("+")).collect();
    for moment in MOMENTS {
        for k in 1.. {
            let (_folder, file) = folder();
            let there = Memory::default();
            let mut lives = 0;
            let mut whole = false;
            while !whole {
                lives += 1;
                let kill = match lives {
                    1 => moment(k),
                    2 => Kill::Step(3 + k % 29),
                    _ => Kill::Never,
                };
                let builder = |chaos: Chaos| {
                    Pipeline::builder()
                        .source("numbers", Numbers { chaos: chaos.clone(), ..Numbers::new(20, 4) })
                        .transform("threes", Window::of(3), &["numbers"])
                        .sink("there", Memory { chaos, ..there.clone() }, &["threes"])
                        .flush(every(4))
                        .state(&file)
                };
                whole = life(kill, builder).await;
            }
            let lines = there.lines();
            for line in &lines {
                assert!(expected.contains(line), "{:?}: the window {line} is torn", moment(k));
            }
            for window in &expected {
                assert!(lines.contains(window), "{:?}: the window {window} is lost", moment(k));
            }
            if lives == 1 {
                break;
            }
        }
    }
}

/// A stage that cannot save what it holds delays the commit, and nothing is lost.
#[tokio::test(start_paused = true)]
async fn a_stage_that_cannot_save_holds_the_commit_back() {
    for k in 1.. {
        let (_folder, file) = folder();
        let there = Memory::default();
        let builder = |chaos: Chaos| {
            Pipeline::builder()
                .source("numbers", Numbers { chaos: chaos.clone(), ..Numbers::new(20, 4) })
                .transform("threes", Window { saves: false, ..Window::of(3) }, &["numbers"])
                .sink("there", Memory { chaos, ..there.clone() }, &["threes"])
                .flush(every(4))
                .state(&file)
        };
        let whole = life(Kill::Step(k), builder).await;
        // Pages of four and windows of three meet at 12, and the end is 20.
        assert!([0, 12, 20].contains(&committed(&file)), "{}", committed(&file));
        assert!(life(Kill::Never, builder).await);
        let lines = there.lines().join("+");
        for n in 0..20u64 {
            assert!(lines.split('+').any(|line| line == n.to_string()), "{k}: {n} is lost");
        }
        if whole {
            break;
        }
    }
}

/// Two sources into one window: barriers are aligned, so that positions and window are one cut.
#[tokio::test(start_paused = true)]
async fn a_window_over_two_sources_counts_each_record_once() {
    let expected: Vec<u64> = (0..9).chain(100..108).collect();
    for (moment, parallel) in [(MOMENTS[0], false), (MOMENTS[1], false), (MOMENTS[0], true)] {
        for k in 1.. {
            let (_folder, file) = folder();
            let there = Memory::default();
            let mut lives = 0;
            let mut whole = false;
            while !whole {
                lives += 1;
                let kill = if lives == 1 { moment(k) } else { Kill::Never };
                let builder = |chaos: Chaos| {
                    let numbers = Numbers { chaos: chaos.clone(), ..Numbers::new(9, 1) };
                    let a = Numbers { every: Some(ms(1)), ..numbers.clone() };
                    let b = Numbers { add: 100, count: 8, ..numbers };
                    Pipeline::builder()
                        .source("a", a)
                        .source("b", b)
                        .transform("all", Window { each: ms(2), ..Window::of(99) }, &["a", "b"])
                        .buffer("all", Buffer::default().with_pages(4))
                        .sink("there", Memory { chaos, ..there.clone() }, &["all"])
                        .flush(every(4))
                        .state(&file)
                        .parallel(parallel)
                };
                whole = life(kill, builder).await;
            }
            // One window of all records. It may come twice, and each time with each record once.
            let lines = there.lines();
            assert!(!lines.is_empty());
            for line in lines {
                let mut seen: Vec<u64> = line.split('+').map(|n| n.parse().unwrap()).collect();
                seen.sort_unstable();
                assert_eq!(seen, expected, "{:?}", moment(k));
            }
            if lives == 1 {
                break;
            }
        }
    }
}

/// A source that has a position only now and then, before a window that is saved.
#[tokio::test(start_paused = true)]
async fn rare_positions_are_waited_for() {
    for k in 1.. {
        let (_folder, file) = folder();
        let there = Memory::default();
        let builder = |chaos: Chaos| {
            let numbers =
                Numbers { chaos: chaos.clone(), position_every: 8, ..Numbers::new(24, 4) };
            Pipeline::builder()
                .source("numbers", numbers)
                .transform("threes", Window::of(3), &["numbers"])
                .sink("there", Memory { chaos, ..there.clone() }, &["threes"])
                .buffer("threes", Buffer::default().with_pages(2))
                .flush(every(4))
                .state(&file)
        };
        let whole = life(Kill::Step(k), builder).await;
        assert!(life(Kill::Never, builder).await);
        let lines = there.lines();
        let numbers: Vec<String> = (0..24u64).map(|n| n.to_string()).collect();
        let expected: Vec<String> = numbers.chunks(3).map(|window| window.join("+")).collect();
        for window in &expected {
            assert!(lines.contains(window), "{k}: {window} is lost");
        }
        assert!(lines.iter().all(|line| expected.contains(line)), "{k}: {lines:?}");
        if whole {
            break;
        }
    }
}

/// Three equal deaths of a run whose sink fails, and then a sink that is well.
#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_leaves_the_state_of_a_crash() {
    for parallel in BOTH {
        for k in 0..40 {
            let (_folder, file) = folder();
            let (all, odd) = (Memory::default(), Memory::default());
            for fails_at in [Some(k), Some(k), Some(k / 2), None] {
                let sink = Memory { fails_at, ..all.clone() };
                let pipeline = Pipeline::builder()
                    .source("numbers", Numbers::new(30, 4))
                    .transform("odd", Filter::keep(|n| n % 2 == 1), &["numbers"])
                    .sink("all", sink, &["numbers"])
                    .sink("some", odd.clone(), &["odd"])
                    .flush(every(5))
                    .state(&file)
                    .parallel(parallel)
                    .build()
                    .unwrap();
                let report = crate::books::run(&pipeline).await;
                let committed = committed(&file);
                assert!((0..committed).all(|n| all.numbers().contains(&n)), "{k}: {report:?}");
                assert!(report.error.is_none() || fails_at.is_some());
            }
            assert_eq!(counts(&all.lines()).len(), 30);
            assert_eq!(counts(&odd.lines()).len(), 15);
        }
    }
}

/// A transform that panics in any of its methods at any call, and then one that is well.
#[tokio::test(start_paused = true)]
async fn a_panic_leaves_the_state_of_a_crash() {
    for method in ["open", "push", "snapshot", "mark", "deadline", "tick", "finish", "nothing"] {
        for nth in 0..9 {
            let (_folder, file) = folder();
            let (through, beside) = (Memory::default(), Memory::default());
            for at in [method, method, "nothing"] {
                let (what, log) = (Do::Panic("boom"), Log::default());
                let numbers = Numbers { gap_before: vec![5, 20], ..Numbers::new(30, 4) };
                let pipeline = Pipeline::builder()
                    .source("numbers", numbers)
                    .transform("stage", TestTransform { at, nth, what, log }, &["numbers"])
                    .sink("through", through.clone(), &["stage"])
                    .sink("beside", beside.clone(), &["numbers"])
                    .flush(every(5))
                    .state(&file)
                    .build()
                    .unwrap();
                let report = crate::books::run(&pipeline).await;
                let there = through.numbers();
                let committed = committed(&file);
                assert!((0..committed).all(|n| there.contains(&n)), "{method} {nth}: {report:?}");
                assert!(report.error.is_none() || at != "nothing");
            }
            for sink in [through, beside] {
                let numbers: std::collections::BTreeSet<u64> = sink.numbers().into_iter().collect();
                assert!(numbers.into_iter().eq(0..30), "{method} {nth}");
            }
        }
    }
}
