//! URLs that come from outside, and the hosts that they may have.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use faucet_common_websocket::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_core::{Ended, ErrorKind};
use faucet_testkit::{Script, ScriptedPeer};
use serde_json::{Value, json};

use crate::support::*;

/// Reaches one peer in memory, whatever the host, and notes the hosts.
struct Anywhere {
    peer: Arc<ScriptedPeer>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Dial for Anywhere {
    async fn dial(&self, to: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        self.asked.lock().unwrap().push(format!("{}:{}", to.host, to.port));
        Memory(Arc::clone(&self.peer)).dial(to, log).await
    }
}

/// A run without `url` from its start to its end, the paths that were asked for, and the hosts.
async fn run_anywhere(
    scripts: impl IntoIterator<Item = Script>,
    keys: Value,
) -> (Told, Vec<String>, Vec<String>) {
    let peer = Arc::new(ScriptedPeer::new(scripts));
    let dial = Arc::new(Anywhere { peer: Arc::clone(&peer), asked: Mutex::default() });
    let source = without_url(keys).with_dial(Arc::clone(&dial) as Arc<dyn Dial>);
    let told = run_paused(&source).await;
    let paths = peer.connections().iter().map(|seen| seen.path().to_owned()).collect();
    let asked = dial.asked.lock().unwrap().clone();
    (told, paths, asked)
}

fn from_outside(url: &str) -> Value {
    json!({"values": {"endpoint": {"literal": url}}, "url_from": "{endpoint}",
        "url_hosts": ["127.0.0.1:9000", "*.localhost:9000"], "max_messages": 1})
}

#[tokio::test(start_paused = true)]
async fn a_url_can_be_made_of_names() {
    for (url, path, host) in [
        ("ws://127.0.0.1:9000/feed?token={x}%2F", "/feed?token={x}%2F&v=1%202", "127.0.0.1:9000"),
        ("ws://a.localhost:9000", "/?v=1%202", "a.localhost:9000"),
    ] {
        let keys = with(from_outside(url), json!({"query": {"v": "1 2"}}));
        let (told, paths, hosts) = run_anywhere([up()], keys).await;
        assert_eq!(
            (told.ended(), paths, hosts),
            (Ended::MaxRecords, vec![path.to_owned()], vec![host.to_owned()])
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_url_from_outside_with_another_host_ends_the_run_before_any_connect() {
    for (url, why) in [
        ("wss://evil.test/s3cret", "leads to evil.test:443, which url_hosts does not allow"),
        ("ws://127.0.0.1:9001/s3cret", "leads to 127.0.0.1:9001, which url_hosts does not allow"),
        ("ws://localhost:9000/s3cret", "leads to localhost:9000, which url_hosts does not allow"),
        ("ws://evil.test/s3cret", "has the scheme ws; wss is needed, or ws for this machine"),
        ("ws://s3cret@127.0.0.1:9000/", "has a user, which is not allowed"),
        ("file:///etc/s3cret", "has the scheme file"),
        ("s3cret", "is no URL"),
    ] {
        let logs = Logs::collect();
        let (told, paths, hosts) =
            run_anywhere([up()], with(from_outside(url), json!({"reconnect": true}))).await;
        let error = told.error();
        let words = format!("the URL of url_from {why}");
        assert!(error.to_string().contains(&words), "{error}");
        assert_eq!((error.kind(), paths.len() + hosts.len()), (ErrorKind::Config, 0), "{url}");
        let shown = format!("{error:?} {}", logs.lines().join("\n"));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

/// The server names the URL of the next connect.
fn moves(url: &str) -> Script {
    up().send_text(json!({"move": url}).to_string())
}

#[tokio::test(start_paused = true)]
async fn a_rule_gives_the_url_of_the_next_connect_only() {
    let keys = json!({
        "url": "ws://feed.test/first", "query": {"v": "1"}, "url_hosts": ["*.localhost:9000"],
        "session": [{"send": "fresh", "only": "fresh"}, {"send": "resume", "only": "resume"}],
        "control": [{"match": {"/move": {"exists": true}}, "action": "reconnect",
            "take": {"next": "/move"}, "url": "{next}"}],
        "reconnect": true, "reconnect_backoff": 0.001, "max_messages": 4,
    });
    let scripts = [
        moves("ws://b.localhost:9000/moved?complete=1"),
        up().hang_up(),
        moves("wss://evil.localhost.test:9000/"),
        up(),
    ];
    let peer_keys = keys.clone();
    let (told, paths, hosts) = run_anywhere(scripts, peer_keys).await;
    assert_eq!(told.texts(), [UP, UP, UP]);
    assert!(
        told.error().to_string().contains("the URL of control leads to evil.localhost.test:9000")
    );
    assert_eq!(told.error().kind(), ErrorKind::Config);
    assert_eq!(paths, ["/first?v=1", "/moved?complete=1", "/first?v=1"]);
    assert_eq!(hosts, ["feed.test:80", "b.localhost:9000", "feed.test:80"]);
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_resumes_goes_to_the_url_that_was_kept() {
    let ready = |url: &str| Script::accept().send_text(json!({"resume_at": url}).to_string());
    let keys = json!({
        "url": "ws://feed.test/first", "query": {"v": "1"}, "url_hosts": ["c.localhost:9000"],
        "session": [{"expect": {"/resume_at": {"exists": true}}, "take": {"at": "/resume_at"}, "only": "fresh"}],
        "resume": {"keep": ["at"], "url": "{at}/again"},
        "reconnect": true, "reconnect_backoff": 0.001, "max_messages": 3,
    });
    let scripts = [ready("ws://c.localhost:9000").send_text("1").hang_up(), once_up()];
    let (told, paths, hosts) = run_anywhere(scripts, keys.clone()).await;
    assert_eq!(told.texts(), ["1", UP, UP]);
    assert_eq!(paths, ["/first?v=1", "/again?v=1", "/again?v=1"]);
    assert_eq!(hosts, ["feed.test:80", "c.localhost:9000", "c.localhost:9000"]);
    let scripts = [ready("wss://evil.test").send_text("1").hang_up(), once_up()];
    let (told, paths, _) = run_anywhere(scripts, keys).await;
    assert!(told.error().to_string().contains("the URL of resume.url leads to evil.test:443"));
    assert_eq!((told.error().kind(), paths.len()), (ErrorKind::Config, 1));
}
