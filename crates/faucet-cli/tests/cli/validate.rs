//! `faucet validate` and what it is given: files, patterns, pipes, formats, variables.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::support::*;

const GOOD: &str =
    "source: {type: websocket, url: 'wss://h/', unbounded: true}\nsink: {type: stdout}\n";
const BAD: &str =
    "source: {type: websocket, url: 'wss://h/', unbouded: true}\nsink: {type: stdout}\n";

/// Runs the command with `input` on its stdin.
async fn fed(args: &[&str], input: &str) -> Ran {
    let mut command = faucet(args);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = soon("the command", child.wait_with_output()).await.unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        took: Default::default(),
    }
}

#[tokio::test]
async fn several_files_and_patterns_are_looked_at_in_one_call() {
    let files = Files::new();
    let (good, bad) = (files.write("a.yaml", GOOD), files.write("b.yaml", BAD));
    let ran = faucet_ran(["validate", &good, &bad]).await;
    ran.failed_with(2, &["b.yaml:1:44", "1 error in "]);
    assert!(ran.stdout.starts_with(&format!("{good}: valid: ")), "{ran:#?}");
    // A pattern that no shell has replaced.
    let ran = faucet_ran(["validate", &files.name("*.yaml"), "--format", "short"]).await;
    assert_eq!((ran.code, ran.lines().len()), (Some(2), 1), "{ran:#?}");
    files.write("b.yaml", BAD.replace("wss", "http"));
    files.write("c.yaml", BAD);
    let ran = faucet_ran(["validate", &files.name("[bc].yaml")]).await;
    ran.failed_with(2, &["3 errors in 2 files"]);
    faucet_ran(["validate", &files.name("*.toml")])
        .await
        .failed_with(2, &["no file has such a name"]);
}

#[tokio::test]
async fn a_pipeline_may_come_through_stdin_or_a_pipe() {
    let json = json!({"source": {"type": "websocket", "url": "wss://h/", "unbounded": true},
        "sink": {"type": "stdout"}});
    let toml = "[source]\ntype = 'websocket'\nurl = 'wss://h/'\nunbounded = true\n[sink]\ntype = 'stdout'\n";
    for (input, format) in
        [(GOOD, None), (&*json.to_string(), None), (toml, Some("toml")), (GOOD, Some("yaml"))]
    {
        let mut args = vec!["validate", "-"];
        args.extend(format.map(|_| "--input-format"));
        args.extend(format);
        let ran = fed(&args, input).await;
        assert_eq!(ran.stdout, "<stdin>: valid: websocket wss://h/ → stdout\n", "{ran:#?}");
    }
    let ran = fed(&["validate", "-", "--format", "short"], BAD).await;
    assert!(ran.stdout.starts_with("<stdin>:1:44: error[unknown-key]"), "{ran:#?}");
    fed(&["validate", "-", "--input-format", "json"], GOOD)
        .await
        .failed_with(2, &["error[syntax]"]);
    fed(&["check", "-"], BAD).await.failed_with(2, &["<stdin>:1:44"]);
    fed(&["run", "-"], BAD).await.failed_with(2, &["<stdin>:1:44"]);
    let files = Files::new();
    let other = files.write("pipeline.conf", toml);
    faucet_ran(["validate", &other, "--input-format", "toml"]).await.succeeded();
    faucet_ran(["validate", &other]).await.failed_with(2, &["--input-format"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_of_the_shell_is_read_like_a_file() {
    let files = Files::new();
    let file = files.write("a.yaml", GOOD);
    let pipe = files.name("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let mut cat = std::process::Command::new("sh");
    let mut cat = cat.args(["-c", &format!("cat '{file}' > '{pipe}'")]).spawn().unwrap();
    let ran = faucet_ran(["validate", &pipe]).await;
    cat.wait().unwrap();
    assert_eq!(ran.succeeded().stdout, format!("{pipe}: valid: websocket wss://h/ → stdout\n"));
}

#[tokio::test]
async fn each_format_has_the_same_facts() {
    let files = Files::new();
    let file = files.write("a.yaml", BAD);
    let json: Value = {
        let ran = faucet_ran(["validate", "--format", "json", &file]).await;
        assert_eq!(ran.code, Some(2));
        serde_json::from_str(&ran.stdout).unwrap()
    };
    assert_eq!(
        json,
        json!([{
            "file": file, "severity": "error", "code": "unknown-key", "key": "source.unbouded",
            "message": "`unbouded` is not a key of the websocket source",
            "label": "did you mean `unbounded`?", "help": [], "topic": "source.websocket",
            "start": {"line": 1, "column": 44, "offset": 43},
            "end": {"line": 1, "column": 52, "offset": 51},
        }])
    );
    let github = faucet_ran(["validate", "--format", "github", &file]).await;
    assert_eq!(
        github.stdout,
        format!(
            "::error file={file},line=1,endLine=1,col=44,endColumn=52,title=unknown-key::`unbouded` is \
             not a key of the websocket source: did you mean `unbounded`?\n"
        )
    );
    let good = files.write("b.yaml", GOOD);
    let none = faucet_ran(["validate", "--format", "json", &good]).await;
    assert_eq!(none.succeeded().stdout, "[]\n");
}

#[tokio::test]
async fn colours_are_used_where_they_are_asked_for() {
    let files = Files::new();
    let file = files.write("a.yaml", BAD);
    for (args, environment, colored) in [
        (&["validate", &file][..], None, false),
        (&["validate", &file, "--color", "always"], None, true),
        (&["--color", "always", "run", &file], None, true),
        (&["validate", &file, "--color", "always"], Some(("NO_COLOR", "1")), true),
        (&["validate", &file, "--color", "never"], None, false),
    ] {
        let mut command = faucet(args);
        command.envs(environment);
        let ran = Running::start(&mut command).ended().await;
        assert_eq!((ran.code, ran.stderr.contains('\u{1b}')), (Some(2), colored), "{args:?}");
    }
}

#[tokio::test]
async fn variables_that_are_not_set_are_accepted_on_request() {
    let files = Files::new();
    let text = "source:\n  type: websocket\n  url: wss://${E2E_HOST}/\n  max_messages: 0\n  auth: {type: \
                bearer, config: {token: '${E2E_TOKEN}'}}\nsink: {type: stdout}\n";
    let file = files.write("a.yaml", text);
    let ran = faucet_ran(["validate", "--format", "short", &file]).await;
    assert_eq!((ran.code, ran.lines().len()), (Some(2), 3), "{ran:#?}");
    let ran = faucet_ran(["validate", "--format", "short", "--no-env", &file]).await;
    assert_eq!((ran.code, ran.lines().len()), (Some(2), 1), "{ran:#?}");
    assert!(ran.stdout.contains(":4:17: error[out-of-range]"), "{ran:#?}");
    let file = files.write("a.yaml", text.replace("messages: 0", "messages: 1"));
    let ran = faucet_ran(["validate", "--no-env", &file]).await;
    let words = "valid: as far as it can be known without E2E_HOST, E2E_TOKEN\n";
    assert!(ran.succeeded().stdout.ends_with(words), "{ran:#?}");
    faucet_ran(["validate", &file]).await.failed_with(2, &["E2E_HOST has no value", "2 errors"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_variable_that_is_no_text_is_told_as_such() {
    use std::os::unix::ffi::OsStrExt as _;
    let files = Files::new();
    let file = files.write("a.yaml", GOOD.replace("//h/", "//h/${E2E_BYTES}"));
    let mut command = faucet(["validate", &file]);
    command.env("E2E_BYTES", std::ffi::OsStr::from_bytes(b"s3cret\xff"));
    let ran = Running::start(&mut command).ended().await;
    ran.failed_with(2, &["the value of the environment variable E2E_BYTES is not UTF-8"]);
    assert!(!ran.stderr.contains("s3cret"), "{ran:#?}");
}

#[tokio::test]
async fn the_file_as_it_is_read_is_printed_without_secrets() {
    let files = Files::new();
    let text = "source:\n  type: websocket\n  url: wss://${E2E_HOST}/{symbol}?k=s3cret\n  \
                unbounded: true\n  auth: {type: bearer, config: {token: s3cret}}\n  \
                headers: {X-A: s3cret}\n  subscribe_messages: ['{\"token\":\"s3cret\"}', '${E2E_KEY}']\n\
                sink:\n  type: jsonl\n  path: ~/out.jsonl\ncontext: {symbol: btc}\n";
    let file = files.write("a.yaml", text);
    let mut command = faucet(["validate", "--print", &file, "--context", "symbol=eth"]);
    command.args(["--set", "source.batch_size=7"]);
    command.env("E2E_HOST", "h").env("E2E_KEY", "s3cret").env("HOME", "/house/a");
    let ran = Running::start(&mut command).ended().await;
    let printed = &ran.succeeded().stdout;
    assert!(!printed.contains("s3cret"), "{printed}");
    for words in [
        "batch_size: 7",
        "symbol: eth",
        "path: /house/a/out.jsonl",
        "url: wss://h/{symbol}?k=***",
        "token: \"***\"",
    ] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    // The output is a pipeline file.
    let again = files.write("b.yaml", printed);
    let mut command = faucet(["validate", &again]);
    Running::start(command.env("E2E_KEY", "x")).ended().await.succeeded();
}
