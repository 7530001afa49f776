//! Good and bad answers.

use std::time::{Duration, SystemTime};

use faucet_session::http::{HttpFailed, HttpMethod, HttpPhase};
use faucet_testkit::{ScriptedTcp, TcpScript};

use crate::calls::{call, client, get};

/// A peer that answers one request with these bytes and ends the stream.
async fn answering(answer: impl Into<bytes::Bytes>) -> ScriptedTcp {
    let script = TcpScript::accept().read_to("\r\n\r\n").send(answer).close();
    ScriptedTcp::start([script]).await
}

#[tokio::test]
async fn the_end_of_a_body_is_found_in_every_way() {
    for (answer, status, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", 200, "hello"),
        ("HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello"),
        (
            "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: x\r\n\r\n",
            201,
            "hello",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        ("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", 500, "no"),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            200,
            "x",
        ),
        ("HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 101, ""),
        // A redirect without a place is an answer.
        ("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", 302, ""),
    ] {
        let server = answering(answer).await;
        let found = get(&server).await.unwrap();
        assert_eq!((found.status, &found.body[..]), (status, body.as_bytes()), "{answer}");
    }
}

#[tokio::test]
async fn the_body_of_a_head_answer_is_not_waited_for() {
    let script = TcpScript::accept()
        .read_to("\r\n\r\n")
        .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        .stall();
    let server = ScriptedTcp::start([script]).await;
    let answer = client().send(call(HttpMethod::Head, &server.url("http", "/"))).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[tokio::test]
async fn headers_of_the_answer_are_there() {
    let server = answering(
        "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         X-Token: t\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let answer = get(&server).await.unwrap();
    assert_eq!(answer.retry_after(SystemTime::now()), Some(Duration::from_secs(7)));
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    assert_eq!(answer.date(), Some(date));
    assert_eq!(answer.headers["x-token"], "t");
}

#[tokio::test]
async fn a_body_of_one_mebibyte_is_the_longest() {
    const MOST: usize = 1024 * 1024;
    for (length, declared) in [(MOST, true), (MOST, false), (MOST + 1, true), (MOST + 1, false)] {
        let head = if declared { format!("Content-Length: {length}\r\n") } else { String::new() };
        let body = "x".repeat(length);
        let server = answering(format!("HTTP/1.1 200 OK\r\n{head}\r\n{body}")).await;
        match get(&server).await {
            Ok(answer) => assert_eq!((answer.body.len(), length), (MOST, MOST)),
            Err(failed) => {
                assert!(matches!(failed, HttpFailed::BodyTooLong), "{failed:?}");
                assert_eq!(length, MOST + 1);
            }
        }
    }
}

#[tokio::test]
async fn bad_answers_are_told_apart() {
    const MALFORMED: &str = "the answer is no HTTP, or its headers are malformed or too long";
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "s3cret".repeat(20_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: s3cret\r\n".repeat(101));
    for (answer, words) in [
        ("SSH-2.0-s3cret\r\n\r\n", MALFORMED),
        ("\x15\x03\x01\0\x02\x02\x16", MALFORMED),
        ("HTTP/1.1 2x0 s3cret\r\n\r\n", MALFORMED),
        ("HTTP/1.1 200 OK\r\ns3cret\r\n\r\n", MALFORMED),
        ("HTTP/1.1 200 OK\r\nContent-Length: s3cret\r\n\r\n", MALFORMED),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", MALFORMED),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ns3cret\r\n", MALFORMED),
        (&long, MALFORMED),
        (&many, MALFORMED),
        ("", "closed before the answer was there (unexpected end of file)"),
        (
            "HTTP/1.1 200 OK\r\nContent-",
            "closed before the answer was there (unexpected end of file)",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ns3cret",
            "closed in the middle of the answer (unexpected end of file)",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ns3c",
            "closed in the middle of the answer (unexpected end of file)",
        ),
    ] {
        let server = answering(answer.to_owned()).await;
        let failed = get(&server).await.unwrap_err();
        assert_eq!(failed.to_string(), words, "{answer}");
        assert!(!format!("{failed:?}").contains("s3cret"), "{failed:?}");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_wait_for_a_request_is_told_apart() {
    let server = ScriptedTcp::start([TcpScript::accept().send("220 s3cret FTP\r\n")]).await;
    let failed = get(&server).await.unwrap_err();
    assert!(matches!(failed, HttpFailed::Malformed), "{failed:?}");
    let server = ScriptedTcp::start([TcpScript::accept().close()]).await;
    let failed = get(&server).await.unwrap_err();
    let eof = std::io::ErrorKind::UnexpectedEof;
    assert!(
        matches!(&failed, HttpFailed::Broken { during: HttpPhase::Head, error } if error.kind() == eof),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_broken_connection_keeps_its_reason() {
    let server = ScriptedTcp::start([TcpScript::accept().read_to("\r\n\r\n").reset()]).await;
    let failed = get(&server).await.unwrap_err();
    let HttpFailed::Broken { during: HttpPhase::Head, error } = &failed else {
        panic!("{failed:?}");
    };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{failed:?}");
}

#[tokio::test]
async fn nobody_listens() {
    let address = faucet_testkit::refused_address().await;
    let refused = client().send(call(HttpMethod::Get, &format!("http://{address}/"))).await;
    let failed = refused.unwrap_err();
    assert!(matches!(failed, HttpFailed::Tcp(_)), "{failed:?}");
    assert_eq!(failed.to_string(), "Connection refused");
}
