//! The work that goes on while the consumer is busy.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use faucet_common_websocket::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_core::{ConnectionState, Result, Scope, Source};
use faucet_source_websocket::AuthProvider;
use faucet_testkit::{Frame, Gate, Script, ScriptedPeer, Seen, opcode};
use http::HeaderMap;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, duplex, split};
use tokio::time::sleep;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_held_connection_sends_pongs_that_nobody_asked_for_and_reads_nothing() {
    let (gate, asked) = (Gate::new(), |seen: &Seen| seen.payloads(opcode::PONG).len());
    let script = Script::accept().send_text("1").wait(&gate).ping("?").send_text("2");
    let (peer, mut reader) = holding(script, json!({})).await;
    gate.open();
    hold_for(&mut *reader, ms(35_500)).await;
    let pongs = peer.connections()[0].payloads(opcode::PONG);
    assert_eq!(pongs, [""; 3], "one every ten seconds, and the ping was not read");
    assert_eq!(texts(&page_within(&mut *reader, ms(1)).await), ["2"]);
    let seen = peer.until(|all| asked(&all[0]) == 4).await.swap_remove(0);
    assert_eq!(seen.payloads(opcode::PONG)[3], "?", "now it was");
}

#[tokio::test(start_paused = true)]
async fn a_held_connection_does_not_pong_more_often_because_it_is_polled_more_often() {
    let (peer, mut reader) = holding(Script::accept().send_text("1"), json!({})).await;
    for _ in 0..350 {
        hold_for(&mut *reader, ms(100)).await;
    }
    let pongs = peer.connections()[0].payloads(opcode::PONG).len();
    assert!((2..=3).contains(&pongs), "{pongs} pongs in 35 s");
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_ping_leaves_while_the_consumer_is_busy() {
    // The ping is read along with the record, and its pong is due with the next read or flush.
    let script = Script::accept().early().ping("?").send_text("1").send_text("2");
    let (peer, mut reader) = holding(script, json!({})).await;
    hold_for(&mut *reader, ms(1)).await;
    let seen = peer.until(|all| !all[0].payloads(opcode::PONG).is_empty()).await;
    assert_eq!(seen[0].payloads(opcode::PONG), ["?"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_left_by_plan_waits_for_a_busy_consumer() {
    let gate = Gate::new();
    let script = Script::accept().early().send_text("1").send_text(r#"{"move":1}"#);
    let script = script.wait(&gate).send_text("2").pause(secs(100));
    let keys = json!({"control": [{"match": {"/move": 1}, "action": "reconnect"}],
        "reconnect": true, "batch_size": 1});
    let (_peer, mut reader) = holding(script, keys).await;
    gate.open();
    // More than the close handshake may take.
    hold_for(&mut *reader, secs(5)).await;
    assert_eq!(texts(&page_within(&mut *reader, ms(1)).await), ["2"]);
}

/// Reaches a peer over a line on which everything takes a while on its way to us.
struct Slow(Arc<ScriptedPeer>, Duration);

#[async_trait]
impl Dial for Slow {
    async fn dial(&self, to: &Destination, _: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        let (near, ours) = duplex(1 << 20);
        let theirs = self.0.connect().map_err(|_| refused(to))?;
        let (mut from_near, mut to_near) = split(ours);
        let (mut from_far, mut to_far) = split(theirs);
        let time = self.1;
        tokio::spawn(async move { copy(&mut from_near, &mut to_far).await });
        tokio::spawn(async move {
            let mut piece = vec![0; 1 << 16];
            while let Ok(n @ 1..) = from_far.read(&mut piece).await {
                sleep(time).await;
                let _ = to_near.write_all(&piece[..n]).await;
            }
            to_near.shutdown().await
        });
        Ok(Box::new(near))
    }
}

#[tokio::test(start_paused = true)]
async fn a_pong_that_is_late_because_we_did_not_read_is_not_held_against_the_peer() {
    let script = Script::accept().early().send_text("1").expect_ping().send_text("2");
    let peer = Arc::new(ScriptedPeer::new([script]));
    let keys = json!({"ping_interval": 10, "pong_timeout": 5, "batch_size": 1,
        "connect_timeout": 3600});
    // Bytes of the peer are held up behind those that the source does not take.
    let source = source("ws://feed.test/", keys).with_dial(Arc::new(Slow(peer.clone(), secs(33))));
    let mut reader = open(&source).await;
    page_within(&mut *reader, secs(34)).await;
    no_page_for(&mut *reader, secs(11)).await;
    assert_eq!(peer.connections()[0].payloads(opcode::PING).len(), 1, "the ping has left");
    hold_for(&mut *reader, secs(30)).await;
    // Its pong was due 26 s ago, of which we did not read 30.
    assert_eq!(texts(&page_within(&mut *reader, secs(3)).await), ["2"]);
    assert_eq!(peer.connections().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn time_without_reading_does_not_make_a_feed_stale() {
    let keys = json!({"stale_timeout": 10, "reconnect": true});
    let script = Script::accept().send_text("1").pause(secs(65)).send_text("2");
    let (peer, mut reader) = holding(script, keys).await;
    hold_for(&mut *reader, secs(60)).await;
    assert_eq!(texts(&page_within(&mut *reader, secs(9)).await), ["2"]);
    // Nor without a hold.
    sleep(secs(60)).await;
    no_page_for(&mut *reader, secs(9)).await;
    assert_eq!(peer.connections().len(), 1);
}

/// Takes two seconds to find that there is nothing to add.
struct TakesItsTime;

#[async_trait]
impl AuthProvider for TakesItsTime {
    async fn headers(&self) -> Result<HeaderMap> {
        sleep(secs(2)).await;
        Ok(HeaderMap::new())
    }
}

#[tokio::test(start_paused = true)]
async fn a_dial_goes_on_while_the_consumer_is_busy() {
    let scripts = [Script::accept().send_text("1").hang_up(), Script::accept().send_text("2")];
    let keys = json!({"reconnect": true, "batch_size": 1, "connect_timeout": 5});
    let (peer, source) = in_memory(scripts, keys);
    let source = source.with_auth_provider(Arc::new(TakesItsTime));
    let scope = Scope::default();
    let mut reader = source.open(&scope).await.unwrap();
    page_within(&mut *reader, secs(3)).await;
    // The connection is lost at once, and the next dial begins a second later.
    no_page_for(&mut *reader, ms(1_500)).await;
    assert_eq!(
        (scope.counters().read().activity.connection, peer.connections().len()),
        (ConnectionState::Waiting, 1)
    );
    // Were it to stand still, its five seconds would be over when it is looked at again.
    hold_for(&mut *reader, secs(60)).await;
    assert_eq!(peer.connections().len(), 2);
    assert_eq!(texts(&page_within(&mut *reader, ms(1)).await), ["2"]);
    assert_eq!(peer.connections().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waited_in_the_buffer_does_not_set_the_clocks_back() {
    let both = raw(&[Frame::text("1"), Frame::text("2")]);
    for keys in [json!({"idle_timeout": 10}), json!({"stale_timeout": 10, "reconnect": true})] {
        let (peer, mut reader) = holding(Script::accept().send_raw(both.clone()), keys).await;
        hold_for(&mut *reader, Duration::from_secs(60)).await;
        assert_eq!(texts(&page_of(reader.next_page().await.unwrap())), ["2"]);
        let next = tokio::time::timeout(Duration::from_secs(9), reader.next_page()).await;
        assert!(next.is_err(), "{next:?}");
        assert_eq!(peer.connections().len(), 1);
    }
}
