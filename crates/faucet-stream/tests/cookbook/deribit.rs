//! Deribit: JSON-RPC, a question that must be answered, a chain of numbers.

use faucet_stream::End;
use faucet_testkit::{Frame, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::{Recipe, hex, read, signature, text};

/// The answer to a login whose signature must be that of its time and nonce.
fn login(message: &[u8]) -> Frame {
    let message: Value = serde_json::from_slice(message).unwrap();
    let params = &message["params"];
    let signed = format!("{}\n{}\n", params["timestamp"], params["nonce"].as_str().unwrap());
    let good = params["signature"] == json!(hex(&signature("secret-1", &signed)));
    let id = &message["id"];
    text(&match good && params["client_id"] == "id-1" {
        true => json!({"jsonrpc": "2.0", "id": id, "result": {"access_token": "t"}}),
        false => json!({"jsonrpc": "2.0", "id": id, "error": {"message": "invalid_credentials"}}),
    })
}

fn up() -> Script {
    let channels = json!({
        "/method": "private/subscribe", "/id": 3, "/params/channels/0": "book.BTC-PERPETUAL.raw",
        "/params/channels/1": "trades.BTC-PERPETUAL.raw",
    });
    Script::accept()
        .next_json(json!({"/method": "public/set_heartbeat", "/id": 1, "/params/interval": 30}))
        .reply_json(json!({"jsonrpc": "2.0", "id": "{/id}", "result": "ok"}))
        .next_json(json!({"/method": "public/auth", "/id": 2}))
        .reply_with(login)
        .next_json(channels)
        .reply_json(json!({"jsonrpc": "2.0", "id": "{/id}", "result": "{/params/channels}"}))
}

fn message(channel: &str, data: Value) -> String {
    let params = json!({"channel": channel, "data": data});
    json!({"jsonrpc": "2.0", "method": "subscription", "params": params}).to_string()
}

fn change(number: u32, previous: Option<u32>) -> String {
    let kind = if previous.is_some() { "change" } else { "snapshot" };
    let mut data = json!({"type": kind, "change_id": number});
    if let Some(previous) = previous {
        data["prev_change_id"] = previous.into();
    }
    message("book.BTC-PERPETUAL.raw", data)
}

#[tokio::test]
async fn a_broken_chain_connects_again_and_begins_with_a_snapshot() {
    let beat = |kind: &str| {
        let params = json!({"type": kind});
        json!({"jsonrpc": "2.0", "method": "heartbeat", "params": params}).to_string()
    };
    let server = ScriptedServer::start([
        up().send_text(change(10, None))
            .send_text(change(14, Some(10)))
            .send_text(message("trades.BTC-PERPETUAL.raw", json!([{"trade": 1}, {"trade": 2}])))
            .send_text(beat("heartbeat"))
            .send_text(beat("test_request"))
            .next_json(json!({"/method": "public/test", "/id": 4}))
            .reply_json(json!({"jsonrpc": "2.0", "id": "{/id}", "result": {"version": "1"}}))
            // The change behind 14 is missing.
            .send_text(change(17, Some(15)))
            .expect_close(),
        read(up()).send_text(change(20, None)).expect_close(),
    ])
    .await;
    let recipe = Recipe::new("deribit", 6).with("wss://www.deribit.com/", &server.url());
    let ran = recipe.run(&[("DERIBIT_ID", "id-1"), ("DERIBIT_SECRET", "secret-1")]).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(
        ran.lines,
        [
            r#"{"change_id":10,"type":"snapshot"}"#,
            r#"{"change_id":14,"prev_change_id":10,"type":"change"}"#,
            r#"{"trade":1}"#,
            r#"{"trade":2}"#,
            r#"{"change_id":17,"prev_change_id":15,"type":"change"}"#,
            r#"{"change_id":20,"type":"snapshot"}"#,
        ]
    );
}
