//! Redirects.

use faucet_session::http::{HttpFailed, HttpMethod};
use faucet_testkit::{ScriptedTcp, TcpScript};

use crate::calls::{call, client, get};

fn redirect(status: u16, location: &str) -> TcpScript {
    let head = format!("HTTP/1.1 {status} Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    TcpScript::accept().read_to("\r\n\r\n").send(head)
}

fn done() -> TcpScript {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";
    TcpScript::accept().read_to("\r\n\r\n").send(answer)
}

/// The requests that a POST with a body and a token becomes.
async fn requests_after(status: u16) -> [String; 2] {
    let server = ScriptedTcp::start([redirect(status, "/next?a=b"), done()]).await;
    let mut call = call(HttpMethod::Post, &server.url("http", "/first"));
    call.headers.insert("x-token", "t".parse().unwrap());
    call.headers.insert("content-type", "text/plain".parse().unwrap());
    call.body = Some("body".into());
    assert_eq!(client().send(call).await.unwrap().body, "done");
    server.until(|all| all.len() == 2 && !all[1].is_open()).await;
    let seen = server.finish().await;
    [seen[0].text(), seen[1].text()]
}

#[tokio::test]
async fn a_post_becomes_a_get_without_its_body() {
    for status in [301, 302, 303] {
        let [first, second] = requests_after(status).await;
        assert!(first.starts_with("POST /first ") && first.ends_with("\r\n\r\nbody"), "{first}");
        assert!(second.starts_with("GET /next?a=b HTTP/1.1\r\n"), "{second}");
        assert!(second.contains("x-token: t\r\n") && second.ends_with("\r\n\r\n"), "{second}");
        assert!(!second.contains("content-"), "{second}");
    }
}

#[tokio::test]
async fn a_post_stays_one_where_the_server_asks_for_it() {
    for status in [307, 308] {
        let [_, second] = requests_after(status).await;
        assert!(second.starts_with("POST /next?a=b "), "{second}");
        assert!(second.contains("content-type: text/plain\r\n"), "{second}");
        assert!(second.ends_with("\r\n\r\nbody"), "{second}");
    }
}

#[tokio::test]
async fn five_redirects_are_followed() {
    let redirects = |count| std::iter::repeat_n(redirect(302, "/"), count).chain([done()]);
    let server = ScriptedTcp::start(redirects(5)).await;
    assert_eq!(get(&server).await.unwrap().body, "done");
    let server = ScriptedTcp::start(redirects(6)).await;
    let failed = get(&server).await.unwrap_err();
    assert!(matches!(failed, HttpFailed::TooManyRedirects), "{failed:?}");
    assert_eq!(server.connections().len(), 6);
}

#[tokio::test]
async fn another_origin_gets_no_request() {
    let other = ScriptedTcp::start([done()]).await;
    let location = other.url("http", "/s3cret?token=s3cret");
    let server = ScriptedTcp::start([redirect(307, &location)]).await;
    let failed = get(&server).await.unwrap_err();
    let to = other.url("http", "");
    assert_eq!(
        failed.to_string(),
        format!("the answer redirects elsewhere, to {to}; give the final URL")
    );
    assert!(!format!("{failed:?}").contains("s3cret"), "{failed:?}");
    assert!(other.connections().is_empty());
}
