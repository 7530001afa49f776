//! What `faucet tap` sends.

use std::fs::File;

use faucet_testkit::{Script, ScriptedServer, opcode};

use crate::support::*;

/// Runs a tap whose stdin is a file with this content.
async fn fed(script: Script, stdin: &[u8], options: &[&str]) -> (Ran, ScriptedServer) {
    let files = Files::new();
    let stdin = files.write("stdin", stdin);
    let server = ScriptedServer::start([script]).await;
    let url = server.url();
    let mut command = faucet(["tap", &url].iter().chain(options));
    command.stdin(File::open(stdin).unwrap());
    (Running::start(&mut command).ended().await, server)
}

#[tokio::test]
async fn each_line_of_stdin_is_a_message_and_the_feed_goes_on() {
    let script = Script::accept()
        .expect_text("one")
        .expect_text("")
        .expect_text("{\"two\":2}")
        .expect_binary(b"\xff")
        .expect_text("last")
        .send_text("answer")
        .close(1000, "");
    let (ran, server) = fed(script, b"one\n\n{\"two\":2}\r\n\xff\nlast", &["--stats"]).await;
    assert_eq!(ran.succeeded().stdout, "answer\n");
    assert!(ran.stderr.contains(" · sent 5"), "{ran:#?}");
    server.finish().await;
}

#[tokio::test]
async fn it_waits_for_answers_and_then_ends_well() {
    let script = Script::accept()
        .expect_text("sub")
        .expect_text("first")
        .expect_text("second")
        .expect_text("line")
        .send_text("answer")
        .expect_close_code(1000);
    let options = ["-x", "first", "-x", "second", "--subscribe", "sub", "-w", "0.3"];
    let (ran, server) = fed(script, b"line\n", &options).await;
    assert_eq!(ran.succeeded().stdout, "answer\n");
    server.finish().await;
}

#[tokio::test]
async fn lines_are_commands_where_it_is_asked_for() {
    let script = Script::accept()
        .expect_text("/ping")
        .expect_ping()
        .expect_pong("late")
        .send_text("answer")
        .expect_close_code(4000);
    let stdin = b"//ping\n/ping 1\n/pings\n/pong late\n/close 4000 good night\n";
    let (ran, server) = fed(script, stdin, &["--slash"]).await;
    ran.succeeded();
    for words in ["> ping \"1\"", "> pong \"late\"", "write /ping [DATA], /pong [DATA]"] {
        assert!(ran.stderr.contains(words), "{words}: {ran:#?}");
    }
    let seen = server.finish().await;
    assert_eq!(seen[0].close(), Some((Some(4000), "good night".to_owned())));
    assert_eq!(seen[0].payloads(opcode::PING), ["1"]);

    // Data may begin with a slash.
    let script = Script::accept().expect_text("/close").close(1000, "");
    let (ran, server) = fed(script, b"/close\n", &[]).await;
    ran.succeeded();
    server.finish().await;
}

#[tokio::test]
async fn a_whole_file_goes_out_in_order() {
    let lines: String = (0..20_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let script = Script::accept().expect_data(20_000).send_text("done").close(1000, "");
    let (ran, server) = fed(script, lines.as_bytes(), &[]).await;
    assert_eq!(ran.succeeded().stdout, "done\n");
    let seen = server.finish().await;
    assert_eq!(seen[0].payloads(opcode::TEXT).len(), 20_000);
    let sent = seen[0].texts();
    assert!(sent.iter().zip(lines.lines()).all(|(sent, line)| sent == line));
}
