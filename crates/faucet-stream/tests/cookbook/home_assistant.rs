//! Home Assistant: a login, ids that grow, several events in an array.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::recipe::{Ran, Recipe, cut, read};

fn login() -> Script {
    Script::accept()
        .send_text(json!({"type": "auth_required", "ha_version": "2026.1"}).to_string())
        .next_json(json!({"/type": "auth", "/access_token": "token-1"}))
}

fn up() -> Script {
    let result = || json!({"id": "{/id}", "type": "result", "success": true, "result": null});
    login()
        .reply_json(json!({"type": "auth_ok"}))
        .next_json(json!({"/id": 1, "/type": "supported_features"}))
        .reply_json(result())
        .next_json(json!({"/id": 2, "/type": "subscribe_events", "/event_type": "state_changed"}))
        .reply_json(result())
}

fn event(n: u32) -> String {
    format!(r#"{{"id":2,"type":"event","event":{{"n":{n}}}}}"#)
}

async fn run(server: &ScriptedServer, records: usize) -> Ran {
    let recipe = Recipe::new("home-assistant", records).with("interval: 30", "interval: 0.05");
    let host = server.address().to_string();
    recipe.run(&[("HASS_HOST", &host), ("HASS_TOKEN", "token-1")]).await
}

#[tokio::test]
async fn events_are_recorded_over_a_cut() {
    let pong = || json!({"id": "{/id}", "type": "pong"});
    let ping = || json!({"/type": "ping"});
    let server = ScriptedServer::start([
        cut(up()
            .send_text(event(1))
            .next_json(json!({"/type": "ping", "/id": 3}))
            .reply_json(pong())
            .whenever(ping(), pong())
            .send_text(format!("[{},{}]", event(2), event(3)))),
        read(up()).whenever(ping(), pong()).send_text(event(4)).expect_close(),
    ])
    .await;
    let ran = run(&server, 4).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, [1, 2, 3, 4].map(|n| format!(r#"{{"n":{n}}}"#)));
    assert_eq!(ran.report.reconnects, 1);
}

#[tokio::test]
async fn a_wrong_token_is_an_error_of_the_credentials() {
    let refused = login().reply_json(json!({"type": "auth_invalid", "message": "Invalid"}));
    let server = ScriptedServer::start([refused.expect_close()]).await;
    let error = run(&server, 1).await.report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
}
