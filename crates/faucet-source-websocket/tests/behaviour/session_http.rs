//! HTTP calls before a connect and in the session.

use faucet_core::{Ended, ErrorKind};
use faucet_testkit::{HttpScript, HttpServer, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_call_brings_the_url_and_the_token_of_each_connect() {
    let server = ScriptedServer::start([once_up()]).await;
    let host = server.address().to_string();
    let token = |n: u32| {
        let endpoint = server.url_with("/private");
        HttpScript::answer(201).expect("POST", "/token%2F1?for=a%26b").json(
            json!({"code": "0", "data": {"token": format!("s3cret/{n}"), "endpoint": endpoint, "you": "{/key}"}}),
        )
    };
    let http = HttpServer::start([token(1), token(2)]).await;
    let keys = json!({
        "values": {"key": {"secret": "k\"1"}, "who": {"literal": "a&b"}, "v": {"literal": "token/1"}},
        "before_connect": [{
            "url": http.url_with("/{v}?for={who}"), "method": "POST",
            "headers": {"X-Key": "{key}", "X-Left": "{none?}"},
            "json": {"key": "{key}"}, "status": [200, 201], "expect": {"/code": "0"},
            "take": {"token": "/data/token", "endpoint": "/data/endpoint", "you": "/data/you"},
        }],
        "url_from": "{endpoint}", "url_hosts": [host], "query": {"token": "{token}"},
        "headers": {"X-You": "{you}"}, "subscribe_messages": [{"json": {"token": "{token}"}}],
        "max_messages": 2, "envelope": true,
    });
    let logs = Logs::collect();
    let told = run_with(&without_url(reconnecting(keys)), &context(&[("none", "n")])).await;
    assert_eq!(told.ended(), Ended::MaxRecords);
    let requests = http.finish().await;
    for request in &requests {
        assert_eq!(request.json(), json!({"key": "k\"1"}));
        assert_eq!(request.header("X-Key"), Some("k\"1"));
        assert_eq!(request.header("Content-Type"), Some("application/json"));
    }
    let seen = server.finish().await;
    let paths: Vec<&str> = seen.iter().map(faucet_testkit::Seen::path).collect();
    assert_eq!(paths, ["/private?token=s3cret%2F1", "/private?token=s3cret%2F2"]);
    assert_eq!(seen[1].header("X-You"), Some("k\"1"));
    assert_eq!(seen[0].json_messages(), [json!({"token": "s3cret/1"})]);
    let record = told.pages[0].iter().next().unwrap().to_record().to_value().unwrap();
    let shown = format!("{record} {}", logs.lines().join("\n"));
    assert!(shown.contains(&server.address().to_string()) && !shown.contains("s3cret"), "{shown}");
}

/// Calls, and connects to a server that sends a record.
async fn called(
    calls: Value,
    scripts: impl IntoIterator<Item = HttpScript>,
    more: Value,
) -> (Told, Vec<faucet_testkit::HttpSeen>, usize) {
    let server = ScriptedServer::start([up()]).await;
    let http = HttpServer::start(scripts).await;
    let mut calls = calls;
    for call in calls.as_array_mut().unwrap() {
        let path = call["url"].as_str().unwrap().to_owned();
        call["url"] = http.url_with(&path).into();
    }
    let keys = with(json!({"before_connect": calls, "max_messages": 1}), more);
    let told = run(&source(&server.url(), keys)).await;
    (told, http.requests(), server.connections().len())
}

#[tokio::test]
async fn calls_are_made_in_order_with_what_earlier_ones_took() {
    let calls = json!([
        {"url": "/first", "take": {"a": "/a"}},
        {"url": "/second/{a}", "method": "PUT", "body": "grant={a}&x={}"},
    ]);
    let scripts = [HttpScript::answer(200).json(json!({"a": "x y"})), HttpScript::answer(200)];
    let (told, requests, _) = called(calls, scripts, json!({})).await;
    assert_eq!(told.texts(), [UP]);
    assert_eq!((requests[0].method(), requests[0].path()), ("GET", "/first"));
    assert_eq!((requests[1].method(), requests[1].path()), ("PUT", "/second/x%20y"));
    assert_eq!(requests[1].text(), "grant=x y&x={}");
}

#[tokio::test]
async fn an_answer_that_is_not_as_expected_refuses_and_other_trouble_is_tried_again() {
    let take = json!([{"url": "/", "expect": {"/code": "0"}, "take": {"token": "/token"}}]);
    let good = || HttpScript::answer(200).json(json!({"code": "0", "token": "t"}));
    let retried = json!({"reconnect": true, "reconnect_backoff": 0.001});
    for (script, words, kind, again) in [
        (
            HttpScript::answer(200).json(json!({"code": "401", "msg": "bad key"})),
            r#"refused: "{\"code\":\"401\",\"msg\":\"bad key\"}""#,
            ErrorKind::Auth,
            false,
        ),
        (
            HttpScript::answer(401).body("who?"),
            "answered with status 401: \"who?\"",
            ErrorKind::Auth,
            false,
        ),
        (HttpScript::answer(404), "answered with status 404", ErrorKind::Connect, false),
        (HttpScript::answer(503), "answered with status 503", ErrorKind::Connect, true),
        (
            HttpScript::answer(200).json(json!({"code": "0", "token": null})),
            "the answer has no value at /token",
            ErrorKind::Protocol,
            true,
        ),
        (HttpScript::hang_up(), "", ErrorKind::Connect, true),
    ] {
        let (told, requests, connects) = called(take.clone(), [script.clone()], json!({})).await;
        let error = told.error();
        let shown = error.to_string();
        assert!(
            shown.contains("before_connect[0]: GET http://127.0.0.1:") && shown.contains(words),
            "{shown}"
        );
        assert_eq!((error.kind(), requests.len(), connects), (kind, 1, 0), "{shown}");
        let (told, requests, _) = called(take.clone(), [script, good()], retried.clone()).await;
        assert_eq!((told.end.is_ok(), requests.len()), (again, 1 + usize::from(again)));
    }
}

#[tokio::test]
async fn an_answer_may_be_any_text() {
    for (expect, good) in [
        (json!({"text": "ok 1"}), true),
        (json!({"text": "ok"}), false),
        (json!({"prefix": "ok"}), true),
        (json!({"prefix": "no"}), false),
        (json!({"binary": true}), false),
    ] {
        let script = HttpScript::answer(200).body("ok 1");
        let (told, ..) = called(json!([{"url": "/", "expect": expect}]), [script], json!({})).await;
        assert_eq!(told.end.is_ok(), good, "{expect}");
    }
}

#[tokio::test]
async fn a_busy_server_of_calls_says_when_to_come_again() {
    let scripts = [HttpScript::answer(429).header("Retry-After", "1"), HttpScript::answer(200)];
    let keys = json!({"reconnect": true, "reconnect_backoff": 0.001});
    let (told, requests, _) = called(json!([{"url": "/"}]), scripts, keys).await;
    assert_eq!(told.texts(), [UP]);
    let wait = requests[1].received_at - requests[0].received_at;
    assert!(wait >= secs(1), "{wait:?}");
}

#[tokio::test]
async fn a_call_has_its_own_time() {
    let calls = json!([{"url": "/", "timeout": "100ms"}]);
    let (told, _, connects) = called(calls, [HttpScript::hang()], json!({})).await;
    assert!(told.error().to_string().contains("before_connect[0]"), "{:?}", told.error());
    assert_eq!(connects, 0);
    assert!(told.took < secs(8), "{:?}", told.took);
}

#[tokio::test]
async fn a_step_of_the_session_may_be_a_call() {
    let http = HttpServer::start([
        HttpScript::answer(202).json(json!({"status": "enabled", "id": "for {/session}"})),
        HttpScript::answer(400).body("no"),
    ])
    .await;
    let script = || {
        Script::accept()
            .send_text(r#"{"session":"s-1"}"#)
            .send_text("1")
            .next_json(json!({"/id": "for s-1"}))
            .send_text("2")
    };
    let server =
        ScriptedServer::start([script(), Script::accept().send_text(r#"{"session":"s"}"#)]).await;
    let keys = json!({
        "session": [
            {"expect": {"/session": {"exists": true}}, "take": {"session": "/session"}},
            {"request": {"url": http.url_with("/subscriptions"), "method": "POST", "json": {"session": "{session}"},
                "headers": {"X-Session": "{session}"}, "status": [202], "expect": {"/status": "enabled"},
                "take": {"id": "/id"}, "timeout": 5}},
            {"send": {"json": {"id": "{id}"}}},
        ],
        "max_messages": 2,
    });
    let told = run(&source(&server.url(), keys.clone())).await;
    assert_eq!(told.texts(), ["1", "2"]);
    let request = http.requests().swap_remove(0);
    assert_eq!((request.method(), request.path()), ("POST", "/subscriptions"));
    assert_eq!(request.header("X-Session"), Some("s-1"));
    let told = run(&source(&server.url(), keys)).await;
    let error = told.error().to_string();
    assert!(error.contains("session[1]: answered with status 400: \"no\""), "{error}");
    server.finish().await;
}

#[tokio::test]
async fn check_shows_the_calls() {
    use faucet_core::{Scope, Source};
    let server = ScriptedServer::start([up()]).await;
    let http = HttpServer::start([HttpScript::answer(200)]).await;
    let keys = json!({"before_connect": [{"url": http.url()}], "session": [{"request": {"url": http.url()}}]});
    let report = source(&server.url(), keys).check(&Scope::default()).await;
    let names: Vec<&str> = report.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(names[0], "before_connect");
    assert!(names.contains(&"session[0] request"), "{names:?}");
}

#[tokio::test]
async fn a_call_before_a_connect_waits_for_connect_limit() {
    let server = ScriptedServer::start([once_up()]).await;
    let token = || HttpScript::answer(200).json(json!({"token": "t"}));
    let http = HttpServer::start([token(), token()]).await;
    let keys = json!({"before_connect": [{"url": http.url_with("/token"), "take": {"token": "/token"}}],
        "query": {"t": "{token}"}, "connect_limit": {"count": 1, "per": "1 h"}, "idle_timeout": 0.3});
    // The connection ends after its record. The next one waits, and so does its token.
    let told = run(&source(&server.url(), reconnecting(keys))).await;
    assert_eq!((told.ended(), told.texts().len()), (Ended::Idle, 1));
    assert_eq!((http.requests().len(), server.connections().len()), (1, 1));
}
