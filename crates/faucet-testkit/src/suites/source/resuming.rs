//! Rules about positions, acknowledgements, and the end of a run.

use std::cell::RefCell;

use faucet_core::{Delivery, PageReader, Position, Resume, StreamPage};

use crate::Polls;
use crate::suites::calls::{kills, once, settle, until};
use crate::suites::source::case::{SourceCase, SourceSetup};
use crate::suites::source::run::{Read, Run, payloads};

/// A run from the position behind a page yields exactly the rest, also when the source has received
/// more than it has handed over.
pub async fn resumes_behind_each_page(case: &SourceCase<'_>) {
    let run = Run::new("source::resumes_behind_each_page", case);
    let try_it = async {
        let expected = run.expected().await;
        for cut in run.cuts().await.into_iter().filter(|cut| *cut > 0) {
            let setup = run.setup().await;
            if setup.source.info().resume == Resume::No {
                return;
            }
            let mut reader = run.open(&setup).await;
            let read = run.read_pages(&mut *reader, cut).await;
            // Records that `hold` takes in are not handed over yet.
            for _ in 0..5 {
                once(reader.hold()).await;
                settle().await;
            }
            let Some(position) = reader.position() else { continue };
            if setup.source.info().resume == Resume::Acks {
                run.rule.ok(reader.committed(&position).await, "committed");
                run.rule.ok(reader.close().await, "close");
            }
            drop(reader);
            let mut reader = run.resume(&setup, Some(&position)).await;
            let rest = run.read_behind(&mut *reader, read.len()).await;
            let what = format!("a run behind {} records", read.len());
            run.rule.same(&rest.payloads(), &expected[read.len().min(expected.len())..], &what);
        }
    };
    run.rule.run(try_it).await;
}

/// A position that is asked for before the first page leads to a run of all records.
pub async fn resumes_at_its_beginning(case: &SourceCase<'_>) {
    let run = Run::new("source::resumes_at_its_beginning", case);
    let try_it = async {
        let expected = run.expected().await;
        let setup = run.setup().await;
        let mut reader = run.open(&setup).await;
        for _ in 0..5 {
            once(reader.hold()).await;
            settle().await;
        }
        let Some(position) = reader.position() else { return };
        if setup.source.info().resume == Resume::Acks {
            run.rule.ok(reader.committed(&position).await, "committed");
        }
        drop(reader);
        let mut reader = run.resume(&setup, Some(&position)).await;
        let read = run.read(&mut *reader).await;
        run.rule.same(&read.payloads(), &expected, "a run from the first position");
    };
    run.rule.run(try_it).await;
}

/// A run that is killed at any poll goes on behind its last position: no record is lost.
pub async fn survives_a_kill_at_any_poll(case: &SourceCase<'_>) {
    let run = Run::new("source::survives_a_kill_at_any_poll", case);
    let try_it = async {
        let expected = run.expected().await;
        for kill in kills() {
            let setup = run.setup().await;
            let resume = setup.source.info().resume;
            if resume == Resume::No {
                return;
            }
            let log = RefCell::new(Vec::new());
            let saved = RefCell::new((0, None));
            let life = first_life(run, &setup, &log, &saved);
            let whole = Polls::new(kill, life).await.is_some();
            settle().await;
            let (before, position) = saved.into_inner();
            let mut reader = run.resume(&setup, position.as_ref()).await;
            let mut all = log.into_inner();
            if resume == Resume::Positions {
                all.truncate(before);
                all.extend(run.read_behind(&mut *reader, before).await.payloads());
                let what = format!("killed at poll {kill} and resumed");
                run.rule.same(&all, &expected, &what);
            } else {
                let rest = run.read_behind(&mut *reader, before).await.payloads();
                for payload in &expected {
                    let there = all[..before].contains(payload) || rest.contains(payload);
                    run.rule.check(there, || {
                        format!(
                            "killed at poll {kill}, {} is acknowledged and lost",
                            String::from_utf8_lossy(payload)
                        )
                    });
                }
            }
            if whole {
                return;
            }
        }
    };
    run.rule.run(try_it).await;
}

/// Reads to the end, commits behind every second page, and notes the last position.
async fn first_life(
    run: Run<'_, '_>,
    setup: &SourceSetup,
    log: &RefCell<Vec<Vec<u8>>>,
    saved: &RefCell<(usize, Option<Position>)>,
) {
    let mut reader = run.open(setup).await;
    let mut pages = 0;
    while !run.is_complete(log.borrow().len()) {
        let Some(page) = run.next(&mut *reader).await else { break };
        log.borrow_mut().extend(payloads(&page));
        pages += 1;
        if pages % 2 == 0
            && let Some(position) = reader.position()
        {
            *saved.borrow_mut() = (log.borrow().len(), Some(position.clone()));
            run.rule.ok(reader.committed(&position).await, "committed");
        }
    }
    run.rule.ok(reader.close().await, "close");
}

/// `committed` changes no later record. The runner leaves some positions out.
pub async fn commits_change_no_record(case: &SourceCase<'_>) {
    let run = Run::new("source::commits_change_no_record", case);
    let try_it = async {
        let expected = run.expected().await;
        let setup = run.setup().await;
        let mut reader = run.open(&setup).await;
        let mut read = Read::default();
        let mut late = None;
        while !run.is_complete(read.len()) {
            let Some(page) = run.next(&mut *reader).await else { break };
            read.pages.push(page);
            // The runner saves a position before it commits it: the source has gone on meanwhile.
            match (read.pages.len() % 3, late.take()) {
                (1, _) => late = reader.position(),
                (2, position) => late = position,
                (_, Some(position)) => {
                    run.rule.ok(reader.committed(&position).await, "committed");
                }
                _ => {}
            }
        }
        run.rule.same(&read.payloads(), &expected, "committed changes what is read");
    };
    run.rule.run(try_it).await;
}

/// The far end sees acknowledged what was committed: no record before, all of them after.
pub async fn acknowledges_what_was_committed(case: &SourceCase<'_>) {
    let run = Run::new("source::acknowledges_what_was_committed", case);
    let try_it = async {
        let setup = run.setup().await;
        let Some(acknowledged) = &setup.acknowledged else { return };
        let mut reader = run.open(&setup).await;
        let (mut read, mut committed) = (Read::default(), 0);
        while !run.is_complete(read.len()) {
            let Some(page) = run.next(&mut *reader).await else { break };
            read.pages.push(page);
            settle().await;
            let seen = acknowledged();
            run.rule.check(seen == committed, || {
                format!("{seen} records are acknowledged where {committed} were committed")
            });
            let Some(position) = reader.position() else { continue };
            run.rule.ok(reader.committed(&position).await, "committed");
            committed = read.len() as u64;
            let done = until(|| acknowledged() >= committed).await;
            run.rule.check(done && acknowledged() == committed, || {
                format!(
                    "{} records are acknowledged where {committed} were committed",
                    acknowledged()
                )
            });
        }
        run.rule.ok(reader.close().await, "close");
    };
    run.rule.run(try_it).await;
}

/// The pages before `drain` and the page of `drain` have all records that the far end has sent; a
/// run behind it yields exactly the rest.
pub async fn drains_what_was_received(case: &SourceCase<'_>) {
    let run = Run::new("source::drains_what_was_received", case);
    let try_it = async {
        let expected = run.expected().await;
        for cut in run.cuts().await {
            let setup = run.setup().await;
            let mut reader = run.open(&setup).await;
            let mut read = run.read_pages(&mut *reader, cut).await;
            // The runner stops a source that waits for its next page, or holds.
            match once(reader.next_page()).await.map(|next| run.page(next)) {
                Some(Ok(page)) => read.pages.push(page),
                Some(Err(_)) => continue,
                None => {}
            }
            for _ in 0..3 {
                settle().await;
                once(reader.hold()).await;
            }
            let rest = run.rule.ok(reader.drain().await, "drain");
            check_drained(run, &setup, &mut read, rest, &expected);
            if setup.source.info().resume == Resume::Positions
                && let Some(position) = reader.position()
            {
                drop(reader);
                let mut reader = run.resume(&setup, Some(&position)).await;
                let rest = run.read_behind(&mut *reader, read.len()).await;
                read.pages.extend(rest.pages);
                let what = "before drain, by drain, and by a run behind it";
                run.rule.same(&read.payloads(), &expected, what);
            }
        }
    };
    run.rule.run(try_it).await;
}

fn check_drained(
    run: Run<'_, '_>,
    setup: &SourceSetup,
    read: &mut Read,
    rest: Option<StreamPage>,
    expected: &[Vec<u8>],
) {
    if let Some(rest) = rest {
        run.rule.check(!rest.is_void(), || "drain hands over a void page".to_owned());
        read.pages.push(rest);
    }
    let prefix = &expected[..read.len().min(expected.len())];
    run.rule.same(&read.payloads(), prefix, "what drain hands over does not follow what was read");
    if let Some(sent) = &setup.sent {
        let (sent, had) = (sent(), read.len() as u64 + read.rejected());
        run.rule.check(sent == had, || {
            format!("the far end has sent {sent} records, {had} were handed over")
        });
    }
}

/// The last commit comes after the end, and after `drain`: the connection is still there for it.
pub async fn commits_after_the_end(case: &SourceCase<'_>) {
    let run = Run::new("source::commits_after_the_end", case);
    let try_it = async {
        for drained in [false, true] {
            let setup = run.setup().await;
            let mut reader = run.open(&setup).await;
            let mut records = if drained {
                let read = run.read_pages(&mut *reader, 1).await;
                let rest = run.rule.ok(reader.drain().await, "drain");
                read.len() + rest.map_or(0, |rest| rest.len())
            } else {
                run.read(&mut *reader).await.len()
            };
            settle().await;
            once(reader.hold()).await;
            if let Some(position) = reader.position() {
                run.rule.ok(reader.committed(&position).await, "committed after the end");
            } else {
                records = 0;
            }
            if let Some(acknowledged) = &setup.acknowledged {
                let records = records as u64;
                let done = until(|| acknowledged() == records).await;
                run.rule.check(done, || {
                    format!(
                        "{} records are acknowledged after the last commit, {records} are right",
                        acknowledged()
                    )
                });
            }
            run.rule.ok(reader.close().await, "close");
        }
    };
    run.rule.run(try_it).await;
}

/// `close` succeeds where the run went well, and the far end sees the connection go.
pub async fn closes(case: &SourceCase<'_>) {
    let run = Run::new("source::closes", case);
    let try_it = async {
        for stage in ["after the end", "after drain", "after a page"] {
            let setup = run.setup().await;
            let mut reader = run.open(&setup).await;
            match stage {
                "after the end" => drop(run.read(&mut *reader).await),
                "after drain" => drop(run.rule.ok(reader.drain().await, "drain")),
                _ => drop(run.read_pages(&mut *reader, 1).await),
            }
            close(run, &setup, reader, stage).await;
        }
    };
    run.rule.run(try_it).await;
}

async fn close(run: Run<'_, '_>, setup: &SourceSetup, mut reader: Box<dyn PageReader>, when: &str) {
    let closed = reader.close().await;
    run.rule.ok(closed, &format!("close {when}"));
    drop(reader);
    if let Some(connected) = &setup.connected {
        let gone = until(|| !connected()).await;
        run.rule.check(gone, || format!("the connection outlives its run, closed {when}"));
    }
}

/// `Info::resume` and `Info::delivery` say what the positions are good for.
pub async fn keeps_its_promises(case: &SourceCase<'_>) {
    let run = Run::new("source::keeps_its_promises", case);
    let try_it = async {
        let setup = run.setup().await;
        let info = setup.source.info();
        let mut reader = run.open(&setup).await;
        let (mut records, mut positions) = (0, 0);
        while !run.is_complete(records) {
            let Some(page) = run.next(&mut *reader).await else { break };
            records += page.len();
            positions += usize::from(reader.position().is_some());
        }
        positions += usize::from(reader.position().is_some());
        run.rule.check(records == 0 || (info.resume == Resume::No) == (positions == 0), || {
            format!("Info::resume is {:?}, and there are {positions} positions", info.resume)
        });
        run.rule.check(info.delivery != Delivery::AtLeastOnce || info.resume != Resume::No, || {
            "Info::delivery promises that no record is lost, and the source has no positions: \
                 what a process has read and not written is lost with it"
                .to_owned()
        });
    };
    run.rule.run(try_it).await;
}
