//! Rules about what a sink says of itself, and about its far end's failures.

use faucet_core::{Delivery, Flushed, Sink, StreamPage};

use crate::Polls;
use crate::suites::calls::{kills, settle};
use crate::suites::outside::Shown;
use crate::suites::sink::case::SinkCase;
use crate::suites::sink::run::{Run, is_within};

/// A failing `write_page` says with `Error::with_written` how many records the far end has taken; the
/// next flush may call some of them unconfirmed. The rule lets the far end fail at every record of a
/// page.
pub async fn counts_half_a_page(case: &SinkCase<'_>) {
    let Some(failing) = &case.situations.failing else { return };
    let run = Run::new("sink::counts_half_a_page", case);
    let try_it = async {
        for taken in 0..7 {
            let part = run.part().await;
            let sink = failing(taken).await;
            let mut writer = part.open(&*sink).await;
            let (mut before, mut failed) = (0, None);
            for (from, to) in [(0, 2), (2, 8)] {
                match writer.write_page(StreamPage::new(part.records(from, to).to_vec())).await {
                    Ok(()) => before = to,
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            let Some(error) = failed else {
                // A sink that sends in the background learns of the failure when it flushes.
                settle().await;
                let flushed = writer.flush().await;
                part.rule.check(flushed.is_err() || lost(&flushed) > 0, || {
                    format!("the far end fails behind {taken} records, and no call says so")
                });
                let _ = writer.close().await;
                continue;
            };
            if let Some(written) = error.written() {
                let flushed = writer.flush().await;
                let (said, lost) = (before as u64 + written, lost(&flushed));
                let possible = said.saturating_sub(lost)..=said;
                part.rule.check(possible.contains(&(taken as u64)), || {
                    format!(
                        "the far end has taken {taken} records; the sink says {before} and then \
                         {written}, of which {lost} are unconfirmed"
                    )
                });
                let there = part.read_back().await;
                let all = part.expect(part.records(0, taken));
                part.rule.check(
                    is_within(&there, &all)
                        && (there.len() as u64).saturating_add(lost) >= taken as u64,
                    || format!("{taken} records count as written, {} are there", there.len()),
                );
            }
            let _ = writer.close().await;
        }
    };
    run.rule.run(try_it).await;
}

/// How many of the records before it a flush leaves unconfirmed: after an error all of them.
fn lost(flushed: &faucet_core::Result<Flushed>) -> u64 {
    flushed.as_ref().map_or(u64::MAX, Flushed::unconfirmed)
}

/// A record that the far end rejects is handed back by the flush; the others are delivered, by a
/// sink that delivers at least once possibly twice.
pub async fn hands_back_rejected_records(case: &SinkCase<'_>) {
    let Some(bad) = &case.situations.rejected else { return };
    let run = Run::new("sink::hands_back_rejected_records", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let mut writer = part.open(&*sink).await;
        let mut records = part.records(0, 2).to_vec();
        records.insert(1, bad.clone());
        part.write(&mut *writer, &records).await;
        let flushed = part.flush(&mut *writer).await;
        let rejected: Vec<_> = flushed.rejected().iter().map(|it| &it.record).collect();
        part.rule.check(rejected == [bad], || {
            format!("the far end rejects one record, flush hands back {}", rejected.len())
        });
        part.rule.ok(writer.close().await, "close");
        let (mut there, expected) = (part.settled().await, part.expect(part.records(0, 2)));
        if sink.info().delivery == Delivery::AtLeastOnce {
            // A record before the rejected one may be sent again with it, to find the right one.
            let mut seen = std::collections::HashSet::new();
            there.retain(|record| seen.insert(record.clone()));
        }
        part.rule.check(flushed.unconfirmed() > 0 || there == expected, || {
            format!("{} of the 2 records beside a rejected one are there, in order", there.len())
        });
    };
    run.rule.run(try_it).await;
}

/// A run without a page changes nothing at the far end.
pub async fn opens_without_harm(case: &SinkCase<'_>) {
    let run = Run::new("sink::opens_without_harm", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let mut writer = part.open(&*sink).await;
        part.write(&mut *writer, part.records(0, 3)).await;
        let _ = part.flush(&mut *writer).await;
        part.rule.ok(writer.close().await, "close");
        let before = part.settled().await;
        for flush in [false, true] {
            let sink = part.sink().await;
            let mut writer = part.open(&*sink).await;
            if flush {
                let _ = part.flush(&mut *writer).await;
            }
            part.rule.ok(writer.close().await, "close");
            let what = "a run without a page changes the far end";
            part.rule.same(&part.settled().await, &before, what);
        }
    };
    run.rule.run(try_it).await;
}

/// Dropping the future of `open` leaves nothing behind, whenever it is dropped.
pub async fn survives_a_dropped_open(case: &SinkCase<'_>) {
    let run = Run::new("sink::survives_a_dropped_open", case);
    let try_it = async {
        for polls in kills() {
            let part = run.part().await;
            let sink = part.sink().await;
            let scope = part.scope();
            let opened = Polls::new(polls, sink.open(&scope)).await;
            let whole = opened.is_some();
            drop(opened);
            settle().await;
            let mut writer = part.open(&*sink).await;
            part.write(&mut *writer, part.records(0, 3)).await;
            let flushed = part.flush(&mut *writer).await;
            part.rule.ok(writer.close().await, "close");
            let what = format!("a run behind an open that was dropped after poll {polls}");
            part.delivered(part.records(0, 3), &[flushed], &what).await;
            if whole {
                return;
            }
        }
    };
    run.rule.run(try_it).await;
}

/// No output has the secret of the case: `Debug`, `Info`, errors, check steps, counters, saved bytes.
pub async fn keeps_its_secrets(case: &SinkCase<'_>) {
    let Some(canary) = &case.outside.canary else { return };
    let run = Run::new("sink::keeps_its_secrets", case);
    let try_it = async {
        let mut shown = Shown::default();
        let part = run.part().await;
        let mut sinks = vec![part.sink().await];
        if let Some(unreachable) = &case.situations.unreachable {
            sinks.push(unreachable().await.0);
        }
        if let Some(failing) = &case.situations.failing {
            sinks.push(failing(1).await);
        }
        for sink in sinks {
            look(&part, &*sink, &mut shown).await;
        }
        shown.check(run.rule, canary);
    };
    run.rule.run(try_it).await;
}

async fn look(part: &Run<'_, '_>, sink: &dyn Sink, shown: &mut Shown) {
    let scope = part.scope().with_state();
    shown.add("Debug of the sink", &sink);
    shown.add("Info", &sink.info());
    shown.add("the check report", &sink.check(&scope).await);
    match sink.open(&scope).await {
        Err(error) => shown.error("an error of open", &error),
        Ok(mut writer) => {
            let page = StreamPage::new(part.records(0, 3).to_vec());
            if let Err(error) = writer.write_page(page).await {
                shown.error("an error of write_page", &error);
            } else {
                match writer.flush().await {
                    Err(error) => shown.error("an error of flush", &error),
                    Ok(flushed) => {
                        let saved = flushed.saved().map(|saved| String::from_utf8_lossy(saved));
                        shown.add("what flush saves", &saved);
                        let reasons: Vec<_> =
                            flushed.rejected().iter().map(|it| &it.reason).collect();
                        shown.add("the reason of a rejected record", &reasons);
                    }
                }
            }
            if let Err(error) = writer.close().await {
                shown.error("an error of close", &error);
            }
        }
    }
    shown.scope(&scope);
}

/// `Info::connector` is the name under which the sink is registered.
pub async fn names_itself(case: &SinkCase<'_>) {
    let run = Run::new("sink::names_itself", case);
    let try_it = async { case.outside.check_name(run.rule, &run.sink().await.info()) };
    run.rule.run(try_it).await;
}

/// `Info::placeholders` names every value that `open` needs.
pub async fn names_its_placeholders(case: &SinkCase<'_>) {
    let run = Run::new("sink::names_its_placeholders", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        let info = sink.info();
        let scope = case.outside.scope_of(&info);
        let mut failed = None;
        match sink.open(&scope).await {
            Err(error) => failed = Some(error),
            Ok(mut writer) => {
                // A sink may fill its placeholders with the first page.
                let page = StreamPage::new(part.records(0, 1).to_vec());
                failed = failed.or(writer.write_page(page).await.err());
                failed = failed.or(writer.flush().await.err());
                failed = failed.or(writer.close().await.err());
            }
        }
        case.outside.check_opened(run.rule, &info, failed.as_ref());
    };
    run.rule.run(try_it).await;
}

/// `check` passes where the far end is there, and writes nothing.
pub async fn checks_without_a_trace(case: &SinkCase<'_>) {
    let run = Run::new("sink::checks_without_a_trace", case);
    let try_it = async {
        let part = run.part().await;
        let sink = part.sink().await;
        for written in [false, true] {
            if written {
                let mut writer = part.open(&*sink).await;
                part.write(&mut *writer, part.records(0, 3)).await;
                let _ = part.flush(&mut *writer).await;
                part.rule.ok(writer.close().await, "close");
            }
            let before = part.settled().await;
            let report = sink.check(&part.scope()).await;
            part.rule.ok(report.into_result(), "check");
            part.rule.same(&part.settled().await, &before, "check changes the far end");
        }
    };
    run.rule.run(try_it).await;
}

/// `check` fails where the far end is away.
pub async fn fails_its_check(case: &SinkCase<'_>) {
    let Some(make) = &case.situations.unreachable else { return };
    let run = Run::new("sink::fails_its_check", case);
    let try_it = async {
        let sink = make().await.0;
        let report = sink.check(&run.scope()).await;
        run.rule.check(!report.passed(), || {
            format!("check passes though the far end is away: {report:?}")
        });
    };
    run.rule.run(try_it).await;
}
