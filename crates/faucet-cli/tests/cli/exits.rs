//! Exit codes, and the words and the way out that come with each.

use faucet_testkit::{Frame, Script, ScriptedServer, TestCa, refused_address};
use serde_json::{Value, json};

use crate::check::bad_request;
use crate::support::*;

/// Runs a pipeline from `url` that must fail with `code`, `words` and a hint.
async fn fails(files: &Files, url: &str, keys: Value, code: i32, words: &str) -> Ran {
    let mut keys = keys;
    if !keys.as_object().unwrap().contains_key("max_messages") {
        keys["unbounded"] = true.into();
    }
    let ran = faucet_ran(["run", &files.pipeline(url, keys)]).await;
    ran.failed_with(code, &[words, "\n  hint: "]);
    ran
}

/// The same for a server that plays `script`.
async fn fails_with(script: Script, keys: Value, code: i32, words: &str) {
    let server = ScriptedServer::start([script]).await;
    let url = server.url();
    fails(&Files::new(), &url, keys, code, &words.replace("URL", &url)).await;
}

fn connected(what: &str) -> String {
    format!("error: source: Failed to connect to WebSocket URL: {what}")
}

#[tokio::test]
async fn credentials_3() {
    for (script, words) in [
        (
            Script::reject(401).body("no such token"),
            connected("401 Unauthorized: \"no such token\""),
        ),
        (Script::reject(403), connected("403 Forbidden")),
        (Script::reject(407), connected("407 Proxy Authentication Required")),
        (
            Script::accept().close(1008, "who are you?"),
            "WebSocket URL: closed by the server: 1008 policy violation, \"who are you?\"".into(),
        ),
    ] {
        fails_with(script, json!({}), 3, &words).await;
    }
}

#[tokio::test]
async fn connection_4() {
    let refused = format!("ws://{}/", refused_address().await);
    let words = connected("Connection refused").replace("URL", &refused);
    fails(&Files::new(), &refused, json!({}), 4, &words).await;

    let silent = ScriptedServer::start([Script::silent()]).await;
    let words = format!("Connection to WebSocket {} timed out after 0.3 seconds", silent.url());
    fails(&Files::new(), &silent.url(), json!({"connect_timeout": 0.3}), 4, &words).await;

    for (script, words) in [
        (
            Script::accept().send_text("1").close(1011, "\x1b[31mno\n"),
            "WebSocket URL: closed by the server: 1011 internal error, \"\\u{1b}[31mno\\n\"".into(),
        ),
        (
            Script::accept().send_text("1").hang_up(),
            "WebSocket URL: connection lost without a Close frame".to_owned(),
        ),
        (Script::hang_up_on_request(), connected("closed during handshake")),
        (
            Script::reject(503).header("Retry-After", "7"),
            connected("503 Service Unavailable, retry after 7s"),
        ),
    ] {
        fails_with(script, json!({"reconnect": false}), 4, &words).await;
    }
    let attempts = json!({
        "reconnect": true, "reconnect_backoff": 0.01, "max_reconnect_attempts": 2
    });
    let ran = fails(&Files::new(), &refused, attempts, 4, "Connection refused (attempt 2/2)").await;
    // Warnings of one cause are written once, and then now and then.
    assert_eq!(ran.stderr.matches("; reconnecting").count(), 1, "{}", ran.stderr);
}

#[tokio::test]
async fn certificates_4_and_the_wrong_scheme() {
    let (ca, files) = (TestCa::new(), Files::new());
    let trusted = json!({"tls": {"ca_file": files.write("ca.pem", ca.pem())}});
    for (identity, why) in [
        (ca.expired(), "expired"),
        (ca.wrong_name(), "not valid for name"),
        (TestCa::new().good(), "unknown issuer"),
    ] {
        let config = identity.server_config();
        let server = ScriptedServer::start_tls([Script::accept()], config).await;
        let words = format!("certificate verify failed: {why}");
        let words = connected(&words).replace("URL", &server.url());
        fails(&files, &server.url(), trusted.clone(), 4, &words).await;
    }

    let plain = ScriptedServer::start([bad_request()]).await;
    let url = plain.url().replace("ws:", "wss:");
    let ran = fails(&files, &url, trusted.clone(), 4, "the server does not speak TLS").await;
    assert!(ran.stderr.contains("hint: the endpoint speaks plain text, use ws://"), "{ran:?}");

    let config = ca.good().server_config();
    let secure = ScriptedServer::start_tls([Script::accept().send_text("1")], config).await;
    let url = secure.url().replace("wss:", "ws:");
    let ran = fails(&files, &url, json!({}), 5, "the server speaks TLS").await;
    assert!(ran.stderr.contains("hint: the endpoint speaks TLS, use wss://"), "{ran:?}");

    let mut keys = trusted;
    keys["max_messages"] = 1.into();
    faucet_ran(["run", &files.pipeline(&secure.url(), keys)]).await.succeeded();
    assert_eq!(files.read("out.jsonl"), "1\n");
}

#[tokio::test]
async fn protocol_5() {
    let keys = json!({"max_message_bytes": 10, "subprotocols": []});
    for (script, words) in [
        (Script::reject(404).body("<html>\n"), connected("404 Not Found: \"<html>\\n\"")),
        (
            Script::reject(302).header("Location", "https://u:p@h/login?t=s"),
            connected("302 Found: redirect to https://h/login"),
        ),
        (Script::reject(200), connected("expected 101 Switching Protocols, got 200 OK")),
        (
            Script::garbage("SSH-2.0-x\r\n"),
            connected("not a WebSocket/HTTP answer: \"SSH-2.0-x\\r\\n\""),
        ),
        (
            Script::accept().header("Sec-WebSocket-Accept", "wrong"),
            connected("Sec-WebSocket-Accept does not match the key"),
        ),
        (Script::accept().subprotocol("v9"), connected("subprotocol not supported: ")),
        (
            Script::accept().send_text("12345678901"),
            "WebSocket URL: a message of 11 bytes is over the limit of 10 bytes".into(),
        ),
    ] {
        fails_with(script, keys.clone(), 5, &words).await;
    }
    let script = Script::accept().send_text("1").send_frame(Frame::text("2").rsv(0b100));
    let server = ScriptedServer::start([script]).await;
    let files = Files::new();
    let ran = faucet_ran(["run", &files.pipeline(&server.url(), json!({"unbounded": true}))]).await;
    let words = format!("error: source: WebSocket {}: protocol violation: ", server.url());
    ran.failed_with(5, &[&words]);
    assert_eq!(files.read("out.jsonl"), "1\n");
}

#[tokio::test]
async fn decoding_6() {
    let server =
        ScriptedServer::start([Script::accept().send_text("[1]").send_text("{\"a\":\x07")]);
    let (server, files) = (server.await, Files::new());
    let words = "error: source: message 2 is not JSON: expected a JSON value at byte 5: \"{\\\"a\\\":\\u{7}\"";
    fails(&files, &server.url(), json!({"reconnect": true}), 6, words).await;
    assert_eq!(files.read("out.jsonl"), "[1]\n");
}

#[tokio::test]
async fn sink_7() {
    let server = ScriptedServer::start([Script::accept().send_text("1")]).await;
    let (files, keys) = (Files::new(), json!({"unbounded": true}));
    files.write("there.jsonl", "old\n");
    for (sink, words) in [
        (json!({"path": files.name("none/out.jsonl")}), "cannot be opened"),
        (json!({"path": files.name("there.jsonl"), "mode": "refuse"}), "cannot be opened"),
    ] {
        let mut sink = sink;
        sink["type"] = "jsonl".into();
        let words = format!("error: sink: jsonl sink {}: {words}", sink["path"].as_str().unwrap());
        let file = files.pipeline_to(&server.url(), keys.clone(), sink);
        faucet_ran(["run", &file]).await.failed_with(7, &[&words, "caused by: ", "\n  hint: "]);
    }
    assert_eq!(files.read("there.jsonl"), "old\n");
}

#[tokio::test]
async fn a_peer_that_refuses_the_sink_at_its_end_is_3_or_4() {
    for (answer, code, words) in [
        (1000, 0, ""),
        (1008, 3, "closed by the server: 1008 policy violation, \"no\""),
        (4001, 4, "closed by the server: 4001 application, \"no\""),
    ] {
        for delivery in ["at_most_once", "at_least_once"] {
            let answers = Script::accept().no_close_echo().expect_close().send_close(answer, "no");
            let peer = ScriptedServer::start([answers]).await;
            let files = Files::new();
            let input = json!({"type": "jsonl", "path": files.write("in.jsonl", "1\n2\n3\n")});
            let sink = json!({"type": "websocket", "url": peer.url(), "delivery": delivery});
            let pipeline = json!({"source": input, "sink": sink}).to_string();
            let (file, to) = (files.write("p.json", pipeline), files.name("report.json"));
            let ran = faucet_ran(["run", &file, "--report", &to]).await;
            if code == 0 {
                ran.succeeded();
            } else {
                ran.failed_with(
                    code,
                    &[&format!("error: sink: WebSocket {}: {words}", peer.url())],
                );
            }
            let report = files.json("report.json");
            assert_eq!((&report["delivered"], &report["unconfirmed"]), (&json!(3), &json!(0)));
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_7() {
    let server = ScriptedServer::start([Script::accept().send_text("1")]).await;
    let (files, keys) = (Files::new(), json!({"unbounded": true}));
    let full = json!({"type": "jsonl", "path": "/dev/full"});
    let file = files.pipeline_to(&server.url(), keys.clone(), full);
    let words = ["only 0 of 1 records of the page were written", "No space left", "\n  hint: "];
    faucet_ran(["run", &file]).await.failed_with(7, &words);

    let file = files.pipeline_to(&server.url(), keys, json!({"type": "stdout"}));
    let mut command = faucet(["run", &file]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = Running::start_unheard(command.stdout(full)).ended().await;
    ran.failed_with(7, &["No space left"]);
}

/// The shell limits the memory that the command may map: far below what the header declares, and far
/// above what a run needs.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_declared_length_takes_no_memory() {
    let frame = Frame::binary("").claiming((2 << 30) - 1);
    let script =
        Script::accept().send_text("1").send_frame(frame).send_raw(vec![0; 100]).no_pongs();
    let server = ScriptedServer::start([script]).await;
    let files = Files::new();
    let keys = json!({"idle_timeout": 0.3, "max_message_bytes": "2GiB"});
    let file = files.pipeline(&server.url(), keys);
    let command = env!("CARGO_BIN_EXE_faucet");
    let limited = format!("ulimit -v 1500000; exec {command} run {file}");
    let output = tokio::process::Command::new("sh").args(["-c", &limited]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("1 skipped (partial_frame)"), "{said}");
    assert_eq!(files.read("out.jsonl"), "1\n");
}

#[tokio::test]
async fn usage_2() {
    for (args, words) in [
        (&[][..], "Usage: faucet"),
        (&["run"], "Usage: faucet run"),
        (&["ruin"], "'run'"),
        (&["run", "x.yaml", "--log-level", "loud"], "possible values: error, warn, info, debug"),
    ] {
        let ran = faucet_ran(args).await;
        ran.failed_with(2, &[words]);
        assert_eq!(ran.stdout, "");
    }
    let help = faucet_ran(["--help"]).await;
    let commands = [
        "run", "validate", "check", "tap", "feed", "receive", "demo", "schema", "list", "init",
        "new", "docs",
    ];
    for command in commands {
        assert!(help.succeeded().stdout.contains(&format!("\n  {command} ")), "{command}");
    }
    let version = faucet_ran(["--version"]).await;
    assert_eq!(version.succeeded().stdout, format!("faucet {}\n", env!("CARGO_PKG_VERSION")));
}
