//! `faucet tap`: a feed on the terminal.

use faucet_testkit::{Script, ScriptedServer};

use crate::support::*;

#[tokio::test]
async fn it_shows_one_line_per_message_and_stops_after_n() {
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
        "{\"a\": 1}\n\\u{1b}[31mred\\u{7} \\u{9b}2J π\nbytes that are text\n/wA=\nfive\n"
    );
    assert_eq!(ran.stderr, "");
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
    assert_eq!(faucet_ran(["tap", &url]).await.succeeded().stdout, "1\n");
    let failed = faucet_ran(["tap", &url]).await;
    failed.failed_with(4, &["1011 internal error, \"no\"", "hint: "]);
    assert_eq!(failed.stdout, "2\n");
    faucet_ran(["tap", &url]).await.failed_with(3, &["401 Unauthorized", "hint: check auth"]);
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
    assert_eq!(tap.ended().await.succeeded().stderr, "");
}

#[tokio::test]
async fn wrong_arguments_are_2_before_any_network() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let url = server.url();
    for (args, words) in [
        (&["--header", "Bearer s3cret"][..], "--header: write 'Name: value'"),
        (&["--header", ": s3cret"], "--header: write 'Name: value'"),
        (&["--header", "Upgrade: s3cret"], "headers.Upgrade: reserved for the request itself"),
        (&["--header", "X: s3cret\r\nY: s3cret"], "headers.X: has a line break"),
        (&["--header", "X: s3cret", "--header", "x: s3cret"], "means the same as headers.X"),
        (&["--header", "X: s3cret", "--header", "X: s3cret"], "given twice"),
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
