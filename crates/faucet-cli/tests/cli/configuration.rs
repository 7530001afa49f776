//! Configuration errors: exit code 2, with the file, the place, the key and a way out.

use faucet_testkit::{Script, ScriptedServer};
use serde_json::json;

use crate::support::*;

/// A good file, line by line.
const GOOD: &str = "\
source:
  type: websocket
  url: ws://127.0.0.1:9/
  unbounded: true
sink:
  type: jsonl
  path: out.jsonl
";

/// Validates GOOD with the line that begins with `from` replaced.
async fn validated(files: &Files, from: &str, to: &str) -> Ran {
    assert!(GOOD.contains(from), "{from}");
    let file = files.write("pipeline.yaml", GOOD.replace(from, to));
    faucet_ran(["validate", &file, "--format", "short"]).await
}

#[tokio::test]
async fn a_good_file_is_valid_and_its_secrets_are_not_shown() {
    let files = Files::new();
    let ran = validated(&files, "9/", "9/x?token=s3cret").await;
    let file = files.name("pipeline.yaml");
    let valid = "valid: websocket ws://127.0.0.1:9/x?token=*** → jsonl out.jsonl";
    assert_eq!((&*ran.succeeded().stdout, &*ran.stderr), ("", ""));
    let ran = faucet_ran(["validate", &file]).await;
    assert_eq!(ran.succeeded().stdout, format!("{file}: {valid}\n"));
    assert_eq!(ran.stderr, "");
}

#[tokio::test]
async fn a_key_that_changes_nothing_in_a_pipeline_is_warned_of() {
    let files = Files::new();
    let forms = [
        (GOOD.replace("  unb", "  stop_on_ctrl_c: true\n  unb"), "4:3"),
        (
            "sources:\n  a: {type: websocket, url: 'ws://h/', unbounded: true, stop_on_ctrl_c: \
             true}\nsinks:\n  b: {type: stdout}\n"
                .to_owned(),
            "2:57",
        ),
    ];
    for (text, place) in forms {
        let file = files.write("pipeline.yaml", text);
        let ran = faucet_ran(["validate", &file]).await;
        let words = "warning[no-effect]: `stop_on_ctrl_c` changes nothing in a pipeline\n";
        for words in [words, &format!("{file}:{place}\n"), "listens to Ctrl-C", "1 warning in"] {
            assert!(ran.succeeded().stderr.contains(words), "{words}: {ran:#?}");
        }
        assert!(ran.stdout.contains(": valid: websocket"), "{ran:#?}");
        faucet_ran(["validate", "--strict", &file]).await.failed_with(2, &["error[no-effect]"]);
        let quiet = faucet_ran(["validate", "--log-level", "error", &file]).await;
        assert_eq!(quiet.succeeded().stderr, "");
    }
}

#[tokio::test]
async fn problems_name_the_file_the_place_the_key_and_the_way_out() {
    let files = Files::new();
    let eternity = "a duration longer than zero and not longer than ten years";
    for (from, to, place, words) in [
        (
            "unbounded: true",
            "unbounded: false",
            "1:1",
            "at least one of max_messages or idle_timeout must be set (or unbounded: true)",
        ),
        (
            "unbounded: true",
            "max_mesages: 5\n  unbounded: true",
            "4:3",
            "`max_mesages` is not a key of the websocket source: did you mean `max_messages`?",
        ),
        ("sink:", "snik:", "5:1", "`snik` is not a key of a pipeline file: did you mean `sink`?"),
        ("true", "5", "4:14", "`unbounded` takes true or false, and not a whole number"),
        (
            "unbounded: true",
            "max_messages: '5'",
            "4:17",
            "`max_messages` takes a whole number of at least 1, and not text: this is text, because of the quotes",
        ),
        (
            "unbounded: true",
            "max_messages: 0",
            "4:17",
            "`max_messages` cannot be 0: expected at least 1",
        ),
        (
            "unbounded: true",
            "max_messages: -1",
            "4:17",
            "`max_messages` cannot be -1: expected a whole number of at least 1",
        ),
        (
            "unbounded: true",
            "idle_timeout: 0",
            "4:17",
            "`idle_timeout` cannot be 0: expected a duration longer than zero",
        ),
        (
            "unbounded: true",
            "idle_timeout: -1",
            "4:17",
            "`idle_timeout` cannot be -1: expected a duration longer",
        ),
        ("unbounded: true", "idle_timeout: 1e10", "4:17", eternity),
        ("unbounded: true", "idle_timeout: .inf", "4:17", "`idle_timeout` cannot be"),
        ("unbounded: true", "idle_timeout: .nan", "4:17", "`idle_timeout` cannot be"),
        (
            "unbounded: true",
            "idle_timeout: 10 parsecs",
            "4:17",
            "`idle_timeout` cannot be `10 parsecs`: expected a duration: seconds as a number, or text such as \"250ms\", \"1 min\" or",
        ),
        (
            "unbounded: true",
            "unbounded: true\n  connect_timeout: 0",
            "5:20",
            "`connect_timeout` cannot be 0",
        ),
        ("ws://", "http://", "3:8", "url must start with ws:// or wss://"),
        (
            "unbounded: true",
            "unbounded: true\n  headers: {X-Foo: \"s3cret\\r\\nX: y\"}",
            "5:20",
            "`headers.X-Foo`: has a line break",
        ),
        (
            "unbounded: true",
            "unbounded: true\n  auth: {type: bearer, config: {token: s3cret}}\n  headers: {authorization: s3cret}",
            "5:3",
            "`auth` cannot stand beside `headers.authorization`",
        ),
        (
            "type: websocket",
            "type: websokcet",
            "2:9",
            "there is no source `websokcet`: did you mean `websocket`?",
        ),
        ("type: jsonl", "type: kafka", "6:9", "there is no sink `kafka`"),
        ("  type: jsonl\n", "", "5:1", "`type` is missing"),
        ("  path: out.jsonl\n", "", "5:1", "`path` is missing"),
        (
            "  path:",
            "  path: 5 #",
            "7:9",
            "`path` takes text, and not a whole number: without quotes this is no text",
        ),
    ] {
        let ran = validated(&files, from, to).await;
        let line = format!("{}:{place}: error[", files.name("pipeline.yaml"));
        assert!(ran.stdout.contains(&line) && ran.stdout.contains(words), "{words}: {ran:#?}");
        assert!(ran.code == Some(2) && ran.stderr.is_empty(), "{ran:#?}");
        assert!(!ran.stdout.contains("s3cret"), "{ran:#?}");
    }
}

#[tokio::test]
async fn all_problems_of_a_file_are_told_at_once() {
    let files = Files::new();
    let ran = validated(
        &files,
        "  unbounded: true\n",
        "  max_messages: 0\n  ping_interval: 0\nother: 1\ncontext: {a: [1]}\n",
    )
    .await;
    let file = files.name("pipeline.yaml");
    let lines = [
        "4:17: error[out-of-range]: `max_messages` cannot be 0: expected at least 1",
        "5:18: error[out-of-range]: `ping_interval` cannot be 0: expected a duration longer than zero",
        "6:1: error[unknown-key]: `other` is not a key of a pipeline file: there is no such key",
        "7:14: error[wrong-type]: `context.a` takes text or a whole number, and not a list: this is a list",
    ];
    assert_eq!(ran.lines(), lines.map(|line| format!("{file}:{line}")));
    let ran = faucet_ran(["validate", &file]).await;
    ran.failed_with(2, &["4 errors in "]);
}

#[tokio::test]
async fn what_is_no_pipeline_file_is_refused_with_its_place() {
    let files = Files::new();
    for (name, content, words) in [
        ("a.yaml", &b""[..], "1:1: error["),
        ("a.yaml", b"[1, 2]", "a pipeline file is a map with `source` and `sink`"),
        ("a.yaml", b"5", "a pipeline file is a map with `source` and `sink`"),
        ("a.yaml", b"source: [1\nsink: 2\n", "1:9: error[syntax]"),
        ("a.yaml", b"source: 1\nsource: 2\n", "2:1: error[duplicate-key]"),
        (
            "a.yaml",
            b"source: 1\nsink: {}\n",
            "1:9: error[wrong-type]: `source` takes a map with a `type`, and not a whole number",
        ),
        ("a.yaml", b"source:\n\ttype: x\n", "2:1: error[syntax]: a tab"),
        ("a.yaml", b"source: \xff\n", "1:9: error[not-utf8]"),
        ("a.json", b"{\"source\": ", "error[syntax]"),
        ("a.json", b"source: 1", "this looks like YAML"),
        ("a.toml", b"source = {\n", "error[syntax]"),
        ("a.toml", b"[source]\ntype = x\n", "2:8: error[syntax]"),
        ("a.conf", b"source: 1", "the ending of the file names no format"),
        ("noending", b"source: 1", "the ending of the file names no format"),
    ] {
        let file = files.write(name, content);
        let ran = faucet_ran(["validate", &file, "--format", "short"]).await;
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert!(ran.stdout.starts_with(&file) && ran.stdout.contains(words), "{words}: {ran:#?}");
    }
    for missing in [files.name("missing.yaml"), files.name("none/missing.yaml")] {
        let ran = faucet_ran(["validate", &missing]).await;
        ran.failed_with(2, &["error[unreadable]: cannot be read: ", &missing]);
    }
    std::fs::create_dir(files.path("dir.yaml")).unwrap();
    faucet_ran(["validate", &files.name("dir.yaml")]).await.failed_with(2, &["cannot be read"]);
}

#[tokio::test]
async fn what_the_command_line_changes_has_no_place_and_is_not_shown() {
    let files = Files::new();
    let file = files.write("pipeline.yaml", GOOD);
    let ran = faucet_ran(["validate", &file, "--set", "source.max_messages=0"]).await;
    ran.failed_with(2, &["error[out-of-range]: `max_messages` is out of range", &file]);
    let ran = faucet_ran(["validate", &file, "--set", "source.url.host=s3cret"]).await;
    ran.failed_with(2, &["source.url.host: source.url is not a map"]);
    assert!(!ran.stderr.contains("s3cret"));
}

#[tokio::test]
async fn validating_and_failing_to_configure_touch_no_network_and_no_file() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"unbounded": true}));
    faucet_ran(["validate", &file]).await.succeeded();
    let wrong = files.pipeline(&server.url(), json!({"unbounded": true, "batch_bytes": 0}));
    for command in ["validate", "run", "check"] {
        let ran = faucet_ran([command, &wrong]).await;
        ran.failed_with(2, &["error[out-of-range]: `batch_bytes` cannot be 0"]);
    }
    assert!(server.connections().is_empty() && !files.path("out.jsonl").exists());
}
