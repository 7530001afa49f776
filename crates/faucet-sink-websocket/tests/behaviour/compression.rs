//! permessage-deflate, off and on.

use faucet_core::Payload;
use faucet_testkit::{Deflater, Frame, Script, Seen};
use serde_json::{Value, json};

use crate::support::{
    Run, all_texts, at_least_once, distinct, in_memory, named, numbers, page, with,
};

fn deflate(keys: Value) -> Value {
    with(json!({"compression": "deflate"}), keys)
}

fn choosing(parameters: &str) -> Script {
    Script::accept().extensions(&format!("permessage-deflate{parameters}"))
}

/// The sizes of the data messages, and whether each was compressed.
fn sizes(seen: &Seen) -> Vec<(usize, bool)> {
    let data = seen.frames.iter().filter(|frame| frame.opcode < 8);
    data.map(|frame| (frame.payload.len(), frame.compressed)).collect()
}

#[tokio::test(start_paused = true)]
async fn records_are_compressed_where_the_server_chose_it() {
    let text = |len: usize| Payload::Text("word ".repeat(len).into());
    let binary = Payload::Binary(b"\x00\xff".repeat(100).into());
    for (script, keys, compressed) in [
        (Script::accept(), json!({}), [false; 4]),
        (Script::accept(), deflate(json!({})), [false; 4]),
        (choosing(""), deflate(json!({})), [true; 4]),
        (choosing("; client_max_window_bits=8"), deflate(json!({})), [true; 4]),
        // Alone, a short message gets no smaller.
        (choosing("; client_no_context_takeover"), deflate(json!({})), [true, false, true, true]),
    ] {
        let connect = "c".repeat(200);
        let keys = with(keys, json!({"connect_messages": [connect]}));
        let (peer, _, sink) = in_memory([script], keys);
        let mut run = Run::open(&sink).await;
        run.write(page([text(1), text(100), binary.clone()])).await.unwrap();
        run.end().await.unwrap();
        let seen = peer.finish().await.swap_remove(0);
        let expected: Vec<_> = [200, 5, 500, 200].into_iter().zip(compressed).collect();
        assert_eq!(sizes(&seen), expected);
        assert_eq!(seen.texts(), [connect, "word ".into(), "word ".repeat(100)]);
        assert_eq!(run.counts().delivered, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_record_is_sent_as_it_is() {
    let (peer, _, sink) = in_memory([choosing("")], deflate(json!({})));
    let mut run = Run::open(&sink).await;
    run.write(page(["a", "", "a"].map(|text| Payload::Text(text.into())))).await.unwrap();
    run.end().await.unwrap();
    let seen = peer.finish().await.swap_remove(0);
    assert_eq!(sizes(&seen), [(1, true), (0, false), (1, true)]);
}

#[tokio::test(start_paused = true)]
async fn every_connection_begins_without_a_context_and_nothing_is_lost() {
    let scripts = (1..=5).map(|n| choosing("").expect_data(20 * n).reset());
    let (peer, _, sink) =
        in_memory(scripts.chain([choosing("")]), at_least_once(deflate(json!({}))));
    let mut run = Run::open(&sink).await;
    for n in 0..40 {
        run.write(numbers(10 * n + 1, 10 * n + 10)).await.unwrap();
    }
    run.end().await.unwrap();
    let seen = peer.finish().await;
    assert_eq!(distinct(&all_texts(&seen)), named(1, 400));
    assert!(seen.iter().flat_map(sizes).all(|(_, compressed)| compressed));
    assert_eq!(seen.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn what_the_peer_sends_is_inflated_counted_and_held_against_the_limit() {
    let mut deflater = Deflater::new();
    let mut packed = |text: &str| Frame::text(deflater.compress(text)).compressed();
    let script = choosing("")
        .send_frame(packed("one"))
        .send_frame(packed("two"))
        .expect_data(1)
        .send_frame(packed(&"x".repeat(1001)))
        .expect_close_code(1009);
    let keys = json!({"max_message_bytes": 1000, "reconnect": false});
    let (peer, _, sink) = in_memory([script], deflate(keys));
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 1)).await.unwrap();
    crate::support::gone(&peer).await;
    let error = run.write(numbers(2, 2)).await.unwrap_err();
    assert!(error.to_string().contains("inflates to more than 1000 bytes"), "{error}");
    assert_eq!(run.skipped("unexpected_inbound"), 2);
    peer.finish().await;
}
