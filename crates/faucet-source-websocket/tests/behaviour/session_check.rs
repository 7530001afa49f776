//! `check` shows a session step by step.

use faucet_core::{ErrorKind, Scope, Source, StepOutcome};
use faucet_testkit::Script;
use serde_json::{Value, json};

use crate::support::*;

/// The steps of a check, each with its outcome, and the kind of the error.
async fn steps(script: Script, keys: Value) -> (Vec<(String, String)>, Option<ErrorKind>) {
    let (_peer, source) = in_memory([script], keys);
    let report = source.check(&Scope::default()).await;
    let mut kind = None;
    let mut steps = Vec::new();
    for step in report.steps {
        let outcome = match step.outcome {
            StepOutcome::Passed(_) => "ok".to_owned(),
            StepOutcome::Skipped(why) => format!("-- {why}"),
            StepOutcome::Failed(error) => {
                kind = Some(error.kind());
                error.to_string()
            }
            other => panic!("{other:?}"),
        };
        if !matches!(&*step.name, "dns" | "tcp") {
            steps.push((step.name.into_owned(), outcome));
        }
    }
    (steps, kind)
}

fn names(steps: &[(String, String)]) -> Vec<&str> {
    steps.iter().map(|(name, _)| name.as_str()).collect()
}

fn keys() -> Value {
    json!({
        "values": {"key": {"secret": "s3cret-key"}},
        "session": [
            {"expect": {"/type": "welcome"}},
            {"send": {"json": {"login": "{key}"}}},
            {"expect": {"/event": "login"}, "fail": {"/event": "error"}, "timeout": 7},
            {"send": "never", "only": "resume"},
        ],
        "topics": ["a", "b"],
        "subscribe": {"message": {"json": {"sub": "{topic}"}}, "batch": 1, "ack": {"/yes": "{topic}"},
            "fail": {"/no": "{topic}"}, "on_fail": "skip"},
        "subscribe_messages": ["all"],
        "resume": {"cursor": "/id"}, "query": {"from": "{cursor?}"},
    })
}

fn welcomes() -> Script {
    Script::accept().send_text(r#"{"type":"welcome"}"#).next_json(json!({"/login": "s3cret-key"}))
}

fn subscribes(script: Script) -> Script {
    script
        .send_text(r#"{"event":"login"}"#)
        .unordered([
            (json!({"/sub": "a"}), json!({"yes": "a"})),
            (json!({"/sub": "b"}), json!({"no": "b"})),
        ])
        .expect_text("all")
}

#[tokio::test(start_paused = true)]
async fn each_step_of_a_good_session_is_shown() {
    let (steps, _) = steps(subscribes(welcomes()).send_text("1"), keys()).await;
    let expected = [
        "upgrade",
        "session[0] expect",
        "session[1] send",
        "session[2] expect",
        "topics",
        "subscribe",
        "messages",
        "first frame",
        "ping",
    ];
    assert_eq!(names(&steps), expected);
    for (name, outcome) in &steps {
        let expected = if name == "topics" { r#"-- b refused: "{\"no\":\"b\"}""# } else { "ok" };
        assert_eq!(outcome, expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn data_during_the_session_is_the_first_frame_and_a_quiet_feed_is_no_failure() {
    let (quiet, _) = steps(subscribes(welcomes()), keys()).await;
    let frame = quiet.iter().find(|(name, _)| name == "first frame").unwrap();
    assert!(frame.1.starts_with("-- none yet"), "{frame:?}");
    let script = Script::accept().send_text("1").send_text(r#"{"type":"welcome"}"#).expect_data(1);
    let (early, _) = steps(subscribes(script), keys()).await;
    let frame = early.iter().find(|(name, _)| name == "first frame").unwrap();
    assert_eq!(frame.1, "ok");
}

#[tokio::test(start_paused = true)]
async fn a_refused_or_missing_answer_fails_the_session_and_names_the_step() {
    for (script, name, words, kind) in [
        (
            welcomes().send_text(r#"{"event":"error","msg":"s3cret-key is unknown"}"#),
            "session[2]",
            r#"session[2] was refused: "{\"event\":\"error\",\"msg\":\"*** is unknown\"}""#,
            ErrorKind::Auth,
        ),
        (welcomes(), "session[2]", "session[2]: no answer for 7s (timeout)", ErrorKind::Timeout),
        (
            welcomes().close(1008, "no s3cret-key"),
            "session",
            "closed by the server: 1008 policy violation, \"no ***\"",
            ErrorKind::Auth,
        ),
    ] {
        let (steps, failed) = steps(script, keys()).await;
        let expected = ["upgrade", "session[0] expect", "session[1] send", name];
        assert_eq!(names(&steps), expected);
        assert!(steps[3].1.contains(words), "{steps:?}");
        assert_eq!(failed, Some(kind));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_cannot_be_prepared_fails_before_any_connection() {
    let keys = json!({"values": {"token": {"file": "/no/such/file"}}, "query": {"t": "{token}"}});
    let (steps, kind) = steps(Script::accept(), keys).await;
    assert_eq!(names(&steps), ["before_connect"]);
    assert!(steps[0].1.contains("values.token: the file "), "{steps:?}");
    assert_eq!(kind, Some(ErrorKind::Auth));
}

#[tokio::test(start_paused = true)]
async fn a_check_has_the_first_of_several_connections_with_its_topics() {
    let keys = json!({"topics": ["a", "b", "c"], "topics_per_connection": 2,
        "subscribe": {"message": {"json": {"sub": "{topics}"}}}});
    let script = Script::accept().expect_text(r#"{"sub":["a","b"]}"#).send_text("1");
    let (peer, source) = in_memory([script], keys);
    let report = source.check(&Scope::default()).await;
    let step = report.steps.iter().find(|step| step.name == "connection").unwrap();
    let words = "the first of 2 (topics_per_connection)";
    assert!(matches!(&step.outcome, StepOutcome::Passed(what) if what == words), "{report:?}");
    assert_eq!(peer.failures(), Vec::<String>::new());
}
