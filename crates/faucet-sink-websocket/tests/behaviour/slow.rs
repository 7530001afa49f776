//! Peers that read, but slowly: they are neither dead nor mute.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use faucet_common_websocket::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_core::Payload;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_tungstenite::accept_async;

use crate::support::{Run, at_least_once, distinct, named, numbers, page, sink, with};

/// So much waits between the sink and the peer, as in the sockets of a real line.
const PIPE: usize = 1 << 20;

/// The line between the sink and the peer.
enum Line {
    Wide,
    /// Passes on so many bytes a second.
    Thin(usize),
    /// Takes so long in each direction.
    Far(Duration),
}

/// Takes its time for each record, and answers Pings where they stand between them.
struct SlowPeer {
    every: Duration,
    line: Line,
    /// The records of each connection.
    seen: Arc<Mutex<Vec<Vec<String>>>>,
}

impl SlowPeer {
    fn every(every: Duration) -> Self {
        Self { every, line: Line::Wide, seen: Arc::default() }
    }

    fn connections(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn texts(&self) -> Vec<String> {
        self.seen.lock().unwrap().concat()
    }
}

#[async_trait]
impl Dial for SlowPeer {
    async fn dial(&self, _: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        log.begin("tcp");
        let (ours, theirs) = match self.line {
            Line::Wide => duplex(PIPE),
            Line::Thin(rate) => thin(rate),
            Line::Far(delay) => far(delay),
        };
        let number = self.connections();
        self.seen.lock().unwrap().push(Vec::new());
        tokio::spawn(read(theirs, number, self.every, Arc::clone(&self.seen)));
        Ok(Box::new(ours))
    }
}

/// A line on which everything takes its time.
fn far(delay: Duration) -> (DuplexStream, DuplexStream) {
    let (ours, near) = duplex(PIPE);
    let (far, theirs) = duplex(PIPE);
    let ((near_reads, near_writes), (far_reads, far_writes)) = (split(near), split(far));
    for (mut from, mut to) in [(near_reads, far_writes), (far_reads, near_writes)] {
        let (sent, mut arriving) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut bytes = vec![0; PIPE];
            while let Ok(n @ 1..) = from.read(&mut bytes).await {
                let _ = sent.send((Instant::now() + delay, bytes[..n].to_vec()));
            }
        });
        tokio::spawn(async move {
            while let Some((at, bytes)) = arriving.recv().await {
                sleep_until(at).await;
                let _ = to.write_all(&bytes).await;
            }
        });
    }
    (ours, theirs)
}

/// A line that passes on `rate` bytes a second.
fn thin(rate: usize) -> (DuplexStream, DuplexStream) {
    let (ours, mut near) = duplex(rate);
    let (mut far, theirs) = duplex(rate);
    tokio::spawn(async move {
        let (mut up, mut down) = (vec![0; rate / 10], vec![0; 1000]);
        loop {
            tokio::select! {
                read = far.read(&mut down) => match read {
                    Ok(n @ 1..) if near.write_all(&down[..n]).await.is_ok() => {}
                    _ => return,
                },
                read = near.read(&mut up) => match read {
                    Ok(n @ 1..) if far.write_all(&up[..n]).await.is_ok() => {
                        sleep(Duration::from_millis(100)).await;
                    }
                    _ => return,
                },
            }
        }
    });
    (ours, theirs)
}

async fn read(
    stream: DuplexStream,
    number: usize,
    every: Duration,
    seen: Arc<Mutex<Vec<Vec<String>>>>,
) {
    let mut socket = accept_async(stream).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        if message.is_text() {
            seen.lock().unwrap()[number].push(message.into_text().unwrap().as_str().to_owned());
            sleep(every).await;
        }
    }
}

/// Sends 3,000 records to a peer that takes ten a second.
async fn backlog(keys: Value) -> (Arc<SlowPeer>, Run) {
    let peer = Arc::new(SlowPeer::every(Duration::from_millis(100)));
    let sink = sink("ws://slow.test/", keys).with_dial(Arc::clone(&peer) as Arc<dyn Dial>);
    let mut run = Run::open(&sink).await;
    for first in (1..=3000).step_by(1000) {
        run.write_page(numbers(first, first + 999)).await.unwrap();
    }
    run.flush_all().await.unwrap();
    (peer, run)
}

#[tokio::test(start_paused = true)]
async fn at_least_once_what_is_on_its_way_is_fitted_to_the_peer() {
    for (keys, most) in [(json!({}), 2), (json!({"ping_interval": 5}), 3)] {
        let (peer, run) = backlog(with(at_least_once(json!({})), keys)).await;
        assert_eq!(distinct(&peer.texts()), named(1, 3000));
        assert_eq!((run.counts().delivered, run.counts().unconfirmed), (3000, 0));
        // Not every half a minute anew.
        assert!(peer.connections() <= most, "{}", peer.connections());
        assert!(run.own("resent") < 4000, "{}", run.own("resent"));
    }
}

#[tokio::test(start_paused = true)]
async fn at_least_once_a_peer_that_needs_longer_than_the_first_pings_allow_is_not_mute() {
    let keys = at_least_once(json!({"ack_timeout": 2}));
    let (peer, run) = backlog(keys).await;
    assert_eq!(distinct(&peer.texts()), named(1, 3000));
    assert_eq!(run.counts().delivered, 3000);
    assert!(peer.connections() <= 3, "{}", peer.connections());
}

#[tokio::test(start_paused = true)]
async fn no_pong_is_due_for_a_ping_behind_what_the_socket_still_takes() {
    // The line takes 10 kB a second and holds 20; each Ping gets through, some late.
    for size in (150_000..=240_000).step_by(10_000) {
        for (parts, delivery) in [(1, "at_most_once"), (1, "at_least_once"), (4, "at_least_once")] {
            let peer =
                Arc::new(SlowPeer { line: Line::Thin(10_000), ..SlowPeer::every(Duration::ZERO) });
            let keys = json!({"ping_interval": 3, "ack_timeout": 3, "delivery": delivery,
                "max_unconfirmed_records": 16});
            let sink = sink("ws://slow.test/", keys).with_dial(Arc::clone(&peer) as Arc<dyn Dial>);
            let mut run = Run::open(&sink).await;
            let record = Payload::Text("x".repeat(size / parts).into());
            run.write_page(page(vec![record; parts])).await.unwrap();
            run.flush_all().await.unwrap();
            run.end().await.unwrap();
            assert_eq!(peer.connections(), 1, "{size} bytes in {parts}, {delivery}");
            assert_eq!(run.counts().delivered + run.counts().unconfirmed, parts as u64);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn at_most_once_a_distant_peer_reads_everything_before_the_close() {
    let line = Line::Far(Duration::from_millis(350));
    let peer = Arc::new(SlowPeer { line, ..SlowPeer::every(Duration::ZERO) });
    let sink = sink("ws://far.test/", json!({})).with_dial(Arc::clone(&peer) as Arc<dyn Dial>);
    let mut run = Run::open(&sink).await;
    for first in [1, 4] {
        run.write_page(numbers(first, first + 2)).await.unwrap();
    }
    run.flush_all().await.unwrap();
    run.end().await.unwrap();
    assert_eq!((run.counts().delivered, run.own("lost_after_flush")), (6, 0));
    assert_eq!(peer.texts(), named(1, 6));
}
