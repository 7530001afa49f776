//! The scripted HTTP server against plain sockets.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

use std::io;

use faucet_testkit::{End, Gate, HttpScript, HttpServer};
use futures_util::FutureExt as _;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const GET: &str = "GET /a?b=1 HTTP/1.1\r\nHost: h\r\nX-Key: k\r\n\r\n";

fn post(body: &str) -> String {
    format!("POST /p HTTP/1.1\r\nHost: h\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn send(server: &HttpServer, request: &str) -> TcpStream {
    let mut tcp = TcpStream::connect(server.address()).await.unwrap();
    tcp.write_all(request.as_bytes()).await.unwrap();
    tcp
}

/// Everything that comes back up to the end of the stream.
async fn rest(client: &mut TcpStream) -> io::Result<String> {
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.map(|_| answer)
}

async fn answer(server: &HttpServer, request: &str) -> String {
    let mut client = send(server, request).await;
    rest(&mut client).await.unwrap()
}

#[tokio::test]
async fn requests_are_answered_in_order_and_kept() {
    let server = HttpServer::start([
        HttpScript::answer(200).header("X-A", "b").body("plain"),
        HttpScript::answer(200).json(json!({"id": "{/id}", "t": "<{/id}>"})),
        HttpScript::redirect(307, "/there"),
        HttpScript::answer(503).without("content-length").without("Connection"),
    ])
    .await;
    assert_eq!(
        answer(&server, GET).await,
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\nX-A: b\r\n\r\nplain"
    );
    assert_eq!(
        answer(&server, &post(r#"{"id":1.50}"#)).await,
        "HTTP/1.1 200 OK\r\nContent-Length: 24\r\nContent-Type: application/json\r\n\
         Connection: close\r\n\r\n{\"id\":1.50,\"t\":\"<1.50>\"}"
    );
    assert_eq!(
        answer(&server, GET).await,
        "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nConnection: close\r\n\
         Location: /there\r\n\r\n"
    );
    for _ in 0..2 {
        assert_eq!(answer(&server, GET).await, "HTTP/1.1 503 Service Unavailable\r\n\r\n");
    }
    let requests = server.finish().await;
    assert_eq!(requests.len(), 5);
    let [first, second, ..] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((first.method(), first.path(), first.header("x-KEY")), ("GET", "/a?b=1", Some("k")));
    assert_eq!((first.text().as_str(), &first.end), ("", &Some(End::Script)));
    assert_eq!((second.method(), second.json()), ("POST", json!({"id": 1.5})));
    assert!(server.url_with("/x?y").ends_with("/x?y") && server.url().starts_with("http://127."));
}

#[tokio::test]
async fn a_body_is_made_of_the_request_and_sent_in_chunks() {
    let made = HttpScript::answer(200)
        .header("content-TYPE", "text/plain")
        .body_with(|seen| format!("{} {} {}", seen.method(), seen.path(), seen.text()).into())
        .chunked(7);
    let server = HttpServer::start([made]).await;
    assert_eq!(
        answer(&server, &post("body")).await,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\
         content-TYPE: text/plain\r\n\r\n7\r\nPOST /p\r\n5\r\n body\r\n0\r\n\r\n"
    );
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let kept = HttpScript::answer(200).keep_alive().body("1");
    let server = HttpServer::start([kept, HttpScript::answer(404)]).await;
    // The second request comes with the first.
    let both = format!("{}{GET}", post("first"));
    assert_eq!(
        answer(&server, &both).await,
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n1\
         HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let requests = server.finish().await;
    assert_eq!((requests[0].text().as_str(), requests[1].path()), ("first", "/a?b=1"));
}

#[tokio::test]
async fn an_answer_stops_in_the_middle_in_three_ways() {
    let body = || HttpScript::answer(200).body("0123456789");
    let server = HttpServer::start([
        HttpScript::hang_up(),
        body().cut_after(4),
        body().chunked(3).cut_after(4),
        body().reset_after(4),
        body().hang_after(4),
        HttpScript::hang(),
    ])
    .await;
    assert_eq!(answer(&server, GET).await, "");
    let cut = answer(&server, GET).await;
    assert!(cut.contains("Content-Length: 10\r\n") && cut.ends_with("\r\n\r\n0123"), "{cut}");
    let cut = answer(&server, GET).await;
    assert!(cut.ends_with("\r\n\r\n3\r\n0"), "{cut}");
    let mut client = send(&server, GET).await;
    assert_eq!(rest(&mut client).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    for (index, end) in [(4, "\r\n\r\n0123"), (5, "")] {
        let mut client = send(&server, GET).await;
        let mut came = Vec::new();
        while !came.ends_with(end.as_bytes()) {
            came.push(client.read_u8().await.unwrap());
        }
        server.until(|all| all.len() > index).await;
        assert_eq!(server.finish().await[index].end, None);
        assert!(rest(&mut client).now_or_never().is_none());
        drop(client);
        server.until(|all| all[index].end == Some(End::ClientLeft)).await;
    }
}

#[tokio::test]
async fn a_body_without_end_goes_on_until_the_client_leaves() {
    for script in [HttpScript::answer(200), HttpScript::answer(200).chunked(1)] {
        let server = HttpServer::start([script.endless("abc")]).await;
        let mut client = send(&server, GET).await;
        let mut came = vec![0; 1 << 20];
        client.read_exact(&mut came).await.unwrap();
        let head = String::from_utf8_lossy(&came[..200]).into_owned();
        assert!(!head.contains("Content-Length"), "{head}");
        let chunked = head.contains("Transfer-Encoding: chunked");
        assert!(head.contains(if chunked { "3\r\nabc\r\n3\r\nabc" } else { "abcabcabc" }));
        server.finish().await;
        drop(client);
        let all = server.until(|all| all[0].end.is_some()).await;
        assert!(matches!(all[0].end, Some(End::ClientLeft | End::Broken(_))), "{all:?}");
    }
}

#[tokio::test]
async fn an_answer_waits_for_a_gate() {
    let gate = Gate::new();
    let server = HttpServer::start([HttpScript::answer(204).wait(&gate)]).await;
    let mut client = send(&server, GET).await;
    gate.reached().await;
    assert_eq!(server.requests()[0].end, None);
    gate.open();
    assert!(rest(&mut client).await.unwrap().starts_with("HTTP/1.1 204"));
}

#[tokio::test]
async fn failures_say_what_was_expected_and_what_came() {
    let any = || HttpScript::answer(200);
    for (script, request, expected) in [
        (any().expect("POST", "/p"), GET.to_owned(), "expected POST /p, got GET /a?b=1"),
        (any().expect("GET", "/a"), GET.to_owned(), "expected GET /a, got GET /a?b=1"),
        (
            any().json(json!({"id": "{/id}"})),
            post("no"),
            "answer {\"id\":\"{/id}\"}: `{/id}` is missing in the message no",
        ),
        (
            any(),
            GET.replace("X-Key: k", "Transfer-Encoding: chunked"),
            "the scripted HTTP server reads only bodies with `Content-Length`",
        ),
        (any(), GET.replace("X-Key: k", "Content-Length: -1"), "`Content-Length: -1` is no length"),
    ] {
        let server = HttpServer::start([script]).await;
        let answer = answer(&server, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        assert!(answer.ends_with(expected), "{answer}");
        assert_eq!(server.failures(), [format!("request 0: {expected}")]);
    }
    let server = HttpServer::start([any()]).await;
    assert_eq!(answer(&server, "GET / HTTP/1.1\r\nHost\r\n\r\n").await, "");
    let failure = "request 0: the client sent a header line without a colon: \"Host\"";
    assert_eq!(server.failures(), [failure]);
}

/// The text of a panic.
async fn panic_of(future: impl Future) -> String {
    let caught = std::panic::AssertUnwindSafe(future).catch_unwind().await;
    *caught.err().expect("the future panics").downcast::<String>().unwrap()
}

#[tokio::test(start_paused = true)]
async fn panics_say_what_is_missing() {
    let gate = Gate::new();
    let server = HttpServer::start([HttpScript::answer(200).wait(&gate)]).await;
    let _client = send(&server, &post("no")).await;
    gate.reached().await;
    let panic = panic_of(server.finish()).await;
    assert_eq!(panic, "scripts still wait after 10s: request 0: waits for a gate");
    let panic = panic_of(server.until(|all| all.len() > 1)).await;
    assert!(panic.starts_with("what the test waits for did not happen in 10s: ["), "{panic}");
    let panic = panic_of(async { server.requests()[0].json() }).await;
    assert!(panic.starts_with("the body of POST /p is not JSON (expected"), "{panic}");
    assert!(panic.ends_with("): no"), "{panic}");
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_a_body_is_logged() {
    let server = HttpServer::start([HttpScript::answer(200)]).await;
    let request = post("0123456789");
    drop(send(&server, &request[..request.len() - 1]).await);
    let all = server.until(|all| all.first().is_some_and(|seen| seen.end.is_some())).await;
    assert_eq!(all[0].end, Some(End::ClientLeft));
    assert_eq!(all[0].text(), "");
}

#[test]
#[should_panic(expected = "an endless body needs at least one byte to repeat")]
fn nothing_cannot_be_repeated() {
    drop(HttpScript::answer(200).endless(""));
}

#[test]
#[should_panic(expected = "a chunk of 0 bytes ends the body")]
fn chunks_are_not_empty() {
    drop(HttpScript::answer(200).chunked(0));
}
