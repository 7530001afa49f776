//! What `faucet tap` prints and writes where nobody looks at a terminal.

use faucet_testkit::{Frame, Gate, Script, ScriptedServer, refused_address};
use serde_json::{Value, json};

use crate::support::*;

/// Runs a tap against a feed.
async fn tapped(script: Script, options: &[&str]) -> Ran {
    let server = ScriptedServer::start([script]).await;
    let url = server.url();
    faucet_ran(["tap", &url].iter().chain(options)).await
}

fn trades() -> Script {
    Script::accept()
        .send_text(r#"{"type":"trade","price":100}"#)
        .send_text(r#"{"type":"quote","price":100}"#)
        .send_text("no JSON")
        .send_binary([0xff, 0x00])
        .send_text(r#"{"type":"trade","price":7}"#)
        .send_text(r#"{"type":"trade","price":101}"#)
}

#[tokio::test]
async fn binary_messages_are_marked_or_raw() {
    let script = || Script::accept().send_text("a").send_binary([0xff, 0x0a]).send_text("b");
    for (options, expected) in [
        (&[][..], "a\nbinary:/wo=\nb\n"),
        (&["--hex"], "a\nhex:ff0a\nb\n"),
        (&["--raw"], "a\n\u{fffd}\nb\n"),
    ] {
        let options: Vec<&str> = ["-n", "3"].iter().chain(options).copied().collect();
        let ran = tapped(script().expect_close(), &options).await;
        assert_eq!(ran.succeeded().stdout, expected, "{options:?}");
    }
}

#[tokio::test]
async fn a_text_message_that_is_no_utf8_is_shown_as_a_binary_one() {
    let script =
        Script::accept().send_frame(Frame::text(&b"\xff"[..])).send_text("1").expect_close();
    assert_eq!(tapped(script, &["-n", "2"]).await.succeeded().stdout, "binary:/w==\n1\n");
}

#[tokio::test]
async fn a_text_that_looks_like_a_mark_is_told_once() {
    let script =
        || Script::accept().send_text("binary:AA==").send_text("binary:AA==").expect_close();
    let ran = tapped(script(), &["-n", "2"]).await;
    assert_eq!(ran.stderr.matches("--record tells them apart").count(), 1, "{ran:#?}");
    let ran = tapped(script(), &["-n", "2", "--hex"]).await;
    assert!(!ran.stderr.contains("--record"), "{ran:#?}");
}

#[tokio::test]
async fn a_filter_chooses_and_the_count_is_of_what_is_shown() {
    let options = ["-n", "2", "--filter", "/type=trade", "--filter", "/price={\"min\": 100}"];
    let ran = tapped(trades().expect_close_code(1000), &options).await;
    let shown: Vec<Value> = ran.succeeded().lines().iter().map(|l| l.parse().unwrap()).collect();
    let prices: Vec<&Value> = shown.iter().map(|trade| &trade["price"]).collect();
    assert_eq!(prices, [100, 101]);
}

#[tokio::test]
async fn a_recording_has_all_that_came_and_keeps_what_it_had() {
    let files = Files::new();
    let file = files.write("feed.jsonl", "{\"at\":1,\"kind\":\"text\",\"data\":\"old\"}\n");
    let options = ["-n", "1", "--filter", "/price=7", "--record", &file];
    tapped(trades().expect_close(), &options).await.succeeded();
    let text = files.read("feed.jsonl");
    let lines: Vec<Value> = text.lines().map(|line| line.parse().unwrap()).collect();
    let held: Vec<(&Value, &Value)> =
        lines.iter().map(|line| (&line["kind"], &line["data"])).collect();
    let (text, binary) = (json!("text"), json!("binary"));
    assert_eq!(
        held,
        [
            (&text, &json!("old")),
            (&text, &json!(r#"{"type":"trade","price":100}"#)),
            (&text, &json!(r#"{"type":"quote","price":100}"#)),
            (&text, &json!("no JSON")),
            (&binary, &json!("/wA=")),
            (&text, &json!(r#"{"type":"trade","price":7}"#)),
        ]
    );
    assert!(lines[1]["at"].as_u64().unwrap() > 1_600_000_000_000, "{}", lines[1]);
}

#[tokio::test]
async fn a_recording_that_cannot_be_written_is_an_error_before_any_network() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let files = Files::new();
    let file = files.name("no/such/file");
    faucet_ran(["tap", &server.url(), "--record", &file])
        .await
        .failed_with(7, &["cannot write to"]);
    assert!(server.connections().is_empty());
}

#[tokio::test]
async fn statistics_come_at_the_end() {
    let ran =
        tapped(trades().expect_close(), &["-n", "2", "--stats", "--filter", "/type=trade"]).await;
    let last = ran.succeeded().stderr.lines().last().unwrap();
    assert!(last.starts_with("received 5 messages · 1 of them binary · 2 shown · "), "{last}");
    let pinged = Script::accept().expect_ping().send_text("1").expect_close();
    let ran = tapped(pinged, &["-n", "1", "--stats"]).await;
    let last = ran.succeeded().stderr.lines().last().unwrap();
    assert!(last.starts_with("received 1 message · 1 B · in "), "{last}");
    // The second Ping goes out behind the Pong of the first.
    let twice = Script::accept().expect_ping().expect_ping().send_text("1").expect_close();
    let ran = tapped(twice, &["-n", "1", "--stats", "--ping", "50ms"]).await;
    let last = ran.succeeded().stderr.lines().last().unwrap();
    assert!(last.contains(" · ping "), "{last}");
}

#[tokio::test]
async fn it_ends_well_after_its_time_if_there_was_a_connection() {
    let gate = Gate::new();
    let script = Script::accept().send_text("1").expect_close_code(1000);
    assert_eq!(tapped(script, &["--for", "300ms"]).await.succeeded().stdout, "1\n");
    let silent = Script::silent().wait(&gate);
    tapped(silent, &["--for", "300ms"]).await.failed_with(4, &["no connection within 300.0 ms"]);
    let nobody = format!("ws://{}/", refused_address().await);
    let ran = faucet_ran(["tap", &nobody, "--reconnect", "--for", "300ms"]).await;
    ran.failed_with(4, &["Connection refused", "is the server running"]);
}

#[tokio::test]
async fn pings_and_pongs_are_shown_on_stderr_beside_a_pipe() {
    let script = || {
        let pinged = Script::accept().ping("are you there").expect_pong("are you there");
        let pinged = pinged.pong("unasked").expect_ping();
        // The second Ping goes out behind the Pong of the first.
        pinged.expect_ping().send_text("1").expect_close()
    };
    let ran = tapped(script(), &["-n", "1", "--show-pings", "--ping", "50ms"]).await;
    assert_eq!(ran.succeeded().stdout, "1\n");
    for line in [
        "> ping\n",
        "< ping \"are you there\"\n",
        "> pong \"are you there\"\n",
        "< pong that nobody asked for \"unasked\"\n",
        " after its ping\n",
    ] {
        assert!(ran.stderr.contains(line), "{line:?} is not in {ran:#?}");
    }
    let ran = tapped(script(), &["-n", "1", "--ping", "50ms"]).await;
    assert!(!ran.succeeded().stderr.contains("ping"), "{ran:#?}");
}
