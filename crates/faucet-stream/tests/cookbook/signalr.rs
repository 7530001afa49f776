//! SignalR: a token by HTTP, a byte that ends each message, a call of the hub.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Frame, HttpScript, HttpServer, Script, ScriptedServer};
use serde_json::json;

use crate::recipe::{Ran, Recipe, cut, read};

/// Messages in one frame.
fn frame(messages: &[&str]) -> Frame {
    Frame::text(messages.iter().map(|message| format!("{message}\u{1e}")).collect::<String>())
}

fn hello() -> Script {
    Script::accept()
        .expect_text("{\"protocol\":\"json\",\"version\":1}\u{1e}")
        .send_frame(frame(&["{}"]))
        .expect_text(concat!(
            r#"{"arguments":["prices"],"invocationId":"i1","target":"Subscribe","type":1}"#,
            "\u{1e}"
        ))
}

fn up() -> Script {
    // A message of the hub comes before the answer to the call.
    hello().send_frame(frame(&[&price(0), r#"{"type":3,"invocationId":"i1","result":null}"#]))
}

fn price(n: u32) -> String {
    format!(r#"{{"type":1,"target":"price","arguments":[{n}]}}"#)
}

async fn run(server: &ScriptedServer, http: &HttpServer, records: usize) -> Ran {
    let recipe = Recipe::new("signalr", records)
        .with("https://${SIGNALR_HOST}/", &http.url())
        .with("wss://${SIGNALR_HOST}/", &server.url())
        .with("interval: 15", "interval: 0.05");
    recipe.run(&[]).await
}

async fn negotiating() -> HttpServer {
    let answer = |n: u32| {
        HttpScript::answer(200)
            .expect("POST", "/hub/negotiate?negotiateVersion=1")
            .json(json!({"connectionToken": format!("t/{n}"), "availableTransports": []}))
    };
    HttpServer::start([answer(1), answer(2)]).await
}

#[tokio::test]
async fn messages_of_the_hub_are_recorded_over_a_cut() {
    let http = negotiating().await;
    let server = ScriptedServer::start([
        cut(up()
            .send_frame(frame(&[r#"{"type":6}"#, &price(1), &price(2)]))
            .expect_text("{\"type\":6}\u{1e}")
            .send_frame(frame(&[&price(3)]))),
        read(up()).send_frame(frame(&[&price(4)])).expect_close(),
    ])
    .await;
    let ran = run(&server, &http, 6).await;
    let seen = server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, ["[0]", "[1]", "[2]", "[3]", "[0]", "[4]"]);
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path()).collect();
    assert_eq!(paths, ["/hub?id=t%2F1", "/hub?id=t%2F2"]);
}

#[tokio::test]
async fn a_call_that_fails_is_a_refusal() {
    let http = negotiating().await;
    let error = r#"{"type":3,"invocationId":"i1","error":"no such method"}"#;
    let server = ScriptedServer::start([hello().send_frame(frame(&[error])).expect_close()]).await;
    let error = run(&server, &http, 1).await.report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(error.to_string().contains("no such method"), "{error}");
}
