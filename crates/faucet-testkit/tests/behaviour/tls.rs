//! The scripted server behind TLS, and what the test authority issues.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

use std::net::SocketAddr;
use std::sync::Arc;

use faucet_testkit::{End, HttpScript, HttpServer, Identity, Script, ScriptedServer, TestCa};
use futures_util::StreamExt;
use rustls::{CertificateError, ClientConfig, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

async fn connect(
    server: &ScriptedServer,
    ca: &TestCa,
    client: Option<&Identity>,
) -> std::io::Result<TlsStream<TcpStream>> {
    connect_to(server.address(), ca, client).await
}

async fn connect_to(
    address: SocketAddr,
    ca: &TestCa,
    client: Option<&Identity>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(ca.roots());
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = identity.der();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = address.ip().into();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

#[tokio::test]
async fn scripts_play_behind_tls() {
    let ca = TestCa::new();
    let scripts = [Script::accept().send_text("secret").close(1000, ""), Script::accept().cut()];
    let server = ScriptedServer::start_tls(scripts, ca.good().server_config()).await;
    assert!(server.url().starts_with("wss://127.0.0.1:"));
    let tls = connect(&server, &ca, None).await.unwrap();
    let (mut client, _) = client_async("ws://localhost/", tls).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("secret"));
    while client.next().await.is_some() {}
    assert_eq!(server.connections()[0].end, Some(End::Script));

    let tls = connect(&server, &ca, None).await.unwrap();
    let (mut client, _) = client_async("ws://localhost/", tls).await.unwrap();
    let error = client.get_mut().read(&mut [0]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn each_bad_certificate_is_bad_in_one_way() {
    let ca = TestCa::new();
    for (identity, bad) in [
        (ca.good(), None),
        (ca.expired(), Some("certificate expired")),
        (ca.not_yet_valid(), Some("certificate not valid yet")),
        (ca.wrong_name(), Some("certificate not valid for name")),
        (TestCa::self_signed(), Some("UnknownIssuer")),
        (TestCa::new().good(), Some("UnknownIssuer")),
    ] {
        let server = ScriptedServer::start_tls([Script::accept()], identity.server_config()).await;
        match (connect(&server, &ca, None).await, bad) {
            (Ok(_), None) => {}
            (Err(error), Some(bad)) => {
                assert!(error.to_string().contains(bad), "{error}");
                let seen = server.finish().await.swap_remove(0);
                assert!(matches!(seen.end, Some(End::Tls(_))), "{seen:?}");
            }
            (result, bad) => panic!("{bad:?}: {result:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_can_ask_for_client_certificates() {
    let ca = TestCa::new();
    let config = ca.good().server_config_for_clients_of(&ca);
    let server = ScriptedServer::start_tls([Script::accept()], config).await;
    let tls = connect(&server, &ca, Some(&ca.client("tester"))).await.unwrap();
    client_async("ws://localhost/", tls).await.unwrap();

    let stranger = TestCa::new().client("stranger");
    for identity in [None, Some(&stranger)] {
        // In TLS 1.3 the client is through before the server looks at its certificate.
        let mut tls = connect(&server, &ca, identity).await.unwrap();
        let error = tls.read(&mut [0]).await.unwrap_err();
        let error = error.get_ref().unwrap().downcast_ref::<Error>().unwrap();
        assert!(matches!(error, Error::AlertReceived(_)), "{error}");
        assert_ne!(*error, Error::InvalidCertificate(CertificateError::Expired));
    }
}

#[tokio::test]
async fn an_http_server_answers_behind_tls() {
    let ca = TestCa::new();
    let script = HttpScript::answer(200).body("secret");
    let server = HttpServer::start_tls([script], ca.good().server_config()).await;
    assert!(server.url().starts_with("https://127.0.0.1:"));
    let mut tls = connect_to(server.address(), &ca, None).await.unwrap();
    tls.write_all(b"GET /x HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    tls.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nsecret"), "{answer}");

    connect_to(server.address(), &TestCa::new(), None).await.unwrap_err();
    let all = server.until(|all| all.len() == 2).await;
    assert_eq!((all[0].path(), &all[0].end), ("/x", &Some(End::Script)));
    let end = all[1].end.as_ref();
    assert!(all[1].request.is_none() && matches!(end, Some(End::Tls(_))), "{all:?}");
    server.finish().await;
}
