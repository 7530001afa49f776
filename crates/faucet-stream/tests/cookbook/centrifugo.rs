//! Centrifugo: a line for each message, and the recovery of what was missed.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Frame, Reply, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::{Ran, Recipe, cut};

fn connected() -> Script {
    Script::accept()
        .next_json(json!({"/id": 1, "/connect/token": "token-1"}))
        .reply_json(json!({"id": "{/id}", "connect": {"client": "c", "ping": 25, "pong": true}}))
}

fn publication(offset: u32) -> Value {
    json!({"push": {"channel": "news", "pub": {"data": {"n": offset}, "offset": offset}}})
}

async fn run(server: &ScriptedServer, records: usize) -> Ran {
    let recipe =
        Recipe::new("centrifugo", records).with("wss://${CENTRIFUGO_HOST}/", &server.url());
    recipe.run(&[("CENTRIFUGO_TOKEN", "token-1")]).await
}

#[tokio::test]
async fn what_was_missed_is_asked_for() {
    let two = format!("{}\n{}\n", publication(7), publication(8));
    let first = json!({"id": 2, "subscribe": {"epoch": "e1", "offset": 6}});
    let missed = json!({"pub": {"data": {"n": 9}, "offset": 9}});
    let again =
        json!({"id": 2, "subscribe": {"epoch": "e1", "offset": 9, "publications": [missed]}});
    let resumed = json!({
        "/subscribe/recover": true, "/subscribe/epoch": "e1", "/subscribe/offset": 8,
    });
    let server = ScriptedServer::start([
        cut(connected()
            .next_json(json!({"/id": 2, "/subscribe/channel": "news", "/subscribe/recover": {"exists": false}}))
            .reply_json(first.clone())
            .send_text(two)
            .send_text("{}")
            .expect_text("{}")),
        connected()
            .next_json(resumed)
            .reply(Reply::from(Frame::text(format!("{again}\n{}", publication(10)))))
            .expect_close(),
    ])
    .await;
    let ran = run(&server, 5).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    let expected = [first, publication(7), publication(8), again, publication(10)];
    assert_eq!(ran.lines, expected.map(|line| line.to_string()));
}

#[tokio::test]
async fn a_close_that_is_final_ends_the_run_and_another_does_not() {
    let server = ScriptedServer::start([
        connected().close(3005, "connection expired"),
        connected().close(3500, "invalid token"),
    ])
    .await;
    let error = run(&server, 1).await.report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    assert!(error.to_string().contains("3500"), "{error}");
    assert_eq!(server.connections().len(), 2);
}
