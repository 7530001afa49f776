//! Dropped futures and early closes lose nothing and end soon: fault 49 and the stopping rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use faucet_core::{Ended, Next, PageReader, Scope, Source};
use faucet_testkit::source::{self as suite, SourceCase, SourceSetup};
use faucet_testkit::{End, Gate, Script, ScriptedServer, opcode};
use futures_util::StreamExt;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::support::*;

/// A second for the peer's answer, and a little for everything else.
const CLOSE_LIMIT: Duration = ms(1_100);

#[tokio::test]
async fn futures_that_are_dropped_at_every_await_begin_no_dial_anew() {
    let one_run = [
        Script::reject(503),
        Script::accept()
            .early()
            .send_text("1")
            .expect_text("hello")
            .dribble(ms(1))
            .send_text("2")
            .send_fragments(opcode::TEXT, &["\"three", " parts", "\""], Some(b"?"))
            .close(1011, "restart"),
        Script::hang_up_on_request(),
        Script::accept().expect_text("hello").repeat(1000, |i| i.to_string()).hang_up(),
        Script::accept().dribble(ms(1)).send_text("4").send_text("5"),
    ];
    let numbers = (0..1000).map(|i| i.to_string());
    let first = ["1", "2", "\"three parts\""].map(String::from).into_iter();
    let expected: Vec<String> = first.chain(numbers).chain(["4", "5"].map(String::from)).collect();
    let connects = Arc::new(AtomicUsize::new(0));
    let case = SourceCase::new(async || {
        let server = Arc::new(ScriptedServer::start(one_run.clone()).await);
        let keys = json!({"subscribe_messages": ["hello"], "max_messages": 1005,
            "batch_size": 300, "batch_timeout": 0.01});
        let source = source(&server.url(), reconnecting(keys));
        let (seen, connects) = (Arc::clone(&server), Arc::clone(&connects));
        let note = move || connects.store(seen.connections().len(), Ordering::Relaxed);
        SourceSetup::new(source).keep(OnDrop(Box::new(note)))
    })
    .payloads(&expected)
    .page_limit(300)
    .ends(Ended::MaxRecords);
    for _ in 0..3 {
        suite::is_cancel_safe(&case).await;
        assert_eq!(connects.load(Ordering::Relaxed), 5);
    }
    suite::holds(&case).await;
    suite::drains_what_was_received(&case).await;
}

/// Calls a function when it is dropped.
struct OnDrop(Box<dyn Fn()>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Asks for pages, giving up after `patience` each time, until the end.
async fn impatient(reader: &mut dyn PageReader, patience: Duration) -> (Vec<String>, u32) {
    let (mut all, mut dropped) = (Vec::new(), 0);
    loop {
        match timeout(patience, reader.next_page()).await {
            Ok(page) => match page.unwrap() {
                Next::Page(page) => all.extend(texts(&page)),
                _ => return (all, dropped),
            },
            Err(_) => dropped += 1,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_while_it_waits_loses_nothing() {
    let slowly = |script: Script| script.dribble(ms(3)).send_text("1").send_text("\"twenty-two\"");
    for (scripts, what) in [
        (vec![slowly(Script::accept()).close(1000, "")], "in the upgrade and inside frames"),
        (
            vec![slowly(Script::accept().send_text("0")).close(1000, "")],
            "with a page half full and half a frame",
        ),
        (
            vec![
                Script::reject(503),
                Script::accept().close(1012, ""),
                Script::accept().send_text("1").mute().send_close(1000, ""),
                slowly(Script::accept()),
            ],
            "while it waits to connect again, or for an end",
        ),
    ] {
        for patience in [1, 2, 7] {
            let keys = json!({"reconnect": scripts.len() > 1, "idle_timeout": 60});
            let (patient_peer, patient) = in_memory(scripts.clone(), keys.clone());
            let expected = run_paused(&patient).await.texts();
            let (peer, source) = in_memory(scripts.clone(), keys);
            let mut reader = open(&source).await;
            let (got, dropped) = impatient(&mut *reader, ms(patience)).await;
            assert_eq!(got, expected, "{what}");
            assert!(dropped > 5, "the futures were not dropped: {dropped}");
            assert_eq!(peer.connections().len(), patient_peer.connections().len(), "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn closing_hands_over_what_was_received_and_closes_with_1000() {
    let five = || (0..5).fold(Script::accept().early(), |s, i: i32| s.send_text(i.to_string()));
    for (script, batch, first, last) in [
        (five(), 1000, 0, Some(vec!["0", "1", "2", "3", "4"])),
        (five(), 2, 1, Some(vec!["2", "3", "4"])),
        (five(), 5, 1, None),
        (five().send_raw(b"\x81\x7e\x01".to_vec()), 2, 2, Some(vec!["4"])),
    ] {
        let keys = json!({"batch_size": batch, "batch_timeout": 60});
        let (peer, source) = in_memory([script], keys);
        let mut reader = open(&source).await;
        for _ in 0..first {
            page_within(&mut *reader, secs(1)).await;
        }
        if first == 0 {
            no_page_for(&mut *reader, secs(1)).await;
        }
        let begin = Instant::now();
        let page = stop(&mut *reader).await;
        assert_eq!(
            page.as_ref().map(texts),
            last.map(|l| l.into_iter().map(String::from).collect())
        );
        assert!(begin.elapsed() < ms(10), "{:?}", begin.elapsed());
        let seen = peer.finish().await.swap_remove(0);
        assert_eq!((seen.close_code(), seen.end), (Some(1000), Some(End::ClientClosed)));
    }
}

#[tokio::test(start_paused = true)]
async fn closing_keeps_to_max_messages_and_counts_what_it_cannot_take() {
    let script = (0..9).fold(Script::accept().early(), |s, i: i32| s.send_text(i.to_string()));
    let (_, source) = in_memory([script], json!({"batch_size": 2, "max_messages": 5}));
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(1)).await;
    assert_eq!(texts(&stop(&mut *reader).await.unwrap()), ["2", "3", "4"]);

    let script = Script::accept().early().send_text("1").send_text("no JSON").send_text("2");
    let (_, source) = in_memory([script], json!({"batch_size": 1}));
    let scope = Scope::default();
    let mut reader = source.open(&scope).await.unwrap();
    page_within(&mut *reader, secs(1)).await;
    assert_eq!(texts(&stop(&mut *reader).await.unwrap()), ["2"]);
    assert_eq!(scope.counters().read().skipped["parse_error"], 1);
}

#[tokio::test(start_paused = true)]
async fn the_connection_stays_open_from_the_drain_to_the_close() {
    let script = Script::accept().early().send_text("1").send_text("2").send_text("3");
    let (peer, source) = in_memory([script], json!({"batch_size": 1}));
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(1)).await;
    assert_eq!(texts(&reader.drain().await.unwrap().unwrap()), ["2", "3"]);
    assert!(reader.position().is_none());
    hold_for(&mut *reader, secs(25)).await;
    let seen = peer.connections().swap_remove(0);
    assert!(seen.close().is_none() && seen.end.is_none());
    assert_eq!(seen.payloads(opcode::PONG).len(), 2, "it is kept alive");
    reader.close().await.unwrap();
    assert_eq!(peer.finish().await[0].close_code(), Some(1000));
}

#[tokio::test(start_paused = true)]
async fn closing_ends_within_a_second_though_the_peer_never_answers() {
    let large = "x".repeat(1 << 20);
    for (script, keys) in [
        (Script::accept().send_text("1").mute(), json!({})),
        (Script::accept().send_text("1").stall(), json!({})),
        // Not even the Close can be written.
        (Script::accept().send_text("1").stall(), json!({"subscribe_messages": [large]})),
        (Script::accept().send_text("1").mute().repeat(10_000_000, |i| i.to_string()), json!({})),
    ] {
        let (_, source) = in_memory([script], with(json!({"batch_size": 1}), keys));
        let mut reader = open(&source).await;
        page_within(&mut *reader, secs(1)).await;
        let begin = Instant::now();
        reader.close().await.unwrap();
        assert!(begin.elapsed() <= CLOSE_LIMIT, "{:?}", begin.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_by_itself_does_not_wait_longer_for_a_mute_peer() {
    let mute = || Script::accept().send_text("1").mute();
    for (script, keys) in [
        (mute(), json!({"max_messages": 1})),
        (mute(), json!({"idle_timeout": 0.1})),
        (mute().send_close(1000, ""), json!({})),
    ] {
        let (peer, source) = in_memory([script], keys);
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), ["1"]);
        assert!(told.took <= CLOSE_LIMIT + ms(100), "{:?}", told.took);
        assert_eq!(peer.connections()[0].close_code(), Some(1000));
    }
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_what_is_not_connected() {
    for (scripts, after) in [
        (vec![Script::silent()], secs(1)),
        (vec![Script::accept().dribble(secs(1))], secs(3)),
        (vec![Script::reject(503)], secs(1)),
        (vec![Script::accept().send_text("1").hang_up(), Script::reject(503)], secs(1)),
    ] {
        let keys = json!({"reconnect": true, "reconnect_backoff": 60, "batch_timeout": 3600});
        let (_, source) = in_memory(scripts.clone(), keys);
        let mut reader = open(&source).await;
        no_page_for(&mut *reader, after).await;
        let begin = Instant::now();
        let page = stop(&mut *reader).await;
        assert_eq!(page.map_or(0, |page| page.len()), scripts.len() - 1);
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
    let (peer, source) = in_memory([Script::accept()], json!({}));
    let mut reader = open(&source).await;
    assert!(stop(&mut *reader).await.is_none());
    assert!(peer.connections().is_empty(), "the first connect comes with the first page");
}

#[tokio::test]
async fn our_close_arrives_in_the_middle_of_a_flood() {
    let flood = Script::accept().repeat(100_000_000, |i| format!("{i:0>1000}"));
    let server = ScriptedServer::start([flood]).await;
    let source = source(&server.url(), json!({"message_format": "raw_string"}));
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(10)).await;
    let begin = Instant::now();
    reader.close().await.unwrap();
    assert!(begin.elapsed() < secs(5), "{:?}", begin.elapsed());
    let seen = server.until(|all| all[0].end.is_some()).await.swap_remove(0);
    assert_eq!((seen.close_code(), seen.end), (Some(1000), Some(End::ClientClosed)));
}

#[tokio::test]
async fn a_dropped_stream_drops_its_connection_and_nothing_else() {
    let gate = Gate::new();
    let script = Script::accept().send_text("1").wait(&gate).send_text("2");
    let server = ScriptedServer::start([script]).await;
    let source = source(&server.url(), json!({"batch_size": 1, "max_messages": 2}));
    let scope = Scope::default();
    let (mut dropped, mut kept) = (source.stream_pages(&scope), source.stream_pages(&scope));
    for pages in [&mut dropped, &mut kept] {
        assert_eq!(texts(&pages.next().await.unwrap().unwrap()), ["1"]);
    }
    drop(dropped);
    server.until(|all| all.iter().any(|seen| seen.end.is_some())).await;
    gate.open();
    assert_eq!(texts(&kept.next().await.unwrap().unwrap()), ["2"]);
    assert!(kept.next().await.is_none());
    let ends: Vec<_> = server.finish().await.into_iter().map(|seen| seen.close_code()).collect();
    assert!(ends.contains(&None) && ends.contains(&Some(1000)), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn records_come_before_the_error_and_the_stream_is_over_after_it() {
    let script = Script::accept().send_text("1").send_text("2").send_text("no JSON");
    let (_, source) = in_memory([script], json!({}));
    let scope = Scope::default();
    let pages: Vec<_> = source.stream_pages(&scope).collect().await;
    let [Ok(page), Err(error)] = &pages[..] else { panic!("{pages:?}") };
    assert_eq!(texts(page), ["1", "2"]);
    assert!(error.to_string().contains("message 3 is not JSON"), "{error}");
    assert!(source.fetch_all().await.is_err());
}
