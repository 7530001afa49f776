//! From the dial to the 101: faults 1 to 30 of the catalogue.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use faucet_core::{Ended, Error, ErrorKind, Result, Source};
use faucet_source_websocket::{AuthProvider, WebsocketSource};
use faucet_testkit::{End, Frame, Script, ScriptedServer, refused_address};
use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::support::*;

/// The record that says that a connection stands.
const UP: &str = "\"up\"";

fn up() -> Script {
    Script::accept().send_text(UP)
}

/// Connects, delivers a record, and hangs up.
fn once_up() -> Script {
    up().hang_up()
}

/// The error of a run against a peer that answers like this on every connection, and how many
/// there were.
async fn refused_by(script: Script, keys: Value) -> (Error, usize) {
    let (peer, source) = in_memory([script], keys);
    let error = run_paused(&source).await.end.expect_err("the run ended well");
    (error, peer.connections().len())
}

#[tokio::test]
async fn a_refused_port_is_tried_exactly_as_often_as_allowed() {
    let url = format!("ws://{}/", refused_address().await);
    for (keys, end) in [
        (json!({}), ""),
        (json!({"reconnect": true, "max_reconnect_attempts": 0}), ""),
        (reconnecting(json!({"max_reconnect_attempts": 3})), " (attempt 3/3)"),
    ] {
        let told = run(&source(&url, keys)).await;
        let error = told.error();
        assert_eq!(
            error.to_string(),
            format!("Failed to connect to WebSocket {url}: Connection refused{end}")
        );
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some("tcp")));
        assert_eq!(error.endpoint(), Some(url.as_str()));
    }
}

#[tokio::test(start_paused = true)]
async fn the_number_of_connects_is_one_and_the_attempts() {
    for (keys, connects) in [
        (json!({}), 1),
        (json!({"reconnect": true, "max_reconnect_attempts": 0}), 1),
        (json!({"reconnect": true, "max_reconnect_attempts": 1}), 2),
        (json!({"reconnect": true, "max_reconnect_attempts": 3}), 4),
    ] {
        let dial = Arc::new(NoWay::default());
        let told = run_paused(&source("ws://h/", keys.clone()).with_dial(dial.clone())).await;
        assert_eq!(told.error().kind(), ErrorKind::Connect);
        assert_eq!(dial.asked().len(), connects, "{keys}");
    }
}

#[tokio::test]
async fn a_server_that_comes_up_later_is_found() {
    let address = refused_address().await;
    let source = source(&format!("ws://{address}/"), reconnecting(json!({"max_messages": 1})));
    let (told, server) = tokio::join!(run(&source), async {
        // The run's first connect has been refused by now: this future is polled second.
        ScriptedServer::start_on(address, [up()]).await.unwrap()
    });
    assert_eq!((told.texts(), told.ended()), (vec![UP.to_owned()], Ended::MaxMessages));
    assert_eq!(server.finish().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_is_one_budget_whatever_arrives_meanwhile() {
    for (script, what) in [
        (Script::silent(), "silence"),
        (Script::accept().dribble(ms(200)), "a byte every 200 ms"),
        (Script::garbage("HTTP/1.1 101").stall(), "the beginning of an answer"),
    ] {
        let (peer, source) = in_memory([script], json!({}));
        let told = run_paused(&source).await;
        let error = told.error();
        assert_eq!(
            error.to_string(),
            "Connection to WebSocket ws://feed.test/ timed out after 10 seconds",
            "{what}"
        );
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Some("upgrade")));
        assert!(error.is_retryable() && error.hint().unwrap().contains("wss://"), "{error:?}");
        assert_eq!(told.took, secs(10), "{what}");
        assert_eq!(peer.connections().len(), 1);
    }
}

#[tokio::test]
async fn a_silent_port_times_out_and_is_tried_again() {
    let server = ScriptedServer::start([Script::silent(), Script::silent(), up()]).await;
    let keys = json!({"connect_timeout": 0.05, "max_messages": 1});
    let told = run(&source(&server.url(), reconnecting(keys))).await;
    assert_eq!((told.texts(), told.meter.reconnects), (vec![UP.to_owned()], 0));
    assert!(told.took >= ms(100), "{:?}", told.took);

    let server = ScriptedServer::start([Script::silent()]).await;
    let keys = json!({"connect_timeout": 0.05, "max_reconnect_attempts": 2});
    let told = run(&source(&server.url(), reconnecting(keys))).await;
    assert_eq!(
        told.error().to_string(),
        format!(
            "Connection to WebSocket {} timed out after 0.05 seconds (attempt 2/2)",
            server.url()
        )
    );
    assert_eq!(server.connections().len(), 3);
}

/// A port that takes no more connections: its queue is full and nobody accepts.
#[cfg(target_os = "linux")]
async fn full_port() -> (SocketAddr, Vec<tokio::net::TcpStream>, tokio::net::TcpListener) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) =
        tokio::time::timeout(ms(100), tokio::net::TcpStream::connect(address)).await
    {
        queued.push(stream.unwrap());
        assert!(queued.len() < 100, "the queue does not fill up");
    }
    (address, queued, listener)
}

// Other systems refuse what does not fit into the queue.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_black_hole_times_out() {
    let (address, _queued, _listener) = full_port().await;
    let url = format!("ws://{address}/");
    let told = run(&source(&url, json!({"connect_timeout": 0.05}))).await;
    let error = told.error();
    assert_eq!(
        error.to_string(),
        format!("Connection to WebSocket {url} timed out after 0.05 seconds")
    );
    assert_eq!(error.phase(), Some("tcp"));
    assert!(error.hint().unwrap().contains("firewall"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_hangs_up_in_the_handshake_is_tried_again() {
    for script in [
        Script::hang_up_on_request(),
        Script::reset_on_request(),
        Script::garbage("HTTP/1.1 101 Swi").hang_up(),
        Script::garbage("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n").hang_up(),
    ] {
        let server = ScriptedServer::start([script]).await;
        let keys = reconnecting(json!({"max_reconnect_attempts": 2}));
        let told = run(&source(&server.url(), keys)).await;
        let error = told.error();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        assert!(error.to_string().contains(": closed during handshake"), "{error}");
        assert!(error.to_string().ends_with(" (attempt 2/2)"), "{error}");
        assert_eq!(server.connections().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_http_is_fatal_and_quoted() {
    for (bytes, quoted, hint) in [
        ("SSH-2.0-OpenSSH_9.6\r\n", "\"SSH-2.0-OpenSSH_9.6\\r\\n\"", "check the port"),
        ("\x15\x03\x03\0\x02\x02\x46", "the server speaks TLS", "use wss://"),
        ("\x16\x03\x01\0", "the server speaks TLS", "use wss://"),
        ("\x1b[31mred", "\"\\u{1b}[31mred\"", "check the port"),
        ("HTTP/1.1 one-oh-one\r\n\r\n", "\"HTTP/1.1 one-oh-one", "check the port"),
    ] {
        let (error, connects) =
            refused_by(Script::garbage(bytes), json!({"reconnect": true})).await;
        let message = error.to_string();
        assert!(message.contains("not a WebSocket/HTTP answer: "), "{message}");
        assert!(message.contains(quoted), "{message}");
        assert!(error.hint().unwrap().contains(hint), "{error:?}");
        assert_eq!((error.kind(), connects), (ErrorKind::Protocol, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_are_not_followed_and_their_target_is_shown_without_secrets() {
    for status in [301, 302, 303, 307, 308] {
        let location = "http://u:s3cret@169.254.169.254/login?token=s3cret";
        let script = Script::reject(status).header("Location", location);
        let (error, connects) = refused_by(script, json!({"reconnect": true})).await;
        let message = error.to_string();
        assert!(message.contains(&format!(": {status} ")), "{message}");
        assert!(message.ends_with(": redirect to http://169.254.169.254/login"), "{message}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        assert_eq!((error.kind(), connects), (ErrorKind::Protocol, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_are_fatal_before_the_first_upgrade_whatever_may_be_retried() {
    use ErrorKind::{Auth, Protocol};
    for (script, kind, what, hint) in [
        (Script::reject(400), Protocol, "400 Bad Request", "check url"),
        (Script::reject(401), Auth, "401 Unauthorized", "check auth"),
        (Script::reject(403), Auth, "403 Forbidden", "check auth"),
        (Script::reject(404), Protocol, "404 Not Found", "the path of url"),
        (Script::reject(407), Auth, "407 Proxy Authentication Required", "check auth"),
        (
            Script::reject(426).header("Sec-WebSocket-Version", "8"),
            Protocol,
            "426 Upgrade Required, Sec-WebSocket-Version: 8",
            "check url",
        ),
        (Script::reject(799).reason("Odd"), Protocol, "799 Odd", "check url"),
        (
            Script::reject(404).body("no such feed"),
            Protocol,
            "404 Not Found: \"no such feed\"",
            "the path of url",
        ),
    ] {
        let keys = json!({"reconnect": true, "auth": {"type": "bearer",
            "config": {"token": "s3cret"}}});
        let (error, connects) = refused_by(script, keys).await;
        assert_eq!(
            error.to_string(),
            format!("Failed to connect to WebSocket ws://feed.test/: {what}")
        );
        assert!(error.hint().unwrap().contains(hint), "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        assert_eq!((error.kind(), connects), (kind, 1), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_after_having_been_connected_get_one_more_try() {
    let bad_accept = Script::accept().header("Sec-WebSocket-Accept", "no");
    for (script, what) in [
        (Script::reject(401), "401 Unauthorized"),
        (Script::reject(403), "403 Forbidden"),
        (Script::reject(404), "404 Not Found"),
        (Script::reject(302), "302 Found: redirect to nowhere"),
        (Script::reject(200), "expected 101 Switching Protocols, got 200 OK"),
        (bad_accept, "Sec-WebSocket-Accept does not match the key"),
        (Script::garbage("SSH-2.0\r\n"), "not a WebSocket/HTTP answer"),
    ] {
        let (peer, source) = in_memory([once_up(), script.clone()], json!({"reconnect": true}));
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), [UP], "what came before is handed over");
        let message = told.error().to_string();
        assert!(message.contains(what), "{message}");
        assert!(message.ends_with("; twice in a row without a record between"), "{message}");
        assert_eq!(peer.connections().len(), 3, "{what}");

        let scripts = [once_up(), script, up()];
        let (_, source) = in_memory(scripts, json!({"reconnect": true, "max_messages": 2}));
        assert_eq!(run_paused(&source).await.ended(), Ended::MaxMessages, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_tried_again_until_it_recovers() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let scripts = [Script::reject(status), Script::reject(status), up()];
        let keys = json!({"reconnect": true, "max_messages": 1, "subscribe_messages": ["hello"]});
        let (peer, source) = in_memory(scripts, keys);
        assert_eq!(run_paused(&source).await.ended(), Ended::MaxMessages, "{status}");
        let connections = peer.finish().await;
        assert_eq!(connections.len(), 3);
        assert_eq!(connections[2].texts(), ["hello"], "subscribed once");

        let keys = json!({"reconnect": true, "max_reconnect_attempts": 3});
        let (error, connects) = refused_by(Script::reject(status).body("later"), keys).await;
        assert_eq!((error.kind(), connects), (ErrorKind::Connect, 4), "{status}");
        let message = error.to_string();
        assert!(message.contains(&format!(": {status} ")), "{message}");
        assert!(message.ends_with(": \"later\" (attempt 3/3)"), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_makes_the_wait_longer_and_junk_does_not() {
    let in_90_s = httpdate::fmt_http_date(SystemTime::now() + secs(90));
    for (retry_after, backoff, wait) in [
        (Some("2"), 1, 2..=2),
        (Some("2"), 7, 7..=7),
        (Some("300"), 1, 300..=300),
        (Some(in_90_s.as_str()), 1, 80..=90),
        (Some("Sun, 06 Nov 1994 08:49:37 GMT"), 1, 1..=1),
        (Some("-1"), 1, 1..=1),
        (Some("soon"), 1, 1..=1),
        (None, 1, 1..=1),
    ] {
        for status in [429, 503] {
            let busy = Script::reject(status);
            let busy = match retry_after {
                Some(value) => busy.header("Retry-After", value),
                None => busy,
            };
            let keys = json!({"reconnect": true, "reconnect_backoff": backoff, "max_messages": 1});
            let (peer, source) = in_memory([busy, up()], keys);
            run_paused(&source).await;
            let connections = peer.finish().await;
            let waited = connections[1].accepted_at - connections[0].accepted_at;
            assert!(wait.contains(&waited.as_secs()), "{retry_after:?}: {waited:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_of_more_than_five_minutes_ends_the_run() {
    for seconds in [301, 999_999] {
        let script = Script::reject(429).header("Retry-After", &seconds.to_string());
        let (error, connects) = refused_by(script, json!({"reconnect": true})).await;
        assert_eq!(
            error.to_string(),
            format!(
                "Failed to connect to WebSocket ws://feed.test/: 429 Too Many Requests, \
                 retry after {seconds}s (more than 5 minutes)"
            )
        );
        assert_eq!((error.kind(), connects), (ErrorKind::Connect, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_counts_only_where_the_server_is_busy() {
    let refusal = Script::reject(404).header("Retry-After", "999999");
    let (peer, source) = in_memory([once_up(), refusal], json!({"reconnect": true}));
    let told = run_paused(&source).await;
    assert!(told.error().to_string().contains("404 Not Found"), "{:?}", told.error());
    assert_eq!(peer.connections().len(), 3);
    assert!(told.took < secs(60), "{:?}", told.took);
}

#[tokio::test(start_paused = true)]
async fn a_captive_portal_is_quoted_cut_and_escaped() {
    let page = format!("<html>\x1b[31m\r\n{}", "x".repeat(5000));
    let (error, connects) =
        refused_by(Script::reject(200).body(page), json!({"reconnect": true})).await;
    let message = format!("{error:?}");
    assert!(
        message
            .contains("expected 101 Switching Protocols, got 200 OK: \"<html>\\u{1b}[31m\\r\\nxxx"),
        "{message}"
    );
    assert!(!message.chars().any(char::is_control), "{message}");
    assert!(message.contains("xxx…\""), "{message}");
    assert_eq!(message.matches('x').count(), 256 - "<html>\x1b[31m\r\n".len() + 1);
    assert_eq!((error.kind(), connects), (ErrorKind::Protocol, 1));
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_breaks_the_rfc_is_fatal_and_says_why() {
    let accept = Script::accept;
    let offers = |names: Value| json!({"reconnect": true, "subprotocols": names});
    for (script, keys, what) in [
        (accept().header("Sec-WebSocket-Accept", "no"), json!({}), "Accept does not match the key"),
        (accept().without("Sec-WebSocket-Accept"), json!({}), "lacks Sec-WebSocket-Accept"),
        (accept().without("Upgrade"), json!({}), "lacks the header Upgrade: websocket"),
        (accept().header("Upgrade", "h2c"), json!({}), "lacks the header Upgrade: websocket"),
        (accept().without("Connection"), json!({}), "lacks the header Connection: Upgrade"),
        (accept().header("Connection", "close"), json!({}), "lacks the header Connection: Upgrade"),
        (accept().http10(), json!({}), "HTTP/1.0"),
        (
            accept().header("Sec-WebSocket-Extensions", "permessage-deflate"),
            json!({}),
            "an extension that was not offered: permessage-deflate",
        ),
        (
            accept().subprotocol("v9"),
            json!({}),
            "subprotocol not supported: the server chose \"v9\"",
        ),
        (
            accept(),
            offers(json!(["v1", "v2"])),
            "subprotocol not supported: the server chose none of those offered",
        ),
        (
            accept().subprotocol("v9"),
            offers(json!(["v1", "v2"])),
            "subprotocol not supported: the server chose \"v9\"",
        ),
    ] {
        let (error, connects) = refused_by(script, with(json!({"reconnect": true}), keys)).await;
        let message = error.to_string();
        assert!(message.starts_with("Failed to connect to WebSocket ws://feed.test/: "));
        assert!(message.contains(what), "{message} lacks {what}");
        assert_eq!((error.kind(), connects), (ErrorKind::Protocol, 1), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_in_unusual_words_connects() {
    for (script, keys) in [
        (up().header("Connection", "keep-alive, Upgrade"), json!({})),
        (up().header("connection", "UPGRADE").header("UPGRADE", "WebSocket"), json!({})),
        (up().subprotocol("v2"), json!({"subprotocols": ["v1", "v2"]})),
        ((0..100).fold(up(), |script, n| script.header(&format!("X-{n}"), "x")), json!({})),
        (up().header("X-Long", &"x".repeat(60 * 1024)), json!({})),
        (up().dribble(ms(10)), json!({})),
    ] {
        let (peer, source) = in_memory([script], with(json!({"max_messages": 1}), keys.clone()));
        assert_eq!(run_paused(&source).await.texts(), [UP]);
        let offered = keys.get("subprotocols").map(|_| "v1, v2");
        assert_eq!(peer.finish().await[0].header("Sec-WebSocket-Protocol"), offered);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_endless_headers_is_fatal() {
    let many = (0..200).fold(Script::accept(), |script, n| script.header(&format!("X-{n}"), "x"));
    let huge = Script::accept().header("X-Huge", &"x".repeat(70 * 1024));
    for (script, what) in [
        (many, "the answer has more than 128 headers"),
        (huge, "the headers of the answer exceed 64 KiB"),
        (
            Script::garbage(format!("HTTP/1.1 101 x\r\nX: {}", "x".repeat(1 << 20))),
            "the headers of the answer exceed 64 KiB",
        ),
    ] {
        let (error, connects) = refused_by(script, json!({"reconnect": true})).await;
        assert!(error.to_string().ends_with(what), "{error}");
        assert_eq!((error.kind(), connects), (ErrorKind::Protocol, 1));
    }
}

#[tokio::test]
async fn frames_that_come_with_the_answer_or_in_drops_are_all_there() {
    let early = Script::accept().early().send_text("1").send_text("2");
    let split = Frame::text("3").to_bytes();
    for script in [
        early.clone().send_raw(split.clone()).close(1000, ""),
        early.clone().send_raw(split[..1].to_vec()).send_raw(split[1..].to_vec()).close(1000, ""),
        early.dribble(ms(1)).send_raw(split).close(1000, ""),
    ] {
        let server = ScriptedServer::start([script]).await;
        let told = run(&source(&server.url(), json!({}))).await;
        assert_eq!(
            (told.texts(), told.ended()),
            (["1", "2", "3"].map(String::from).into(), Ended::Closed)
        );
        server.finish().await;
    }
}

#[tokio::test]
async fn addresses_of_both_families_are_reached() {
    let six = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0);
    let four = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    for (address, host) in [(six, "[::1]"), (four, "127.0.0.1"), (four, "localhost")] {
        let server = match ScriptedServer::start_on(address, [up()]).await {
            Err(error) if address.is_ipv6() => {
                eprintln!("no IPv6 on this machine: {error}");
                continue;
            }
            server => server.unwrap(),
        };
        let authority = format!("{host}:{}", server.address().port());
        let source = source(&format!("ws://{authority}/"), json!({"max_messages": 1}));
        assert_eq!(run(&source).await.texts(), [UP], "{host}");
        assert_eq!(server.finish().await[0].header("Host"), Some(authority.as_str()));
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_network_trouble() {
    // No resolver takes a label of more than 63 characters (RFC 1035), so none is asked.
    let name = format!("{}.invalid", "x".repeat(64));
    let url = format!("ws://u:s3cret@{name}/?k=s3cret");
    let told = run(&source(&url, reconnecting(json!({"max_reconnect_attempts": 1})))).await;
    let error = told.error();
    let begin = format!("Failed to connect to WebSocket ws://{name}/?k=***: dns: ");
    assert!(error.to_string().starts_with(&begin), "{error}");
    assert!(error.to_string().ends_with(" (attempt 1/1)"), "{error}");
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some("dns")));
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn secrets_of_the_url_reach_the_server_and_nothing_else() {
    let logs = Logs::collect();
    let server = ScriptedServer::start([
        up().close(1012, "restart"),
        Script::reject(404),
        Script::accept().send_text("not JSON"),
    ])
    .await;
    let url = format!("ws://me%40x:s3cret@{}/p?token=s3cret", server.address());
    let redacted = server.url_with("/p?token=***");
    for (keys, shown) in [
        (json!({"envelope": true}), "1012 service restart, \"restart\""),
        (json!({}), "404 Not Found"),
        (json!({}), "message 1 is not JSON"),
    ] {
        let source = source(&url, keys);
        let told = run(&source).await;
        assert!(told.error().to_string().contains(shown), "{:?}", told.error());
        let debugged = format!("{source:?} {:?} {:?}", source.info(), told.error());
        assert!(debugged.contains(&redacted), "{debugged}");
        let rendered: Vec<String> = told
            .pages
            .iter()
            .flat_map(faucet_core::StreamPage::iter)
            .map(|record| String::from_utf8(record.to_record().to_json()).unwrap())
            .collect();
        for text in rendered.iter().chain([&debugged]) {
            assert!(!text.contains("s3cret"), "{text}");
        }
        if let [record] = &rendered[..] {
            assert!(record.ends_with(&format!(",\"url\":\"{redacted}\"}}")), "{record}");
        }
    }
    let logged = logs.lines().join("\n");
    assert!(logged.contains(&redacted) && !logged.contains("s3cret"), "{logged}");
    for seen in server.finish().await {
        // me@x:s3cret
        assert_eq!(seen.header("Authorization"), Some("Basic bWVAeDpzM2NyZXQ="));
        assert_eq!(seen.path(), "/p?token=s3cret");
        assert_eq!(seen.header("Host"), Some(server.address().to_string().as_str()));
    }
}

#[tokio::test]
async fn placeholders_are_filled_anew_for_every_run_and_lead_nowhere_else() {
    let server = ScriptedServer::start([up()]).await;
    let url = server.url_with("/ws/{symbol}@trade?key={key}");
    let source = source(&url, json!({"max_messages": 1, "envelope": true}));
    for (symbol, key, path) in [
        ("btcusdt", "k", "/ws/btcusdt@trade?key=k"),
        ("ethusdt", "ü", "/ws/ethusdt@trade?key=%C3%BC"),
        ("x@evil.test/", "a&b=c", "/ws/x%40evil.test%2F@trade?key=a%26b%3Dc"),
        ("../../admin", "#", "/ws/..%2F..%2Fadmin@trade?key=%23"),
        ("http://169.254.169.254/", "", "/ws/http%3A%2F%2F169.254.169.254%2F@trade?key="),
        ("a\r\nHost: evil.test", " ", "/ws/a%0D%0AHost%3A%20evil.test@trade?key=%20"),
        ("%2e%2e", "{symbol}", "/ws/%252e%252e@trade?key=%7Bsymbol%7D"),
    ] {
        let told = run_with(&source, &context(&[("symbol", symbol), ("key", key)])).await;
        let record = told.pages[0].iter().next().unwrap().to_record().to_value().unwrap();
        let (filled, _) = path.split_once('?').unwrap();
        assert_eq!(record["url"], server.url_with(&format!("{filled}?key=***")));
        let seen = server.connections().pop().unwrap();
        assert_eq!(seen.path(), path);
        assert_eq!(seen.header("Host"), Some(server.address().to_string().as_str()));
    }
    let runs = server.finish().await.len();
    for (values, why) in [
        (context(&[("key", "k")]), "the placeholder {symbol} has no value in context"),
        (context(&[("symbol", ".."), ("key", "k")]), "the value of {symbol} must not be made"),
    ] {
        let error = source.open(&values).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(why), "{error}");
    }
    assert_eq!(server.connections().len(), runs, "nothing was tried");
}

#[tokio::test(start_paused = true)]
async fn headers_and_credentials_are_sent_on_every_connect() {
    for (keys, name, value) in [
        (json!({"headers": {"X-Api-Key": "k1", "User-Agent": "me"}}), "X-Api-Key", "k1"),
        (json!({"headers": {"Authorization": "Custom x"}}), "Authorization", "Custom x"),
        (
            json!({"auth": {"type": "bearer", "config": {"token": "t1"}}}),
            "Authorization",
            "Bearer t1",
        ),
        (
            json!({"auth": {"type": "basic", "config": {"username": "u", "password": "p"}}}),
            "Authorization",
            "Basic dTpw",
        ),
        (
            json!({"auth": {"type": "custom", "config": {"headers": {"X-Token": "t2"}}}}),
            "X-Token",
            "t2",
        ),
    ] {
        let more = json!({"reconnect": true, "max_messages": 3});
        let (peer, source) = in_memory([once_up()], with(keys, more));
        run_paused(&source).await;
        let connections = peer.finish().await;
        assert_eq!(connections.len(), 3);
        for seen in connections {
            assert_eq!(seen.header(name), Some(value));
        }
    }
}

/// Gives these credentials, one after the other, and counts.
struct Tokens {
    left: Mutex<VecDeque<Result<&'static str>>>,
    asked: AtomicUsize,
}

impl Tokens {
    fn new(tokens: impl IntoIterator<Item = Result<&'static str>>) -> Arc<Self> {
        let left = Mutex::new(tokens.into_iter().collect());
        Arc::new(Self { left, asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl AuthProvider for Tokens {
    async fn headers(&self) -> Result<HeaderMap> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let token = self.left.lock().unwrap().pop_front().expect("asked too often")?;
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
    }
}

fn trouble(kind: ErrorKind, retryable: bool) -> Result<&'static str> {
    Err(Error::new(kind, "no token today").retryable(retryable))
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expired_is_replaced_by_the_next() {
    for refusal in [
        Script::reject(401),
        Script::accept().close(1008, "token expired"),
        Script::accept().close(3000, "token expired"),
        Script::accept().close(3003, "token expired"),
    ] {
        let scripts = [once_up(), refusal, up()];
        let (peer, source) = in_memory(scripts, json!({"reconnect": true, "max_messages": 2}));
        let tokens = Tokens::new([Ok("tok1"), Ok("tok1"), Ok("tok2")]);
        let told = run_paused(&source.with_auth_provider(tokens.clone())).await;
        assert_eq!(told.ended(), Ended::MaxMessages);
        let sent: Vec<_> = peer
            .finish()
            .await
            .iter()
            .map(|seen| seen.header("Authorization").map(str::to_owned))
            .collect();
        let expected = ["Bearer tok1", "Bearer tok1", "Bearer tok2"];
        assert_eq!(sent, expected.map(|token| Some(token.to_owned())));
        assert_eq!(tokens.asked.load(Ordering::Relaxed), 3, "asked once for every connect");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_credentials_is_asked_again_only_if_that_may_help() {
    let provided = |tokens: Vec<Result<&'static str>>, scripts: Vec<Script>| {
        let (peer, source) = in_memory(scripts, json!({"reconnect": true, "max_messages": 1}));
        (peer, source.with_auth_provider(Tokens::new(tokens)))
    };
    let (peer, source) = provided(
        vec![trouble(ErrorKind::Connect, true), trouble(ErrorKind::Connect, true), Ok("tok1")],
        vec![up()],
    );
    assert_eq!(run_paused(&source).await.ended(), Ended::MaxMessages);
    assert_eq!(peer.finish().await.len(), 1);

    let (peer, source) = provided(vec![trouble(ErrorKind::Auth, false)], vec![up()]);
    let told = run_paused(&source).await;
    assert_eq!(told.error().to_string(), "no token today");
    assert_eq!((told.error().kind(), peer.connections().len()), (ErrorKind::Auth, 0));
}

/// Brings a header that the upgrade owns, after any time.
struct Odd(std::time::Duration);

#[async_trait]
impl AuthProvider for Odd {
    async fn headers(&self) -> Result<HeaderMap> {
        tokio::time::sleep(self.0).await;
        let name: HeaderName = HOST;
        Ok(HeaderMap::from_iter([(name, HeaderValue::from_static("evil.test"))]))
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_can_neither_take_the_upgrades_headers_nor_all_the_time() {
    let provided = |time| -> WebsocketSource {
        in_memory([up()], json!({})).1.with_auth_provider(Arc::new(Odd(time)))
    };
    let told = run_paused(&provided(secs(1))).await;
    assert_eq!(told.error().to_string(), "the auth provider returned the reserved header host");
    let told = run_paused(&provided(secs(3600))).await;
    assert!(told.error().to_string().ends_with("timed out after 10 seconds"));
    assert_eq!(told.took, secs(10), "its time counts towards connect_timeout");
}

#[tokio::test]
async fn a_check_reaches_the_far_end_step_by_step_and_says_goodbye() {
    let server = ScriptedServer::start([
        Script::accept().expect_text("hello").send_text(UP),
        Script::reject(401),
    ])
    .await;
    let source = source(&server.url(), json!({"subscribe_messages": ["hello"]}));
    let report = source.check(&faucet_core::RunContext::default()).await;
    let names: Vec<_> = report.steps.iter().map(|step| step.name).collect();
    assert_eq!(names, ["tcp", "upgrade", "subscribe", "first frame", "ping"], "{report:?}");
    assert!(report.passed(), "{report:?}");
    let seen = server.until(|all| all[0].end.is_some()).await.swap_remove(0);
    assert_eq!((seen.close_code(), seen.end), (Some(1000), Some(End::ClientClosed)));

    let error = source.validate_connectivity().await.unwrap_err();
    assert!(error.to_string().ends_with(": 401 Unauthorized"), "{error}");
}
