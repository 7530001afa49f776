//! The report of messages that were missed: one gap for each outage.

use faucet_core::{Ended, Gap, GapReason, Next, Scope, Source, Timestamp};
use faucet_testkit::{Gate, Script};
use serde_json::json;

use crate::support::*;

/// The gaps of a run: how many records came before it, its attempts, and whether it has a length.
fn told_gaps(told: &Told) -> Vec<(usize, u32)> {
    let check = |(before, gap): (usize, Gap)| {
        assert_eq!((gap.reason, gap.missing, gap.source), (GapReason::Outage, None, None));
        assert!(gap.from.unwrap() <= gap.to.unwrap());
        (before, gap.attempts)
    };
    told.gaps().into_iter().map(check).collect()
}

#[tokio::test(start_paused = true)]
async fn each_outage_is_one_gap_before_the_first_record_behind_it() {
    let one = |text: &str| Script::accept().send_text(text).hang_up();
    let nothing = || Script::accept().hang_up();
    let refusal = || Script::reject(503);
    for (scripts, keys, texts, gaps) in [
        (vec![one("1"), one("2"), one("3")], json!({}), 3, vec![(1, 1), (2, 1)]),
        // Several failed attempts, and connections that bring nothing, are one outage.
        (vec![one("1"), refusal(), nothing(), refusal(), one("2")], json!({}), 2, vec![(1, 4)]),
        // Not before the first record.
        (vec![refusal(), nothing(), one("1"), one("2")], json!({}), 2, vec![(1, 1)]),
        // A clean close is an outage too.
        (
            vec![Script::accept().send_text("1").close(1000, ""), one("2")],
            json!({}),
            2,
            vec![(1, 1)],
        ),
        // A message that is skipped ends the hole, and the gap waits for a record.
        (
            vec![one("1"), Script::accept().send_text("no JSON").send_text("2")],
            json!({"on_parse_error": "skip"}),
            2,
            vec![(1, 1)],
        ),
    ] {
        let keys = with(json!({"reconnect": true, "max_messages": texts}), keys);
        let (_, source) = in_memory(scripts, keys);
        let told = run_paused(&source).await;
        assert_eq!((told.texts().len(), told.ended()), (texts, Ended::MaxRecords));
        assert_eq!(told_gaps(&told), gaps);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_without_a_message_behind_it_is_no_gap() {
    let scripts = [Script::accept().send_text("1").hang_up(), Script::reject(503)];
    for (keys, ends_well) in
        [(json!({"idle_timeout": 30}), true), (json!({"max_reconnect_attempts": 3}), false)]
    {
        let keys = with(json!({"reconnect": true}), keys);
        let (_, source) = in_memory(scripts.clone(), keys);
        let told = run_paused(&source).await;
        assert_eq!((told.texts(), told.end.is_ok()), (vec!["1".to_owned()], ends_well));
        assert_eq!(told_gaps(&told), []);
        assert!(told.pages.iter().all(|page| !page.is_void()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_tells_when_the_messages_around_it_were_received() {
    let scripts =
        [Script::accept().send_text("1").hang_up(), Script::accept().send_text("2").send_text("3")];
    let keys = json!({"reconnect": true, "max_messages": 3});
    let (_, source) = in_memory(scripts, keys);
    let told = run_paused(&source).await;
    let records: Vec<_> = told.pages.iter().flatten().map(|r| r.received_at()).collect();
    let gaps = told.gaps();
    assert_eq!((gaps.len(), gaps[0].0), (1, 1));
    assert_eq!((gaps[0].1.from, gaps[0].1.to), (Some(records[0]), Some(records[1])));
}

#[tokio::test(start_paused = true)]
async fn a_drain_hands_over_the_records_behind_a_gap_with_the_gap() {
    let scripts = [
        Script::accept().send_text("1").hang_up(),
        Script::accept().early().send_text("2").send_text("3"),
    ];
    // A page that is never due by itself, so that records of both connections wait in it.
    let keys = json!({"reconnect": true, "batch_timeout": 3600, "batch_size": 2});
    let (_, source) = in_memory(scripts, keys);
    let mut reader = open(&source).await;
    let Next::Page(first) = reader.next_page().await.unwrap() else { panic!("no page") };
    assert_eq!((texts(&first), first.gaps().len()), (vec!["1".to_owned()], 0));
    let rest = stop(&mut *reader).await.unwrap();
    assert_eq!((texts(&rest), rest.gaps().len()), (vec!["2".to_owned(), "3".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn a_drain_counts_the_messages_that_a_page_from_before_the_gap_cannot_hold() {
    let scripts = [
        Script::accept().send_text("1").hang_up(),
        Script::accept().early().send_text("2").send_text("3"),
    ];
    let keys = json!({"reconnect": true, "batch_timeout": 3600, "batch_size": 3});
    let (_, source) = in_memory(scripts, keys);
    let scope = Scope::default();
    let mut reader = source.open(&scope).await.unwrap();
    // The backoff is over at this one poll, which begins to connect; `hold` goes on with it.
    no_page_for(&mut *reader, ms(1)).await;
    tokio::time::advance(secs(60)).await;
    no_page_for(&mut *reader, secs(0)).await;
    hold_for(&mut *reader, secs(30)).await;
    let page = reader.drain().await.unwrap().unwrap();
    assert_eq!((texts(&page), page.gaps().len()), (vec!["1".to_owned()], 0));
    assert_eq!(scope.counters().read().skipped.get("after_outage"), Some(&2));
}

#[tokio::test(start_paused = true)]
async fn the_first_message_ends_the_hole_though_no_record_is_made_of_it() {
    let gate = Gate::new();
    let scripts = [
        Script::accept().send_text("1").hang_up(),
        Script::accept().send_text("no JSON").wait(&gate).send_text("2"),
    ];
    let keys = json!({"reconnect": true, "on_parse_error": "skip"});
    let (_, source) = in_memory(scripts, keys);
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(1)).await;
    no_page_for(&mut *reader, secs(5)).await;
    // Records are stamped by the system clock: the second one must be later than the message.
    let skipped = Timestamp::now();
    while Timestamp::now() <= skipped {}
    gate.open();
    let page = page_within(&mut *reader, secs(1)).await;
    let received = page.iter().next().unwrap().received_at();
    assert!(page.gaps()[0].to.unwrap() < received, "{page:?}");
}

#[tokio::test(start_paused = true)]
async fn a_diverted_message_brings_the_gap_before_it() {
    let scripts = [
        Script::accept().send_text("1").hang_up(),
        Script::accept().send_text("no JSON").send_text("2"),
    ];
    let keys = json!({"reconnect": true, "on_parse_error": "divert", "max_messages": 2});
    let (_, source) = in_memory(scripts, keys);
    let told = run_with(&source, &Scope::default().with_dead_letter()).await;
    assert_eq!(told_gaps(&told), [(1, 1)]);
    let with_gap = told.pages.into_iter().find(|page| !page.gaps().is_empty());
    assert_eq!(with_gap.unwrap().take_rejected().len(), 1);
}
