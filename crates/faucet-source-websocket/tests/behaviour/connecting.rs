//! From the dial to a stream.

use std::error::Error as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use faucet_common_websocket::{Class, ConnectFailed, Failure};
use faucet_core::{Ended, ErrorKind, Source};
use faucet_testkit::{End, Script, ScriptedServer, refused_address};
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn a_refused_port_is_tried_exactly_as_often_as_allowed() {
    let url = format!("ws://{}/", refused_address().await);
    for (keys, end, hint) in [
        (json!({}), "", "is the port right?"),
        (
            json!({"reconnect": true, "max_reconnect_attempts": 0}),
            "",
            "is the port right? max_reconnect_attempts: 0 allows no attempt",
        ),
        (
            reconnecting(json!({"max_reconnect_attempts": 3})),
            " (attempt 3/3)",
            "is the port right? raise max_reconnect_attempts",
        ),
    ] {
        let told = run(&source(&url, keys)).await;
        let error = told.error();
        assert_eq!(
            error.to_string(),
            format!("Failed to connect to WebSocket {url}: Connection refused{end}")
        );
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some("tcp")));
        assert_eq!(error.endpoint(), Some(url.as_str()));
        assert!(error.hint().unwrap().contains(hint), "{error:?}");
    }
}

#[tokio::test]
async fn a_program_finds_the_typed_failure_and_the_operating_systems_error_as_causes() {
    let url = format!("ws://{}/", refused_address().await);
    let told = run(&source(&url, json!({}))).await;
    let failure = told.error().source().and_then(|cause| cause.downcast_ref::<Failure>()).unwrap();
    assert!(matches!(failure, Failure::Connect(ConnectFailed::Tcp(_))), "{failure:?}");
    assert_eq!(failure.class(), Class::Transient);
    let cause = failure.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    assert_eq!(cause.map(io::Error::kind), Some(io::ErrorKind::ConnectionRefused));
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
    assert_eq!((told.texts(), told.ended()), (vec![UP.to_owned()], Ended::MaxRecords));
    assert_eq!(server.finish().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_is_one_budget_whatever_arrives_meanwhile() {
    for (script, what) in [
        (Script::silent(), "silence"),
        (Script::accept().dribble(ms(200)), "a byte every 200 ms"),
        (Script::garbage("HTTP/1.1 101").stall(), "the beginning of an answer"),
        (
            Script::garbage("HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000)).stall(),
            "interim answers without end",
        ),
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
    assert_eq!((told.texts(), told.reconnects()), (vec![UP.to_owned()], 0));
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
    let keys = json!({"max_reconnect_attempts": 1, "proxy": "none"});
    let told = run(&source(&url, reconnecting(keys))).await;
    let error = told.error();
    let begin = format!("Failed to connect to WebSocket ws://{name}/?k=***: dns: ");
    assert!(error.to_string().starts_with(&begin), "{error}");
    assert!(error.to_string().ends_with(" (attempt 1/1)"), "{error}");
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Some("dns")));
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_check_reaches_the_far_end_step_by_step_and_closes() {
    let server = ScriptedServer::start([
        Script::accept().expect_text("hello").send_text(UP),
        Script::reject(401),
    ])
    .await;
    let source = source(&server.url(), json!({"subscribe_messages": ["hello"]}));
    let report = source.check(&faucet_core::Scope::default()).await;
    let names: Vec<_> = report.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(names, ["tcp", "upgrade", "subscribe", "first frame", "ping"], "{report:?}");
    assert!(report.passed(), "{report:?}");
    let seen = server.until(|all| all[0].end.is_some()).await.swap_remove(0);
    assert_eq!((seen.close_code(), seen.end), (Some(1000), Some(End::ClientClosed)));

    let error = source.validate_connectivity().await.unwrap_err();
    assert!(error.to_string().ends_with(": 401 Unauthorized"), "{error}");
}
