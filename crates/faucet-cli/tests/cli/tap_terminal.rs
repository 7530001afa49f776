//! What `faucet tap` shows on a terminal.

use faucet_testkit::{Gate, Script, ScriptedServer};

use crate::pty::Pty;
use crate::support::*;

/// What is on a screen of 40 columns, without the time that each line begins with.
async fn screen(script: Script, options: &[&str], env: &[(&str, &str)]) -> String {
    let server = ScriptedServer::start([script]).await;
    let url = server.url();
    let pty = Pty::new(40);
    let mut command = faucet(["tap", &url].iter().chain(options));
    command.env("TERM", "xterm").env_remove("NO_COLOR").envs(env.iter().copied());
    let ran = Running::start_at(&mut command, &pty).ended().await;
    ran.succeeded();
    let text = ran.stdout.replace("\r\n", "\n");
    let mut lines = Vec::new();
    for line in text.lines() {
        // 14:35:32.123
        let is_time = |c: char| c.is_ascii_digit() || ":.".contains(c);
        match line.split_once(" < ").or_else(|| line.split_once(" > ")) {
            Some((time, _)) if time.len() == 12 && time.chars().all(is_time) => {
                lines.push(&line[13..]);
            }
            _ => lines.push(line),
        }
    }
    lines.join("\n")
}

const PLAIN: &[(&str, &str)] = &[("NO_COLOR", "1")];

fn script() -> Script {
    Script::accept()
        .expect_text("{\"op\":1}")
        .send_text(r#"{"type":"trade","price":1.50,"symbol":"BTC-USD"}"#)
        .send_text("two\nlines \x1b[31mred\u{202e}")
        .send_binary([0xff; 9])
        .expect_close_code(1000)
}

#[tokio::test]
async fn each_message_is_a_line_that_fits_and_drives_nothing() {
    let options = ["-x", "{\"op\":1}", "-n", "3"];
    assert_eq!(
        screen(script(), &options, PLAIN).await,
        "> {\"op\": 1}\n\
         < {\"type\": \"trade\", \"price…\n\
         < two\\nlines \\u{1b}[31mred…\n\
         < binary, 9 B, base64: ///…"
    );
}

#[tokio::test]
async fn json_is_coloured_unless_somebody_wants_none() {
    let feed = || Script::accept().send_text(r#"{"a":[1,true]}"#).expect_close();
    let coloured = screen(feed(), &["-n", "1"], &[]).await;
    let json =
        "\x1b[32m < \x1b[0m{\x1b[1;34m\"a\"\x1b[0m: [\x1b[33m1\x1b[0m, \x1b[35mtrue\x1b[0m]}";
    assert!(coloured.starts_with("\x1b[2m") && coloured.ends_with(json), "{coloured:?}");
    for (options, env) in [
        (&["-n", "1"][..], &[("NO_COLOR", "1")][..]),
        (&["-n", "1"], &[("TERM", "dumb")]),
        (&["-n", "1", "--color", "never"], &[]),
    ] {
        assert_eq!(screen(feed(), options, env).await, "< {\"a\": [1, true]}");
    }
}

#[tokio::test]
async fn options_show_more_of_a_message() {
    let options = |more: &'static str| ["-x", "{\"op\":1}", "-n", "3", more];
    assert_eq!(
        screen(script(), &options("--full"), PLAIN).await,
        "> {\"op\": 1}\n\
         < {\"type\": \"trade\", \"price\": 1.50, \"symbol\": \"BTC-USD\"}\n\
         < two\\nlines \\u{1b}[31mred\\u{202e}\n\
         < binary, 9 B, base64: ////////////"
    );
    let pretty = screen(script(), &options("--pretty"), PLAIN).await;
    let json =
        "< {\n  \"type\": \"trade\",\n  \"price\": 1.50,\n  \"symbol\": \"BTC-USD\"\n}\n< two";
    assert!(pretty.contains(json), "{pretty}");
    let hex = screen(script(), &options("--hex"), PLAIN).await;
    let rows = "< binary, 9 B\n00000000  ff ff ff ff ff ff ff |.......|\n\
                00000007  ff ff                |..|";
    assert!(hex.ends_with(rows), "{hex}");
}

#[tokio::test]
async fn pings_stand_between_the_messages() {
    let feed = || Script::accept().ping("hi").expect_pong("hi").send_text("1").expect_close();
    let shown = screen(feed(), &["-n", "1", "--show-pings"], PLAIN).await;
    assert_eq!(shown, "< ping \"hi\"\n> pong \"hi\"\n< 1");
    assert_eq!(screen(feed(), &["-n", "1"], PLAIN).await, "< 1");
}

#[tokio::test]
async fn raw_bytes_are_not_for_a_terminal() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let url = server.url();
    let ran = Running::start_at(&mut faucet(["tap", &url, "--raw"]), &Pty::new(40)).ended().await;
    ran.failed_with(2, &["--raw: a terminal takes no bytes as they came"]);
    assert!(server.connections().is_empty());
}

#[tokio::test]
async fn lines_that_are_typed_are_sent_where_it_is_asked_for() {
    let script = Script::accept().expect_text("hello").send_text("world").expect_close_code(1000);
    let server = ScriptedServer::start([script]).await;
    let pty = Pty::new(40);
    let mut command = faucet(["tap", &server.url(), "-i"]);
    let mut tap = Running::start_at(command.env("NO_COLOR", "1"), &pty);
    tap.stderr.until("a connection", |text| text.contains("connected in ")).await;
    pty.type_in("\nhello\n");
    tap.stdout.as_mut().unwrap().until("an answer", |text| text.contains("< world")).await;
    pty.type_in("\x04");
    tap.ended().await.succeeded();
    server.finish().await;
}

#[tokio::test]
async fn what_is_typed_stays_on_the_terminal_otherwise() {
    let gate = Gate::new();
    let script = Script::accept().wait(&gate).send_text("1").expect_close_code(1000);
    let server = ScriptedServer::start([script]).await;
    let pty = Pty::new(40);
    let mut tap = Running::start_at(&mut faucet(["tap", &server.url(), "-n", "1"]), &pty);
    tap.stderr.until("a connection", |text| text.contains("connected in ")).await;
    pty.type_in("hello\n");
    gate.open();
    tap.ended().await.succeeded();
    assert_eq!(server.finish().await[0].texts(), [""; 0]);
}
