//! graphql-transport-ws: `ping` both ways, an end by the server, codes of Closes.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::recipe::{Ran, Recipe, cut, read};

fn up() -> Script {
    let query = "subscription Ticks { ticks { symbol price } }";
    Script::accept()
        .subprotocol("graphql-transport-ws")
        .next_json(json!({"/type": "connection_init", "/payload/authorization": "Bearer token-1"}))
        .send_text(r#"{"type":"connection_ack"}"#)
        .next_json(json!({"/type": "subscribe", "/id": "ticks", "/payload/query": query}))
}

fn tick(n: u32) -> String {
    let payload = json!({"data": {"ticks": {"n": n}}});
    json!({"id": "ticks", "type": "next", "payload": payload}).to_string()
}

async fn run(server: &ScriptedServer, end: &str) -> Ran {
    let recipe = Recipe::new("graphql-transport-ws", 100)
        .with("wss://${GRAPHQL_HOST}/", &server.url())
        .with("max_messages: 100", end)
        .with("interval: 30", "interval: 0.05");
    recipe.run(&[("GRAPHQL_TOKEN", "token-1")]).await
}

#[tokio::test]
async fn ticks_are_recorded_until_the_server_says_that_they_are_complete() {
    let pong = || json!({"type": "pong"});
    let server = ScriptedServer::start([
        cut(up()
            .send_text(tick(1))
            .send_text(r#"{"type":"ping","payload":{"at":7}}"#)
            .expect_json(json!({"/type": "pong", "/payload/at": 7}))
            .expect_json(json!({"/type": "ping"}))
            .reply_json(pong())
            .whenever(json!({"/type": "ping"}), pong())
            .send_text(tick(2))),
        read(up().whenever(json!({"/type": "ping"}), pong()).send_text(tick(3)))
            .send_text(r#"{"id":"ticks","type":"complete"}"#)
            .expect_close(),
    ])
    .await;
    let ran = run(&server, "unbounded: true").await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::Closed, "{:?}", ran.report.error);
    let expected = [1, 2, 3].map(|n| format!("{{\"data\":{{\"ticks\":{{\"n\":{n}}}}}}}"));
    assert_eq!((ran.lines, ran.report.reconnects), (expected.to_vec(), 1));
}

#[tokio::test]
async fn a_run_that_is_full_completes_its_subscription() {
    let server = ScriptedServer::start([up()
        .send_text(tick(1))
        .expect_json(json!({"/type": "complete", "/id": "ticks"}))
        .expect_close()])
    .await;
    let ran = run(&server, "max_messages: 1").await;
    let seen = server.finish().await;
    assert_eq!(
        (ran.report.ended, ran.lines.len()),
        (End::MaxMessages, 1),
        "{:?}",
        ran.report.error
    );
    assert_eq!(seen[0].failure(), None);
}

#[tokio::test]
async fn a_wrong_token_is_an_error_of_the_credentials_and_a_wrong_query_of_the_run() {
    let begin = || Script::accept().subprotocol("graphql-transport-ws").expect_data(1);
    let error = json!({"id": "ticks", "type": "error", "payload": [{"message": "no ticks"}]});
    for (script, kind, words) in [
        (begin().close(4403, "Forbidden"), ErrorKind::Auth, "4403 application, \"Forbidden\""),
        (up().send_text(error.to_string()).expect_close(), ErrorKind::Closed, "no ticks"),
        (begin().close(4429, "too many"), ErrorKind::Closed, "4429"),
    ] {
        let server = ScriptedServer::start([script]).await;
        let error = run(&server, "unbounded: true").await.report.error.unwrap();
        assert!(error.kind() == kind && error.to_string().contains(words), "{error}");
    }
}
