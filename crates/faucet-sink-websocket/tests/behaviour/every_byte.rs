//! The connection is reset after the k-th byte that either end sends, for every k.

use std::io;
use std::net::SocketAddr;

use faucet_testkit::{Script, ScriptedServer, opcode};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::{Run, all_texts, at_least_once, distinct, named, numbers, sink, soon};

const RECORDS: u64 = 100;

/// Where the first connection is reset: when one end has sent so many bytes.
#[derive(Debug, Clone, Copy)]
enum Cut {
    Never,
    /// Bytes of the sink.
    Up(usize),
    /// Bytes of the peer: the answer to the upgrade, and Pongs.
    Down(usize),
}

impl Cut {
    /// How many more bytes of the sink and of the peer are passed on.
    fn room(self, up: usize, down: usize) -> (usize, usize) {
        match self {
            Self::Never => (usize::MAX, usize::MAX),
            Self::Up(k) => (k - up, usize::MAX),
            Self::Down(k) => (usize::MAX, k - down),
        }
    }
}

/// Passes bytes on to a peer and cuts the first connection.
async fn proxy(peer: SocketAddr, cut: Cut) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        pass(client, peer, cut).await.unwrap();
        if let Ok((client, _)) = listener.accept().await {
            let _ = pass(client, peer, Cut::Never).await;
        }
    });
    (url, task)
}

async fn pass(mut client: TcpStream, peer: SocketAddr, cut: Cut) -> io::Result<()> {
    let mut server = TcpStream::connect(peer).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut up, mut down) = (vec![0; 4096], vec![0; 4096]);
    let mut passed = (0, 0);
    loop {
        let room = cut.room(passed.0, passed.1);
        let (most_up, most_down) = (room.0.min(up.len()), room.1.min(down.len()));
        if most_up == 0 || most_down == 0 {
            // Dropped with a linger of zero, both sides see a reset.
            client.set_zero_linger()?;
            return Ok(());
        }
        tokio::select! {
            read = client.read(&mut up[..most_up]) => match read? {
                0 => return Ok(()),
                n => { server.write_all(&up[..n]).await?; passed.0 += n; }
            },
            read = server.read(&mut down[..most_down]) => match read? {
                0 => return Ok(()),
                n => { client.write_all(&down[..n]).await?; passed.1 += n; }
            },
        }
    }
}

struct Outcome {
    texts: Vec<String>,
    resent: u64,
    delivered: u64,
    unconfirmed: u64,
    /// Records that a flush had called delivered.
    lost_after_flush: u64,
}

/// A run of all records in pages of 20.
async fn run_of(keys: &Value, cut: Cut) -> Option<Outcome> {
    let server = ScriptedServer::start([Script::accept(), Script::accept()]).await;
    let (url, proxy) = proxy(server.address(), cut).await;
    let scope = faucet_core::Scope::default();
    let opened = soon(faucet_core::Sink::open(&sink(&url, keys.clone()), &scope)).await;
    let Ok(writer) = opened else { return None };
    let mut run = Run::new(writer, scope);
    for first in (1..=RECORDS).step_by(20) {
        run.write(numbers(first, first + 19)).await.unwrap();
        if first % 3 == 0 {
            run.flush().await.unwrap();
        }
    }
    run.flush().await.unwrap();
    run.end().await.unwrap();
    proxy.abort();
    let seen = soon(server.finish()).await;
    Some(Outcome {
        texts: all_texts(&seen),
        resent: run.own("resent"),
        delivered: run.counts().delivered,
        unconfirmed: run.counts().unconfirmed,
        lost_after_flush: run.own("lost_after_flush"),
    })
}

/// A run for each of `cuts`, several at a time. A reset before the upgrade was answered fails
/// the start, which is not retried: those are left out.
async fn runs(keys: &Value, cuts: impl Iterator<Item = Cut>) -> Vec<(Cut, Outcome)> {
    let each = |cut| async move { run_of(keys, cut).await.map(|outcome| (cut, outcome)) };
    let outcomes = stream::iter(cuts).map(each).buffer_unordered(16);
    outcomes.filter_map(std::future::ready).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_least_once_all_records_arrive_in_order_and_duplicates_are_counted() {
    let keys = at_least_once(json!({}));
    let (up, down) = run_bytes(&keys).await;
    assert!(up > 1500 && down > 200, "{up}, {down}");
    let cuts = (1..=up).map(Cut::Up).chain((1..=down).map(Cut::Down));
    let mut resets_that_resent = 0;
    for (cut, outcome) in runs(&keys, cuts).await {
        assert_eq!(distinct(&outcome.texts), named(1, RECORDS), "{cut:?}");
        let duplicates = outcome.texts.len() as u64 - RECORDS;
        assert!(duplicates <= outcome.resent, "{cut:?}: {duplicates} > {}", outcome.resent);
        assert_eq!((outcome.delivered, outcome.unconfirmed), (RECORDS, 0), "{cut:?}");
        resets_that_resent += u32::from(outcome.resent > 0);
    }
    assert!(resets_that_resent > 50, "{resets_that_resent}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_most_once_every_record_is_delivered_or_counted_as_unconfirmed() {
    let keys = json!({"reconnect_backoff": 0.001, "reconnect_max_backoff": 0.001,
        "max_reconnect_attempts": null});
    let (up, down) = run_bytes(&keys).await;
    let cuts = (1..=up).step_by(7).map(Cut::Up).chain((1..=down).map(Cut::Down));
    let mut losses = 0;
    for (cut, outcome) in runs(&keys, cuts).await {
        let arrived = outcome.texts.len() as u64;
        assert_eq!(distinct(&outcome.texts).len() as u64, arrived, "{cut:?}: sent twice");
        assert_eq!(outcome.delivered + outcome.unconfirmed, RECORDS, "{cut:?}");
        let claimed = outcome.delivered - outcome.lost_after_flush;
        assert!(claimed <= arrived, "{cut:?}: claimed {claimed} of {arrived}");
        assert_eq!(outcome.resent, 0);
        losses += RECORDS - arrived;
    }
    assert!(losses > 0);
}

/// How many bytes the sink and the peer of an undisturbed run send, about: the number of Pings
/// varies.
async fn run_bytes(keys: &Value) -> (usize, usize) {
    let server = ScriptedServer::start([Script::accept()]).await;
    let (url, proxy) = proxy(server.address(), Cut::Never).await;
    let mut run = Run::open(&sink(&url, keys.clone())).await;
    for first in (1..=RECORDS).step_by(20) {
        run.write(numbers(first, first + 19)).await.unwrap();
    }
    run.end().await.unwrap();
    let seen = soon(server.finish()).await;
    proxy.abort();
    assert_eq!(all_texts(&seen), named(1, RECORDS));
    let up: usize = seen[0].frames.iter().map(|f| f.payload.len() + 6).sum();
    let down: usize = seen[0].payloads(opcode::PING).iter().map(|p| p.len() + 2).sum();
    (up + 200, down + 200)
}
