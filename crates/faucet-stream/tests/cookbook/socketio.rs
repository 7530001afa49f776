//! Socket.IO: digits in front of JSON, a question of the server that must be answered.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::recipe::{Ran, Recipe, cut, read};

fn up() -> Script {
    Script::accept()
        .send_text(r#"0{"sid":"e1","pingInterval":25000,"pingTimeout":20000}"#)
        .expect_text(r#"40{"token":"token-1"}"#)
        .send_text(r#"40{"sid":"s1"}"#)
        .expect_text(r#"42["subscribe","prices"]"#)
}

fn price(n: u32) -> String {
    format!("42{}", json!(["prices", {"n": n}]))
}

async fn run(server: &ScriptedServer, records: usize) -> Ran {
    let recipe = Recipe::new("socketio", records).with("wss://${SOCKETIO_HOST}/", &server.url());
    recipe.run(&[("SOCKETIO_TOKEN", "token-1")]).await
}

#[tokio::test]
async fn prices_are_recorded_over_a_cut_and_the_end_of_a_namespace() {
    let server = ScriptedServer::start([
        cut(up().send_text(price(1)).send_text("2").expect_text("3").send_text(price(2))),
        up().send_text(price(3)).send_text("41").expect_close(),
        read(up()).send_text(price(4)).expect_close(),
    ])
    .await;
    let ran = run(&server, 4).await;
    let seen = server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, [1, 2, 3, 4].map(|n| format!("{{\"n\":{n}}}")));
    assert_eq!((ran.report.reconnects, ran.report.components["source"].skipped.len()), (2, 0));
    assert!(seen.iter().all(|seen| seen.path() == "/socket.io/?EIO=4&transport=websocket"));
}

#[tokio::test]
async fn refusals_end_the_run() {
    let refused = Script::accept()
        .send_text(r#"0{"sid":"e1"}"#)
        .expect_data(1)
        .send_text(r#"44{"message":"not authorized"}"#);
    for (script, kind, words) in [
        (refused.expect_close(), ErrorKind::Auth, "session[2] was refused"),
        (
            Script::reject(400).body("Unsupported protocol version"),
            ErrorKind::Protocol,
            "Unsupported",
        ),
    ] {
        let server = ScriptedServer::start([script]).await;
        let error = run(&server, 1).await.report.error.unwrap();
        assert!(error.kind() == kind && error.to_string().contains(words), "{error}");
    }
}
