//! The promise of a flush, and the sums when a connection dies.

use std::time::Duration;

use faucet_core::Flushed;
use faucet_testkit::{Gate, Script};
use serde_json::json;

use crate::support::{Run, at_least_once, gone, in_memory, named, numbers};

#[tokio::test(start_paused = true)]
async fn a_flush_with_nothing_taken_is_everything() {
    for delivery in ["at_most_once", "at_least_once"] {
        let (_, _, sink) = in_memory([Script::accept()], json!({"delivery": delivery}));
        let mut run = Run::open(&sink).await;
        for _ in 0..2 {
            assert_eq!(run.writer().flush().await.unwrap(), Flushed::ALL);
        }
        run.write_page(numbers(1, 3)).await.unwrap();
        for _ in 0..2 {
            assert_eq!(run.writer().flush().await.unwrap(), Flushed::ALL);
        }
        run.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn at_least_once_a_flush_waits_for_the_last_pong() {
    let gate = Gate::new();
    let script = Script::accept().no_pongs().expect_data(3).wait(&gate).pongs();
    let keys = json!({"delivery": "at_least_once", "ping_interval": 1, "pong_timeout": 60});
    let (_, _, sink) = in_memory([script], keys);
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 3)).await.unwrap();
    let early = tokio::time::timeout(Duration::from_secs(9), run.writer().flush()).await;
    assert!(early.is_err(), "nothing is confirmed yet");
    gate.open();
    assert_eq!(run.flush_all().await.unwrap(), 0);
    assert_eq!(run.counts().delivered, 3);
}

#[tokio::test(start_paused = true)]
async fn half_a_page_is_counted_exactly_when_the_connection_dies_for_good() {
    // The peer reads and confirms, and is gone behind the k-th record.
    for k in 1..=12 {
        let script = Script::accept().expect_data(k).then_refuse().hang_up();
        let keys = json!({"max_unconfirmed_records": 4, "max_reconnect_attempts": 1});
        let (peer, _, sink) =
            in_memory([script], crate::support::with(at_least_once(json!({})), keys));
        let mut run = Run::open(&sink).await;
        let error = run.write_page(numbers(1, 20)).await.unwrap_err();
        let written = error.written().unwrap();
        assert!(written < 20, "{error}");
        let unconfirmed = run.flush_all().await.unwrap();
        let counts = run.counts();
        assert_eq!(counts.delivered + unconfirmed, written);
        assert_eq!((counts.unconfirmed, counts.not_written), (unconfirmed, 20 - written));
        assert!(counts.delivered <= peer.connections()[0].texts().len() as u64);
        run.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn at_least_once_a_flush_fails_when_the_connection_dies_for_good_before_it() {
    let script = Script::accept().no_pongs().expect_data(3).then_refuse().hang_up();
    let keys = json!({"delivery": "at_least_once", "max_reconnect_attempts": 1});
    let (peer, _, sink) = in_memory([script], keys);
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 3)).await.unwrap();
    gone(&peer).await;
    let error = run.flush_all().await.unwrap_err().to_string();
    assert!(error.contains("3 sent without confirmation"), "{error}");
    assert_eq!((run.counts().delivered, run.counts().unconfirmed), (0, 3));
    run.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn at_most_once_losses_are_in_the_next_flush_and_late_ones_are_counted_apart() {
    let mute = || Script::accept().no_pongs();
    let scripts = [mute().expect_data(5).hang_up(), Script::accept()];
    let (peer, _, sink) = in_memory(scripts, json!({}));
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 2)).await.unwrap();
    assert_eq!(run.flush_all().await.unwrap(), 0, "the socket has them");
    run.write_page(numbers(3, 5)).await.unwrap();
    gone(&peer).await;
    assert_eq!(run.flush_all().await.unwrap(), 3);
    run.write_page(numbers(6, 7)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!((run.counts().delivered, run.counts().unconfirmed), (4, 3));
    assert_eq!(run.own("lost_after_flush"), 2);
    assert_eq!(peer.finish().await[1].texts(), named(6, 7));
}

#[tokio::test(start_paused = true)]
async fn a_close_delivers_nothing_more_and_does_not_wait_for_a_connection() {
    let script = Script::accept().no_pongs().expect_data(2).hang_up();
    let keys = json!({"delivery": "at_least_once", "max_reconnect_attempts": null});
    let (peer, memory, sink) = in_memory([script, Script::silent()], keys);
    let mut run = Run::open(&sink).await;
    run.write_page(numbers(1, 2)).await.unwrap();
    gone(&peer).await;
    let begun = tokio::time::Instant::now();
    run.close().await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1100), "{:?}", begun.elapsed());
    assert_eq!(memory.asked().len(), 1);
}
