//! The cost of a conversation on the way of each message.
//!
//! `cargo bench -p faucet-session --bench look`
//!
//! Two control rules look at one place each, and `unwrap` takes the record out of its envelope. Messages
//! have 135 bytes. Every record is checked as JSON with and without a conversation, so the difference of both
//! is the conversation. Rounds alternate, and medians are shown: the machine may be shared.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a program that measures"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use faucet_connect::Secrets;
use faucet_core::json::BatchChecker;
use faucet_core::{MessageKind, Problems, Scope, Span};
use faucet_session::keys::{Around, ReadingKeys, SessionKeys};
use faucet_session::script::{At, Conversation, Entropy};
use serde_json::json;

const ROUNDS: usize = 41;
/// Messages of a batch.
const MESSAGES: usize = 480;
/// Batches of a round.
const BATCHES: usize = 200;

fn main() {
    let (bytes, spans) = batch();
    let mut talk = conversation();
    let mut checker = BatchChecker::default();
    let mut found = Vec::new();
    let mut rounds = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        rounds[0].push(nanoseconds(|| {
            assert!(black_box(&mut checker).check(black_box(&bytes), black_box(&spans)));
        }));
        rounds[1].push(nanoseconds(|| {
            found.clone_from(&spans);
            let at = At { now: Instant::now(), wall: SystemTime::UNIX_EPOCH };
            let batch = talk.look(black_box(&bytes), &mut found, at);
            assert!(found.len() == MESSAGES && batch.control == 0 && batch.is_json);
        }));
    }
    let [plain, talk] = rounds.map(|mut round| {
        round.sort_by(f64::total_cmp);
        round[ROUNDS / 2]
    });
    println!("a check of JSON alone  {plain:6.1} ns a message");
    println!("with a conversation    {talk:6.1} ns a message, {:.2} of the check", talk / plain);
    println!("the conversation       {:6.1} ns a message", talk - plain);
}

/// The time for one message.
fn nanoseconds(mut batch: impl FnMut()) -> f64 {
    let begin = Instant::now();
    for _ in 0..BATCHES {
        batch();
    }
    begin.elapsed().as_nanos() as f64 / (BATCHES * MESSAGES) as f64
}

fn batch() -> (Vec<u8>, Vec<Span>) {
    let (mut bytes, mut spans) = (Vec::new(), Vec::new());
    for n in 0..MESSAGES {
        let message = format!(
            r#"{{"topic":"trades.BTC-USD","type":"data","ts":17325504{n:05},"data":{{"id":1{n:08},"price":"95234.{n:05}","size":"0.0{n:04}","side":"buy"}}}}"#,
        );
        assert_eq!(message.len(), 135);
        let (at, len) = (bytes.len() as u32, message.len() as u32);
        bytes.extend_from_slice(message.as_bytes());
        bytes.push(b'\n');
        spans.push(Span { at, len, kind: MessageKind::Text });
    }
    (bytes, spans)
}

/// A conversation whose session is complete.
fn conversation() -> Conversation {
    let rules = json!([{"match": {"/type": "pong"}}, {"match": {"/op": "subscribe"}}]);
    let reading = ReadingKeys {
        unwrap: Some(serde_json::from_value(json!("/data")).unwrap()),
        ..ReadingKeys::default()
    };
    let keys = SessionKeys {
        control: serde_json::from_value(rules).unwrap(),
        reading,
        ..SessionKeys::default()
    };
    let around = Around {
        url: Some("wss://h/"),
        headers: &BTreeMap::new(),
        reconnect: true,
        greeting_key: "subscribe_messages",
        is_source: true,
        max_message_bytes: 1 << 20,
        checks_json: true,
    };
    let mut problems = Problems::new();
    let plan = keys.check(&around, &mut problems);
    problems.into_result().unwrap();
    let mut talk = Conversation::new(Arc::new(plan), &Scope::default(), Entropy::default());
    let dialing = talk.dialing();
    let at = At { now: Instant::now(), wall: SystemTime::UNIX_EPOCH };
    talk.connected(dialing, &Secrets::default(), at);
    assert!(talk.is_complete());
    talk
}
