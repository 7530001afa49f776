//! Coinbase Exchange: a signature in the subscription, a key in base64, numbers without holes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Frame, Script, ScriptedServer};
use ring::hmac;
use serde_json::{Value, json};

use crate::recipe::{Ran, Recipe, cut, read, text};

/// The key as bytes.
const KEY: [u8; 6] = [0, 1, 2, 250, 251, 252];

/// The answer to a subscription, whose signature must be that of its time.
fn subscribed(message: &[u8]) -> Frame {
    let message: Value = serde_json::from_slice(message).unwrap();
    let signed = format!("{}GET/users/self/verify", message["timestamp"].as_str().unwrap());
    let key = hmac::Key::new(hmac::HMAC_SHA256, &KEY);
    let expected = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    let good = message["signature"] == expected && message["passphrase"] == "pass-1";
    text(&match good {
        true => json!({"type": "subscriptions", "channels": message["channels"]}),
        false => json!({"type": "error", "message": "Authentication Failed", "reason": "bad sign"}),
    })
}

fn trade(kind: &str, n: u32) -> String {
    json!({"type": kind, "trade_id": n, "product_id": "BTC-USD"}).to_string()
}

fn up(last: u32) -> Script {
    let asks = json!({"/type": "subscribe", "/product_ids/1": "ETH-USD", "/key": "key-1"});
    let beat = json!({"type": "heartbeat", "last_trade_id": last}).to_string();
    Script::accept()
        .next_json(asks)
        .reply_with(subscribed)
        .send_text(trade("last_match", last))
        .send_text(beat)
}

async fn run(server: &ScriptedServer, passphrase: &'static str, records: usize) -> Ran {
    let recipe = Recipe::new("coinbase-exchange", records)
        .with("wss://ws-direct.exchange.coinbase.com", &server.url());
    let secret = STANDARD.encode(KEY);
    let variables = [
        ("COINBASE_KEY", "key-1"),
        ("COINBASE_PASSPHRASE", passphrase),
        ("COINBASE_SECRET", secret.as_str()),
    ];
    recipe.run(&variables).await
}

#[tokio::test]
async fn trades_are_recorded_and_the_missing_ones_are_counted() {
    let matches = |script: Script, all: &[u32]| {
        all.iter().fold(script, |script, n| script.send_text(trade("match", *n)))
    };
    let server = ScriptedServer::start([
        cut(matches(up(6), &[7, 8])),
        // The trades 9 and 10 went by while nobody was connected.
        matches(read(up(10)), &[11]).expect_close(),
    ])
    .await;
    let ran = run(&server, "pass-1", 3).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, [7, 8, 11].map(|n| trade("match", n)));
    let missing: u64 = ran.report.gaps.iter().filter_map(|gap| gap.missing).sum();
    assert_eq!((ran.report.reconnects, missing), (1, 2), "{:?}", ran.report.gaps);
}

#[tokio::test]
async fn a_wrong_passphrase_is_an_error_of_the_credentials() {
    let refused = Script::accept().next_json(json!({"/type": "subscribe"})).reply_with(subscribed);
    let server = ScriptedServer::start([refused.expect_close()]).await;
    let error = run(&server, "another", 1).await.report.error.unwrap();
    let words = "session[1] was refused";
    assert!(error.kind() == ErrorKind::Auth && error.to_string().contains(words), "{error}");
}
