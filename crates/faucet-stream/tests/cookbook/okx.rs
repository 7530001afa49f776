//! OKX: a signed login, an answer for each channel, heartbeats as text, the word of a planned end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_stream::End;
use faucet_testkit::{Frame, Reply, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::{Ran, Recipe, cut, read, signature, text};

const VARIABLES: [(&str, &str); 3] =
    [("OKX_KEY", "key-1"), ("OKX_SECRET", "secret-1"), ("OKX_PASSPHRASE", "pass-1")];

/// The answer to a login whose signature must be that of its time.
fn login(message: &[u8]) -> Frame {
    let message: Value = serde_json::from_slice(message).unwrap();
    let of =
        |key: &str| message.pointer(&format!("/args/0/{key}")).and_then(Value::as_str).unwrap();
    let signed = format!("{}GET/users/self/verify", of("timestamp"));
    let expected = STANDARD.encode(signature("secret-1", &signed));
    let good = of("sign") == expected && of("apiKey") == "key-1" && of("passphrase") == "pass-1";
    text(&match good {
        true => json!({"event": "login", "code": "0", "msg": "", "connId": "c1"}),
        false => json!({"event": "error", "code": "60007", "msg": "Invalid sign", "connId": "c1"}),
    })
}

/// The login and the subscriptions.
fn up() -> Script {
    let answer = |index: usize| {
        let arg = format!("{{/args/{index}}}");
        let count = json!({"event": "channel-conn-count", "connCount": "1", "connId": "c1"});
        Reply::json(json!({"event": "subscribe", "arg": arg})).and(count)
    };
    let both = json!({
        "/op": "subscribe", "/args/0/channel": "orders", "/args/0/instType": "ANY",
        "/args/1/channel": "account",
    });
    Script::accept()
        .next_json(json!({"/op": "login"}))
        .reply_with(login)
        .next_json(both)
        .reply(answer(0).and(answer(1)))
}

fn orders(numbers: &[u32]) -> String {
    let data: Vec<Value> = numbers.iter().map(|n| json!({"ordId": n.to_string()})).collect();
    json!({"arg": {"channel": "orders"}, "data": data}).to_string()
}

async fn run(server: &ScriptedServer, secret: &'static str, records: usize) -> Ran {
    let recipe = Recipe::new("okx", records)
        .with("wss://ws.okx.com:8443/", &server.url())
        .with("interval: 20", "interval: 0.05");
    let [key, _, passphrase] = VARIABLES;
    recipe.run(&[key, ("OKX_SECRET", secret), passphrase]).await
}

#[tokio::test]
async fn orders_are_recorded_over_a_cut_and_a_planned_end() {
    let notice = json!({"event": "notice", "code": "64008", "msg": "service upgrade"});
    let server = ScriptedServer::start([
        // The feed is quiet, so that a heartbeat comes; the answer is no record.
        cut(up()
            .send_text(orders(&[1, 2]))
            .expect_text("ping")
            .reply(Frame::text("pong"))
            .whenever(json!({"text": "ping"}), Frame::text("pong"))
            .send_text(orders(&[3]))),
        up().whenever(json!({"text": "ping"}), Frame::text("pong"))
            .send_text(orders(&[4]))
            .send_text(notice.to_string())
            .expect_close(),
        read(up())
            .whenever(json!({"text": "ping"}), Frame::text("pong"))
            .send_text(orders(&[5]))
            .expect_close(),
    ])
    .await;
    let ran = run(&server, "secret-1", 5).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    let expected = [1, 2, 3, 4, 5].map(|n| format!("{{\"ordId\":\"{n}\"}}"));
    assert_eq!(ran.lines, expected);
    assert_eq!(ran.report.reconnects, 2);
}

#[tokio::test]
async fn a_wrong_secret_is_an_error_of_the_credentials() {
    let refused = Script::accept().next_json(json!({"/op": "login"})).reply_with(login);
    let server = ScriptedServer::start([refused.expect_close()]).await;
    let ran = run(&server, "another", 1).await;
    server.finish().await;
    let error = ran.report.error.unwrap();
    assert_eq!(error.kind(), faucet_stream::ErrorKind::Auth);
    let shown = error.to_string();
    assert!(shown.contains("session[1] was refused: ") && shown.contains("60007"), "{shown}");
}

#[tokio::test]
async fn a_busy_okx_is_asked_again() {
    let busy = json!({"event": "error", "code": "60014", "msg": "Requests too frequent"});
    let server = ScriptedServer::start([
        Script::accept().next_json(json!({"/op": "login"})).reply_json(busy).expect_close(),
        up().whenever(json!({"text": "ping"}), Frame::text("pong"))
            .send_text(orders(&[1]))
            .expect_close(),
    ])
    .await;
    let recipe = Recipe::new("okx", 1)
        .with("wss://ws.okx.com:8443/", &server.url())
        .with("delay: 10", "delay: 0.01");
    let ran = recipe.run(&VARIABLES).await;
    server.finish().await;
    assert_eq!(ran.lines, ["{\"ordId\":\"1\"}"], "{:?}", ran.report.error);
}
