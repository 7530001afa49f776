//! The answer to the upgrade.

use std::time::SystemTime;

use faucet_core::{Ended, ErrorKind};
use faucet_testkit::{Frame, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::support::*;

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
        (Script::reject(403), Auth, "403 Forbidden", "Origin, User-Agent, Host"),
        (Script::reject(404), Protocol, "404 Not Found", "the path of url"),
        (Script::reject(407), Auth, "407 Proxy Authentication Required", "password of proxy"),
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
    for (script, what, patient) in [
        (Script::reject(401), "401 Unauthorized", false),
        (Script::reject(403), "403 Forbidden", false),
        (Script::reject(404), "404 Not Found", true),
        (Script::reject(302), "302 Found: redirect to nowhere", true),
        (Script::reject(200), "expected 101 Switching Protocols, got 200 OK", true),
        (bad_accept, "Sec-WebSocket-Accept does not match the key", false),
        (Script::garbage("SSH-2.0\r\n"), "not a WebSocket/HTTP answer", false),
    ] {
        let keys = json!({"reconnect": true, "reconnect_patience": 0.5});
        let (peer, source) = in_memory([once_up(), script.clone()], keys);
        let told = run_paused(&source).await;
        assert_eq!(told.texts(), [UP], "what came before is handed over");
        let message = told.error().to_string();
        assert!(message.contains(what), "{message}");
        let end = "; 2 such ends within 1s without a record between";
        let end = if patient { format!("{end} (reconnect_patience: 500ms)") } else { end.into() };
        assert!(message.ends_with(&end), "{message}");
        assert_eq!(peer.connections().len(), 3, "{what}");

        let scripts = [once_up(), script, up()];
        let (_, source) = in_memory(scripts, json!({"reconnect": true, "max_messages": 2}));
        assert_eq!(run_paused(&source).await.ended(), Ended::MaxRecords, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_tried_again_until_it_recovers() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let scripts = [Script::reject(status), Script::reject(status), up()];
        let keys = json!({"reconnect": true, "max_messages": 1, "subscribe_messages": ["hello"]});
        let (peer, source) = in_memory(scripts, keys);
        assert_eq!(run_paused(&source).await.ended(), Ended::MaxRecords, "{status}");
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
    let keys = json!({"reconnect": true, "reconnect_patience": 0.5});
    let (peer, source) = in_memory([once_up(), refusal], keys);
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
            accept().header("Upgrade ", "websocket"),
            json!({}),
            "the header Upgrade of the answer is malformed",
        ),
        (
            accept().header("Connection", "keep-alive,\r\n Upgrade"),
            json!({}),
            "the header Connection of the answer is malformed",
        ),
        (accept().header("X-A", "a\0"), json!({}), "the header X-A of the answer is malformed"),
        (
            accept()
                .header("sec-websocket-extensions", "")
                .header("Sec-WebSocket-Extensions", "x-y"),
            json!({}),
            "an extension that was not offered: x-y",
        ),
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
        (up().header("X-A ", "a space before the colon"), json!({})),
        (up().header("X-A", "a folded\r\n line").dribble(ms(10)), json!({})),
        (up().header("Bad Header", "a space in the name"), json!({})),
        (up().header("X-A", "a control \x01 character"), json!({})),
        (up().header("Sec-WebSocket-Extensions", ""), json!({})),
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
