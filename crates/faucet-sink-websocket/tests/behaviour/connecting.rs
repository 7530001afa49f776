//! Starting connects once, and `check` reaches the peer.

use faucet_core::{ErrorKind, Scope, Sink};
use faucet_sink_websocket::ProxyEnvironment;
use faucet_testkit::{ProxyScript, Script, ScriptedProxy, ScriptedServer, refused_address};
use serde_json::{Value, json};

use crate::support::{Run, in_memory, named, numbers, sink, soon};

async fn refusal(url: &str, keys: Value) -> faucet_core::Error {
    match soon(sink(url, keys).open(&Scope::default())).await {
        Ok(_) => panic!("connected"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_refused_connect_is_reported_at_once() {
    let url = format!("ws://{}/?token=s3cret", refused_address().await);
    let error = refusal(&url, json!({})).await;
    assert_eq!(error.kind(), ErrorKind::Connect);
    let text = format!("{error:#}");
    assert!(text.starts_with("Failed to connect to WebSocket ws://127.0.0.1:"), "{text}");
    assert!(text.contains(": Connection refused") && !text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_refused_upgrade_is_reported_and_tried_once() {
    for (script, kind, words) in [
        (Script::reject(401).reason("Unauthorized"), ErrorKind::Auth, ": 401 Unauthorized"),
        (Script::reject(503), ErrorKind::Connect, ": 503"),
        (Script::accept(), ErrorKind::Protocol, "subprotocol not supported"),
    ] {
        let server = ScriptedServer::start([script]).await;
        let keys = json!({"subprotocols": ["v1.json"], "reconnect": true});
        let error = refusal(&server.url(), keys).await;
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(soon(server.finish()).await.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_is_never_answered_times_out_after_ten_seconds() {
    let (_, memory, sink) = in_memory([Script::silent()], json!({}));
    let Err(error) = sink.open(&Scope::default()).await else { panic!("connected") };
    let text = "Connection to WebSocket ws://sink.test/ timed out after 10 seconds";
    assert_eq!(error.to_string(), text);
    assert_eq!(memory.asked().len(), 1);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let ca = faucet_testkit::TestCa::new();
    let server = ScriptedServer::start_tls([Script::accept()], ca.good().server_config()).await;
    let error = refusal(&server.url(), json!({})).await;
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.to_string().contains("certificate verify failed: "), "{error}");
}

#[tokio::test]
async fn headers_credentials_and_the_subprotocol_are_sent() {
    let server = ScriptedServer::start([Script::accept().subprotocol("v1.json")]).await;
    let keys = json!({"subprotocols": ["v1.json"], "headers": {"X-Key": "k"},
        "auth": {"type": "bearer", "config": {"token": "t"}}});
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    run.end().await.unwrap();
    let seen = soon(server.finish()).await;
    assert_eq!(seen[0].header("x-key"), Some("k"));
    assert_eq!(seen[0].header("authorization"), Some("Bearer t"));
    assert_eq!(seen[0].header("sec-websocket-protocol"), Some("v1.json"));
}

#[tokio::test]
async fn a_sink_connects_through_its_proxy() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let proxy = ScriptedProxy::start(ProxyScript::socks5().wants("u", "p"), server.address()).await;
    let address = proxy.address();
    let setting = format!("socks5h://u:p@{address}");
    let mut run = Run::open(&sink("ws://sink.test/", json!({"proxy": setting}))).await;
    run.write(numbers(1, 1)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[0].texts(), ["record 1"]);
    assert_eq!(proxy.asked(), ["sink.test:80"]);

    let keys = json!({"proxy": "env"});
    let variables = |name: &str| (name == "ALL_PROXY").then(|| format!("socks5h://u:no@{address}"));
    let sink =
        sink("ws://sink.test/", keys).with_proxy_environment(ProxyEnvironment::new(variables));
    let Err(error) = soon(sink.open(&Scope::default())).await else { panic!("connected") };
    assert!(error.to_string().contains(&format!(": proxy socks5h://{address} (ALL_PROXY): ")));
    assert_eq!(error.kind(), ErrorKind::Auth);
}

#[tokio::test]
async fn a_run_ends_with_close_1000() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let mut run = Run::open(&sink(&server.url(), json!({}))).await;
    run.write(numbers(1, 3)).await.unwrap();
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[0].close_code(), Some(1000));
    let error = run.write(numbers(4, 4)).await.unwrap_err();
    assert_eq!(error.to_string(), "the WebSocket sink is closed already");
}

#[tokio::test]
async fn two_runs_of_a_sink_have_a_connection_each() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let sink = sink(&server.url(), json!({"delivery": "at_least_once"}));
    let (mut one, mut other) = (Run::open(&sink).await, Run::open(&sink).await);
    let (wrote, also) = tokio::join!(one.write(numbers(1, 50)), other.write(numbers(51, 100)));
    wrote.and(also).unwrap();
    one.end().await.unwrap();
    other.write(numbers(101, 101)).await.unwrap();
    other.end().await.unwrap();
    let seen = soon(server.finish()).await;
    assert_eq!([seen[0].texts(), seen[1].texts()], [named(1, 50), named(51, 101)]);
    assert_eq!((one.counts().delivered, other.counts().delivered), (50, 51));
}

#[tokio::test]
async fn check_names_its_steps_and_leaves_no_record() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let keys = json!({"connect_messages": ["hi"], "delivery": "at_least_once"});
    let report = soon(sink(&server.url(), keys).check(&Scope::default())).await;
    assert!(report.passed(), "{report:?}");
    let names: Vec<&str> = report.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(names, ["tcp", "upgrade", "connect messages", "ping"]);
    assert_eq!(soon(server.finish()).await[0].texts(), ["hi"]);
}

#[tokio::test(start_paused = true)]
async fn check_fails_for_a_peer_without_pongs_only_where_they_are_needed() {
    for (delivery, passes) in [("at_most_once", true), ("at_least_once", false)] {
        let (_, _, sink) = in_memory([Script::accept().no_pongs()], json!({"delivery": delivery}));
        let report = sink.check(&Scope::default()).await;
        assert_eq!(report.passed(), passes, "{report:?}");
        if let Err(error) = report.into_result() {
            assert!(error.to_string().contains("the peer answers no Pings"), "{error}");
            assert!(error.hint().unwrap().contains("delivery: at_most_once"));
        }
    }
}

#[test]
fn wrong_values_are_refused_with_their_key() {
    for (keys, why) in [
        (json!({"ack_timeout": 0}), "ack_timeout: out of range"),
        (json!({"write_timeout": 0}), "write_timeout: out of range"),
        (
            json!({"max_unconfirmed_records": 0}),
            "max_unconfirmed_records: out of range, expected at least 1",
        ),
        (json!({"max_unconfirmed_bytes": 0}), "max_unconfirmed_bytes: out of range"),
        (json!({"max_write_buffer_bytes": 0}), "max_write_buffer_bytes: out of range"),
        (
            json!({"delivery": "exactly_once"}),
            "delivery: unknown value; known: at_most_once, at_least_once",
        ),
        (json!({"mesage_type": "text"}), "mesage_type: unknown key (did you mean `message_type`?)"),
        (json!({"max_reconnect_attempts": -1}), "max_reconnect_attempts: out of range"),
        (json!({"reconnect_max_backoff": 0.5}), "reconnect_max_backoff: out of range"),
        (json!({"url": "http://h/"}), "url must start with ws:// or wss://"),
        (json!({"pong_timeout": 1}), "pong_timeout: needs ping_interval"),
        (json!({"max_message_bytes": "3GiB"}), "max_message_bytes: out of range"),
        (json!({"proxy": "http://h/path"}), "proxy: must be scheme://host:port"),
    ] {
        let config = crate::support::with(json!({"url": "ws://h/"}), keys);
        let mut registry = faucet_core::Registry::new();
        faucet_sink_websocket::register(&mut registry).unwrap();
        let Err(error) = registry.sinks.build("websocket", config.clone()) else {
            panic!("{config}")
        };
        assert!(error.to_string().contains(why), "{config}: {error}");
    }
    let long = json!({"reconnect_backoff": "1 min"});
    sink("ws://h/", long);
}

#[tokio::test(start_paused = true)]
async fn connect_timeout_is_the_budget_of_a_connect() {
    let (_, _, sink) = in_memory([Script::silent()], json!({"connect_timeout": 3}));
    let Err(error) = sink.open(&Scope::default()).await else { panic!("connected") };
    assert!(error.to_string().ends_with("timed out after 3 seconds"), "{error}");
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_named() {
    let ca = faucet_testkit::TestCa::new();
    let server = ScriptedServer::start_tls([Script::accept()], ca.good().server_config()).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ca.pem()).unwrap();
    let keys = json!({"tls": {"ca_file": file.path()}, "delivery": "at_least_once"});
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    run.write(numbers(1, 50)).await.unwrap();
    run.flush().await.unwrap();
    run.end().await.unwrap();
    assert_eq!(soon(server.finish()).await[0].texts().len(), 50);
}

#[tokio::test]
async fn a_message_from_the_peer_over_max_message_bytes_ends_the_run() {
    let large = "x".repeat(100);
    let script = Script::accept().send_text(large).expect_close_code(1009);
    let server = ScriptedServer::start([script]).await;
    let keys = json!({"max_message_bytes": 99, "read_buffer_bytes": 10});
    let mut run = Run::open(&sink(&server.url(), keys)).await;
    soon(server.until(|seen| seen.first().is_some_and(|c| c.close_code().is_some()))).await;
    let error = run.write(numbers(1, 1)).await.unwrap_err();
    assert!(error.to_string().contains("100 bytes is over the limit of 99 bytes"), "{error}");
}
