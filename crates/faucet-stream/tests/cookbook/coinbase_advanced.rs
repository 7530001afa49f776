//! Coinbase Advanced: a signed token for each message, and a reconnect on a hole.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use faucet_stream::End;
use faucet_testkit::{Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::Recipe;

fn up() -> Script {
    let user = json!({
        "/channel": "user", "/product_ids/0": "BTC-USD", "/product_ids/1": "ETH-USD",
    });
    Script::accept()
        .next_json(json!({"/type": "subscribe", "/channel": "heartbeats"}))
        .reply_json(json!({"channel": "subscriptions", "sequence_num": 0}))
        .next_json(user)
        .reply_json(json!({"channel": "subscriptions", "sequence_num": 1}))
}

fn orders(number: u32) -> String {
    json!({"channel": "user", "sequence_num": number}).to_string()
}

#[tokio::test]
async fn each_message_has_a_token_and_a_hole_connects_again() {
    let beat = json!({"channel": "heartbeats", "sequence_num": 3}).to_string();
    let server = ScriptedServer::start([
        // Heartbeats count. The number 5 is missing; the message behind the hole is a record.
        up().send_text(orders(2))
            .send_text(beat)
            .send_text(orders(4))
            .send_text(orders(6))
            .expect_close(),
        up().send_text(orders(2)).expect_close(),
    ])
    .await;
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../faucet-session/src/values/testdata");
    let key = std::fs::read_to_string(keys.join("es256_pkcs8.pem")).unwrap();
    let recipe = Recipe::new("coinbase-advanced", 4)
        .with("wss://advanced-trade-ws.coinbase.com", &server.url());
    let ran = recipe
        .run(&[("COINBASE_KEY_NAME", "organizations/o/apiKeys/k"), ("COINBASE_PRIVATE_KEY", &key)])
        .await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, [orders(2), orders(4), orders(6), orders(2)]);
    let messages = [server.json_messages(0), server.json_messages(1)].concat();
    let tokens: BTreeSet<&str> = messages.iter().filter_map(|m| m["jwt"].as_str()).collect();
    assert_eq!(tokens.len(), 4, "{messages:?}");
    for token in tokens {
        let part = |index: usize| -> Value {
            let part = token.split('.').nth(index).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (header, claims) = (part(0), part(1));
        assert_eq!(header["alg"], "ES256");
        assert_eq!(header["kid"], "organizations/o/apiKeys/k");
        assert!(header["nonce"].as_str().is_some_and(|nonce| nonce.len() == 32), "{header}");
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("cdp"), &header["kid"]));
        let seconds = claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap();
        assert!((120..=180).contains(&seconds), "{claims}");
    }
}
