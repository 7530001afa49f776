//! How `faucet tap` connects.

use faucet_testkit::{ProxyScript, Script, ScriptedProxy, ScriptedServer, TestCa};

use crate::support::*;

#[tokio::test]
async fn it_says_how_it_is_connected_and_what_the_request_asks_for() {
    let (ca, files) = (TestCa::new(), Files::new());
    let ca_file = files.write("ca.pem", ca.pem());
    let script = || Script::accept().subprotocol("v2").send_text("1").expect_close_code(1000);
    let server = ScriptedServer::start_tls([script()], ca.good().server_config()).await;
    let url = server.url();
    let ran = faucet_ran([
        "tap",
        &url,
        "-n",
        "1",
        "--ca",
        &ca_file,
        "-s",
        "v1",
        "-s",
        "v2",
        "-o",
        "https://a.example",
        "--auth",
        "user:pass:word",
        "-H",
        "X-Key: a:b",
    ])
    .await;
    assert_eq!(ran.succeeded().stdout, "1\n");
    assert!(ran.stderr.starts_with("connected in "), "{ran:#?}");
    assert!(ran.stderr.ends_with("ms (TLS 1.3, v2)\n"), "{ran:#?}");
    let seen = &server.finish().await[0];
    for (name, value) in [
        ("Sec-WebSocket-Protocol", "v1, v2"),
        ("Origin", "https://a.example"),
        ("Authorization", "Basic dXNlcjpwYXNzOndvcmQ="),
        ("X-Key", "a:b"),
    ] {
        assert_eq!(seen.header(name), Some(value));
    }
}

#[tokio::test]
async fn compression_is_offered_where_it_is_asked_for() {
    let script = Script::accept().extensions("permessage-deflate").send_text("1").expect_close();
    let plain = Script::accept().send_text("1").expect_close();
    let server = ScriptedServer::start([script, plain]).await;
    let url = server.url();
    let ran = faucet_ran(["tap", &url, "-n", "1", "--deflate"]).await;
    assert!(ran.succeeded().stderr.contains("(deflate)"), "{ran:#?}");
    let ran = faucet_ran(["tap", &url, "-n", "1"]).await;
    assert!(!ran.succeeded().stderr.contains('('), "{ran:#?}");
    let seen = server.finish().await;
    assert!(seen[0].header("Sec-WebSocket-Extensions").is_some());
    assert_eq!(seen[1].header("Sec-WebSocket-Extensions"), None);
}

#[tokio::test]
async fn certificates_are_verified_unless_told_otherwise() {
    let (ca, files) = (TestCa::new(), Files::new());
    let script = || Script::accept().send_text("1").expect_close();
    let server = ScriptedServer::start_tls([script()], ca.good().server_config()).await;
    let url = server.url();
    let ran = faucet_ran(["tap", &url, "-n", "1"]).await;
    ran.failed_with(4, &["hint: for a private CA give --ca", "--insecure"]);
    assert!(!ran.stderr.contains("tls."), "{ran:#?}");
    let ran = faucet_ran(["tap", &url, "-n", "1", "-k"]).await;
    assert_eq!(ran.succeeded().stdout, "1\n");
    assert!(ran.stderr.contains("is not verified") && !ran.stderr.contains("tls."), "{ran:#?}");
    let missing = files.name("missing.pem");
    let ran = faucet_ran(["tap", &url, "--ca", &missing]).await;
    ran.failed_with(2, &["--ca: cannot read"]);
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let (ca, files) = (TestCa::new(), Files::new());
    let client = ca.client("tap");
    let [ca_file, cert, key] = [
        files.write("ca.pem", ca.pem()),
        files.write("client.pem", client.cert_pem()),
        files.write("client.key", client.key_pem()),
    ];
    let script = Script::accept().send_text("1").expect_close();
    let config = ca.good().server_config_for_clients_of(&ca);
    let server = ScriptedServer::start_tls([script], config).await;
    let url = server.url();
    let tap = ["tap", &url, "-n", "1", "--ca", &ca_file];
    faucet_ran(tap).await.failed_with(4, &["(--cert, --key)"]);
    let ran = faucet_ran(tap.iter().chain(&["--cert", &cert, "--key", &key])).await;
    assert_eq!(ran.succeeded().stdout, "1\n");
    let ran = faucet_ran(tap.iter().chain(&["--cert", &cert, "--key", &ca_file])).await;
    ran.failed_with(2, &["--key: "]);
}

#[tokio::test]
async fn a_proxy_is_on_the_way() {
    let server = ScriptedServer::start([Script::accept().send_text("1").expect_close()]).await;
    let proxy = ScriptedProxy::start(ProxyScript::http(), server.address()).await;
    let through = format!("http://{}", proxy.address());
    let ran = faucet_ran(["tap", "ws://feed.invalid/", "-n", "1", "--proxy", &through]).await;
    assert_eq!(ran.succeeded().stdout, "1\n");
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn with_reconnect_a_lost_connection_comes_back_and_subscribes_again() {
    let first = Script::accept().expect_text("sub").expect_text("once").send_text("1").cut();
    let second = Script::accept().expect_text("sub").send_text("2").expect_close_code(1000);
    let server = ScriptedServer::start([first, second]).await;
    let url = server.url();
    let ran =
        faucet_ran(["tap", &url, "-n", "2", "--reconnect", "--subscribe", "sub", "-x", "once"])
            .await;
    assert_eq!(ran.succeeded().stdout, "1\n2\n");
    assert!(ran.stderr.contains("(1006); the next attempt is in 1."), "{ran:#?}");
    assert!(ran.stderr.contains("connected again in "), "{ran:#?}");
    let seen = server.finish().await;
    assert_eq!(seen[1].texts(), ["sub"], "what is sent once is not sent again");
}

#[tokio::test]
async fn without_reconnect_a_lost_connection_is_the_end() {
    let server = ScriptedServer::start([Script::accept().send_text("1").cut()]).await;
    let ran = faucet_ran(["tap", &server.url()]).await;
    ran.failed_with(4, &["(1006)", "hint: --reconnect connects again"]);
    assert_eq!(ran.stdout, "1\n");
}

#[tokio::test]
async fn pings_go_out_and_a_peer_that_does_not_answer_is_lost() {
    let pongs = Script::accept().expect_ping().expect_ping().send_text("1").expect_close_code(1000);
    let silent = Script::accept().no_pongs().expect_ping().stall();
    let server = ScriptedServer::start([pongs, silent]).await;
    let url = server.url();
    let ran = faucet_ran(["tap", &url, "-n", "1", "--ping", "50ms"]).await;
    assert_eq!(ran.succeeded().stdout, "1\n");
    let ran = faucet_ran(["tap", &url, "--ping", "100ms"]).await;
    ran.failed_with(4, &[": no Pong for 100ms\n", "hint: give --ping a longer time"]);
}
