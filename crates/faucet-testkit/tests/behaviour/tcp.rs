//! The scripted TCP peer against plain sockets.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::io;
use std::time::Duration;

use faucet_testkit::{Gate, ScriptedTcp, TcpEnd, TcpScript, TcpSeen};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn connect(server: &ScriptedTcp) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

async fn rest(client: &mut TcpStream) -> io::Result<String> {
    let mut text = String::new();
    client.read_to_string(&mut text).await.map(|_| text)
}

#[tokio::test]
async fn a_conversation_is_played_and_recorded() {
    let gate = Gate::new();
    let server = ScriptedTcp::start([
        TcpScript::accept()
            .expect_line("HELLO")
            .send("OK\n")
            .read_to("\r\n\r\n")
            .wait(&gate)
            .repeat(3, |n| format!("{n}\n"))
            .close(),
        TcpScript::accept().send("second"),
    ])
    .await;
    let mut client = connect(&server).await;
    // In pieces, so that a step has to wait for the rest.
    for piece in ["HEL", "LO\nGET /", " HTTP/1.1\r\n\r", "\n"] {
        client.write_all(piece.as_bytes()).await.unwrap();
        client.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    gate.reached().await;
    let mut ok = [0; 3];
    client.read_exact(&mut ok).await.unwrap();
    gate.open();
    assert_eq!(rest(&mut client).await.unwrap(), "0\n1\n2\n");
    drop(client);
    let mut client = connect(&server).await;
    client.write_all(b"bye").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut client).await.unwrap(), "second");
    let all = server.until(|all| all.len() == 2 && all.iter().all(|seen| !seen.is_open())).await;
    assert_eq!(all[0].lines(), ["HELLO", "GET / HTTP/1.1", ""]);
    assert_eq!((all[1].text(), all[1].end.clone()), ("bye".to_owned(), Some(TcpEnd::ClientLeft)));
    assert_eq!(server.finish().await.len(), 2);
}

#[tokio::test]
async fn a_wrong_client_is_a_failure() {
    for (send, why) in [("HELP\n", "sent \"HELP"), ("HEL", "left behind \"HEL\"")] {
        let server = ScriptedTcp::start([TcpScript::accept().expect_line("HELLO")]).await;
        let mut client = connect(&server).await;
        client.write_all(send.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let failed = |all: &[TcpSeen]| all.iter().any(|seen| seen.failure().is_some());
        server.until(failed).await;
        assert!(server.failures()[0].contains(why), "{:?}", server.failures());
        // The peer ends the stream too.
        assert_eq!(rest(&mut client).await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_reset_and_a_refusal_reach_the_client() {
    let script = TcpScript::accept().expect_line("x").reset().then_refuse();
    let server = ScriptedTcp::start([script]).await;
    let mut client = connect(&server).await;
    client.write_all(b"x\n").await.unwrap();
    let error = rest(&mut client).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    let error = TcpStream::connect(server.address()).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_stalled_peer_reads_no_byte() {
    let pause = Duration::from_millis(1);
    let server = ScriptedTcp::start([TcpScript::accept().pause(pause).stall()]).await;
    let mut client = connect(&server).await;
    server.until(|all| all.len() == 1).await;
    let all = server.finish().await;
    assert!(all[0].is_open());
    // More than the buffers of both sockets hold.
    let piece = vec![0; 1 << 20];
    let full = async {
        loop {
            client.write_all(&piece).await.unwrap();
        }
    };
    assert!(tokio::time::timeout(Duration::from_millis(300), full).await.is_err());
    assert!(server.connections()[0].received.len() <= 1 << 20);
}

#[tokio::test]
#[should_panic(expected = "scripts still wait after 10s: connection 0: expect b\"x\\n\"")]
async fn a_client_that_says_nothing_is_named() {
    let server = ScriptedTcp::start([TcpScript::accept().expect_line("x")]).await;
    let _client = connect(&server).await;
    server.until(|all| all.len() == 1).await;
    tokio::time::pause();
    server.finish().await;
}
