//! The scripted peer, tried with an honest client and with raw streams.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

use std::time::Duration;

use faucet_testkit::{End, Frame, Gate, Script, ScriptedPeer, ScriptedServer, opcode};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const REQUEST: &str = "GET /feed?x=1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

async fn connect<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> WebSocketStream<S> {
    client_async("ws://localhost/feed?x=1", stream).await.unwrap().0
}

async fn connect_tcp(server: &ScriptedServer) -> WebSocketStream<TcpStream> {
    connect(TcpStream::connect(server.address()).await.unwrap()).await
}

/// Sends a request and returns everything that comes back.
async fn answer_to(server: &ScriptedServer, request: &str) -> Vec<u8> {
    let mut tcp = TcpStream::connect(server.address()).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).await.unwrap();
    answer
}

async fn next<S: AsyncRead + AsyncWrite + Unpin>(client: &mut WebSocketStream<S>) -> Message {
    client.next().await.unwrap().unwrap()
}

#[tokio::test]
async fn a_script_is_played_and_what_the_client_did_is_logged() {
    let server = ScriptedServer::start([Script::accept()
        .expect_text("subscribe")
        .send_text("one")
        .send_binary(b"\x00\x01")
        .send_fragments(opcode::TEXT, &["a", "b", "c"], Some(b"mid"))
        .expect_pong("mid")
        .close(1012, "restart")])
    .await;
    let mut client = connect_tcp(&server).await;
    client.send(Message::text("subscribe")).await.unwrap();
    assert_eq!(next(&mut client).await, Message::text("one"));
    assert_eq!(next(&mut client).await, Message::binary(&b"\x00\x01"[..]));
    assert_eq!(next(&mut client).await, Message::Ping("mid".into()));
    assert_eq!(next(&mut client).await, Message::Ping("mid".into()));
    assert_eq!(next(&mut client).await, Message::text("abc"));
    let Message::Close(Some(CloseFrame { code, reason })) = next(&mut client).await else {
        panic!("no Close");
    };
    assert_eq!((u16::from(code), reason.as_str()), (1012, "restart"));
    assert!(client.next().await.is_none());

    let connections = server.finish().await;
    let [seen] = &connections[..] else { panic!("{connections:?}") };
    assert_eq!((seen.path(), seen.header("SEC-websocket-version")), ("/feed?x=1", Some("13")));
    assert_eq!(seen.texts(), ["subscribe"]);
    assert_eq!(seen.payloads(opcode::PONG), ["mid", "mid"]);
    assert_eq!(seen.close_code(), Some(1012));
    assert_eq!(seen.end, Some(End::Script));
}

#[tokio::test]
async fn what_comes_behind_a_message_that_is_read_to_is_not_answered() {
    let server = ScriptedServer::start([Script::accept().read_to("enough").close(1009, "")]).await;
    let mut client = connect_tcp(&server).await;
    let ping = |payload: &'static str| Message::Ping(payload.into());
    for message in [Message::text("one"), ping("a"), Message::text("enough"), ping("b")] {
        client.feed(message).await.unwrap();
    }
    client.flush().await.unwrap();
    assert_eq!(next(&mut client).await, Message::Pong("a".into()));
    assert!(matches!(next(&mut client).await, Message::Close(_)));
    assert!(client.next().await.is_none());
    server.finish().await;
}

#[tokio::test]
async fn the_nth_connection_plays_the_nth_script_and_the_last_repeats() {
    let server = ScriptedServer::start([
        Script::reject(503).header("Retry-After", "2").body("busy"),
        Script::reject(404).reason("Nope"),
    ])
    .await;
    assert_eq!(
        answer_to(&server, REQUEST).await,
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\
          Retry-After: 2\r\n\r\nbusy"
    );
    for _ in 0..2 {
        assert!(answer_to(&server, REQUEST).await.starts_with(b"HTTP/1.1 404 Nope\r\n"));
    }
    assert_eq!(server.finish().await.len(), 3);
}

#[tokio::test]
async fn the_answer_can_be_wrong_in_every_way() {
    let good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let list = "keep-alive, Upgrade";
    for (script, expected) in [
        (Script::accept(), good.to_owned()),
        (Script::accept().without("upgrade"), good.replace("Upgrade: websocket\r\n", "")),
        (Script::accept().without("Connection"), good.replace("Connection: Upgrade\r\n", "")),
        (Script::accept().http10(), good.replace("HTTP/1.1", "HTTP/1.0")),
        (
            Script::accept().header("Connection", list).without("sec-websocket-accept"),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
             Connection: keep-alive, Upgrade\r\n\r\n"
                .into(),
        ),
        (
            Script::accept().subprotocol("b").header("Sec-WebSocket-Extensions", "x"),
            good.replace(
                "\r\n\r\n",
                "\r\nSec-WebSocket-Protocol: b\r\nSec-WebSocket-Extensions: x\r\n\r\n",
            ),
        ),
        (Script::garbage("\x15\x03\x01"), "\x15\x03\x01".into()),
        (Script::hang_up_on_request(), String::new()),
    ] {
        let server = ScriptedServer::start([script.hang_up()]).await;
        let answer = answer_to(&server, REQUEST).await;
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    }
}

#[tokio::test]
async fn connections_can_be_reset_before_and_after_the_upgrade() {
    let server = ScriptedServer::start([
        Script::reset_on_request(),
        Script::accept().send_text("x").ping("p").expect_pong("p").reset().then_refuse(),
    ])
    .await;
    let mut tcp = TcpStream::connect(server.address()).await.unwrap();
    tcp.write_all(REQUEST.as_bytes()).await.unwrap();
    let error = tcp.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    let mut client = connect_tcp(&server).await;
    assert_eq!(next(&mut client).await, Message::text("x"));
    assert_eq!(next(&mut client).await, Message::Ping("p".into()));
    let error = client.next().await.unwrap().unwrap_err();
    assert!(
        matches!(&error, Error::Io(e) if e.kind() == std::io::ErrorKind::ConnectionReset),
        "{error}"
    );
    let error = TcpStream::connect(server.address()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    server.finish().await;
}

#[tokio::test]
async fn early_frames_come_in_the_same_read_as_the_answer() {
    let script = Script::accept().early().send_text("a").send_text("b").pause(Duration::ZERO);
    let server = ScriptedServer::start([script]).await;
    let mut tcp = TcpStream::connect(server.address()).await.unwrap();
    tcp.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = [0; 1024];
    let n = tcp.read(&mut answer).await.unwrap();
    assert!(answer[..n].ends_with(b"\r\n\r\n\x81\x01a\x81\x01b"), "{:?}", &answer[..n]);
}

#[tokio::test(start_paused = true)]
async fn a_dribble_takes_its_time_on_the_paused_clock() {
    let every = Duration::from_millis(200);
    let begin = Instant::now();
    let peer = ScriptedPeer::new([
        Script::accept().ping("").dribble(every).send_text("a").ping("b"),
        Script::reject(404).dribble(every),
    ]);
    let mut client = connect(peer.connect().unwrap()).await;
    assert_eq!(begin.elapsed(), Duration::ZERO);
    client.send(Message::Ping("not inside a frame".into())).await.unwrap();
    assert_eq!(next(&mut client).await, Message::Ping("".into()));
    assert_eq!(next(&mut client).await, Message::text("a"));
    assert!(begin.elapsed() >= every * 2, "{:?}", begin.elapsed());
    let mut rest = [next(&mut client).await, next(&mut client).await];
    rest.sort_by_key(Message::is_ping);
    assert_eq!(rest, [Message::Pong("not inside a frame".into()), Message::Ping("b".into())]);

    let mut stream = peer.connect().unwrap();
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let begin = Instant::now();
    let n = stream.read_to_end(&mut Vec::new()).await.unwrap();
    assert!(begin.elapsed() >= every * u32::try_from(n - 1).unwrap(), "{:?}", begin.elapsed());
    peer.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_close_is_answered_unless_the_script_is_mute() {
    let peer = ScriptedPeer::new([Script::accept(), Script::accept().mute()]);
    let mut client = connect(peer.connect().unwrap()).await;
    client.close(None).await.unwrap();
    assert_eq!(next(&mut client).await, Message::Close(None));
    assert!(client.next().await.is_none());
    assert_eq!(peer.connections()[0].end, Some(End::ClientClosed));

    let mut client = connect(peer.connect().unwrap()).await;
    client.send(Message::Ping("?".into())).await.unwrap();
    client.close(None).await.unwrap();
    let silence = tokio::time::timeout(Duration::from_secs(3600), client.next()).await;
    assert!(silence.is_err());
    drop(client);
    let seen = peer.until(|all| all[1].end.is_some()).await.swap_remove(1);
    assert_eq!((seen.end, seen.frames.len()), (Some(End::ClientLeft), 2));
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_not_answered_ends_after_two_seconds() {
    let peer = ScriptedPeer::new([Script::accept().close(1001, "")]);
    let stream = peer.connect().unwrap();
    let client = connect(stream).await;
    let begin = Instant::now();
    let seen = peer.until(|all| all[0].end.is_some()).await.swap_remove(0);
    assert_eq!(seen.end, Some(End::CloseUnanswered));
    assert!(begin.elapsed() >= Duration::from_secs(2));
    drop(client);
}

#[tokio::test]
async fn what_comes_after_a_close_is_sent_all_the_same() {
    let script = Script::accept().early().send_close(1000, "").send_text("late");
    let server = ScriptedServer::start([script]).await;
    let mut tcp = TcpStream::connect(server.address()).await.unwrap();
    tcp.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\x88\x02\x03\xe8\x81\x04late") {
        assert_ne!(tcp.read_buf(&mut answer).await.unwrap(), 0, "{answer:?}");
    }
    tcp.write_all(&Frame::close(1000, "").masked().to_bytes()).await.unwrap();
    assert_eq!(tcp.read_to_end(&mut answer).await.unwrap(), 0);
    assert_eq!(server.finish().await[0].end, Some(End::Script));
}

#[tokio::test]
async fn pings_are_answered_while_a_burst_meets_a_slow_client() {
    let gate = Gate::new();
    let script = Script::accept().wait(&gate).repeat(200_000, |i| format!("{i:0>100}"));
    let server = ScriptedServer::start([script.close_no_code()]).await;
    let mut client = connect_tcp(&server).await;
    gate.reached().await;
    gate.open();
    // The server's 20 MB fill every buffer before the client reads its first byte.
    client.send(Message::Ping("still there?".into())).await.unwrap();
    server.until(|all| all[0].payloads(opcode::PING).len() == 1).await;
    let (mut texts, mut pongs) = (0, 0);
    while let Some(message) = client.next().await {
        match message.unwrap() {
            Message::Text(text) => {
                assert_eq!(text.as_str().trim_start_matches('0').parse().unwrap_or(0), texts);
                texts += 1;
            }
            Message::Pong(_) => pongs += 1,
            _ => {}
        }
    }
    assert_eq!((texts, pongs), (200_000, 1));
    server.finish().await;
}

#[tokio::test(start_paused = true)]
async fn a_stalled_script_reads_nothing_and_answers_nothing() {
    let peer = ScriptedPeer::new([Script::accept().expect_data(1).stall()]);
    let mut client = connect(peer.connect().unwrap()).await;
    client.send(Message::text("last words")).await.unwrap();
    peer.finish().await;
    client.send(Message::Ping("?".into())).await.unwrap();
    let silence = tokio::time::timeout(Duration::from_secs(3600), client.next()).await;
    assert!(silence.is_err());
    assert_eq!(peer.connections()[0].frames.len(), 1);
}

/// Plays the script against a client that sends its request and `frames` at once.
async fn played(script: Script, frames: &[u8]) -> faucet_testkit::Seen {
    let (mut client, server) = tokio::io::duplex(1024);
    let client = async move {
        client.write_all(&[REQUEST.as_bytes(), frames].concat()).await.unwrap();
        client.shutdown().await.unwrap();
        // The script may have left already.
        let _ = client.read_to_end(&mut Vec::new()).await;
    };
    tokio::join!(script.play(server), client).0
}

#[tokio::test]
async fn a_close_that_comes_with_an_expected_message_is_no_failure() {
    let text = Frame::text("a").masked().to_bytes();
    let both = [text, Frame::close(1000, "").masked().to_bytes()].concat();
    for (script, failure) in [
        (Script::accept().expect_text("a"), None),
        (Script::accept().expect_text("a").expect_close(), None),
        (Script::accept().expect_data(1).send_text("b"), None),
        (
            Script::accept().expect_text("a").expect_text("b"),
            Some("expected Text(\"b\"), got Close (Some(1000), \"\")"),
        ),
    ] {
        assert_eq!(played(script, &both).await.failure(), failure);
    }
}

#[tokio::test]
async fn clients_that_do_something_else_are_reported() {
    let cases: [(Script, &[u8], &str); 6] = [
        (Script::accept().expect_text("a"), b"", "expected Text(\"a\"), the client left"),
        (
            Script::accept().expect_text("a"),
            &Frame::text("b").masked().to_bytes(),
            "expected Text(\"a\"), got opcode 1 b\"b\"",
        ),
        (
            Script::accept().expect_close_code(1000),
            &Frame::close(1002, "why").masked().to_bytes(),
            "expected Close(Some(1000)), got Close Some(1002) \"why\"",
        ),
        (
            Script::accept().expect_data(2),
            &[Frame::binary("b").masked().to_bytes(), Frame::close(1000, "").masked().to_bytes()]
                .concat(),
            "expected AnyData, got Close (Some(1000), \"\")",
        ),
        (Script::accept(), &Frame::text("b").to_bytes(), "the client sent an unmasked frame"),
        (Script::accept().expect_ping(), b"", "expected Ping, the client left"),
    ];
    for (script, bytes, expected) in cases {
        assert_eq!(played(script, bytes).await.failure(), Some(expected));
    }
    let server = ScriptedServer::start([Script::accept()]).await;
    let answer = answer_to(&server, &REQUEST.replace("13", "8")).await;
    assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request"));
    assert_eq!(
        server.failures(),
        ["connection 0: the client sent a request of another WebSocket version"]
    );
}

#[tokio::test]
#[should_panic(expected = "connection 0: expected Text(\"a\"), the client left")]
async fn finish_panics_when_a_client_failed() {
    let peer = ScriptedPeer::new([Script::accept().expect_text("a")]);
    drop(connect(peer.connect().unwrap()).await);
    peer.finish().await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "connection 0: step 1: expect Text(\"a\")")]
async fn finish_panics_when_a_script_still_waits() {
    let peer = ScriptedPeer::new([Script::accept().expect_text("a")]);
    let _client = connect(peer.connect().unwrap()).await;
    peer.finish().await;
}

#[tokio::test]
async fn dropping_the_server_ends_its_port_and_its_connections() {
    let server = ScriptedServer::start([Script::accept().stall()]).await;
    let address = server.address();
    let mut client = connect_tcp(&server).await;
    drop(server);
    assert!(client.next().await.unwrap().is_err());
    let error = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    let again = ScriptedServer::start_on(address, [Script::accept()]).await.unwrap();
    connect_tcp(&again).await;
}
