//! `check`: a short connection, and what the answer to the upgrade may hold.

use faucet_core::{ErrorKind, Scope, Source, StepOutcome};
use faucet_testkit::Script;
use serde_json::json;

use crate::support::*;

/// The steps of a check with `ok`, `--` or the words of the failure.
async fn steps(script: Script) -> Vec<(String, String)> {
    let (_peer, source) = in_memory([script], json!({"subscribe_messages": ["all"]}));
    let report = source.check(&Scope::default()).await;
    let told = report.steps.into_iter().map(|step| {
        let outcome = match step.outcome {
            StepOutcome::Passed(_) => "ok".to_owned(),
            StepOutcome::Skipped(_) => "--".to_owned(),
            StepOutcome::Failed(error) => error.to_string(),
            other => panic!("{other:?}"),
        };
        (step.name.into_owned(), outcome)
    });
    told.filter(|(name, _)| !matches!(&**name, "dns" | "tcp")).collect()
}

fn ok(names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| ((*name).to_owned(), "ok".to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_live_feed_passes_every_step() {
    let script = Script::accept().expect_text("all").send_text("1");
    assert_eq!(steps(script).await, ok(&["upgrade", "subscribe", "first frame", "ping"]));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_feed_is_no_failure() {
    let mut expected = ok(&["upgrade", "subscribe", "first frame", "ping"]);
    expected[2].1 = "--".into();
    assert_eq!(steps(Script::accept().expect_text("all")).await, expected);
    expected[3].1 = "--".into();
    assert_eq!(steps(Script::accept().no_pongs().expect_text("all")).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_answered_with_a_close_is_a_failure_although_the_ping_was_not() {
    let script = Script::accept().expect_text("all").expect_ping().close(1008, "no such feed");
    let mut expected = ok(&["upgrade", "subscribe", "ping"]);
    let words =
        "WebSocket ws://feed.test/: closed by the server: 1008 policy violation, \"no such feed\"";
    expected.push(("read".to_owned(), words.to_owned()));
    assert_eq!(steps(script).await, expected);
}

#[tokio::test(start_paused = true)]
async fn an_interim_answer_is_not_the_answer() {
    let head = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    let refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let (_peer, source) = in_memory([Script::garbage(format!("{head}{refusal}"))], json!({}));
    let error = run_paused(&source).await.end.unwrap_err();
    assert!(error.to_string().contains("404 Not Found"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_header_that_may_come_once_must_not_come_twice() {
    let twice = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n\
                 Sec-WebSocket-Accept: x\r\nSec-WebSocket-Accept: y\r\n\r\n";
    let (_peer, source) = in_memory([Script::garbage(twice)], json!({}));
    let error = run_paused(&source).await.end.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("Sec-WebSocket-Accept"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_the_peer_says_back_is_not_shown() {
    let keys = json!({
        "auth": {"type": "bearer", "config": {"token": "s3cret-token"}},
        "headers": {"X-Key": "s3cret-key"},
    });
    for script in [
        Script::reject(401).body("invalid token: s3cret-token, key s3cret-key"),
        Script::accept().close(1008, "s3cret-token is not s3cret-key"),
    ] {
        let (_peer, source) = in_memory([script], keys.clone());
        let error = run_paused(&source).await.end.unwrap_err();
        let shown = format!("{error:#}");
        assert!(shown.contains("***") && !shown.contains("s3cret"), "{shown}");
    }
}
