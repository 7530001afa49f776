//! The memory that a run holds, whatever the feed does: faults 42 and 61 of the catalogue.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use faucet_common_websocket::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_core::PageReader;
use faucet_testkit::{Frame, Gate, Script, ScriptedPeer, ScriptedServer, opcode};
use futures_util::FutureExt;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, copy_bidirectional, duplex};
use tokio::time::{sleep, timeout};

use crate::support::*;

/// A feed of numbers with 100 bytes each, and how many of them were made.
fn burst(n: u64) -> (Script, Arc<AtomicU64>) {
    let made = Arc::new(AtomicU64::new(0));
    let counting = made.clone();
    let script = Script::accept().repeat(n, move |i| {
        counting.fetch_add(1, Ordering::Relaxed);
        format!("\"{i:0>98}\"")
    });
    (script, made)
}

/// Reads to the end and checks that nothing is missing; pages hold 1,000 records.
async fn read_rest(reader: &mut dyn PageReader, from: u64, to: u64) {
    let mut next = from;
    while next < to {
        let page = page_within(reader, secs(20)).await;
        assert!(page.len() <= 1000, "a page of {}", page.len());
        for text in texts(&page) {
            assert_eq!(text.trim_matches('"').trim_start_matches('0').parse().unwrap_or(0), next);
            next += 1;
        }
    }
    assert!(is_end(&reader.next_page().await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_holds_a_page_stops_the_feed() {
    let (script, made) = burst(200_000);
    let (_, source) = in_memory([script.close(1000, "")], json!({}));
    let mut reader = open(&source).await;
    for _ in 0..3 {
        assert_eq!(page_within(&mut *reader, secs(1)).await.len(), 1000);
    }
    assert!(timeout(secs(60), reader.hold()).await.is_err());
    // The stream in memory and the server hold 64 KiB each, the read buffers at most 272 KiB.
    let ahead = made.load(Ordering::Relaxed) - 3000;
    assert!(ahead <= (64 + 64 + 272) * 1024 / 100, "{ahead} messages ahead");
    read_rest(&mut *reader, 3000, 200_000).await;
}

#[tokio::test]
async fn a_consumer_that_holds_a_page_stops_the_feed_over_tcp() {
    let gate = Gate::new();
    // More than the buffers of two sockets can take.
    let (script, made) = burst(500_000);
    let server = ScriptedServer::start([script.wait(&gate).close(1000, "")]).await;
    let source = source(&server.url(), json!({}));
    let mut reader = open(&source).await;
    assert_eq!(page_within(&mut *reader, secs(20)).await.len(), 1000);
    tokio::select! {
        () = gate.reached() => panic!("all {} messages were taken", made.load(Ordering::Relaxed)),
        held = timeout(ms(200), reader.hold()) => assert!(held.is_err()),
    }
    gate.open();
    read_rest(&mut *reader, 1000, 500_000).await;
}

#[tokio::test(start_paused = true)]
async fn a_page_is_not_held_back_by_a_flood_of_what_is_skipped() {
    let gate = Gate::new();
    let script = Script::accept().send_text("1").wait(&gate).repeat(1 << 16, |_| "no JSON".into());
    let peer = Arc::new(ScriptedPeer::new([script]));
    // More reads than a task may do at a stretch.
    let keys = json!({"on_parse_error": "skip", "read_buffer_bytes": 256,
        "batch_timeout": 1});
    let source = source("ws://feed.test/", keys).with_dial(Arc::new(Wide(peer)));
    let mut reader = open(&source).await;
    no_page_for(&mut *reader, ms(100)).await;
    gate.open();
    sleep(secs(2)).await;
    let page = page_of(reader.next_page().now_or_never().expect("the page is due").unwrap());
    assert_eq!(texts(&page), ["1"]);
}

/// Reaches a peer over a stream that holds a megabyte.
struct Wide(Arc<ScriptedPeer>);

#[async_trait]
impl Dial for Wide {
    async fn dial(&self, to: &Destination, _: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        let (near, mut ours) = duplex(1 << 20);
        let mut theirs = self.0.connect().map_err(|_| refused(to))?;
        tokio::spawn(async move { copy_bidirectional(&mut ours, &mut theirs).await });
        Ok(Box::new(near))
    }
}

/// A stream that takes the request and then nothing more until it is opened.
struct Clogged {
    stream: DuplexStream,
    line: Arc<ClogState>,
}

#[derive(Default)]
struct ClogState {
    request_sent: AtomicBool,
    open: AtomicBool,
    written: AtomicU64,
    waker: Mutex<Option<Waker>>,
}

impl ClogState {
    fn open(&self) {
        self.open.store(true, Ordering::Relaxed);
        if let Some(waker) = self.waker.lock().unwrap().take() {
            waker.wake();
        }
    }
}

impl AsyncRead for Clogged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Clogged {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let line = Arc::clone(&self.line);
        if line.request_sent.load(Ordering::Relaxed) && !line.open.load(Ordering::Relaxed) {
            *line.waker.lock().unwrap() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        line.request_sent.store(true, Ordering::Relaxed);
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(n)) = wrote {
            line.written.fetch_add(n as u64, Ordering::Relaxed);
        }
        wrote
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

struct ClogDial(Arc<ScriptedPeer>, Arc<ClogState>);

#[async_trait]
impl Dial for ClogDial {
    async fn dial(&self, to: &Destination, _: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        let stream = self.0.connect().map_err(|_| refused(to))?;
        Ok(Box::new(Clogged { stream, line: self.1.clone() }))
    }
}

#[tokio::test(start_paused = true)]
async fn answers_to_a_flood_of_pings_do_not_pile_up_when_the_peer_does_not_take_them() {
    const FLOOD: usize = 100_000;
    let script = Script::accept()
        .send_raw(Frame::new(opcode::PING, vec![7; 125]).to_bytes().repeat(FLOOD))
        .ping("last")
        .send_text("1")
        .expect_pong("last")
        .expect_text("hello")
        .send_text("2");
    let peer = Arc::new(ScriptedPeer::new([script]));
    let line = Arc::new(ClogState::default());
    let hello = "hello";
    let keys = json!({"batch_size": 1, "ping_interval": 10, "pong_timeout": 3600,
        "subscribe_messages": [hello]});
    let source =
        source("ws://feed.test/", keys).with_dial(Arc::new(ClogDial(peer.clone(), line.clone())));
    let mut reader = open(&source).await;
    assert_eq!(texts(&page_within(&mut *reader, secs(1)).await), ["1"]);
    // Pings of our own, which find no place either, must not be lost or pushed out of line.
    no_page_for(&mut *reader, secs(15)).await;
    let before = line.written.load(Ordering::Relaxed);
    line.open();
    assert_eq!(texts(&page_within(&mut *reader, secs(1)).await), ["2"]);
    let held = line.written.load(Ordering::Relaxed) - before;
    assert!(held < 1 << 20, "{held} bytes were waiting to be written");
    let seen = peer.finish().await.swap_remove(0);
    assert_eq!(seen.payloads(opcode::PING).len(), 1, "our own ping is among them");
}

#[tokio::test(start_paused = true)]
async fn a_small_read_buffer_takes_fewer_messages_ahead() {
    for (keys, all) in [(json!({}), true), (json!({"read_buffer_bytes": 100}), false)] {
        // Not with the answer to the upgrade, whose buffer has a size of its own.
        let subscribed = Script::accept().expect_text("all");
        let script = (10..60).fold(subscribed, |script, i: i32| script.send_text(i.to_string()));
        let subscribing = json!({"batch_size": 1, "subscribe_messages": ["all"]});
        let (_, source) = in_memory([script], with(subscribing, keys));
        let mut reader = open(&source).await;
        page_within(&mut *reader, secs(1)).await;
        let ahead = stop(&mut *reader).await.map_or(0, |page| page.len());
        assert_eq!(ahead == 49, all, "{ahead}");
        assert!(all || ahead < 30, "{ahead}");
    }
}
