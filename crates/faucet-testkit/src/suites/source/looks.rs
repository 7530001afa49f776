//! Rules about what a source says of itself, and about its far end's failures.

use faucet_core::{GapReason, Next, Source};

use crate::Polls;
use crate::suites::calls::{kills, once, settle, until};
use crate::suites::outside::Shown;
use crate::suites::source::case::SourceCase;
use crate::suites::source::run::{Read, Run};

/// No output has the secret of the case: `Debug`, `Info`, errors, check steps, counters, positions.
pub async fn keeps_its_secrets(case: &SourceCase<'_>) {
    let Some(canary) = &case.outside.canary else { return };
    let run = Run::new("source::keeps_its_secrets", case);
    let try_it = async {
        let mut shown = Shown::default();
        let failing = case.situations.failing.as_ref().map(|(_, make)| make);
        let others =
            [failing, case.situations.unreachable.as_ref(), case.situations.outage.as_ref()];
        for make in [Some(&case.make)].into_iter().chain(others).flatten() {
            // A check may take what the far end has for one connection.
            let (checked, opened) = (run.setup_as(make).await, run.setup_as(make).await);
            shown.add("the check report", &checked.source.check(&run.scope()).await);
            look(run, &*opened.source, &mut shown).await;
        }
        shown.check(run.rule, canary);
    };
    run.rule.run(try_it).await;
}

async fn look(run: Run<'_, '_>, source: &dyn Source, shown: &mut Shown) {
    let scope = run.scope();
    shown.add("Debug of the source", &source);
    shown.add("Info", &source.info());
    match source.open(&scope).await {
        Err(error) => shown.error("an error of open", &error),
        Ok(mut reader) => {
            let mut records = 0;
            while !run.is_complete(records) {
                match reader.next_page().await {
                    Ok(Next::Page(page)) => {
                        records += page.len();
                        shown.add("a gap", &page.gaps());
                        let reasons = page.clone().take_rejected();
                        let reasons: Vec<_> = reasons.iter().map(|it| &it.reason).collect();
                        shown.add("the reason of a rejected message", &reasons);
                        shown.add("a position", &reader.position());
                    }
                    Err(error) => {
                        shown.error("an error of next_page", &error);
                        break;
                    }
                    _ => break,
                }
            }
            if let Err(error) = reader.close().await {
                shown.error("an error of close", &error);
            }
        }
    }
    shown.scope(&scope);
}

/// `Info::connector` is the name under which the source is registered.
pub async fn names_itself(case: &SourceCase<'_>) {
    let run = Run::new("source::names_itself", case);
    let try_it = async {
        case.outside.check_name(run.rule, &run.setup().await.source.info());
    };
    run.rule.run(try_it).await;
}

/// `Info::placeholders` names every value that `open` needs.
pub async fn names_its_placeholders(case: &SourceCase<'_>) {
    let run = Run::new("source::names_its_placeholders", case);
    let try_it = async {
        let setup = run.setup().await;
        let info = setup.source.info();
        let opened = setup.source.open(&case.outside.scope_of(&info)).await;
        case.outside.check_opened(run.rule, &info, opened.err().as_ref());
    };
    run.rule.run(try_it).await;
}

/// `check` passes where the far end is there, and changes nothing: records, acknowledgements.
pub async fn checks_without_a_trace(case: &SourceCase<'_>) {
    let run = Run::new("source::checks_without_a_trace", case);
    let try_it = async {
        let expected = run.expected().await;
        let setup = run.setup().await;
        let report = match &case.situations.reachable {
            Some(make) => run.setup_as(make).await.source.check(&run.scope()).await,
            None => setup.source.check(&run.scope()).await,
        };
        run.rule.ok(report.into_result(), "check");
        let _ = setup.source.check(&run.scope()).await;
        settle().await;
        if let Some(acknowledged) = &setup.acknowledged {
            run.rule.check(acknowledged() == 0, || "check acknowledges records".to_owned());
        }
        if let Some(connected) = &setup.connected {
            let gone = until(|| !connected()).await;
            run.rule.check(gone, || "check leaves a connection behind".to_owned());
        }
        let mut reader = run.open(&setup).await;
        let read = run.read(&mut *reader).await;
        run.rule.same(&read.payloads(), &expected, "a run behind a check");
    };
    run.rule.run(try_it).await;
}

/// `check` fails where the far end is away.
pub async fn fails_its_check(case: &SourceCase<'_>) {
    let Some(make) = &case.situations.unreachable else { return };
    let run = Run::new("source::fails_its_check", case);
    let try_it = async {
        let setup = run.setup_as(make).await;
        let report = setup.source.check(&run.scope()).await;
        run.rule.check(!report.passed(), || {
            format!("check passes though the far end is away: {report:?}")
        });
    };
    run.rule.run(try_it).await;
}

/// Dropping the future of `open` leaves nothing behind, whenever it is dropped.
pub async fn survives_a_dropped_open(case: &SourceCase<'_>) {
    let run = Run::new("source::survives_a_dropped_open", case);
    let try_it = async {
        let expected = run.expected().await;
        for polls in kills() {
            let setup = run.setup().await;
            let scope = run.scope();
            let opened = Polls::new(polls, setup.source.open(&scope)).await;
            let whole = opened.is_some();
            drop(opened);
            settle().await;
            if let Some(connected) = &setup.connected {
                let gone = until(|| !connected()).await;
                run.rule.check(gone, || "a dropped open leaves a connection behind".to_owned());
            }
            let mut reader = run.open(&setup).await;
            let read = run.read(&mut *reader).await;
            let what = format!("a run behind an open that was dropped after poll {polls}");
            run.rule.same(&read.payloads(), &expected, &what);
            if whole {
                return;
            }
        }
    };
    run.rule.run(try_it).await;
}

/// Records that were received before an error come before it; behind it `position`, `committed`,
/// `hold` and `close` still work.
pub async fn reads_before_it_fails(case: &SourceCase<'_>) {
    let Some((before, make)) = &case.situations.failing else { return };
    let run = Run::new("source::reads_before_it_fails", case);
    let try_it = async {
        let setup = run.setup_as(make).await;
        let mut reader = run.open(&setup).await;
        let mut read = Read::default();
        loop {
            match reader.next_page().await {
                Ok(Next::Page(page)) => read.pages.push(page),
                Err(_) => break,
                other => run.rule.broken(format_args!(
                    "{other:?} comes where the far end fails after {before} records"
                )),
            }
        }
        run.rule.check(read.len() == *before, || {
            format!("{} records come before the error, {before} were received", read.len())
        });
        if let Some(payloads) = &case.expected.payloads {
            let first = &payloads[..read.len().min(payloads.len())];
            run.rule.same(&read.payloads(), first, "the records before the error");
        }
        let held = once(reader.hold()).await;
        run.rule.check(held.is_none(), || "hold returns behind an error".to_owned());
        if let Some(position) = reader.position() {
            // The far end may be away: only a panic breaks the rule.
            let _ = reader.committed(&position).await;
        }
        let _ = reader.close().await;
    };
    run.rule.run(try_it).await;
}

/// A lost connection is a gap before the next record, with a beginning and an end.
pub async fn reports_outages(case: &SourceCase<'_>) {
    let Some(make) = &case.situations.outage else { return };
    let run = Run::new("source::reports_outages", case);
    let try_it = async {
        let setup = run.setup_as(make).await;
        let mut reader = run.open(&setup).await;
        let read = run.read(&mut *reader).await;
        let gaps: Vec<_> = read.pages.iter().flat_map(|page| page.gaps()).collect();
        let [gap] = gaps[..] else {
            run.rule
                .broken(format_args!("one lost connection is {} gaps, one is right", gaps.len()))
        };
        run.rule.check(gap.reason == GapReason::Outage, || {
            format!("the gap of a lost connection has the reason {:?}", gap.reason.as_str())
        });
        let whole = gap.from.is_some_and(|from| gap.to.is_some_and(|to| from <= to));
        run.rule.check(whole, || {
            format!(
                "a gap has a beginning and an end, this one has {:?} and {:?}",
                gap.from, gap.to
            )
        });
        let first = read.pages.iter().position(|page| !page.is_empty());
        let at = read.pages.iter().position(|page| !page.gaps().is_empty());
        run.rule.check(first < at, || "the gap stands before the first record".to_owned());
    };
    run.rule.run(try_it).await;
}
