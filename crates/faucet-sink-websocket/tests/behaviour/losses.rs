//! Peers that do not read, do not answer, or are gone.

use std::time::Duration;

use faucet_core::{ErrorKind, Payload, StreamPage};
use faucet_testkit::{Gate, Script, ScriptedServer};
use serde_json::json;

use crate::support::{Run, all_texts, at_least_once, in_memory, named, numbers, page, sink, soon};

/// 100 records of 64 KiB: more than sockets on loopback hold.
fn heavy() -> StreamPage {
    page((1..=100).map(|n| Payload::Text(format!("{n} {}", "x".repeat(64 << 10)).into())))
}

/// Their numbers, in the order in which they came.
fn weights(texts: &[String]) -> Vec<u64> {
    texts.iter().map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_peer_that_stops_reading_and_then_resets_loses_nothing_at_least_once() {
    let gate = Gate::new();
    let scripts = [Script::accept().ignore_until(&gate).reset(), Script::accept()];
    let server = ScriptedServer::start(scripts).await;
    let mut run = Run::open(&sink(&server.url(), at_least_once(json!({})))).await;
    let (written, ()) = tokio::join!(soon(run.write_page(heavy())), async {
        gate.reached().await;
        gate.open();
    });
    written.unwrap();
    run.flush().await.unwrap();
    assert_eq!(run.counts().delivered, 100);
    run.end().await.unwrap();
    let seen = soon(server.finish()).await;
    assert_eq!(weights(&seen[1].texts()), (1..=100).collect::<Vec<u64>>());
    assert_eq!((run.counts().unconfirmed, run.own("reconnects")), (0, 1));
    assert!(run.own("resent") > 0);
}

#[tokio::test]
async fn at_most_once_the_same_peers_losses_are_counted() {
    let gate = Gate::new();
    let scripts = [Script::accept().ignore_until(&gate).reset(), Script::accept()];
    let server = ScriptedServer::start(scripts).await;
    let keys = json!({"reconnect_backoff": 0.001});
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    // Small enough for the sockets: the write succeeds, and proves nothing.
    run.write(numbers(1, 500)).await.unwrap();
    gate.open();
    soon(server.until(|seen| seen[0].end.is_some())).await;
    run.write(numbers(501, 600)).await.unwrap();
    run.end().await.unwrap();
    let arrived = all_texts(&soon(server.finish()).await);
    let counts = run.counts();
    assert_eq!(counts.delivered, arrived.len() as u64);
    assert_eq!(counts.delivered + counts.unconfirmed, 600);
    assert!(counts.unconfirmed >= 500 && run.own("resent") == 0, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_takes_nothing_for_write_timeout_is_left() {
    let gate = Gate::new();
    let scripts = || [Script::accept().ignore_until(&gate), Script::accept()];
    for (keys, seconds) in [(json!({}), 30), (json!({"write_timeout": 7}), 7)] {
        let (peer, _, sink) = in_memory(scripts(), keys);
        let mut run = Run::open(&sink).await;
        let begun = tokio::time::Instant::now();
        run.write_page(heavy()).await.unwrap();
        // The close handshake takes at most a second, and so does the wait.
        let took = begun.elapsed().as_secs();
        assert!((seconds..seconds + 3).contains(&took), "{took}");
        run.end().await.unwrap();
        let arrived = weights(&all_texts(&peer.connections()));
        assert_eq!(arrived.last(), Some(&100));
        assert_eq!(run.counts().delivered + run.counts().unconfirmed, 100);
        assert!(arrived.is_sorted() && run.counts().unconfirmed > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_pong_in_ack_timeout_the_connection_is_dropped_and_its_records_sent_again() {
    for (keys, seconds) in [(json!({}), 30), (json!({"ack_timeout": 5}), 5)] {
        let once = Script::accept().expect_data(1).expect_ping().no_pongs();
        let (peer, memory, sink) = in_memory([once, Script::accept()], at_least_once(keys));
        let mut run = Run::open(&sink).await;
        run.write_page(numbers(1, 1)).await.unwrap();
        run.flush_all().await.unwrap();
        run.write_page(numbers(2, 3)).await.unwrap();
        run.flush_all().await.unwrap();
        run.end().await.unwrap();
        let seen = peer.finish().await;
        assert_eq!(seen[0].close_code(), Some(3008));
        assert_eq!(seen[1].texts(), named(2, 3));
        assert_eq!((run.own("resent"), run.counts().delivered), (2, 3));
        let asked = memory.asked();
        let took = (asked[1] - asked[0]).as_secs();
        assert!((seconds..seconds + 2).contains(&took), "{took}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_pong_is_due_for_a_ping_that_the_socket_has_not_taken() {
    let gate = Gate::new();
    // A Ping behind every record.
    let keys = at_least_once(json!({"ack_timeout": 5, "max_unconfirmed_records": 16}));
    let (peer, memory, sink) = in_memory([Script::accept().ignore_until(&gate)], keys);
    let mut run = Run::open(&sink).await;
    let (written, ()) = tokio::join!(run.write_page(heavy()), async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        gate.open();
    });
    written.unwrap();
    run.flush_all().await.unwrap();
    run.end().await.unwrap();
    assert_eq!(memory.asked().len(), 1);
    assert_eq!((run.counts().delivered, run.own("resent")), (100, 0));
    assert_eq!(weights(&all_texts(&peer.connections())).len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_pongs_on_two_connections_is_fatal_with_advice() {
    let mute = || Script::accept().no_pongs();
    let (_, memory, sink) = in_memory([mute(), mute(), mute()], at_least_once(json!({})));
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 4)).await.unwrap();
    let error = run.flush_all().await.unwrap_err();
    assert_eq!(memory.asked().len(), 2);
    assert_eq!(error.kind(), ErrorKind::Sink);
    let text = error.to_string();
    assert!(text.contains("the peer answers no Pings"), "{text}");
    assert!(text.ends_with("0 records confirmed, 4 sent without confirmation, 0 not sent"));
    assert!(error.hint().unwrap().contains("delivery: at_most_once"));
    assert_eq!((run.counts().unconfirmed, run.own("resent")), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_mute_peer_is_known_though_it_leaves_before_ack_timeout() {
    let mute = || Script::accept().no_pongs().pause(Duration::from_secs(15)).close(1001, "rotate");
    let (_, memory, sink) = in_memory((0..9).map(|_| mute()), at_least_once(json!({})));
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 4)).await.unwrap();
    let error = run.flush_all().await.unwrap_err().to_string();
    assert!(error.contains("the peer answers no Pings"), "{error}");
    assert_eq!(memory.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_not_mute() {
    let gate = Gate::new();
    let stuck = || Script::accept().ignore_until(&gate);
    let keys = at_least_once(json!({"write_timeout": 7}));
    let (peer, memory, sink) = in_memory([stuck(), stuck(), Script::accept()], keys);
    let mut run = Run::open(&sink).await;
    run.write_page(heavy()).await.unwrap();
    run.flush_all().await.unwrap();
    assert_eq!((memory.asked().len(), run.counts().delivered), (3, 100));
    assert_eq!(weights(&peer.connections()[2].texts()).len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_pongs_now_and_then_is_not_mute() {
    let mute = || Script::accept().no_pongs();
    let answers = Script::accept().expect_data(2).expect_ping().hang_up();
    let keys = at_least_once(json!({}));
    let (_, memory, sink) = in_memory([mute(), answers, mute(), Script::accept()], keys);
    let mut run = Run::open(&sink).await;
    for first in [1, 3] {
        run.write_page(numbers(first, first + 1)).await.unwrap();
        run.flush_all().await.unwrap();
    }
    assert_eq!((memory.asked().len(), run.counts().delivered), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn after_a_clean_close_without_reconnect_only_what_must_arrive_is_missed() {
    for (delivery, well) in [("at_most_once", true), ("at_least_once", false)] {
        let script = Script::accept().no_pongs().expect_data(3).close(1000, "bye");
        let keys = json!({"reconnect": false, "delivery": delivery});
        let (_, _, sink) = in_memory([script], keys);
        let mut run = Run::open(&sink).await;
        run.write_page(numbers(1, 3)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(run.flush_all().await.is_ok(), well, "{delivery}");
        assert!(
            run.close().await.is_ok(),
            "{delivery}: the flush has reported it, or there is nothing to report"
        );
        assert_eq!((run.counts().delivered, run.counts().unconfirmed), (0, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_loss_without_reconnect_is_reported_however_soon_the_end_is_asked_for() {
    for wait in [100, 5000] {
        let read = Script::accept().no_pongs().no_close_echo().expect_data(3);
        let slow = Duration::from_millis(50);
        let script = read.pause(slow).send_close(1011, "broken").pause(slow * 10);
        let (_, _, sink) = in_memory([script], json!({"reconnect": false}));
        let mut run = Run::open(&sink).await;
        run.write_page(numbers(1, 3)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        assert_eq!(run.flush().await.unwrap(), 3);
        let error = run.close().await.unwrap_err().to_string();
        assert!(error.contains("3 sent without confirmation"), "{wait}: {error}");
        assert_eq!(run.counts().unconfirmed, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn one_connection_without_a_pong_proves_no_more_than_that() {
    let keys = json!({"delivery": "at_least_once", "reconnect": false, "ack_timeout": 5});
    let (peer, memory, sink) = in_memory([Script::accept().no_pongs()], keys);
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 1)).await.unwrap();
    let error = run.flush_all().await.unwrap_err().to_string();
    assert!(error.contains("no Pong for 5s (ack_timeout)"), "{error}");
    assert_eq!(memory.asked().len(), 1);
    assert_eq!(peer.finish().await[0].close_code(), Some(3008));
}

#[tokio::test(start_paused = true)]
async fn at_most_once_records_are_delivered_when_the_socket_has_them() {
    let (peer, _, sink) = in_memory([Script::accept().no_pongs()], json!({}));
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 4)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    run.flush_all().await.unwrap();
    run.end().await.unwrap();
    assert_eq!(peer.finish().await[0].texts(), named(1, 4));
    assert_eq!((run.counts().unconfirmed, run.counts().delivered), (0, 4));
    assert_eq!(run.own("lost_after_flush"), 0, "the answer to our Close proves it");
}

#[tokio::test]
async fn what_is_unconfirmed_is_bounded_and_at_least_eight_pings_are_on_their_way() {
    for (keys, most) in [
        (json!({}), 16_000),
        (json!({"max_unconfirmed_records": 64}), 64),
        // Records of 11 bytes, from "record 1000" on.
        (json!({"max_unconfirmed_bytes": 1100}), 100),
    ] {
        let server = ScriptedServer::start([Script::accept().no_pongs()]).await;
        let mut run = Run::open(&sink(&server.url(), at_least_once(keys))).await;
        let mut writing = run.writer().write_page(numbers(1000, 29_999));
        tokio::select! {
            _ = &mut writing => panic!("it does not wait for Pongs"),
            _ = soon(server.until(|seen| {
                seen.first().is_some_and(|c| c.texts().len() == most)
            })) => {}
        }
        drop(writing);
        drop(run);
        let seen = soon(server.finish()).await;
        assert_eq!(seen[0].texts().len(), most);
        let pings = seen[0].payloads(faucet_testkit::opcode::PING).len();
        assert!(pings >= 8, "{pings}");
    }
}

#[tokio::test]
async fn a_record_larger_than_the_window_travels_alone() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let keys = at_least_once(json!({"max_unconfirmed_bytes": 10}));
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    run.write(numbers(999, 1005)).await.unwrap();
    run.flush().await.unwrap();
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[0].texts(), named(999, 1005));
}

#[tokio::test(start_paused = true)]
async fn one_pong_for_many_pings_confirms_all_before_it_even_if_it_answers_the_keepalive() {
    let script = Script::accept().no_pongs().expect_data(300).pongs();
    let keys = at_least_once(json!({"ping_interval": 2, "max_unconfirmed_records": 400}));
    let (peer, _, sink) = in_memory([script], keys);
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 300)).await.unwrap();
    run.flush_all().await.unwrap();
    assert_eq!((run.counts().delivered, run.own("resent")), (300, 0));
    run.end().await.unwrap();
    let seen = peer.finish().await;
    assert_eq!(seen[0].texts(), named(1, 300));
    let pings = seen[0].payloads(faucet_testkit::opcode::PING);
    let latest = u64::from_be_bytes(pings.last().unwrap()[16..24].try_into().unwrap());
    assert_eq!(latest, 300, "the keepalive says what was sent before it");
}
