//! The rules of transforms.

use std::time::Duration;

use faucet_core::{Carry, Gap, GapReason, Mark, Timestamp};

use crate::Polls;
use crate::suites::calls::{BUDGET, Stopwatch, TRIES, kills};
use crate::suites::outside::Shown;
use crate::suites::transform::case::TransformCase;
use crate::suites::transform::run::{Run, Stage};

/// The inputs become the outputs of the case, in order.
pub async fn transforms_as_expected(case: &TransformCase<'_>) {
    let run = Run::new("transform::transforms_as_expected", case);
    let try_it = async {
        let stage = run.whole(0, run.len(), usize::MAX).await;
        if let Some(expected) = &case.expected {
            run.rule.same(&stage.payloads(), expected, "other records come out");
        }
        run.rule.check(stage.rejected == case.rejected, || {
            format!("{} records are rejected, {} are right", stage.rejected, case.rejected)
        });
    };
    run.rule.run(try_it).await;
}

/// Where the pages begin and end changes nothing.
pub async fn ignores_page_borders(case: &TransformCase<'_>) {
    let run = Run::new("transform::ignores_page_borders", case);
    let try_it = async {
        let expected = run.whole(0, run.len(), usize::MAX).await.payloads();
        for page in [1, 2, 3] {
            let out = run.whole(0, run.len(), page).await;
            let what = format!("in pages of {page} records");
            run.rule.same(&out.payloads(), &expected, &what);
        }
    };
    run.rule.run(try_it).await;
}

/// Two runs at once do not disturb each other.
pub async fn keeps_runs_apart(case: &TransformCase<'_>) {
    let run = Run::new("transform::keeps_runs_apart", case);
    let try_it = async {
        let expected = run.whole(0, run.len(), 1).await.payloads();
        let transform = run.transform().await;
        let mut one = run.stage_of(&*transform, None).await;
        let mut other = run.stage_of(&*transform, None).await;
        for (input, page) in run.pages(0, run.len(), 1) {
            one.push(input, page.clone()).await;
            other.push(input, page).await;
        }
        for mut stage in [one, other] {
            stage.finish().await;
            run.rule.same(&stage.payloads(), &expected, "one of two runs at once");
        }
    };
    run.rule.run(try_it).await;
}

/// Cut behind any page, a run that begins with the snapshot yields the rest: together as one whole run.
pub async fn goes_on_from_its_snapshot(case: &TransformCase<'_>) {
    let run = Run::new("transform::goes_on_from_its_snapshot", case);
    let try_it = async {
        let expected = run.whole(0, run.len(), 1).await.payloads();
        for cut in 0..=run.len() {
            let Some(mut first) = cut_at(run, cut).await else { continue };
            let (stage, mut out) = (&mut first.0, first.2);
            run.rule.check(stage.records.is_empty(), || "a snapshot emits records".to_owned());
            rest(run, stage, cut).await;
            out.extend(stage.payloads());
            let what = format!("cut behind {cut} records, with the snapshot {:?}", first.1);
            run.rule.same(&out, &expected, &what);
        }
    };
    run.rule.run(try_it).await;
}

/// A run that begins with a snapshot and is cut again before it emits anything loses nothing.
pub async fn restores_its_snapshot(case: &TransformCase<'_>) {
    let run = Run::new("transform::restores_its_snapshot", case);
    let try_it = async {
        let expected = run.whole(0, run.len(), 1).await.payloads();
        for cut in 0..=run.len() {
            let Some((mut second, _, mut out)) = cut_at(run, cut).await else { continue };
            let again = second.snapshot();
            let mut third = match &again {
                Carry::Nothing => run.stage().await,
                Carry::Saved(saved) => run.stage_from(Some(saved)).await,
                _ => continue,
            };
            rest(run, &mut third, cut).await;
            out.extend(third.payloads());
            let what = format!("cut twice behind {cut} records, the second snapshot is {again:?}");
            run.rule.same(&out, &expected, &what);
        }
    };
    run.rule.run(try_it).await;
}

/// A run that is cut behind `cut` records: the stage of the next run, the snapshot, and what the first
/// run has emitted. `None` where nothing can be saved: the positions then do not pass.
async fn cut_at(run: Run<'_, '_>, cut: usize) -> Option<(Stage, Carry, Vec<Vec<u8>>)> {
    let mut stage = run.stage().await;
    for (input, page) in run.pages(0, cut, 1) {
        stage.push(input, page).await;
    }
    let carry = stage.snapshot();
    let next = match &carry {
        Carry::Nothing => run.stage().await,
        Carry::Saved(saved) => run.stage_from(Some(saved)).await,
        _ => return None,
    };
    Some((next, carry, stage.payloads()))
}

/// Pushes what stands behind a cut, and finishes.
async fn rest(run: Run<'_, '_>, stage: &mut Stage, cut: usize) {
    for (input, page) in run.pages(cut, run.len(), 1) {
        stage.push(input, page).await;
    }
    stage.finish().await;
}

/// At a gap a stage goes on as if there were none, or ends what it holds before it. No record of
/// before the gap comes out behind it.
pub async fn keeps_order_at_gaps(case: &TransformCase<'_>) {
    let run = Run::new("transform::keeps_order_at_gaps", case);
    let try_it = async {
        let expected = run.whole(0, run.len(), 1).await.payloads();
        for cut in 1..run.len() {
            let mut stage = run.stage().await;
            for (input, page) in run.pages(0, cut, 1) {
                stage.push(input, page).await;
            }
            stage.mark(&Mark::Gap(Gap::new(GapReason::Outage))).await;
            let before = stage.payloads();
            rest(run, &mut stage, cut).await;
            let all = stage.payloads();
            let mut ended = run.whole(0, cut, 1).await.payloads();
            let closes = before == ended;
            ended.extend(run.whole(cut, run.len(), 1).await.payloads());
            run.rule.check(all == expected || (closes && all == ended), || {
                format!(
                    "with a gap behind {cut} records {} records come out: they are neither those of \
                     a run without a gap nor those of two runs",
                    all.len()
                )
            });
            let inputs = |from: usize, to: usize| {
                case.inputs[from..to].iter().map(|(_, record)| record.payload().as_bytes())
            };
            let late = all[before.len()..].iter().find(|out| {
                inputs(0, cut).any(|old| old == &out[..])
                    && !inputs(cut, run.len()).any(|new| new == &out[..])
            });
            run.rule.check(late.is_none(), || {
                format!("a record of before a gap behind {cut} records comes out behind it")
            });
        }
    };
    run.rule.run(try_it).await;
}

/// No record comes out behind a watermark that is older than the watermark.
pub async fn keeps_its_watermarks(case: &TransformCase<'_>) {
    let run = Run::new("transform::keeps_its_watermarks", case);
    let try_it = async {
        for page in [1, 2, 3] {
            let mut stage = run.stage().await;
            let mut pushed = 0;
            for (input, page) in run.pages(0, run.len(), page) {
                pushed += page.len();
                stage.push(input, page).await;
                // The next record of the case is received then.
                let next = 1_700_000_000_000 + 1000 * pushed as u64;
                stage.mark(&Mark::Watermark(Timestamp::from_unix_millis(next))).await;
            }
            stage.finish().await;
        }
    };
    run.rule.run(try_it).await;
}

/// A deadline that has passed is gone after some ticks.
pub async fn ticks_and_rests(case: &TransformCase<'_>) {
    const TICKS: usize = 10_000;
    let run = Run::new("transform::ticks_and_rests", case);
    let try_it = async {
        let mut stage = run.stage().await;
        for (input, page) in run.pages(0, run.len(), 2) {
            stage.push(input, page).await;
            let Some(due) = stage.stage.deadline() else { continue };
            let mut ticks = 0;
            while stage.stage.deadline().is_some_and(|deadline| deadline <= due) {
                stage.tick(due).await;
                ticks += 1;
                run.rule.check(ticks < TICKS, || {
                    format!("after {ticks} ticks the deadline still has passed: a busy loop")
                });
            }
        }
        stage.finish().await;
    };
    run.rule.run(try_it).await;
}

/// `finish` emits what is inside: behind it no record is left that a later run would emit.
pub async fn finishes_empty(case: &TransformCase<'_>) {
    let run = Run::new("transform::finishes_empty", case);
    let try_it = async {
        for end in [0, 1, run.len()] {
            let mut stage = run.whole(0, end, 1).await;
            // A stage may still save its memory of records that have left, such as the keys of
            // duplicates.
            match stage.snapshot() {
                Carry::Nothing => {}
                Carry::Saved(saved) => {
                    let mut next = run.stage_from(Some(&saved)).await;
                    next.finish().await;
                    run.rule.check(next.records.is_empty(), || {
                        "finish keeps records: a run from the snapshot behind it emits them".into()
                    });
                }
                other => run.rule.broken(format_args!(
                    "behind finish the snapshot is {other:?}: records are still inside"
                )),
            }
        }
    };
    run.rule.run(try_it).await;
}

/// The snapshot does not grow with each page. The case of a stage with a bound in its configuration
/// says so with [`bounded_by`](TransformCase::bounded_by).
pub async fn holds_a_bounded_amount(case: &TransformCase<'_>) {
    const PAGES: usize = 1000;
    const SLACK: usize = 4096;
    if case.bounded {
        return;
    }
    let run = Run::new("transform::holds_a_bounded_amount", case);
    let try_it = async {
        let mut stage = run.stage().await;
        let pages = run.pages(0, run.len(), 1);
        let size = |carry: Carry| match carry {
            Carry::Saved(bytes) => bytes.len(),
            _ => 0,
        };
        let mut half = 0;
        for (n, (input, page)) in pages.iter().cycle().take(PAGES).enumerate() {
            stage.push(*input, page.clone()).await;
            if n == PAGES / 2 {
                half = size(stage.snapshot());
            }
        }
        let full = size(stage.snapshot());
        run.rule.check(full <= half + SLACK, || {
            format!("the snapshot grows with each page: {half} bytes, then {full}")
        });
    };
    run.rule.run(try_it).await;
}

/// No call keeps the thread.
pub async fn never_blocks(case: &TransformCase<'_>) {
    let run = Run::new("transform::never_blocks", case);
    let try_it = async {
        let mut best = Duration::MAX;
        for _ in 0..TRIES {
            let watch = Stopwatch::default();
            let transform = run.transform().await;
            let mut stage = watch.time(run.stage_of(&*transform, None)).await;
            for (input, page) in run.pages(0, run.len(), 2) {
                watch.time(stage.push(input, page)).await;
                watch.time(async { stage.snapshot() }).await;
            }
            watch.time(stage.finish()).await;
            best = best.min(watch.longest());
            if best <= BUDGET {
                return;
            }
        }
        run.rule.broken(format_args!(
            "a call keeps the thread for {best:?}: work that blocks belongs on a thread of its own"
        ));
    };
    run.rule.run(try_it).await;
}

/// Dropping the future of `open` leaves nothing behind, whenever it is dropped.
pub async fn survives_a_dropped_open(case: &TransformCase<'_>) {
    let run = Run::new("transform::survives_a_dropped_open", case);
    let try_it = async {
        let expected = run.whole(0, run.len(), 1).await.payloads();
        for polls in kills() {
            let transform = run.transform().await;
            let scope = run.scope();
            let opened = Polls::new(polls, transform.open(&scope)).await;
            let whole = opened.is_some();
            drop(opened);
            let mut stage = run.stage_of(&*transform, None).await;
            rest(run, &mut stage, 0).await;
            let what = format!("a run behind an open that was dropped after poll {polls}");
            run.rule.same(&stage.payloads(), &expected, &what);
            if whole {
                return;
            }
        }
    };
    run.rule.run(try_it).await;
}

/// No output has the secret of the case: `Debug`, `Info`, errors, counters, saved bytes.
pub async fn keeps_its_secrets(case: &TransformCase<'_>) {
    let Some(canary) = &case.outside.canary else { return };
    let run = Run::new("transform::keeps_its_secrets", case);
    let try_it = async {
        let mut shown = Shown::default();
        let transform = run.transform().await;
        let scope = run.scope();
        shown.add("Debug of the transform", &transform);
        shown.add("Info", &transform.info());
        match transform.open(&scope).await {
            Err(error) => shown.error("an error of open", &error),
            Ok(mut stage) => {
                let mut out = faucet_core::Out::default();
                for (input, page) in run.pages(0, run.len(), 1) {
                    if let Err(error) = stage.push(input, page, &mut out).await {
                        shown.error("an error of push", &error);
                        break;
                    }
                    let rejected = out.take().rejected;
                    let reasons: Vec<_> = rejected.iter().map(|it| &it.reason).collect();
                    shown.add("the reason of a rejected record", &reasons);
                    match stage.snapshot() {
                        Ok(carry) => shown.add("a snapshot", &carry),
                        Err(error) => shown.error("an error of snapshot", &error),
                    }
                }
            }
        }
        shown.scope(&scope);
        shown.check(run.rule, canary);
    };
    run.rule.run(try_it).await;
}

/// `Info::connector` is the name under which the transform is registered.
pub async fn names_itself(case: &TransformCase<'_>) {
    let run = Run::new("transform::names_itself", case);
    let try_it = async { case.outside.check_name(run.rule, &run.transform().await.info()) };
    run.rule.run(try_it).await;
}

/// `Info::placeholders` names every value that `open` needs.
pub async fn names_its_placeholders(case: &TransformCase<'_>) {
    let run = Run::new("transform::names_its_placeholders", case);
    let try_it = async {
        let transform = run.transform().await;
        let info = transform.info();
        let opened = transform.open(&case.outside.scope_of(&info)).await;
        case.outside.check_opened(run.rule, &info, opened.err().as_ref());
    };
    run.rule.run(try_it).await;
}
