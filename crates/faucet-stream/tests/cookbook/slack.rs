//! Slack: an address for one connect by HTTP, an answer to each event, a planned end without a hole.

use faucet_stream::{End, ErrorKind};
use faucet_testkit::{HttpScript, HttpServer, Reply, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::{Recipe, read};

fn opened(url: &str) -> HttpScript {
    HttpScript::answer(200)
        .expect("POST", "/api/apps.connections.open")
        .json(json!({"ok": true, "url": url}))
}

fn event(envelope: &str, event: &str) -> Value {
    let payload = json!({"event_id": event});
    json!({"type": "events_api", "envelope_id": envelope, "payload": payload})
}

/// An event, and its answer.
fn answered(script: Script, envelope: &str, id: &str) -> Script {
    let script = script.send_text(event(envelope, id).to_string());
    script.next_json(json!({"/envelope_id": envelope}))
}

fn up() -> Script {
    Script::accept().send_text(json!({"type": "hello"}).to_string())
}

fn recipe(http: &HttpServer, host: &str, records: usize) -> Recipe {
    Recipe::new("slack", records)
        .with("https://slack.com/", &http.url())
        .with("\"*.slack.com\"", &format!("\"{host}\""))
}

#[tokio::test]
async fn each_event_is_answered_and_recorded_once() {
    let disconnect = json!({"type": "disconnect", "reason": "refresh_requested"}).to_string();
    let first = answered(answered(up(), "e1", "Ev1"), "e2", "Ev2").send_text(disconnect);
    // An event that Slack takes for lost comes again in another envelope.
    let second = read(up())
        .send_text(event("e3", "Ev2").to_string())
        .send_text(event("e4", "Ev3").to_string())
        .unordered(["e3", "e4"].map(|id| (json!({"/envelope_id": id}), Reply::none())))
        .send_text(event("e5", "Ev4").to_string());
    let server = ScriptedServer::start([first.expect_close(), second.expect_close()]).await;
    let urls = ["/link/?ticket=1", "/link/?ticket=2"];
    let http = HttpServer::start(urls.map(|path| opened(&server.url_with(path)))).await;
    let host = server.address().to_string();
    let ran = recipe(&http, &host, 4).run(&[("SLACK_APP_TOKEN", "xapp-1")]).await;
    let seen = server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    let expected = [event("e1", "Ev1"), event("e2", "Ev2"), event("e4", "Ev3"), event("e5", "Ev4")];
    assert_eq!(ran.lines, expected.map(|line| line.to_string()));
    assert_eq!(seen.iter().map(|seen| seen.path()).collect::<Vec<_>>(), urls);
    for call in http.finish().await {
        assert_eq!(call.header("Authorization"), Some("Bearer xapp-1"));
    }
}

#[tokio::test]
async fn refusals_end_the_run() {
    let http = HttpServer::start([
        HttpScript::answer(200).json(json!({"ok": false, "error": "invalid_auth"}))
    ])
    .await;
    let ran = recipe(&http, "127.0.0.1:1", 1).run(&[("SLACK_APP_TOKEN", "xapp-1")]).await;
    let error = ran.report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(error.to_string().contains("invalid_auth"), "{error}");

    let disabled = json!({"type": "disconnect", "reason": "link_disabled"}).to_string();
    let server = ScriptedServer::start([up().send_text(disabled).expect_close()]).await;
    let http = HttpServer::start([opened(&server.url())]).await;
    let host = server.address().to_string();
    let ran = recipe(&http, &host, 1).run(&[("SLACK_APP_TOKEN", "xapp-1")]).await;
    let error = ran.report.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    assert!(error.to_string().contains("control[0] ends the run"), "{error}");
}
