//! Twitch: subscriptions by HTTP, and a move to another address without a hole.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{HttpScript, HttpServer, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::{Ran, Recipe, cut, read};

fn metadata(kind: &str, id: u32, payload: Value) -> String {
    let metadata = json!({"message_type": kind, "message_id": id.to_string()});
    json!({"metadata": metadata, "payload": payload}).to_string()
}

fn welcome(session: &str) -> Script {
    let session = json!({"id": session, "keepalive_timeout_seconds": 30});
    Script::accept().send_text(metadata("session_welcome", 0, json!({"session": session})))
}

fn event(id: u32) -> String {
    metadata("notification", id, json!({"event": {"type": "live"}}))
}

async fn run(server: &ScriptedServer, http: &HttpServer, records: usize) -> Ran {
    let recipe = Recipe::new("twitch", records)
        .with("wss://eventsub.wss.twitch.tv/", &server.url())
        .with("https://api.twitch.tv/", &http.url())
        .with("*.twitch.tv", &server.address().to_string());
    let variables =
        [("TWITCH_TOKEN", "token-1"), ("TWITCH_CLIENT_ID", "id-1"), ("TWITCH_CHANNEL_ID", "1234")];
    recipe.run(&variables).await
}

#[tokio::test]
async fn a_session_moves_and_is_subscribed_only_once() {
    let server = ScriptedServer::start_with(|address| {
        let next = json!({"session": {"reconnect_url": format!("ws://{address}/moved?id=2")}});
        [
            welcome("s-1")
                .ping("subscribed")
                .expect_pong("subscribed")
                .send_text(event(1))
                .send_text(metadata("session_keepalive", 2, json!({})))
                .send_text(metadata("session_reconnect", 3, next))
                .expect_close(),
            // The same event on both connections is one.
            cut(welcome("s-1").send_text(event(1)).send_text(event(4))),
            read(welcome("s-2")).send_text(event(5)).expect_close(),
        ]
    })
    .await;
    let taken = || HttpScript::answer(202).expect("POST", "/helix/eventsub/subscriptions");
    let http = HttpServer::start([taken(), taken()]).await;
    let ran = run(&server, &http, 3).await;
    let seen = server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, [event(1), event(4), event(5)]);
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path()).collect();
    let own = "/ws?keepalive_timeout_seconds=30";
    assert_eq!(paths, [own, "/moved?id=2", own]);
    let calls = http.finish().await;
    assert_eq!(calls.len(), 2);
    for (call, session) in calls.iter().zip(["s-1", "s-2"]) {
        assert_eq!(call.header("Authorization"), Some("Bearer token-1"));
        assert_eq!(call.header("Client-Id"), Some("id-1"));
        let body = call.json();
        assert_eq!(body["transport"], json!({"method": "websocket", "session_id": session}));
        assert_eq!(body["condition"]["broadcaster_user_id"], "1234");
    }
}

#[tokio::test]
async fn a_refused_subscription_is_an_error_of_the_credentials() {
    let server = ScriptedServer::start([welcome("s-1").expect_close()]).await;
    let http =
        HttpServer::start([HttpScript::answer(401).body(r#"{"message":"Invalid token"}"#)]).await;
    let error = run(&server, &http, 1).await.report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(error.to_string().contains("session[1]"), "{error}");
}
