//! Bybit, private: a signature that expires, answers by id, a heartbeat with two forms of answer.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Frame, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::{Ran, Recipe, cut, hex, read, signature, text};

/// The answer to a login, whose signature must be that of its expiry.
fn login(message: &[u8]) -> Frame {
    let message: Value = serde_json::from_slice(message).unwrap();
    let expires = message["args"][1].as_u64().unwrap();
    let expected = hex(&signature("secret-1", &format!("GET/realtime{expires}")));
    let good = message["args"][0] == "key-1" && message["args"][2] == expected;
    let words = if good { "" } else { "Invalid sign" };
    text(&json!({"success": good, "ret_msg": words, "op": "auth", "req_id": message["req_id"]}))
}

/// The login and the subscription. The answers come behind data and out of turn.
fn up() -> Script {
    let both = json!({"/op": "subscribe", "/args/0": "order", "/args/1": "execution",
        "/req_id": {"prefix": "s"}});
    Script::accept()
        .next_json(json!({"/op": "auth", "/req_id": "a1"}))
        .reply_with(login)
        .next_json(both)
        .reply_json(
            json!({"success": true, "ret_msg": "", "op": "subscribe", "req_id": "{/req_id}"}),
        )
}

fn order(n: u32) -> String {
    json!({"topic": "order", "id": format!("i{n}"), "data": [{"orderId": n}]}).to_string()
}

async fn run(server: &ScriptedServer, secret: &'static str, records: usize) -> Ran {
    let recipe = Recipe::new("bybit-private", records)
        .with("wss://stream.bybit.com/", &server.url())
        .with("interval: 20", "interval: 0.05");
    recipe.run(&[("BYBIT_KEY", "key-1"), ("BYBIT_SECRET", secret)]).await
}

#[tokio::test]
async fn orders_are_recorded_over_a_cut() {
    let pong = json!({"op": "pong", "args": ["1"], "req_id": "{/req_id}"});
    let other = json!({"success": true, "ret_msg": "pong", "op": "ping", "req_id": "{/req_id}"});
    let server = ScriptedServer::start([
        cut(up()
            .send_text(order(1))
            .expect_json(json!({"/op": "ping"}))
            .reply_json(pong)
            .whenever(json!({"/op": "ping"}), other.clone())
            .send_text(order(2))),
        read(up()).whenever(json!({"/op": "ping"}), other).send_text(order(3)).expect_close(),
    ])
    .await;
    let ran = run(&server, "secret-1", 3).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, [1, 2, 3].map(order));
    assert_eq!(ran.report.reconnects, 1);
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_topic_end_the_run() {
    let login = || Script::accept().next_json(json!({"/op": "auth"})).reply_with(login);
    let unknown = login().next_json(json!({"/op": "subscribe"})).reply_json(
        json!({"success": false, "ret_msg": "handler not found", "op": "subscribe", "req_id": "{/req_id}"}),
    );
    for (script, secret, kind, words) in [
        (login(), "another", ErrorKind::Auth, "session[1] was refused"),
        (unknown, "secret-1", ErrorKind::Protocol, "a subscription was refused"),
    ] {
        let server = ScriptedServer::start([script.expect_close()]).await;
        let error = run(&server, secret, 1).await.report.error.unwrap();
        assert!(error.kind() == kind && error.to_string().contains(words), "{error}");
    }
}
