//! Alpaca: arrays of events, and a connection that the server still holds.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::recipe::{Recipe, cut, read};

const VARIABLES: [(&str, &str); 2] = [("APCA_API_KEY_ID", "key-1"), ("APCA_API_SECRET_KEY", "s-1")];

/// The login, answered by `answer`.
fn login(answer: serde_json::Value) -> Script {
    Script::accept()
        .send_text(r#"[{"T":"success","msg":"connected"}]"#)
        .next_json(json!({"/action": "auth", "/key": "key-1", "/secret": "s-1"}))
        .reply_json(json!([answer]))
}

fn up() -> Script {
    login(json!({"T": "success", "msg": "authenticated"}))
        .next_json(json!({"/action": "subscribe", "/trades/1": "MSFT", "/bars/0": "*"}))
        .reply_json(json!([{"T": "subscription", "trades": "{/trades}"}]))
}

fn recipe(server: &ScriptedServer, records: usize) -> Recipe {
    Recipe::new("alpaca", records)
        .with("wss://stream.data.alpaca.markets/", &server.url())
        .with("delay: 10", "delay: 0.01")
}

#[tokio::test]
async fn trades_are_recorded_and_a_connection_that_is_still_held_is_waited_for() {
    let held = json!({"T": "error", "code": 406, "msg": "connection limit exceeded"});
    let server = ScriptedServer::start([
        cut(up().send_text(r#"[{"T":"t","i":1},{"T":"t","i":2}]"#)),
        login(held.clone()).expect_close(),
        login(held).expect_close(),
        read(up()).send_text(r#"[{"T":"t","i":3}]"#).expect_close(),
    ])
    .await;
    let ran = recipe(&server, 3).run(&VARIABLES).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, [1, 2, 3].map(|n| format!(r#"{{"T":"t","i":{n}}}"#)));
}

#[tokio::test]
async fn a_wrong_key_is_an_error_of_the_credentials() {
    let refused = login(json!({"T": "error", "code": 402, "msg": "auth failed"}));
    let server = ScriptedServer::start([refused.expect_close()]).await;
    let error = recipe(&server, 1).run(&VARIABLES).await.report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(error.to_string().contains("session[2] was refused"), "{error}");
}
