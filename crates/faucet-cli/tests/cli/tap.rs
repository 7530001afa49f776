//! `faucet tap`: a feed on the terminal.

use faucet_testkit::{Script, ScriptedServer};

use crate::support::*;

#[tokio::test]
async fn a_pipe_gets_messages_as_they_came_until_n() {
    let script = Script::accept()
        .expect_text("{\"op\":1}")
        .expect_text("second")
        .send_text("{\"a\":\n1}")
        .send_text("\x1b[31mred\x07 \u{9b}2J π")
        .send_binary("bytes that are text")
        .send_binary([0xff, 0x00])
        .send_text("five")
        .send_text("six")
        .expect_close_code(1000);
    let server = ScriptedServer::start([script]).await;
    let url = server.url();
    let args = [
        "tap",
        &url,
        "-n",
        "5",
        "--subscribe",
        "{\"op\":1}",
        "--subscribe",
        "second",
        "--header",
        "X-Key: a:b",
        "--header",
        "Authorization:Bearer t",
    ];
    let ran = faucet_ran(args).await;
    assert_eq!(
        ran.succeeded().stdout,
        "{\"a\":\n1}\n\x1b[31mred\x07 \u{9b}2J π\nbinary:Ynl0ZXMgdGhhdCBhcmUgdGV4dA==\n\
         binary:/wA=\nfive\n"
    );
    assert!(ran.stderr.starts_with("connected in "), "{ran:#?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:#?}");
    let seen = server.finish().await;
    assert_eq!(seen[0].header("X-Key"), Some("a:b"));
    assert_eq!(seen[0].header("Authorization"), Some("Bearer t"));
}

#[tokio::test]
async fn it_ends_with_the_feed() {
    let server = ScriptedServer::start([
        Script::accept().send_text("1").close(1000, ""),
        Script::accept().send_text("2").close(1011, "no"),
        Script::reject(401),
    ]);
    let server = server.await;
    let url = server.url();
    let ran = faucet_ran(["tap", &url]).await;
    assert_eq!(ran.succeeded().stdout, "1\n");
    assert!(ran.stderr.contains("closed by the server: 1000"), "{ran:#?}");
    let failed = faucet_ran(["tap", &url]).await;
    failed.failed_with(4, &["1011 internal error, \"no\"", "hint: --reconnect connects"]);
    assert_eq!(failed.stdout, "2\n");
    faucet_ran(["tap", &url]).await.failed_with(3, &["401 Unauthorized", "hint: check --auth"]);
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_is_no_error() {
    let flood = Script::accept().repeat(u64::MAX, |i| i.to_string());
    let server = ScriptedServer::start([flood]).await;
    let mut tap = Running::start_unheard(&mut faucet(["tap", &server.url()]));
    let mut stdout = tap.take_stdout();
    let mut some = [0; 8];
    let read = tokio::io::AsyncReadExt::read_exact(&mut stdout, &mut some);
    soon("some output", read).await.unwrap();
    assert_eq!(&some, b"0\n1\n2\n3\n");
    drop(stdout);
    let ran = tap.ended().await;
    assert_eq!(ran.succeeded().stderr.lines().count(), 1, "it is connected: {ran:#?}");
}

#[tokio::test]
async fn wrong_arguments_are_2_before_any_network() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let url = server.url();
    for (args, words) in [
        (&["--header", "Bearer s3cret"][..], "--header: write 'Name: value'"),
        (&["--header", ": s3cret"], "--header: write 'Name: value'"),
        (&["--header", "Upgrade: s3cret"], "--header Upgrade: reserved for the request itself"),
        (&["--header", "X: s3cret\r\nY: s3cret"], "--header X: has a line break"),
        (&["--header", "X: s3cret", "--header", "x: s3cret"], "means the same as --header X"),
        (&["--header", "X: s3cret", "--header", "X: s3cret"], "given twice"),
        (&["-H", "Sec-WebSocket-Protocol: v1"], "--subprotocol"),
        (
            &["-H", "Authorization: s3cret", "--auth", "u:s3cret"],
            "--auth: not together with --header",
        ),
        (&["-H", "Origin: a", "-o", "b"], "\"Origin\" is given twice"),
        (&["--auth", "s3cret"], "--auth: write 'user:password'"),
        (&["-s", "a b"], "--subprotocol[0]: not a token"),
        (&["-s", "a", "-s", "a"], "--subprotocol[1]: means the same"),
        (&["--proxy", "nowhere"], "--proxy: not understood"),
        (&["--ca", "ca.pem"], "--ca: has no effect on a ws:// url"),
        (&["-k"], "--insecure: has no effect on a ws:// url"),
        (&["--cert", "c.pem"], "--key"),
        (&["-k", "--ca", "c.pem"], "cannot be used with"),
        (&["--hex", "--raw"], "cannot be used with"),
        (&["--filter", "type=x"], "write /pointer=value"),
        (&["--for", "0s"], "longer than zero"),
        (&["--ping", "soon"], "longer than zero"),
        (&["-w", "-1"], "-1"),
        (&["--set", "a=b"], "are for --pipeline"),
        (&["--source", "a"], "are for --pipeline"),
        (&["--input-format", "yaml"], "are for --pipeline"),
        (&["--pipeline", "x.yaml"], "cannot be used with"),
        (&["-n", "0"], "0 is not in 1.."),
        (&["-n", "-1"], "-1"),
        (&["-n", "many"], "many"),
    ] {
        let ran = faucet_ran(["tap", &url].iter().chain(args)).await;
        ran.failed_with(2, &["error: ", words]);
        assert!(!ran.stderr.contains("s3cret"), "{ran:#?}");
    }
    faucet_ran(["tap", "http://h/"]).await.failed_with(2, &["url must start with ws:// or wss://"]);
    faucet_ran(["tap"]).await.failed_with(2, &["<URL>"]);
    assert!(server.connections().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_it_well_with_the_close_handshake() {
    for signal in ["INT", "TERM"] {
        let script = Script::accept().send_text("1").expect_close_code(1000);
        let server = ScriptedServer::start([script]).await;
        let mut tap = Running::start(&mut faucet(["tap", &server.url()]));
        assert_eq!(tap.first_line().await, "1");
        tap.signal(signal);
        assert_eq!(tap.ended().await.succeeded().stdout, "1\n");
        server.finish().await;
    }
}

#[tokio::test]
async fn a_refusal_is_told_and_answered_at_once() {
    for (script, words) in [
        (
            Script::accept().early().send_close(1008, "token expired").expect_close_code(1008),
            "1008",
        ),
        (
            Script::accept()
                .send_text("1")
                .send_close(4001, "token expired")
                .expect_close_code(4001),
            "4001",
        ),
    ] {
        let server = ScriptedServer::start([script]).await;
        let ran = faucet_ran(["tap", &server.url()]).await;
        assert!(matches!(ran.code, Some(3 | 4)), "{ran:#?}");
        assert!(ran.stderr.contains(words) && ran.stderr.contains("token expired"), "{ran:#?}");
        server.finish().await;
    }
}

#[tokio::test]
async fn messages_about_the_connection_follow_the_log() {
    let script = || Script::accept().send_text("1").expect_close();
    for (options, has) in
        [(&["--log-level", "warn"][..], None), (&["--log-format", "json"], Some("{"))]
    {
        let server = ScriptedServer::start([script()]).await;
        let url = server.url();
        let ran = faucet_ran(["tap", &url, "-n", "1"].iter().chain(options)).await;
        assert_eq!(ran.succeeded().stdout, "1\n");
        assert_eq!(ran.stderr.get(..1), has, "{ran:#?}");
        assert_eq!(ran.stderr.contains("connected in "), has.is_some(), "{ran:#?}");
    }
}
