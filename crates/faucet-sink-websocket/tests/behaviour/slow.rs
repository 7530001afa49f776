//! Peers that read, but slowly: they are neither dead nor mute.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use faucet_common_websocket::dial::{Dial, StepLog};
use faucet_common_websocket::lifecycle::Failure;
use faucet_common_websocket::url::WsUrl;
use faucet_common_websocket::wire::Io;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::sleep;
use tokio_tungstenite::accept_async;

use crate::support::{Run, at_least_once, distinct, named, numbers, sink, with};

/// So much waits between the sink and the peer, as in the sockets of a real line.
const PIPE: usize = 1 << 20;

/// Takes its time for each record, and answers Pings where they stand between them.
struct SlowPeer {
    every: Duration,
    /// Bytes a second that the line to it passes on.
    line: Option<usize>,
    /// The records of each connection.
    seen: Arc<Mutex<Vec<Vec<String>>>>,
}

impl SlowPeer {
    fn every(every: Duration) -> Self {
        Self { every, line: None, seen: Arc::default() }
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
    async fn dial(&self, _: &WsUrl, log: &mut StepLog) -> Result<Box<dyn Io>, Failure> {
        log.begin("tcp");
        let (ours, theirs) = match self.line {
            None => duplex(PIPE),
            Some(rate) => thin(rate),
        };
        let number = self.connections();
        self.seen.lock().unwrap().push(Vec::new());
        tokio::spawn(read(theirs, number, self.every, Arc::clone(&self.seen)));
        Ok(Box::new(ours))
    }
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
        run.writer.write_page(numbers(first, first + 999)).await.unwrap();
    }
    run.writer.flush().await.unwrap();
    (peer, run)
}

#[tokio::test(start_paused = true)]
async fn at_least_once_what_is_on_its_way_is_fitted_to_the_peer() {
    for (keys, most) in [(json!({}), 2), (json!({"ping_interval": 5}), 3)] {
        let (peer, run) = backlog(with(at_least_once(json!({})), keys)).await;
        assert_eq!(distinct(&peer.texts()), named(1, 3000));
        let meter = run.meter();
        assert_eq!((meter.delivered, meter.unconfirmed), (3000, 0));
        // Not every half a minute anew.
        assert!(peer.connections() <= most, "{}", peer.connections());
        assert!(meter.resent < 4000, "{}", meter.resent);
    }
}

#[tokio::test(start_paused = true)]
async fn at_least_once_a_peer_that_needs_longer_than_the_first_pings_allow_is_not_mute() {
    let keys = at_least_once(json!({"ack_timeout": 2}));
    let (peer, run) = backlog(keys).await;
    assert_eq!(distinct(&peer.texts()), named(1, 3000));
    assert_eq!(run.meter().delivered, 3000);
    assert!(peer.connections() <= 3, "{}", peer.connections());
}

#[tokio::test(start_paused = true)]
async fn a_keepalive_ping_behind_what_the_socket_still_takes_is_not_held_against_the_peer() {
    for delivery in ["at_most_once", "at_least_once"] {
        let peer = Arc::new(SlowPeer { line: Some(10_000), ..SlowPeer::every(Duration::ZERO) });
        let keys = json!({"ping_interval": 3, "ack_timeout": 3, "delivery": delivery});
        let sink = sink("ws://slow.test/", keys).with_dial(Arc::clone(&peer) as Arc<dyn Dial>);
        let mut run = Run::open(&sink).await;
        // Twenty seconds on that line.
        let large = [faucet_core::Payload::Text("x".repeat(200_000).into())];
        run.writer.write_page(crate::support::page(large)).await.unwrap();
        run.writer.flush().await.unwrap();
        run.close().await.unwrap();
        assert_eq!(peer.connections(), 1, "{delivery}");
        assert_eq!(run.meter().delivered + run.meter().unconfirmed, 1);
    }
}
