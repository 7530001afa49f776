//! Callers that drop what they wait for, or call once too often.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use faucet_core::{Result, StreamPage};
use faucet_sink_websocket::AuthProvider;
use faucet_testkit::{Gate, Script};
use futures_util::FutureExt;
use serde_json::json;

use crate::support::{Run, at_least_once, gone, in_memory, named, numbers};

/// Drops a write that cannot be done at once.
async fn drop_write(run: &mut Run, page: StreamPage) {
    let write = run.writer().write_page(page);
    let dropped = tokio::time::timeout(Duration::from_millis(1), write).await;
    assert!(dropped.is_err(), "it does not wait");
}

#[tokio::test(start_paused = true)]
async fn writes_that_are_dropped_go_on() {
    let gate = Gate::new();
    let scripts = [Script::accept().hang_up(), Script::accept().wait(&gate)];
    let (peer, _, sink) = in_memory(scripts, json!({"delivery": "at_least_once"}));
    let mut run = Run::open(&sink).await;
    gone(&peer).await;
    for first in [1, 4, 7] {
        drop_write(&mut run, numbers(first, first + 2)).await;
    }
    gate.open();
    run.flush_all().await.unwrap();
    run.end().await.unwrap();
    assert_eq!(peer.finish().await[1].texts(), named(1, 9));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_no_caller_received_is_reported_next() {
    let script = Script::accept().hang_up().then_refuse();
    let (peer, _, sink) = in_memory([script], json!({"delivery": "at_least_once"}));
    let mut run = Run::open(&sink).await;
    gone(&peer).await;
    drop_write(&mut run, numbers(1, 3)).await;
    let error = run.flush_all().await.unwrap_err().to_string();
    assert!(error.ends_with("0 sent without confirmation, 3 not sent"), "{error}");
    run.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_no_caller_received_is_reported_next() {
    let gate = Gate::new();
    let refuses = || Script::accept().read_to("record 1");
    let scripts =
        [refuses().wait(&gate).close(1003, "no"), refuses().close(1003, "no"), Script::accept()];
    let keys = at_least_once(json!({"max_unconfirmed_records": 1}));
    let (_, _, sink) = in_memory(scripts, keys);
    let mut run = Run::open(&sink).await;
    drop_write(&mut run, numbers(1, 2)).await;
    gate.open();
    // With paused time: until nobody has anything left to do.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let error = run.flush_all().await.unwrap_err().to_string();
    assert!(error.starts_with("the peer refused record 1 of 8 bytes: "), "{error}");
    run.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_close_may_be_asked_for_again() {
    let (peer, _, sink) = in_memory([Script::accept()], json!({}));
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 2)).await.unwrap();
    assert!(run.writer().close().now_or_never().is_none(), "there was nothing to drop");
    run.close().await.unwrap();
    run.close().await.unwrap();
    let error = run.flush_all().await.unwrap_err();
    assert_eq!(error.to_string(), "the WebSocket sink is closed already");
    assert_eq!(peer.finish().await[0].close_code(), Some(1000));
}

/// Panics when it is asked again.
#[derive(Default)]
struct PanicsLater(AtomicBool);

#[async_trait]
impl AuthProvider for PanicsLater {
    async fn headers(&self) -> Result<http::HeaderMap> {
        assert!(!self.0.swap(true, SeqCst), "no second token");
        Ok(http::HeaderMap::new())
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_provider_of_credentials_fails_the_write() {
    let scripts = [Script::accept().hang_up(), Script::accept()];
    let (peer, _, sink) = in_memory(scripts, json!({}));
    let sink = sink.with_auth_provider(Arc::new(PanicsLater::default()));
    let mut run = Run::open(&sink).await;
    gone(&peer).await;
    let error = run.write_page(numbers(1, 3)).await.unwrap_err().to_string();
    assert!(error.contains("a plugin panicked: no second token"), "{error}");
    assert!(error.contains("0 sent without confirmation, 3 not sent"), "{error}");
}
