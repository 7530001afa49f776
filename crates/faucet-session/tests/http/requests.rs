//! The bytes of a request.

use faucet_session::http::{HttpCall, HttpMethod};
use faucet_testkit::{ScriptedTcp, TcpScript};

use crate::calls::{call, client};

const DONE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// The request that a call is sent as, its address replaced by `HOST`.
async fn sent(method: HttpMethod, path: &str, edit: impl FnOnce(&mut HttpCall)) -> String {
    let server = ScriptedTcp::start([TcpScript::accept().read_to("\r\n\r\n").send(DONE)]).await;
    let mut call = call(method, &server.url("http", path));
    edit(&mut call);
    let answer = client().send(call).await.unwrap();
    assert_eq!(answer.status, 200);
    server.until(|all| !all[0].is_open()).await;
    let text = server.finish().await[0].text();
    text.replace(&server.address().to_string(), "HOST").replace("\r\n", "\n")
}

fn user_agent() -> String {
    format!("user-agent: faucet/{}", env!("CARGO_PKG_VERSION"))
}

#[tokio::test]
async fn a_request_has_the_headers_of_the_client() {
    let agent = user_agent();
    assert_eq!(
        sent(HttpMethod::Get, "/a%2Fb/?x=1&y={z}", |_| ()).await,
        format!("GET /a%2Fb/?x=1&y={{z}} HTTP/1.1\nhost: HOST\n{agent}\nconnection: close\n\n")
    );
    // Without a length, some servers answer 411.
    assert_eq!(
        sent(HttpMethod::Post, "/", |_| ()).await,
        format!("POST / HTTP/1.1\nhost: HOST\n{agent}\nconnection: close\ncontent-length: 0\n\n")
    );
}

#[tokio::test]
async fn headers_and_body_of_the_call_are_sent() {
    let request = sent(HttpMethod::Put, "/", |call| {
        for (name, value) in [
            ("x-key", "a"),
            ("x-key", "b"),
            ("user-agent", "mine/1"),
            ("content-type", "application/json"),
        ] {
            call.headers.append(name, value.parse().unwrap());
        }
        call.body = Some("{\"a\":1}".into());
    })
    .await;
    let (head, body) = request.split_once("\n\n").unwrap();
    assert_eq!(body, "{\"a\":1}");
    let mut lines: Vec<&str> = head.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "PUT / HTTP/1.1",
            "connection: close",
            "content-length: 7",
            "content-type: application/json",
            "host: HOST",
            "user-agent: mine/1",
            "x-key: a",
            "x-key: b",
        ]
    );
}

#[tokio::test]
async fn reserved_headers_are_those_of_the_client() {
    let request = sent(HttpMethod::Get, "/", |call| {
        for (name, value) in [
            ("host", "evil"),
            ("content-length", "99"),
            ("transfer-encoding", "chunked"),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("expect", "100-continue"),
            ("te", "trailers"),
            ("accept-encoding", "gzip"),
            ("keep-alive", "5"),
            ("trailer", "x"),
        ] {
            call.headers.append(name, value.parse().unwrap());
        }
    })
    .await;
    let agent = user_agent();
    assert_eq!(request, format!("GET / HTTP/1.1\nhost: HOST\n{agent}\nconnection: close\n\n"));
}
