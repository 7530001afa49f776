//! The session of a sink, from the upgrade to the first record.

use faucet_common_websocket::session::hooks::{
    InboundMessage, ProgramSession, ProgramVerdict, SessionProgram,
};
use faucet_core::{Error, ErrorKind, Scope, Sink};
use faucet_testkit::{Gate, Script};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::support::*;

/// Answers a challenge, and greets with it.
fn keys(more: Value) -> Value {
    let session = json!([
        {"expect": {"/type": "welcome"}, "take": {"challenge": "/challenge"}},
        {"send": {"json": {"login": "{challenge}", "key": "{key}"}}},
        {"expect": {"/ok": true}, "fail": {"/ok": false}, "timeout": 7},
    ]);
    with(
        json!({
            "values": {"key": {"secret": "s3cret-key"}}, "session": session,
            "connect_messages": [{"json": {"hello": "{challenge}", "n": "{seq}"}}, "plain {challenge}"],
        }),
        more,
    )
}

fn welcomes(challenge: u64) -> Script {
    Script::accept()
        .send_text(json!({"type": "welcome", "challenge": challenge}).to_string())
        .next_json(json!({"/login": challenge, "/key": "s3cret-key"}))
}

const YES: &str = r#"{"ok":true}"#;

#[tokio::test(start_paused = true)]
async fn the_session_is_complete_before_the_first_record() {
    let (gate, later) = (Gate::new(), Gate::new());
    let scripts = [
        welcomes(7).wait(&gate).send_text(YES).expect_data(3).close(1012, "restart"),
        welcomes(8).wait(&later).send_text(YES),
    ];
    let (peer, _, sink) = in_memory(scripts, keys(json!({})));
    let scope = Scope::default();
    let mut opening = sink.open(&scope);
    let before = timeout(std::time::Duration::from_secs(5), &mut opening).await;
    assert!(before.is_err(), "the sink is open before its session is complete");
    gate.open();
    let mut run = Run::new(opening.await.unwrap(), scope.clone());
    run.write(numbers(1, 1)).await.unwrap();
    gone(&peer).await;
    // The next connection has a session of its own, behind which the records wait.
    {
        let mut writing = std::pin::pin!(run.write_page(numbers(2, 3)));
        assert!(timeout(std::time::Duration::from_secs(6), &mut writing).await.is_err());
        assert_eq!(peer.connections()[1].texts().len(), 1);
        later.open();
        writing.await.unwrap();
    }
    run.end().await.unwrap();
    let seen = peer.finish().await;
    let said = |challenge: u64| {
        [
            format!("{{\"key\":\"s3cret-key\",\"login\":{challenge}}}"),
            format!("{{\"hello\":{challenge},\"n\":1}}"),
            "plain {challenge}".to_owned(),
        ]
    };
    assert_eq!(seen[0].texts(), [&said(7)[..], &named(1, 1)].concat());
    assert_eq!(seen[1].texts(), [&said(8)[..], &named(2, 3)].concat());
    assert_eq!((run.counts().delivered, run.skipped("unexpected_inbound")), (3, 0));
}

/// The error of opening a sink, and how many connections were made.
async fn refusal(script: Script, keys: Value) -> (Error, usize) {
    let (peer, _, sink) = in_memory([script], keys);
    match sink.open(&Scope::default()).await {
        Ok(_) => panic!("the sink is open"),
        Err(error) => (error, peer.connections().len()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_fails_is_the_error_of_open() {
    for (script, more, words, kind) in [
        (
            welcomes(7).send_text(r#"{"ok":false,"why":"s3cret-key expired"}"#),
            json!({}),
            r#"session[2] was refused: "{\"ok\":false,\"why\":\"*** expired\"}""#,
            ErrorKind::Auth,
        ),
        (welcomes(7), json!({}), "session[2]: no answer for 7s (timeout)", ErrorKind::Timeout),
        (
            welcomes(7),
            json!({"session_timeout": 3}),
            "the session was not complete after 3s (session_timeout)",
            ErrorKind::Timeout,
        ),
        (
            Script::accept().send_text(r#"{"type":"welcome"}"#),
            json!({}),
            "session[0]: the message has no value at /challenge",
            ErrorKind::Protocol,
        ),
        (
            welcomes(7).close(1008, "no s3cret-key"),
            json!({}),
            "closed by the server: 1008 policy violation, \"no ***\"",
            ErrorKind::Auth,
        ),
        (welcomes(7).hang_up(), json!({}), "connection lost", ErrorKind::Closed),
    ] {
        let begun = Instant::now();
        let (error, connections) = refusal(script, keys(more)).await;
        let shown = format!("{error:#} {error:?}");
        assert!(error.to_string().contains(words) && !shown.contains("s3cret"), "{shown}");
        assert_eq!((error.kind(), connections), (kind, 1), "{shown}");
        assert!(begun.elapsed().as_secs() <= 7);
    }
}

#[tokio::test(start_paused = true)]
async fn check_shows_the_steps_of_the_session() {
    for (script, last) in [
        (welcomes(7).send_text(YES), ["session[2] expect", "messages", "ping"].as_slice()),
        (welcomes(7).send_text(r#"{"ok":false}"#), ["session[2]"].as_slice()),
    ] {
        let (_peer, _, sink) = in_memory([script], keys(json!({})));
        let report = sink.check(&Scope::default()).await;
        let names: Vec<&str> = report.steps.iter().map(|step| &*step.name).collect();
        let first = ["upgrade", "session[0] expect", "session[1] send"];
        assert_eq!(names, [&first[..], last].concat());
        assert_eq!(report.passed(), last.len() == 3);
    }
}

#[tokio::test(start_paused = true)]
async fn values_reach_the_query_and_the_headers_of_the_upgrade() {
    let keys = json!({
        "values": {"key": {"secret": "a/b c"}, "id": {"random": "hex"},
            "sign": {"hmac": "sha256", "key": "{key}", "text": "{id}"}},
        "query": {"key": "{key}", "id": ["{id}", "x"]},
        "headers": {"X-Sign": "{sign}", "X-Id": "{id}"},
    });
    let scripts = [Script::accept().expect_data(1).close(1012, ""), Script::accept()];
    let (peer, _, sink) = in_memory(scripts, keys);
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 1)).await.unwrap();
    gone(&peer).await;
    run.write(numbers(2, 2)).await.unwrap();
    run.end().await.unwrap();
    let seen = peer.finish().await;
    for seen in &seen {
        let id = seen.header("X-Id").unwrap();
        assert_eq!(seen.path(), format!("/?id={id}&id=x&key=a%2Fb%20c"));
        assert_eq!(seen.header("X-Sign").unwrap().len(), 64);
    }
    assert_ne!(seen[0].header("X-Sign"), seen[1].header("X-Sign"), "made anew for each connect");
}

#[tokio::test(start_paused = true)]
async fn a_url_from_outside_needs_a_host_that_is_listed() {
    let keys = |url: &str| {
        json!({"values": {"endpoint": {"literal": url}}, "url_from": "{endpoint}",
            "url_hosts": ["127.0.0.1:9000"]})
    };
    let (peer, memory) = memory([Script::accept()]);
    let sink = without_url(keys("ws://127.0.0.1:9000/in?a=1")).with_dial(memory);
    let mut run = Run::open(&sink).await;
    run.write(numbers(1, 1)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(peer.finish().await[0].path(), "/in?a=1");
    let (_, memory) = self::memory([Script::accept()]);
    let sink = without_url(keys("wss://evil.test/s3cret")).with_dial(memory.clone());
    let error = sink.open(&Scope::default()).await.err().unwrap();
    let words = "the URL of url_from leads to evil.test:443, which url_hosts does not allow";
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!((error.kind(), memory.asked().len()), (ErrorKind::Config, 0));
}

#[cfg(feature = "session-http")]
#[tokio::test]
async fn a_call_brings_a_token_before_each_connect() {
    use faucet_testkit::{HttpScript, HttpServer, ScriptedServer};
    let token = |n: u32| HttpScript::answer(200).json(json!({"token": format!("t-{n}")}));
    let http = HttpServer::start([token(1), token(2)]).await;
    let first = Script::accept().expect_data(1).close(1012, "");
    let server = ScriptedServer::start([first, Script::accept()]).await;
    let keys = json!({
        "before_connect": [{"url": http.url_with("/token"), "method": "POST", "take": {"token": "/token"}}],
        "headers": {"Authorization": "Bearer {token}"},
    });
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    run.write(numbers(1, 1)).await.unwrap();
    soon(server.until(|seen| seen.first().is_some_and(|seen| seen.end.is_some()))).await;
    run.write(numbers(2, 2)).await.unwrap();
    run.end().await.unwrap();
    let seen = soon(server.finish()).await;
    let sent: Vec<_> = seen.iter().map(|seen| seen.header("Authorization")).collect();
    assert_eq!(sent, [Some("Bearer t-1"), Some("Bearer t-2")]);
    assert_eq!(http.finish().await.len(), 2);
}

/// Answers a challenge with its double.
struct Doubles;

impl SessionProgram for Doubles {
    type Answer = u64;

    fn message(
        &mut self,
        message: InboundMessage<'_>,
        session: &mut ProgramSession<u64>,
    ) -> ProgramVerdict {
        match message.text().map(|text| (text, text.parse::<u64>())) {
            Some((_, Ok(number))) => session.work(async move { 2 * number }),
            Some(("welcome", _)) => session.ready(),
            _ => return ProgramVerdict::Pass,
        }
        ProgramVerdict::Control
    }

    fn answered(&mut self, answer: u64, session: &mut ProgramSession<u64>) {
        session.send_text(answer.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_logs_a_sink_in_before_the_first_record() {
    let script = || Script::accept().send_text("21").expect_text("42").send_text("welcome");
    let scripts = [script().expect_data(2).close(1012, "restart"), script()];
    let keys = json!({"connect_messages": ["hello"], "control": [{"match": {"text": "note"}}]});
    let (peer, _, sink) = in_memory(scripts, keys);
    let sink = sink.with_program(|| Doubles);
    let scope = Scope::default();
    let mut run = Run::new(sink.open(&scope).await.unwrap(), scope.clone());
    run.write(numbers(1, 1)).await.unwrap();
    gone(&peer).await;
    run.write_page(numbers(2, 2)).await.unwrap();
    run.end().await.unwrap();
    let seen = peer.finish().await;
    for (connection, record) in [(0, named(1, 1)), (1, named(2, 2))] {
        let expected = [vec!["42".to_owned(), "hello".to_owned()], record].concat();
        assert_eq!(seen[connection].texts(), expected);
    }
}
