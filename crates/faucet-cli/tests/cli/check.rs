//! `faucet check`: each step with its time, and the one that fails with words and a way out.

use faucet_testkit::{Script, ScriptedServer, TestCa, refused_address};
use serde_json::{Value, json};

use crate::support::*;

/// The steps of an output: name, mark, time and what follows.
fn steps(ran: &Ran) -> Vec<(String, String, String, String)> {
    let steps =
        ran.lines().into_iter().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    steps
        .map(|line| {
            // A name may have a space in it.
            let (name, rest) = line[2..].split_at(12);
            let mut words = rest.split_whitespace();
            let mut word = || words.next().unwrap_or_default().to_owned();
            let (mark, number, unit) = (word(), word(), word());
            let detail = words.collect::<Vec<_>>().join(" ");
            (name.trim_end().to_owned(), mark, format!("{number} {unit}"), detail)
        })
        .collect()
}

#[track_caller]
fn is_a_time(text: &str) {
    let (number, unit) = text.split_once(' ').unwrap();
    assert!(number.parse::<f64>().is_ok() && ["µs", "ms", "s"].contains(&unit), "{text:?}");
}

fn with_unbounded(mut keys: Value) -> Value {
    keys["unbounded"] = true.into();
    keys
}

async fn check(files: &Files, url: &str, keys: Value) -> Ran {
    faucet_ran(["check", &files.pipeline(url, with_unbounded(keys))]).await
}

#[tokio::test]
async fn check_and_the_log_say_whether_messages_are_compressed() {
    // (keys, what the server chooses, the detail of the step, the field of the log)
    for (keys, chosen, detail, field) in [
        (json!({}), "", "", ""),
        (json!({"compression": "deflate"}), "", "the server chose no compression", "false"),
        (json!({"compression": "deflate"}), "permessage-deflate", "permessage-deflate", "true"),
    ] {
        let (files, offered) = (Files::new(), keys != json!({}));
        let script = || Script::accept().extensions(chosen).close(1000, "");
        let server = ScriptedServer::start([script(), script()]).await;
        let checked = check(&files, &server.url(), keys.clone()).await;
        let steps = steps(&checked);
        let upgrade = steps.iter().find(|(name, ..)| name == "upgrade").expect("an upgrade");
        assert_eq!((upgrade.1.as_str(), upgrade.3.as_str()), ("ok", detail));
        let ran = faucet_ran(["run", &files.pipeline(&server.url(), with_unbounded(keys))]).await;
        let told = &ran.succeeded().stderr;
        assert_eq!(told.contains("compressed="), offered, "{told}");
        assert!(told.contains(&format!("compressed={field}")) || !offered, "{told}");
    }
}

#[tokio::test]
async fn a_live_feed_passes_step_by_step_and_nothing_is_left_behind() {
    let (ca, files) = (TestCa::new(), Files::new());
    let script = || {
        let greeted = Script::accept().expect_text("a").expect_text("b");
        greeted.send_text("[1,2]").expect_ping().expect_close_code(1000)
    };
    let plain = ScriptedServer::start([script()]).await;
    let secure = ScriptedServer::start_tls([script()], ca.good().server_config()).await;
    let ca_file = files.write("ca.pem", ca.pem());
    for (server, tls) in [(&plain, false), (&secure, true)] {
        let url = server.url().replace("127.0.0.1", "localhost");
        let mut keys = json!({"subscribe_messages": ["a", "b"]});
        if tls {
            keys["tls"] = json!({"ca_file": ca_file});
        }
        let ran = check(&files, &format!("{url}?token=s3cret"), keys).await;
        let steps = steps(ran.succeeded());
        steps.iter().for_each(|(_, _, time, _)| is_a_time(time));
        let told: Vec<_> =
            steps.iter().map(|(name, mark, _, _)| format!("{name} {mark}")).collect();
        let mut expected = vec!["dns ok", "tcp ok", "tls ok", "upgrade ok", "subscribe ok"];
        expected.extend(["first frame ok", "ping ok", "file ok"]);
        expected.retain(|step| tls || *step != "tls ok");
        assert_eq!(told, expected);
        for detail in ["2 messages sent", "5 bytes", "round trip", "would be created"] {
            assert!(steps.iter().any(|(_, _, _, found)| found == detail), "{detail}: {steps:?}");
        }
        assert!(ran.stdout.contains(&format!("source websocket {url}?token=***\n")), "{ran:?}");
        assert!(ran.stdout.contains(&format!("sink jsonl {}\n", files.name("out.jsonl"))));
        assert_eq!(ran.stderr, "");
        server.finish().await;
    }
    assert!(!files.path("out.jsonl").exists());
}

/// What a plain HTTP server says to a TLS handshake.
pub(crate) fn bad_request() -> Script {
    Script::garbage("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn the_step_that_fails_is_named_with_words_and_a_way_out() {
    let (ca, files) = (TestCa::new(), Files::new());
    let tls = json!({"ca_file": files.write("ca.pem", ca.pem())});
    let refused = format!("ws://{}/", refused_address().await);
    let silent = ScriptedServer::start([Script::silent()]).await;
    let plain = ScriptedServer::start([bad_request()]).await;
    let secure = ScriptedServer::start_tls([Script::accept()], ca.good().server_config()).await;
    let expired = ScriptedServer::start_tls([Script::accept()], ca.expired().server_config()).await;
    let unknown = ScriptedServer::start([Script::reject(401)]).await;
    let elsewhere = ScriptedServer::start([Script::reject(404)]).await;
    let cases = [
        (refused, "tcp", 4, "URL: Connection refused", "is the server running"),
        (silent.url(), "upgrade", 4, "URL timed out after 0.3 seconds", "does it want wss://?"),
        (secure.url().replace("wss:", "ws:"), "upgrade", 5, "the server speaks TLS", "use wss://"),
        (plain.url().replace("ws:", "wss:"), "tls", 4, "does not speak TLS", "use ws://"),
        (silent.url().replace("ws:", "wss:"), "tls", 4, "URL timed out after 0.3 s", "want ws://?"),
        (expired.url(), "tls", 4, "URL: certificate verify failed: expired", "tls.ca_file"),
        (unknown.url(), "upgrade", 3, "URL: 401 Unauthorized", "check auth"),
        (elsewhere.url(), "upgrade", 5, "URL: 404 Not Found", "check the path of url"),
    ];
    for (url, step, code, words, hint) in cases {
        let mut keys = json!({"connect_timeout": 0.3});
        if url.starts_with("wss:") {
            keys["tls"] = tls.clone();
        }
        let ran = check(&files, &url, keys).await;
        assert_eq!(ran.code, Some(code), "{ran:#?}");
        let found = steps(&ran);
        let failed: Vec<_> = found.iter().filter(|(_, mark, _, _)| mark == "FAILED").collect();
        assert!(failed.len() == 1 && failed[0].0 == step, "{url} {step}: {found:?}");
        is_a_time(&failed[0].2);
        // The sink is reached all the same.
        assert_eq!(found.last().map(|(name, mark, _, _)| (&**name, &**mark)), Some(("file", "ok")));
        let words = words.replace("URL", &url);
        for words in [format!("WebSocket {url}"), words, "hint: ".to_owned(), hint.to_owned()] {
            assert!(ran.stdout.contains(&words), "{words:?} is not in {ran:#?}");
        }
    }
}

#[tokio::test]
async fn a_quiet_feed_is_no_failure_and_both_ends_are_told() {
    let server =
        ScriptedServer::start([Script::accept().send_text("1"), Script::reject(404)]).await;
    let files = Files::new();
    let sink = json!({"type": "jsonl", "path": files.name("none/out.jsonl")});
    let file = files.pipeline_to(&server.url(), json!({"unbounded": true}), sink);
    let ran = faucet_ran(["check", &file]).await;
    assert_eq!(ran.code, Some(7), "{ran:#?}");
    for words in ["ping         ok", "file         FAILED", "hint: create the directory first"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:#?}");
    }
    let ran = faucet_ran(["check", &file]).await;
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    for words in ["404 Not Found", "upgrade      FAILED", "file         FAILED", "create the dir"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:#?}");
    }
}

#[tokio::test]
async fn what_has_no_value_fails_before_any_network() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url_with("/{symbol}"), json!({"unbounded": true}));
    for command in ["validate", "check", "run"] {
        let ran = faucet_ran([command, &file]).await;
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        let words = "error[placeholder]: the placeholder {symbol} has no value in context";
        assert!(ran.stderr.contains(words), "{ran:#?}");
        assert!(ran.stderr.contains("--context symbol="), "{ran:#?}");
    }
    let ran = faucet_ran(["validate", &file, "--context", "symbol=btcusdt"]).await;
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    assert!(server.connections().is_empty());
}
