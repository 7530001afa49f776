//! Rules about what a source hands over.

use std::time::{Duration, Instant};

use faucet_core::{StreamPage, Timestamp};

use crate::suites::calls::{BUDGET, Stopwatch, TRIES, is_paused, once, settle};
use crate::suites::source::case::SourceCase;
use crate::suites::source::run::{Read, Run};

/// A run yields the records of the case in order, no others, and what it leaves out is counted as
/// skipped.
pub async fn reads_all(case: &SourceCase<'_>) {
    let run = Run::new("source::reads_all", case);
    let try_it = async {
        let setup = run.setup().await;
        let scope = run.scope();
        let mut reader = run.open_in(&setup, &scope).await;
        let mut read = run.read(&mut *reader).await;
        if case.expected.live {
            for _ in 0..20 {
                if let Some(next) = once(reader.next_page()).await {
                    read.pages.extend(run.page(next).ok());
                }
                settle().await;
            }
        }
        if let Some(payloads) = &case.expected.payloads {
            run.rule.same(&read.payloads(), payloads, "the run yields other records");
        }
        if let Some(records) = case.expected.records {
            run.rule.check(read.len() == records, || {
                format!("the run yields {} records, {records} are right", read.len())
            });
        }
        let skipped: u64 = scope.counters().read().skipped.values().sum();
        run.rule.check(skipped + read.rejected() == case.expected.skipped, || {
            format!(
                "{skipped} messages are counted as skipped and {} handed over as rejected, {} are right",
                read.rejected(),
                case.expected.skipped
            )
        });
    };
    run.rule.run(try_it).await;
}

/// A second run, after the first or beside it, yields the same.
pub async fn keeps_runs_apart(case: &SourceCase<'_>) {
    let run = Run::new("source::keeps_runs_apart", case);
    let try_it = async {
        let expected = run.expected().await;
        let setup = run.setup().await;
        for which in ["the first run", "a second run behind the first"] {
            let mut reader = run.open(&setup).await;
            let read = run.read(&mut *reader).await;
            run.rule.ok(reader.close().await, "close");
            run.rule.same(&read.payloads(), &expected, which);
        }
        if setup.source.info().resume == faucet_core::Resume::Acks {
            // A queue hands each message to one of its consumers.
            return;
        }
        let setup = run.setup().await;
        let mut one = (run.open(&setup).await, Read::default());
        let mut other = (run.open(&setup).await, Read::default());
        let mut open = true;
        while open {
            open = false;
            for (reader, read) in [&mut one, &mut other] {
                if read.ended.is_some() || run.is_complete(read.len()) {
                    continue;
                }
                open = true;
                match run.page(reader.next_page().await) {
                    Ok(page) => read.pages.push(page),
                    Err(ended) => read.ended = Some(ended),
                }
            }
        }
        for (_, read) in [one, other] {
            run.rule.same(&read.payloads(), &expected, "one of two runs at once");
        }
    };
    run.rule.run(try_it).await;
}

/// Dropping the future of `next_page` loses no record, and what it began goes on with the next call.
pub async fn is_cancel_safe(case: &SourceCase<'_>) {
    const PATIENCE: Duration = Duration::from_secs(600);
    let run = Run::new("source::is_cancel_safe", case);
    let try_it = async {
        let expected = run.expected().await;
        let setup = run.setup().await;
        let mut reader = run.open(&setup).await;
        let mut read = Read::default();
        let mut begun = (tokio::time::Instant::now(), Instant::now());
        let mut wait = Duration::from_millis(1);
        while !run.is_complete(read.len()) {
            match once(reader.next_page()).await.map(|next| run.page(next)) {
                Some(Ok(page)) => {
                    read.pages.push(page);
                    begun = (tokio::time::Instant::now(), Instant::now());
                    wait = Duration::from_millis(1);
                }
                Some(Err(_)) => break,
                None => {
                    let late =
                        begun.0.elapsed() > PATIENCE || begun.1.elapsed() > Duration::from_secs(20);
                    run.rule.check(!late, || {
                        "there is no next page while its future is dropped after each poll: \
                         next_page begins something anew (a dial, a timer) with each call. Keep \
                         the future in the reader"
                            .to_owned()
                    });
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_millis(16));
                }
            }
        }
        let what = "next_page is not cancel safe: dropping its future changes what is read";
        run.rule.same(&read.payloads(), &expected, what);
    };
    run.rule.run(try_it).await;
}

/// Looks at each page of a run.
async fn each_page(run: Run<'_, '_>, look: impl Fn(&StreamPage)) {
    let look = &look;
    let try_it = async move {
        let setup = run.setup().await;
        let mut reader = run.open(&setup).await;
        let mut records = 0;
        while !run.is_complete(records) {
            let Some(page) = run.next(&mut *reader).await else { break };
            records += page.len();
            look(&page);
        }
    };
    run.rule.run(try_it).await;
}

/// Each page has a record or a mark.
pub async fn has_no_void_pages(case: &SourceCase<'_>) {
    let run = Run::new("source::has_no_void_pages", case);
    each_page(run, |page| {
        run.rule.check(!page.is_void(), || "a page has neither a record nor a mark".to_owned());
    })
    .await;
}

/// No page has more records than the case allows.
pub async fn keeps_its_page_limit(case: &SourceCase<'_>) {
    let Some(limit) = case.expected.page_limit else { return };
    let run = Run::new("source::keeps_its_page_limit", case);
    each_page(run, |page| {
        run.rule.check(page.len() <= limit, || {
            format!("a page has {} records, {limit} are allowed", page.len())
        });
    })
    .await;
}

/// Each record carries the time at which it was received.
pub async fn stamps_its_records(case: &SourceCase<'_>) {
    // The system clock may be set while the test runs, and by hours at most.
    const SLACK: u64 = 24 * 60 * 60 * 1000;
    if case.expected.replays {
        return;
    }
    let run = Run::new("source::stamps_its_records", case);
    each_page(run, |page| {
        let now = Timestamp::now().as_unix_millis();
        for record in page {
            let at = record.received_at().as_unix_millis();
            run.rule.check(at.abs_diff(now) < SLACK, || {
                format!("a record was received {at} ms after 1970, and now it is {now}")
            });
        }
    })
    .await;
}

/// Watermarks never fall, and no record behind one is older.
pub async fn keeps_its_watermarks(case: &SourceCase<'_>) {
    let run = Run::new("source::keeps_its_watermarks", case);
    let seen = std::cell::Cell::new(None::<Timestamp>);
    each_page(run, |page| {
        let before = seen.get();
        for record in page {
            run.rule.check(before.is_none_or(|mark| record.received_at() >= mark), || {
                format!("a record of {:?} follows the watermark {before:?}", record.received_at())
            });
        }
        if let Some(mark) = page.watermark() {
            run.rule.check(before.is_none_or(|before| mark >= before), || {
                format!("the watermark falls from {before:?} to {mark:?}")
            });
            seen.set(Some(mark));
        }
    })
    .await;
}

/// No call keeps the thread.
pub async fn never_blocks(case: &SourceCase<'_>) {
    let run = Run::new("source::never_blocks", case);
    let try_it = async {
        let mut best = Duration::MAX;
        for _ in 0..TRIES {
            let setup = run.setup().await;
            let watch = Stopwatch::default();
            let opened = watch.time(setup.source.open(&run.scope())).await;
            let mut reader = run.rule.ok(opened, "open");
            watch.time(run.read(&mut *reader)).await;
            run.rule.ok(watch.time(reader.drain()).await, "drain");
            run.rule.ok(watch.time(reader.close()).await, "close");
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

/// `hold` never completes, changes no record and keeps the connection: for a minute before the first
/// page, and between pages.
pub async fn holds(case: &SourceCase<'_>) {
    let run = Run::new("source::holds", case);
    let try_it = async {
        let expected = run.expected().await;
        let setup = run.setup().await;
        let mut reader = run.open(&setup).await;
        let paused = is_paused().await;
        let minute = Duration::from_secs(60);
        let mut time = if paused { minute } else { Duration::from_millis(100) };
        let mut read = Read::default();
        while !run.is_complete(read.len()) {
            let held = tokio::time::timeout(time, reader.hold()).await;
            run.rule.check(held.is_err(), || "hold returns: it never completes".to_owned());
            time = Duration::from_millis(5);
            // Of a feed with an end the far end may have closed the connection itself.
            let late = case.expected.live && !read.pages.is_empty();
            let lost = |connected: &dyn Fn() -> bool| late && !connected();
            run.rule.check(!setup.connected.as_deref().is_some_and(lost), || {
                "the far end sees no connection during hold".to_owned()
            });
            match run.next(&mut *reader).await {
                Some(page) => read.pages.push(page),
                None => break,
            }
        }
        run.rule.same(&read.payloads(), &expected, "hold changes what is read");
    };
    run.rule.run(try_it).await;
}

/// A run ends for the reason that the case names.
pub async fn ends_for_its_reason(case: &SourceCase<'_>) {
    let Some(ended) = case.expected.ended else { return };
    let run = Run::new("source::ends_for_its_reason", case);
    let try_it = async {
        let setup = run.setup().await;
        let mut reader = run.open(&setup).await;
        let read = run.read(&mut *reader).await;
        run.rule.check(read.ended == Some(ended), || {
            format!("the run ends with {:?}, {ended:?} is right", read.ended)
        });
    };
    run.rule.run(try_it).await;
}
