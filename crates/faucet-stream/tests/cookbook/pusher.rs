//! Pusher: an id inside of a string, a signature for each channel, heartbeats both ways, codes of Closes.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Frame, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::{Ran, Recipe, hex, read, signature, text};

/// The answer to a subscription, whose signature is that of the socket and the channel.
fn subscribed(socket: &'static str) -> impl Fn(&[u8]) -> Frame + Send + Sync + 'static {
    move |message| {
        let message: Value = serde_json::from_slice(message).unwrap();
        let of =
            |key: &str| message.pointer(&format!("/data/{key}")).and_then(Value::as_str).unwrap();
        let channel = of("channel");
        let expected = hex(&signature("secret-1", &format!("{socket}:{channel}")));
        text(&match of("auth") == format!("key-1:{expected}") {
            true => json!({
                "event": "pusher_internal:subscription_succeeded", "channel": channel, "data": "{}",
            }),
            false => json!({
                "event": "pusher:subscription_error", "channel": channel,
                "data": {"type": "AuthError", "status": 401},
            }),
        })
    }
}

fn established(socket: &str) -> Script {
    let data = json!({"socket_id": socket, "activity_timeout": 1}).to_string();
    let hello = json!({"event": "pusher:connection_established", "data": data});
    Script::accept().send_text(hello.to_string())
}

fn up(socket: &'static str) -> Script {
    established(socket)
        .next_json(json!({"/event": "pusher:subscribe", "/data/channel": "private-ticks"}))
        .reply_with(subscribed(socket))
        .next_json(json!({"/event": "pusher:subscribe", "/data/channel": "private-news"}))
        .reply_with(subscribed(socket))
}

fn tick(n: u32) -> String {
    let data = json!({"n": n}).to_string();
    json!({"event": "tick", "channel": "private-ticks", "data": data}).to_string()
}

async fn run(server: &ScriptedServer, secret: &'static str, records: usize) -> Ran {
    let recipe = Recipe::new("pusher", records)
        .with("wss://ws-${PUSHER_CLUSTER}.pusher.com/", &server.url());
    recipe.run(&[("PUSHER_KEY", "key-1"), ("PUSHER_SECRET", secret)]).await
}

#[tokio::test]
async fn ticks_are_recorded_over_a_close_that_asks_for_a_reconnect() {
    let asked = json!({"event": "pusher:ping", "data": {}}).to_string();
    let pong = || json!({"event": "pusher:pong", "data": "{}"});
    let server = ScriptedServer::start([
        up("1001.1")
            .send_text(tick(1))
            .send_text(asked)
            .expect_json(json!({"/event": "pusher:pong"}))
            // The interval that the server dictates is one second.
            .expect_json(json!({"/event": "pusher:ping"}))
            .reply_json(pong())
            .send_text(tick(2))
            .close(4200, "please come back"),
        read(up("1002.2"))
            .whenever(json!({"/event": "pusher:ping"}), pong())
            .send_text(tick(3))
            .expect_close(),
    ])
    .await;
    let ran = run(&server, "secret-1", 3).await;
    let seen = server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, [r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#]);
    assert_eq!(ran.report.reconnects, 1);
    for seen in seen {
        assert_eq!(seen.path(), "/app/key-1?client=faucet&protocol=7&version=1");
    }
}

#[tokio::test]
async fn refusals_end_the_run() {
    let error = json!({"event": "pusher:error", "data": {"code": 4001, "message": "no such app"}});
    let refused = Script::accept().send_text(error.to_string()).close(4001, "no such app");
    let unsigned = established("1.1")
        .next_json(json!({"/data/channel": "private-ticks"}))
        .reply_with(subscribed("1.1"))
        .expect_close();
    for (script, secret, kind, words) in [
        (refused, "secret-1", ErrorKind::Auth, "session[0] was refused"),
        (unsigned, "another", ErrorKind::Protocol, "a subscription was refused"),
        // The code alone is final too: 4000 to 4099.
        (
            Script::accept().close(4004, ""),
            "secret-1",
            ErrorKind::Closed,
            "closed by the server: 4004",
        ),
    ] {
        let server = ScriptedServer::start([script]).await;
        let ran = run(&server, secret, 1).await;
        let error = ran.report.error.unwrap();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(ran.report.reconnects <= 1, "{error}");
    }
}
