//! Discord: one zlib stream, a dictated heartbeat, a session that is resumed and one that is forgotten.

use std::io::Write as _;

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{Frame, Script, ScriptedServer};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};

use crate::recipe::{Recipe, read};

/// The messages of one connection, which are one stream.
struct Gateway(ZlibEncoder<Vec<u8>>);

impl Gateway {
    /// A connection that begins with the interval of heartbeats.
    fn begin() -> (Self, Script) {
        let mut gateway = Self(ZlibEncoder::new(Vec::new(), Compression::default()));
        let hello = gateway.frame(&json!({"op": 10, "d": {"heartbeat_interval": 1000}}));
        (gateway, Script::accept().send_frame(hello))
    }

    fn frame(&mut self, message: &Value) -> Frame {
        self.0.write_all(message.to_string().as_bytes()).unwrap();
        self.0.flush().unwrap();
        Frame::binary(std::mem::take(self.0.get_mut()))
    }

    fn event(&mut self, number: u32, kind: &str, data: Value) -> Frame {
        self.frame(&event(number, kind, data))
    }
}

fn event(number: u32, kind: &str, data: Value) -> Value {
    json!({"op": 0, "s": number, "t": kind, "d": data})
}

fn ready(server: &str, session: &str) -> Value {
    json!({"session_id": session, "resume_gateway_url": server})
}

fn resume(session: &str, number: u32) -> Value {
    json!({"/op": 6, "/d/token": "token-1", "/d/session_id": session, "/d/seq": number})
}

/// The file, with addresses of this machine.
fn recipe(server: &ScriptedServer, records: usize) -> Recipe {
    let host = format!("127.0.0.1:{}", server.address().port());
    Recipe::of("discord", records, 60)
        .with("wss://gateway.discord.gg/", &server.url())
        .with("*.discord.gg", &host)
        .with("count: 1, per: 5", "count: 100, per: 5")
        .with("delay: 3", "delay: 0.01")
        .with("delay: 5", "delay: 0.01")
}

/// Three connections: a new session, the resumed one, and a new one again.
fn scripts(url: &str) -> [Script; 3] {
    let identify = || json!({"/op": 2, "/d/token": "token-1", "/d/intents": 513});

    let (mut gateway, script) = Gateway::begin();
    let first = script
        .expect_json(identify())
        .send_frame(gateway.event(1, "READY", ready(url, "s-1")))
        .send_frame(gateway.event(2, "MESSAGE_CREATE", json!({"n": 2})))
        // The interval that Discord dictates is one second.
        .expect_json(json!({"/op": 1, "/d": 2}))
        .send_frame(gateway.frame(&json!({"op": 11})))
        .send_frame(gateway.frame(&json!({"op": 1})))
        .expect_json(json!({"/op": 1, "/d": 2}))
        .send_frame(gateway.frame(&json!({"op": 7})))
        .expect_close();
    let (mut gateway, script) = Gateway::begin();
    let second = script
        .expect_json(resume("s-1", 2))
        .send_frame(gateway.event(3, "MESSAGE_CREATE", json!({"n": 3})))
        .send_frame(gateway.event(4, "RESUMED", json!({})))
        .send_frame(gateway.frame(&json!({"op": 9, "d": false})))
        .expect_close();
    let (mut gateway, script) = Gateway::begin();
    let third = read(script.expect_json(identify()).send_frame(gateway.event(
        1,
        "READY",
        ready(url, "s-2"),
    )))
    .send_frame(gateway.event(2, "MESSAGE_CREATE", json!({"n": 5})))
    .expect_close();
    [first, second, third]
}

#[tokio::test]
async fn a_session_is_resumed_and_forgotten_as_discord_says() {
    // The address of the server stands in what it says.
    let server =
        ScriptedServer::start_with(|address| scripts(&format!("ws://{address}/resumed"))).await;
    let url = server.url_with("/resumed");
    let ran = recipe(&server, 6).run(&[("DISCORD_TOKEN", "token-1")]).await;
    let seen = server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    let expected = [
        event(1, "READY", ready(&url, "s-1")),
        event(2, "MESSAGE_CREATE", json!({"n": 2})),
        event(3, "MESSAGE_CREATE", json!({"n": 3})),
        event(4, "RESUMED", json!({})),
        event(1, "READY", ready(&url, "s-2")),
        event(2, "MESSAGE_CREATE", json!({"n": 5})),
    ];
    assert_eq!(ran.lines, expected.map(|line| line.to_string()));
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path()).collect();
    let query = "compress=zlib-stream&encoding=json&v=10";
    let expected = ["/", "/resumed", "/"].map(|path| format!("{path}?{query}"));
    assert_eq!(paths, expected);
}

#[tokio::test]
async fn a_wrong_token_ends_the_run() {
    let (_, script) = Gateway::begin();
    let refused = script.expect_json(json!({"/op": 2})).close(4004, "Authentication failed.");
    let server = ScriptedServer::start([refused]).await;
    let ran = recipe(&server, 1).run(&[("DISCORD_TOKEN", "wrong")]).await;
    let error = ran.report.error.unwrap();
    assert_eq!((error.kind(), server.connections().len()), (ErrorKind::Auth, 1), "{error}");
    assert!(error.to_string().contains("4004"), "{error}");
}
