//! The option map, and what its defaults do.

use std::collections::HashMap;
use std::sync::Arc;

use faucet_core::{Ended, PayloadRef, Registry, Source};
use faucet_source_websocket::{WebsocketSource, WebsocketSourceFactory};
use faucet_testkit::{ProxyScript, Script, ScriptedPeer, ScriptedProxy, ScriptedServer};

use crate::support::*;

fn options(url: &str, more: &[(&str, &str)]) -> HashMap<String, String> {
    let all = [("websocket.url", url)].into_iter().chain(more.iter().copied());
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn made(url: &str, more: &[(&str, &str)]) -> WebsocketSource {
    WebsocketSourceFactory.create_initialized(&options(url, more)).unwrap()
}

fn refused(more: &[(&str, &str)]) -> String {
    WebsocketSourceFactory.create_initialized(&options("ws://h/", more)).unwrap_err().to_string()
}

/// The waits between the connects of a run that reaches nobody, in milliseconds.
async fn waits(more: &[(&str, &str)]) -> Vec<u64> {
    let dial = Arc::new(NoWay::default());
    let told = run_paused(&made("ws://h/", more).with_dial(dial.clone())).await;
    told.error();
    rounded(&gaps(&dial.asked()))
}

#[tokio::test(start_paused = true)]
async fn the_waits_are_those_of_the_document_and_there_are_exactly_n_connects() {
    let documented = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
    assert_eq!(waits(&[("websocket.reconnect.max.attempts", "7")]).await, documented);
    let faster = [
        ("websocket.reconnect.delay.ms", "10"),
        ("websocket.reconnect.max.delay.ms", "30"),
        ("websocket.reconnect.max.attempts", "4"),
    ];
    assert_eq!(waits(&faster).await, [10, 20, 30, 30]);
    assert_eq!(waits(&[("websocket.reconnect", "false")]).await, [0_u64; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_not_given_follows_the_one_that_is() {
    for (name, value, expected) in [
        ("websocket.reconnect.delay.ms", "45000", 45_000),
        ("websocket.reconnect_backoff", "1 min", 60_000),
        ("websocket.reconnect.max.delay.ms", "200", 200),
        ("websocket.reconnect_max_backoff", "0.5", 500),
    ] {
        let more = [(name, value), ("websocket.reconnect.max.attempts", "3")];
        assert_eq!(waits(&more).await, [expected; 3], "{name}");
    }
    let longer =
        [("websocket.reconnect.delay.ms", "20000"), ("websocket.reconnect.max.attempts", "3")];
    assert_eq!(waits(&longer).await, [20_000, 30_000, 30_000]);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_unlimited_by_default_and_with_minus_one() {
    for more in [&[][..], &[("websocket.reconnect.max.attempts", "-1")]] {
        let dial = Arc::new(NoWay::default());
        let source = made("ws://h/", more).with_dial(dial.clone());
        let mut reader = open(&source).await;
        no_page_for(&mut *reader, secs(3600)).await;
        assert!(dial.asked().len() > 100, "{}", dial.asked().len());
    }
}

#[tokio::test]
async fn a_source_runs_until_it_is_stopped_and_reconnects_after_any_close() {
    let once = || Script::accept().send_text("[1]").close(1000, "");
    let server = ScriptedServer::start([once(), once(), Script::accept()]).await;
    let more = [("websocket.reconnect.delay.ms", "1"), ("websocket.batch_timeout", "10ms")];
    let mut reader = open(&made(&server.url(), &more)).await;
    let mut records = 0;
    while records < 2 {
        records += page_within(&mut *reader, secs(10)).await.len();
    }
    reader.close().await.unwrap();
    // The third connect need not have come before the end.
    assert!(server.finish().await.len() >= 2);
}

#[tokio::test(start_paused = true)]
async fn refusals_may_repeat_without_a_limit_unless_one_is_given() {
    for (more, limit) in [
        (vec![("websocket.idle_timeout", "1 h")], None),
        (vec![("websocket.reconnect_patience", "-1"), ("websocket.idle_timeout", "1 h")], None),
        (vec![("websocket.reconnect_patience", "60")], Some("such ends within ")),
    ] {
        for refusal in [Script::reject(404), Script::reject(401), Script::accept().close(1008, "")]
        {
            let peer = Arc::new(ScriptedPeer::new([once_up(), refusal]));
            let source = made("ws://feed.test/", &more).with_dial(Arc::new(Memory(peer.clone())));
            let told = run_paused(&source).await;
            assert_eq!(told.texts(), [UP]);
            match limit {
                None => {
                    assert_eq!(told.ended(), Ended::Idle);
                    assert!(peer.connections().len() > 100, "{}", peer.connections().len());
                }
                Some(words) => {
                    assert!(told.error().to_string().contains(words), "{:?}", told.error());
                    assert!(told.took < secs(120), "{:?}", told.took);
                }
            }
        }
    }
}

#[tokio::test]
async fn format_says_what_a_message_is_taken_as() {
    for (format, is_it) in [
        (None, PayloadRef::Json(b"[1]")),
        (Some("json"), PayloadRef::Json(b"[1]")),
        (Some("text"), PayloadRef::Text(b"[1]")),
        (Some("bytes"), PayloadRef::Binary(b"[1]")),
    ] {
        let server = ScriptedServer::start([Script::accept().send_text("[1]")]).await;
        let mut more = vec![("websocket.max_messages", "1")];
        more.extend(format.map(|format| ("format", format)));
        let told = run(&made(&server.url(), &more)).await;
        assert_eq!(told.pages[0].iter().next().unwrap().payload(), is_it);
    }
}

#[tokio::test]
async fn headers_subprotocol_and_typed_keys_reach_the_server() {
    let server = ScriptedServer::start([Script::accept().subprotocol("graphql-ws")]).await;
    let more = [
        ("websocket.headers.Authorization", "Bearer t"),
        ("websocket.headers.X-API-Key", "k"),
        ("websocket.subprotocol", "graphql-ws"),
        ("websocket.subscribe_messages", "[\"hello\"]"),
        ("websocket.compression", "deflate"),
        ("websocket.idle_timeout", "50ms"),
        ("type", "source"),
        ("extension", "websocket"),
    ];
    run(&made(&server.url(), &more)).await;
    let seen = server.finish().await;
    assert_eq!(seen[0].header("authorization"), Some("Bearer t"));
    assert_eq!(seen[0].header("x-api-key"), Some("k"));
    assert_eq!(seen[0].header("sec-websocket-protocol"), Some("graphql-ws"));
    assert!(seen[0].header("sec-websocket-extensions").is_some());
    assert_eq!(seen[0].texts(), ["hello"]);
}

#[tokio::test]
async fn proxy_and_sizes_are_options_too() {
    let long = format!("\"{}\"", "x".repeat(1024));
    let server = ScriptedServer::start([Script::accept().send_text(long).stall()]).await;
    let proxy = ScriptedProxy::start(ProxyScript::http(), server.address()).await;
    let setting = format!("http://{}", proxy.address());
    for (limit, taken) in [("1KiB", false), ("2 KiB", true), ("1026", true)] {
        let more = [
            ("websocket.proxy", setting.as_str()),
            ("websocket.max_message_bytes", limit),
            ("websocket.max_messages", "1"),
        ];
        let told = run(&made("ws://feed.test/", &more)).await;
        assert_eq!(told.end.is_ok(), taken, "{limit}: {told:?}");
    }
    assert_eq!(proxy.asked(), ["feed.test:80"; 3]);
}

#[tokio::test]
async fn connectivity_is_validated_before_anything_runs() {
    let server = ScriptedServer::start([Script::accept().send_text("[1]")]).await;
    made(&server.url(), &[]).validate_connectivity().await.unwrap();
    let nobody = format!("ws://{}/", faucet_testkit::refused_address().await);
    let error = made(&nobody, &[]).validate_connectivity().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("Failed to connect to WebSocket {nobody}: Connection refused")));
}

#[test]
fn a_problem_has_the_name_of_the_option() {
    for (name, value, why) in [
        ("websocket.recnnect", "1", "unknown key (did you mean `websocket.reconnect`?)"),
        ("url", "ws://h/", "url: unknown key (did you mean `websocket.url`?)"),
        ("websocket.reconnect.max.attempts", "-2", "expected a whole number, or -1 for unlimited"),
        ("websocket.reconnect.delay.ms", "-1", "expected a whole number of milliseconds"),
        ("websocket.reconnect.delay.ms", "0", "websocket.reconnect.delay.ms: out of range"),
        ("websocket.reconnect.max.delay.ms", "0", "websocket.reconnect.max.delay.ms: out of range"),
        ("websocket.reconnect.max.delay.ms", "1s", "expected a whole number of milliseconds"),
        ("websocket.tls.ca_fiel", "x", "did you mean `websocket.tls.ca_file`?"),
        ("websocket.max_messages", "-1", "expected a whole number that is not negative"),
        ("websocket.message.type", "text", "websocket.message.type: unknown key"),
        ("format", "avro", "format: not understood, expected json, text or bytes"),
        ("type", "sink", "type: not understood, expected `source`"),
        ("websocket.headers.Upgrade", "s3cret", "websocket.headers.Upgrade: reserved"),
        ("websocket.auth.type", "bearr", "websocket.auth"),
        ("websocket.proxy", "s3cret", "websocket.proxy: not understood, expected env, none, or"),
        ("websocket.headers.X-Key", "s3cret\n", "websocket.headers.X-Key: has a line break"),
        ("websocket.max_message_bytes", "0", "websocket.max_message_bytes: out of range"),
        ("websocket.compression", "gzip", "websocket.compression: unknown value"),
    ] {
        let error = refused(&[(name, value)]);
        assert!(error.contains(why) && !error.contains("s3cret"), "{name}: {error}");
    }
    let twice = [("websocket.reconnect.delay.ms", "5"), ("websocket.reconnect_backoff", "5")];
    assert!(refused(&twice).contains("means the same as websocket.reconnect.delay.ms"));
    let wrong = options("http://u:s3cret@h/", &[]);
    let error = WebsocketSourceFactory.create_initialized(&wrong).unwrap_err().to_string();
    assert_eq!(error, "websocket.url: url must start with ws:// or wss://");
}

#[test]
fn a_longest_wait_below_the_first_is_a_problem_where_both_are_given_and_known() {
    let of = |delay, cap| {
        refused(&[
            ("websocket.reconnect.delay.ms", delay),
            ("websocket.reconnect.max.delay.ms", cap),
        ])
    };
    let below = "out of range, below websocket.reconnect.delay.ms";
    assert_eq!(of("500", "400"), format!("websocket.reconnect.max.delay.ms: {below}"));
    let range = "out of range, expected a duration longer than zero";
    assert_eq!(of("500", "0"), format!("websocket.reconnect.max.delay.ms: {range}"));
    let text = "not understood, expected a whole number of milliseconds";
    assert_eq!(of("1s", "400"), format!("websocket.reconnect.delay.ms: {text}"));
    assert_eq!(of("500", "1s"), format!("websocket.reconnect.max.delay.ms: {text}"));
    let typed = [("websocket.reconnect_backoff", "1s"), ("websocket.reconnect.max.delay.ms", "5")];
    let below = "out of range, below websocket.reconnect_backoff";
    assert_eq!(refused(&typed), format!("websocket.reconnect.max.delay.ms: {below}"));
}

#[test]
fn one_mistake_hides_no_other() {
    let options = options(
        "http://u:s3cret@h/",
        &[
            ("websocket.reconnect", "maybe"),
            ("websocket.max_messages", "-1"),
            ("websocket.headers.Upgrade", "s3cret"),
            ("websocket.tls.insecure_skip_verify", "maybe"),
            ("websocket.pong_timeout", "5"),
            ("websocket.compression", "GZIP"),
            ("websocket.auth.type", "BEARER"),
            ("websocket.auth.config.token", ""),
            ("websocket.batch_sise", "many"),
            ("error.handling", "drop"),
        ],
    );
    let error = WebsocketSourceFactory.create_initialized(&options).unwrap_err();
    let mut found: Vec<String> = error.problems().iter().map(|one| one.path.to_string()).collect();
    found.sort();
    let expected = [
        "error.handling",
        "websocket.auth.config.token",
        "websocket.batch_sise",
        "websocket.batch_sise",
        "websocket.compression",
        "websocket.headers.Upgrade",
        "websocket.max_messages",
        "websocket.pong_timeout",
        "websocket.reconnect",
        "websocket.tls.insecure_skip_verify",
        "websocket.url",
    ];
    assert_eq!(found, expected, "{error}");
    let text = error.to_string();
    assert!(text.contains("websocket.pong_timeout: needs websocket.ping_interval"), "{text}");
    assert!(text.contains("websocket.compression: unknown value"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn words_are_taken_in_any_case() {
    let server = ScriptedServer::start([Script::accept().send_text("{").close(1000, "")]).await;
    let more = [
        ("type", "SOURCE"),
        ("format", "JSON"),
        ("websocket.on_parse_error", "SKIP"),
        ("websocket.compression", "Deflate"),
        ("websocket.proxy", "NONE"),
        ("websocket.auth.type", "BASIC"),
        ("websocket.auth.config.username", "U"),
        ("websocket.auth.config.password", "P"),
        ("websocket.reconnect", "FALSE"),
    ];
    let told = run(&made(&server.url(), &more)).await;
    assert!(told.end.is_ok() && told.pages.is_empty(), "{told:?}");
    let seen = server.finish().await;
    assert_eq!(seen[0].header("authorization"), Some("Basic VTpQ"));
    assert!(seen[0].header("sec-websocket-extensions").is_some());
}

#[test]
fn options_of_other_engines_say_what_to_use() {
    for (names, option) in [
        (&["connector", "connector.type"][..], "extension"),
        (&["value.format", "data.format", "codec"], "format"),
        (&["uri", "websocket.uri", "endpoint", "host", "server.url"], "websocket.url"),
        (&["error.handling", "error.strategy", "bad_data"], "websocket.on_parse_error"),
        (&["json.ignore-parse-errors"], "websocket.on_parse_error"),
        (&["error.retry.max-attempts", "max.retries"], "websocket.reconnect.max.attempts"),
        (&["websocket.max.retries", "error.retries"], "websocket.reconnect.max.attempts"),
        (&["reconnect.interval", "retry.backoff.ms"], "websocket.reconnect.delay.ms"),
        (&["reconnect.backoff.max.ms"], "websocket.reconnect.max.delay.ms"),
        (&["reconnect.enabled"], "websocket.reconnect"),
        (&["timeout", "websocket.timeout.ms", "connect.timeout.ms"], "websocket.connect_timeout"),
        (&["websocket.ping.interval.ms"], "websocket.ping_interval"),
        (&["ping.timeout.ms"], "websocket.pong_timeout"),
        (&["read_timeout_ms"], "websocket.idle_timeout"),
        (&["max_records"], "websocket.max_messages"),
        (&["max.message.size"], "websocket.max_message_bytes"),
        (&["batch.size"], "websocket.batch_size"),
        (&["flush.interval.ms"], "websocket.batch_timeout"),
        (&["buffer.size"], "websocket.read_buffer_bytes"),
        (&["subscription_message", "init.message", "topic"], "websocket.subscribe_messages"),
        (&["authorization"], "websocket.headers.Authorization"),
        (&["header.X-Key"], "websocket.headers.X-Key"),
        (&["protocol"], "websocket.subprotocol"),
        (&["proxy_url"], "websocket.proxy"),
        (&["ssl.truststore.location"], "websocket.tls.ca_file"),
        (&["tls.skip_cert_verify"], "websocket.tls.insecure_skip_verify"),
        (&["ssl.protocol"], "websocket.tls"),
    ] {
        for name in names {
            assert_eq!(refused(&[(name, "5")]), format!("{name}: use `{option}`"));
        }
    }
    let token = refused(&[("bearer.token", "t"), ("websocket.auth.type", "bearer")]);
    assert_eq!(token, "bearer.token: use `websocket.auth.config.token`");
    for name in ["scan.startup.mode", "properties.group.id", "lookup.cache", "key.format", "mode"] {
        let advice = "leave it out: no option here does the same";
        assert_eq!(refused(&[(name, "5")]), format!("{name}: {advice}"));
    }
}

#[test]
fn the_registry_builds_it_from_options() {
    let mut registry = Registry::new();
    faucet_source_websocket::register(&mut registry).unwrap();
    let source =
        registry.sources.build_from_options("websocket", &options("ws://h/x", &[])).unwrap();
    assert_eq!(source.info().target, "ws://h/x");
}
