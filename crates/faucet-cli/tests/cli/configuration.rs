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
    faucet_ran(["validate", &file]).await
}

#[tokio::test]
async fn a_good_file_is_valid_and_its_secrets_are_not_shown() {
    let files = Files::new();
    let ran = validated(&files, "9/", "9/x?token=s3cret").await;
    let file = files.name("pipeline.yaml");
    let valid = "valid: websocket ws://127.0.0.1:9/x?token=*** → jsonl out.jsonl";
    assert_eq!(ran.succeeded().stdout, format!("{file}: {valid}\n"));
    assert_eq!(ran.stderr, "");
}

#[tokio::test]
async fn a_key_that_changes_nothing_in_a_pipeline_is_warned_of() {
    let files = Files::new();
    let forms = [
        (GOOD.replace("  unb", "  stop_on_ctrl_c: true\n  unb"), "source", "line 4, column 3"),
        (
            "sources:\n  a: {type: websocket, url: 'ws://h/', unbounded: true, stop_on_ctrl_c: \
             true}\nsinks:\n  b: {type: stdout}\n"
                .to_owned(),
            "sources.a",
            "line 2, column 57",
        ),
    ];
    for (text, place, at) in forms {
        let file = files.write("pipeline.yaml", text);
        let ran = faucet_ran(["validate", &file]).await;
        let warning = format!(
            "{}: {place}.stop_on_ctrl_c: changes nothing in a pipeline (hint: leave it out: whoever \
             runs the pipeline listens to Ctrl-C) at {at}\n",
            files.name("pipeline.yaml")
        );
        assert!(ran.succeeded().stderr.ends_with(&warning), "{ran:#?}");
        assert!(ran.stderr.contains("WARN"), "{ran:#?}");
        assert!(ran.stdout.contains(": valid: websocket"), "{ran:#?}");
    }
}

#[tokio::test]
async fn problems_name_the_file_the_place_the_key_and_the_way_out() {
    let files = Files::new();
    let eternity = "a duration longer than zero and not longer than ten years";
    for (from, to, words) in [
        (
            "unbounded: true",
            "unbounded: false",
            "source: at least one of max_messages or idle_timeout must be set (or unbounded: true) \
             at line 1, column 1",
        ),
        (
            "unbounded: true",
            "max_mesages: 5\n  unbounded: true",
            "source.max_mesages: unknown key (did you mean `max_messages`?) at line 4, column 3",
        ),
        ("sink:", "snik:", "snik: unknown key (did you mean `sink`?) at line 5, column 1"),
        (
            "true",
            "5",
            "source.unbounded: wrong type: a whole number, expected true or false at line 4, column 3",
        ),
        (
            "unbounded: true",
            "max_messages: '5'",
            "source.max_messages: wrong type: text, expected a whole number of at least 1 at line 4, column 3",
        ),
        (
            "unbounded: true",
            "max_messages: 0",
            "source.max_messages: out of range, expected at least 1 at line 4,",
        ),
        (
            "unbounded: true",
            "max_messages: -1",
            "source.max_messages: out of range, expected a whole number of at least 1 at",
        ),
        (
            "unbounded: true",
            "idle_timeout: 0",
            "source.idle_timeout: out of range, expected a duration longer than zero at",
        ),
        (
            "unbounded: true",
            "idle_timeout: -1",
            "source.idle_timeout: out of range, expected a duration longer",
        ),
        ("unbounded: true", "idle_timeout: 1e10", eternity),
        ("unbounded: true", "idle_timeout: .inf", "`.inf` is not a finite number at line 4,"),
        ("unbounded: true", "idle_timeout: .nan", "`.nan` is not a finite number at line 4,"),
        (
            "unbounded: true",
            "idle_timeout: 10 parsecs",
            "not understood, expected a duration: seconds as a number, or text such as \"250ms\", \"1 min\" or",
        ),
        (
            "unbounded: true",
            "unbounded: true\n  connect_timeout: 0",
            "source.connect_timeout: out of range, expected",
        ),
        ("ws://", "http://", "source.url: url must start with ws:// or wss:// at line 3, column 3"),
        (
            "unbounded: true",
            "unbounded: true\n  headers: {X-Foo: \"s3cret\\r\\nX: y\"}",
            "source.headers.X-Foo: has a line break",
        ),
        (
            "unbounded: true",
            "unbounded: true\n  auth: {type: bearer, config: {token: s3cret}}\n  \
             headers: {authorization: s3cret}",
            "source.auth: not together with source.headers.authorization at line 5, column 3",
        ),
        (
            "type: websocket",
            "type: websokcet",
            "source.type: unknown source \"websokcet\" (did you mean `websocket`?); known: \
             websocket, jsonl at line 2, column 3",
        ),
        (
            "type: jsonl",
            "type: kafka",
            "sink.type: unknown sink \"kafka\"; known: jsonl, stdout, websocket at line 6, column 3",
        ),
        (
            "  type: jsonl\n",
            "",
            "sink.type: missing, expected one of jsonl, stdout, websocket at line 5, column 1",
        ),
        ("  path: out.jsonl\n", "", "sink.path: missing at line 5, column 1"),
        (
            "  path:",
            "  path: 5 #",
            "sink.path: wrong type: a whole number, expected text at line 7",
        ),
    ] {
        let ran = validated(&files, from, to).await;
        let file = format!("{}: ", files.name("pipeline.yaml"));
        ran.failed_with(2, &["error: ", &file, words]);
        assert!(ran.stdout.is_empty() && !ran.stderr.contains("s3cret"), "{ran:#?}");
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
    ran.failed_with(2, &["error: 4 problems:\n"]);
    for words in [
        "other: unknown key at line 6, column 1",
        "source.max_messages: out of range, expected at least 1 at line 4, column 3",
        "source.ping_interval: out of range, expected a duration longer than zero at line 5, column 3",
        "context.a: wrong type: a list, expected text or a whole number at line 7, column 11",
    ] {
        assert!(ran.stderr.contains(&format!("\n  - {file}: {words}")), "{words}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn what_is_no_pipeline_file_is_refused_with_its_place() {
    let files = Files::new();
    for (name, content, words) in [
        ("a.yaml", &b""[..], "a pipeline file is a map with `source` and `sink`"),
        ("a.yaml", b"[1, 2]", "a pipeline file is a map with `source` and `sink`"),
        ("a.yaml", b"5", "a pipeline file is a map with `source` and `sink`"),
        ("a.yaml", b"source: [1\nsink: 2\n", "at line 2, column"),
        ("a.yaml", b"source: 1\nsource: 2\n", "at line 2, column 1"),
        (
            "a.yaml",
            b"source: 1\nsink: {}\n",
            "source: wrong type: a whole number, expected a map with a `type` at line 1, column 1",
        ),
        ("a.yaml", b"\tsource: 1\n", "line 1"),
        (
            "a.yaml",
            b"source: \xff\n",
            "cannot be read\n  caused by: stream did not contain valid UTF-8",
        ),
        ("a.json", b"{\"source\": ", "EOF while parsing a value at line 1, column 11"),
        ("a.json", b"source: 1", "expected value at line 1, column 1"),
        ("a.toml", b"source = {\n", "at line 1, column"),
        ("a.toml", b"[source]\ntype = x\n", "at line 2, column"),
        ("a.conf", b"source: 1", "a pipeline file ends in .yaml, .yml, .json or .toml"),
        ("noending", b"source: 1", "a pipeline file ends in .yaml, .yml, .json or .toml"),
    ] {
        let file = files.write(name, content);
        let ran = faucet_ran(["validate", &file]).await;
        ran.failed_with(2, &[&format!("{file}: "), words]);
    }
    for missing in [files.name("missing.yaml"), files.name("none/missing.yaml")] {
        let words = format!("error: {missing}: cannot be read\n  caused by: No such file");
        faucet_ran(["validate", &missing]).await.failed_with(2, &[&words]);
    }
    std::fs::create_dir(files.path("dir.yaml")).unwrap();
    faucet_ran(["validate", &files.name("dir.yaml")]).await.failed_with(2, &["cannot be read"]);
}

#[tokio::test]
async fn what_the_command_line_changes_has_no_place_and_is_not_shown() {
    let files = Files::new();
    let file = files.write("pipeline.yaml", GOOD);
    let ran = faucet_ran(["validate", &file, "--set", "source.max_messages=0"]).await;
    ran.failed_with(
        2,
        &[&format!("error: {file}: source.max_messages: out of range, expected at least 1\n")],
    );
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
        ran.failed_with(2, &["source.batch_bytes: out of range, expected at least 1"]);
    }
    assert!(server.connections().is_empty() && !files.path("out.jsonl").exists());
}
