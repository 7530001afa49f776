//! Rules about what a sink delivers.

use std::cell::RefCell;
use std::time::Duration;

use faucet_core::{Flushed, Gap, GapReason, Mark, Record, StreamPage, Timestamp};

use crate::Polls;
use crate::suites::calls::{BUDGET, Stopwatch, TRIES, kills, once, settle};
use crate::suites::sink::case::SinkCase;
use crate::suites::sink::run::{Run, is_within};

/// After `flush` every record is at the far end: in order, once, byte for byte.
pub async fn delivers_on_flush(case: &SinkCase<'_>) {
    let run = Run::new("sink::delivers_on_flush", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let mut writer = part.open(&*sink).await;
        let mut flushed = Vec::new();
        for (from, to, flush) in [(0, 1, false), (1, 4, false), (4, 8, true), (8, 99, true)] {
            if part.records(from, to).is_empty() {
                continue;
            }
            part.write(&mut *writer, part.records(from, to)).await;
            if flush {
                flushed.push(part.flush(&mut *writer).await);
                // The writer is still open: nothing but the flush has delivered.
                part.delivered(part.records(0, to), &flushed, "after flush").await;
            }
        }
        part.rule.ok(writer.close().await, "close");
    };
    run.rule.run(try_it).await;
}

/// A flush leaves out and rejects no more records than the sink has taken since the last flush.
pub async fn accounts_for_its_records(case: &SinkCase<'_>) {
    let run = Run::new("sink::accounts_for_its_records", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let mut writer = part.open(&*sink).await;
        for (from, to) in [(0, 0), (0, 0), (0, 3), (3, 3), (3, 8)] {
            if to > from {
                part.write(&mut *writer, part.records(from, to)).await;
            }
            let flushed = part.flush(&mut *writer).await;
            let (taken, lost) = ((to - from) as u64, flushed.unconfirmed());
            let rejected = flushed.rejected().len() as u64;
            part.rule.check(lost.saturating_add(rejected) <= taken, || {
                format!(
                    "{taken} records were taken since the last flush; this one leaves {lost} \
                     unconfirmed and rejects {rejected}"
                )
            });
        }
        part.rule.ok(writer.close().await, "close");
    };
    run.rule.run(try_it).await;
}

/// A flush with nothing taken succeeds, again and again, and delivers nothing.
pub async fn flushes_nothing(case: &SinkCase<'_>) {
    let run = Run::new("sink::flushes_nothing", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let mut writer = part.open(&*sink).await;
        for records in [part.records(0, 0), part.records(0, 3)] {
            if !records.is_empty() {
                part.write(&mut *writer, records).await;
                let _ = part.flush(&mut *writer).await;
            }
            let before = part.settled().await;
            for _ in 0..2 {
                let flushed = writer.flush().await;
                let _ = part.rule.ok(flushed, "flush with nothing taken");
            }
            let what = "a flush with nothing taken changes the far end";
            part.rule.same(&part.settled().await, &before, what);
        }
        part.rule.ok(writer.close().await, "close");
    };
    run.rule.run(try_it).await;
}

/// `close` delivers nothing that `flush` has not, and nothing is delivered afterwards.
pub async fn delivers_nothing_on_close(case: &SinkCase<'_>) {
    let run = Run::new("sink::delivers_nothing_on_close", case);
    let try_it = async {
        for flush in [true, false] {
            let part = run.part().await;
            let sink = part.sink().await;
            let mut writer = part.open(&*sink).await;
            part.write(&mut *writer, part.records(0, 3)).await;
            if flush {
                let _ = part.flush(&mut *writer).await;
            }
            part.write(&mut *writer, part.records(3, 5)).await;
            let before = part.settled().await;
            part.rule.ok(writer.close().await, "close");
            part.rule.same(&part.settled().await, &before, "close delivers what was not flushed");
        }
    };
    run.rule.run(try_it).await;
}

/// A run ends with its writer: no task of it writes after `close`.
pub async fn writes_nothing_after_close(case: &SinkCase<'_>) {
    let run = Run::new("sink::writes_nothing_after_close", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let mut writer = part.open(&*sink).await;
        part.write(&mut *writer, part.records(0, 5)).await;
        let flushed = part.flush(&mut *writer).await;
        part.rule.ok(writer.close().await, "close");
        drop(writer);
        tokio::time::sleep(Duration::from_millis(100)).await;
        part.delivered(part.records(0, 5), &[flushed], "a while after close").await;
    };
    run.rule.run(try_it).await;
}

/// After a kill at any poll the far end has all flushed records, and no record twice.
pub async fn survives_a_kill_at_any_poll(case: &SinkCase<'_>) {
    let run = Run::new("sink::survives_a_kill_at_any_poll", case);
    let try_it = async {
        for kill in kills() {
            let part = run.part().await;
            let sink = part.sink().await;
            let (sure, unconfirmed) = (RefCell::new(0), RefCell::new(0));
            let life = async {
                let mut writer = part.open(&*sink).await;
                for (from, to) in [(0, 3), (3, 4), (4, 8)] {
                    part.write(&mut *writer, part.records(from, to)).await;
                    *unconfirmed.borrow_mut() += part.flush(&mut *writer).await.unconfirmed();
                    *sure.borrow_mut() = to;
                }
                part.rule.ok(writer.close().await, "close");
            };
            let whole = Polls::new(kill, life).await.is_some();
            let (sure, lost) = (sure.into_inner(), unconfirmed.into_inner());
            let (there, all) = (part.settled().await, part.expect(part.records(0, 8)));
            part.rule.check(is_within(&there, &all), || {
                format!("killed at poll {kill}: a record is torn, doubled or out of order")
            });
            if lost == 0 {
                let there = &there[..there.len().min(sure)];
                let what = format!("killed at poll {kill}, what was flushed before");
                part.rule.same(there, &all[..sure], &what);
            }
            if whole {
                return;
            }
        }
    };
    run.rule.run(try_it).await;
}

/// A write that is dropped, as when the runner gives a run up, harms neither what was flushed nor the
/// next run.
pub async fn survives_a_dropped_write(case: &SinkCase<'_>) {
    let run = Run::new("sink::survives_a_dropped_write", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let mut writer = part.open(&*sink).await;
        part.write(&mut *writer, part.records(0, 3)).await;
        let first = part.flush(&mut *writer).await;
        once(writer.write_page(StreamPage::new(part.records(3, 5).to_vec()))).await;
        drop(writer);
        let there = part.settled().await;
        let all = part.expect(part.records(0, 5));
        part.rule.check(is_within(&there, &all), || {
            "a dropped write leaves torn or doubled records".to_owned()
        });
        if first.unconfirmed() == 0 {
            part.rule.same(&there[..there.len().min(3)], &all[..3], "what was flushed before");
        }
        let mut writer = part.open(&*sink).await;
        part.write(&mut *writer, part.records(5, 8)).await;
        let last = part.flush(&mut *writer).await;
        part.rule.ok(writer.close().await, "close");
        let there_now = part.read_back().await;
        let before = if case.replaces { 0 } else { there.len() };
        let behind = there_now.get(before..).unwrap_or_default();
        if last.unconfirmed() == 0 {
            let expected = part.expect(part.records(5, 8));
            part.rule.same(behind, &expected, "a run behind a dropped write");
        }
    };
    run.rule.run(try_it).await;
}

/// Gaps and watermarks change no record, wherever they stand.
pub async fn stands_marks(case: &SinkCase<'_>) {
    let run = Run::new("sink::stands_marks", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let mut writer = part.open(&*sink).await;
        let at = Timestamp::from_unix_millis(1_700_000_000_000);
        let gap = Gap::new(GapReason::Outage).between(at, at).with_attempts(2);
        let marks = [Mark::Gap(gap), Mark::Watermark(at)];
        let mut flushed: Vec<Flushed> = Vec::new();
        for (from, to) in [(0, 3), (3, 4), (4, 8)] {
            for mark in &marks {
                part.rule.ok(writer.mark(mark).await, "mark");
            }
            part.write(&mut *writer, part.records(from, to)).await;
            for mark in &marks {
                part.rule.ok(writer.mark(mark).await, "mark");
            }
            flushed.push(part.flush(&mut *writer).await);
        }
        part.rule.ok(writer.mark(&marks[0]).await, "mark");
        flushed.push(part.flush(&mut *writer).await);
        part.rule.ok(writer.close().await, "close");
        part.delivered(part.records(0, 8), &flushed, "with marks between the pages").await;
    };
    run.rule.run(try_it).await;
}

/// Two runs at once deliver both, each in its order; or the second is refused by `open`.
pub async fn keeps_runs_apart(case: &SinkCase<'_>) {
    let run = Run::new("sink::keeps_runs_apart", case);
    if case.replaces || case.is_exclusive {
        return;
    }
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let mut one = part.open(&*sink).await;
        let Ok(mut other) = sink.open(&part.scope()).await else { return };
        part.write(&mut *one, part.records(0, 2)).await;
        part.write(&mut *other, part.records(4, 5)).await;
        part.write(&mut *one, part.records(2, 4)).await;
        part.write(&mut *other, part.records(5, 8)).await;
        let mut lost = part.flush(&mut *other).await.unconfirmed();
        lost += part.flush(&mut *one).await.unconfirmed();
        part.rule.ok(one.close().await, "close");
        part.rule.ok(other.close().await, "close");
        let there = part.settled().await;
        for records in [part.records(0, 4), part.records(4, 8)] {
            let expected = part.expect(records);
            let own: Vec<_> = there.iter().filter(|it| expected.contains(it)).cloned().collect();
            if lost == 0 {
                part.rule.same(&own, &expected, "one of two runs at once");
            }
        }
        part.rule.check(there.len() <= 8, || "two runs at once deliver records twice".to_owned());
    };
    run.rule.run(try_it).await;
}

/// No call keeps the thread.
pub async fn never_blocks(case: &SinkCase<'_>) {
    let run = Run::new("sink::never_blocks", case);
    let try_it = async {
        let mut best = Duration::MAX;
        for _ in 0..TRIES {
            let part = run.part().await;
            let watch = Stopwatch::default();
            let sink = part.sink().await;
            let mut writer = part.rule.ok(watch.time(sink.open(&part.scope())).await, "open");
            for (from, to) in [(0, 4), (4, 8)] {
                watch.time(part.write(&mut *writer, part.records(from, to))).await;
            }
            let _ = watch.time(part.flush(&mut *writer)).await;
            part.rule.ok(watch.time(writer.close()).await, "close");
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

/// A run that begins with what an earlier flush saved leaves each record once at the far end, whatever
/// the earlier run wrote behind that flush.
pub async fn goes_on_from_what_it_saved(case: &SinkCase<'_>) {
    let run = Run::new("sink::goes_on_from_what_it_saved", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let scope = part.scope().with_state();
        let mut writer = part.open_in(&*sink, &scope).await;
        part.write(&mut *writer, part.records(0, 3)).await;
        let Some(saved) = part.flush(&mut *writer).await.saved().cloned() else { return };
        part.write(&mut *writer, part.records(3, 5)).await;
        // Delivered, and not committed: the sources come again from behind the third record.
        let _ = part.flush(&mut *writer).await;
        drop(writer);
        settle().await;
        let mut writer = part.open_in(&*sink, &scope.with_saved(saved)).await;
        part.write(&mut *writer, part.records(3, 6)).await;
        let _ = part.flush(&mut *writer).await;
        part.rule.ok(writer.close().await, "close");
        let expected: Vec<Record> = part.records(0, 6).to_vec();
        let what = "a run from the saved bytes of a flush";
        part.rule.same(&part.read_back().await, &part.expect(&expected), what);
    };
    run.rule.run(try_it).await;
}
