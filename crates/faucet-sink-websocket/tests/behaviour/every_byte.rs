//! The connection is reset after the k-th byte, for every k.

use std::io;
use std::net::SocketAddr;

use faucet_testkit::{Script, ScriptedServer};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::{Run, all_texts, at_least_once, distinct, named, numbers, sink, soon};

const RECORDS: u64 = 200;

/// Passes bytes on to a peer; the first connection is reset when the client has sent `k` bytes
/// (`None`: never).
async fn proxy(peer: SocketAddr, k: Option<usize>) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        pass(client, peer, k).await.unwrap();
        if let Ok((client, _)) = listener.accept().await {
            let _ = pass(client, peer, None).await;
        }
    });
    (url, task)
}

async fn pass(mut client: TcpStream, peer: SocketAddr, k: Option<usize>) -> io::Result<()> {
    let mut server = TcpStream::connect(peer).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut passed, mut up, mut down) = (0, vec![0; 4096], vec![0; 4096]);
    loop {
        let room = k.map_or(up.len(), |k| (k - passed).min(up.len()));
        if room == 0 {
            // Dropped with a linger of zero, both sides see a reset.
            client.set_zero_linger()?;
            return Ok(());
        }
        tokio::select! {
            read = client.read(&mut up[..room]) => match read? {
                0 => return Ok(()),
                n => { server.write_all(&up[..n]).await?; passed += n; }
            },
            read = server.read(&mut down) => match read? {
                0 => return Ok(()),
                n => client.write_all(&down[..n]).await?,
            },
        }
    }
}

struct Outcome {
    texts: Vec<String>,
    resent: u64,
    delivered: u64,
    unconfirmed: u64,
}

/// A session of 200 records in pages of 20.
async fn session(keys: &Value, k: Option<usize>) -> Option<Outcome> {
    let server = ScriptedServer::start([Script::accept(), Script::accept()]).await;
    let (url, proxy) = proxy(server.address(), k).await;
    let context = faucet_core::RunContext::default();
    let opened = soon(faucet_core::Sink::open(&sink(&url, keys.clone()), &context)).await;
    let Ok(writer) = opened else { return None };
    let mut run = Run { writer, context };
    for first in (1..=RECORDS).step_by(20) {
        run.write(numbers(first, first + 19)).await.unwrap();
    }
    run.flush().await.unwrap();
    let confirmed = run.meter().delivered;
    run.close().await.unwrap();
    proxy.abort();
    let seen = soon(server.finish()).await;
    let meter = run.meter();
    assert!(confirmed <= meter.delivered);
    Some(Outcome {
        texts: all_texts(&seen),
        resent: meter.resent,
        delivered: meter.delivered,
        unconfirmed: meter.unconfirmed,
    })
}

/// A session for each of `ks`, several at a time. A reset before the upgrade was answered fails the
/// start, which is not retried: those are left out.
async fn sessions(keys: &Value, ks: Vec<usize>) -> Vec<(usize, Outcome)> {
    let each = |k| async move { session(keys, Some(k)).await.map(|outcome| (k, outcome)) };
    let outcomes = stream::iter(ks).map(each).buffer_unordered(16);
    outcomes.filter_map(std::future::ready).collect().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_least_once_all_records_arrive_in_order_and_duplicates_are_counted() {
    let keys = at_least_once(json!({}));
    let all = session_bytes(&keys).await;
    assert!(all > 3000, "{all}");
    let mut resets_that_resent = 0;
    for (k, outcome) in sessions(&keys, (1..=all).collect()).await {
        assert_eq!(distinct(&outcome.texts), named(1, RECORDS), "k = {k}");
        let duplicates = outcome.texts.len() as u64 - RECORDS;
        assert!(duplicates <= outcome.resent, "k = {k}: {duplicates} > {}", outcome.resent);
        assert_eq!((outcome.delivered, outcome.unconfirmed), (RECORDS, 0), "k = {k}");
        resets_that_resent += u32::from(outcome.resent > 0);
    }
    assert!(resets_that_resent > 100, "{resets_that_resent}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_most_once_every_record_is_delivered_or_counted_as_unconfirmed() {
    let keys = json!({"reconnect_backoff": 0.001, "reconnect_max_backoff": 0.001,
        "max_reconnect_attempts": null});
    let all = session_bytes(&keys).await;
    let mut losses = 0;
    for (k, outcome) in sessions(&keys, (1..=all).step_by(7).collect()).await {
        let arrived = outcome.texts.len() as u64;
        assert_eq!(distinct(&outcome.texts).len() as u64, arrived, "k = {k}: sent twice");
        assert_eq!(outcome.delivered + outcome.unconfirmed, RECORDS, "k = {k}");
        assert!(outcome.delivered <= arrived, "k = {k}: claimed more than arrived");
        assert_eq!(outcome.resent, 0);
        losses += RECORDS - arrived;
    }
    assert!(losses > 0);
}

/// How many bytes the client of an undisturbed session sends, about: the number of Pings varies.
async fn session_bytes(keys: &Value) -> usize {
    let server = ScriptedServer::start([Script::accept()]).await;
    let (url, proxy) = proxy(server.address(), None).await;
    let mut run = Run::open(&sink(&url, keys.clone())).await;
    for first in (1..=RECORDS).step_by(20) {
        run.write(numbers(first, first + 19)).await.unwrap();
    }
    run.close().await.unwrap();
    let seen = soon(server.finish()).await;
    proxy.abort();
    assert_eq!(all_texts(&seen), named(1, RECORDS));
    let frames: usize = seen[0].frames.iter().map(|f| f.payload.len() + 6).sum();
    frames + 200
}
