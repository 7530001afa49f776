//! Connects after a loss: when, how often, and what is said when it was in vain.

use std::time::Duration;

use faucet_core::{ConnectionState, ErrorKind};
use faucet_testkit::Script;
use serde_json::{Value, json};

use crate::support::{Memory, Run, gone, in_memory, numbers};

/// The waits before each connect but the first.
fn waits(memory: &Memory) -> Vec<u128> {
    let asked = memory.asked();
    asked.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect()
}

/// Writes one record, which arrives, and then another, once the peer is gone for good.
async fn outage(keys: Value) -> (Vec<u128>, faucet_core::Error, Run) {
    let script = Script::accept().expect_data(1).ping("p").expect_pong("p").hang_up().then_refuse();
    let (peer, memory, sink) = in_memory([script], keys);
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 1)).await.unwrap();
    gone(&peer).await;
    let error = run.write_page(numbers(2, 6)).await.unwrap_err();
    (waits(&memory), error, run)
}

#[tokio::test(start_paused = true)]
async fn three_connects_by_default_and_then_the_write_fails_and_says_what_became_of_the_records() {
    let (waits, error, mut run) = outage(json!({})).await;
    assert_eq!(waits, [1000, 2000, 4000]);
    assert_eq!(error.kind(), ErrorKind::Sink);
    let text = error.to_string();
    assert!(text.contains("(attempt 3/3)"), "{text}");
    assert!(
        text.ends_with("1 records confirmed, 0 sent without confirmation, 5 not sent"),
        "{text}"
    );
    let again = run.write_page(numbers(7, 7)).await.unwrap_err();
    assert!(again.to_string().ends_with("1 not sent"), "{again}");
    assert_eq!((error.written(), again.written()), (Some(0), Some(0)));
    run.end().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waits_double_up_to_thirty_seconds_and_there_are_exactly_n_connects() {
    let (waits, ..) = outage(json!({"max_reconnect_attempts": 8})).await;
    assert_eq!(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    let keys = json!({"max_reconnect_attempts": 4, "reconnect_backoff": "100ms",
        "reconnect_max_backoff": "250ms"});
    let (waits, ..) = outage(keys).await;
    assert_eq!(waits, [100, 200, 250, 250]);
    let (waits, ..) = outage(json!({"max_reconnect_attempts": 0})).await;
    assert_eq!(waits, [0_u128; 0]);
    let jitter = json!({"max_reconnect_attempts": 2, "reconnect_jitter": 1.0});
    let (waits, ..) = outage(jitter).await;
    assert!((1000..=2000).contains(&waits[0]) && (2000..=4000).contains(&waits[1]), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn without_reconnect_a_write_on_a_lost_connection_fails_at_once() {
    for delivery in ["at_most_once", "at_least_once"] {
        let keys = json!({"reconnect": false, "delivery": delivery});
        let begun = tokio::time::Instant::now();
        let (waits, error, mut run) = outage(keys).await;
        assert!(waits.is_empty());
        let text = error.to_string();
        assert!(text.contains("not connected and reconnect is disabled"), "{text}");
        assert!(text.contains("connection lost without a Close frame"), "{text}");
        assert!(begun.elapsed() < Duration::from_secs(1));
        run.end().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_it_goes_on_until_the_peer_is_back() {
    let (peer, memory, sink) = in_memory(
        [
            Script::accept().hang_up(),
            Script::reject(503),
            Script::reject(503),
            Script::reject(503),
            Script::reject(503),
            Script::accept(),
        ],
        json!({"max_reconnect_attempts": null}),
    );
    let mut run = Run::open(&sink).await;
    gone(&peer).await;
    assert_eq!(run.connection(), ConnectionState::None, "there is nothing to send");
    let writing = run.write_page(numbers(1, 3));
    assert!(tokio::time::timeout(Duration::from_secs(1), writing).await.is_err());
    assert_eq!(run.connection(), ConnectionState::Waiting);
    run.flush_all().await.unwrap();
    assert_eq!(run.connection(), ConnectionState::Up);
    assert_eq!(run.causes(), [("transient", 1)], "refused attempts ended no connection");
    run.end().await.unwrap();
    assert_eq!(waits(&memory), [1000, 2000, 4000, 8000, 16_000]);
    assert_eq!(peer.finish().await[5].texts().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_mere_connect_is_no_progress_but_a_confirmed_record_is() {
    // Accepts and drops, for ever: the default of three connects is for all of them together.
    let flap = || Script::accept().hang_up();
    let keys = json!({"delivery": "at_least_once"});
    let (_, memory, sink) = in_memory((0..9).map(|_| flap()), keys.clone());
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 3)).await.ok();
    let error = run.flush_all().await.unwrap_err();
    assert_eq!(memory.asked().len(), 1 + 3, "{error}");
    let working = || Script::accept().expect_data(1).ping("p").expect_pong("p").hang_up();
    let (_, memory, sink) = in_memory((0..9).map(|_| working()), keys);
    let mut run = Run::open(&sink).await;
    for n in 1..=8 {
        run.write_page(numbers(n, n)).await.unwrap();
        run.flush_all().await.unwrap();
    }
    assert_eq!(run.counts().delivered, 8);
    assert!(waits(&memory).iter().all(|wait| *wait <= 1010), "{:?}", waits(&memory));
}
