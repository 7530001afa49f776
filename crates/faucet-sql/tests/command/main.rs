//! The command `faucet` with SQL, from outside: scripts that it validates, checks, plans and runs.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod connections;
mod examples;
mod page;
mod serving;
mod several_leaves;
mod support;

use support::{Scripts, faucet};

const STREAM: &str = "CREATE STREAM Trades (s STRING, p DOUBLE) WITH (type = 'source', \
                      extension = 'jsonl', format = 'json', \"jsonl.path\" = 'trades.jsonl');\n";

#[test]
fn a_script_without_a_query_is_valid_and_does_not_run() {
    let scripts = Scripts::new();
    let file = scripts.write("feed.sql", STREAM);
    let ran = faucet(["validate", &file]).succeeded();
    assert_eq!(ran.stdout, format!("{file}: valid: 1 stream, no query\n"));
    let ran = faucet(["run", &file]);
    ran.failed_with(2, &["the script declares 1 stream and has no query", "hint: add one"]);
}

#[test]
fn scripts_and_pipeline_files_are_validated_together() {
    let scripts = Scripts::new();
    let pipeline = "source: {type: jsonl, path: a.jsonl}\nsink: {type: stdout}\n";
    let yaml = scripts.write("a.yaml", pipeline);
    let sql = scripts.write("feed.sql", STREAM);
    let ran = faucet(["validate", &yaml, &sql]).succeeded();
    assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
    let ran = faucet(["validate", &yaml, &scripts.name("gone.sql")]);
    ran.failed_with(2, &["gone.sql", "no such file"]);
    assert!(ran.stdout.contains("a.yaml: valid"), "{}", ran.stdout);
}

#[test]
fn a_script_is_not_changed_by_keys() {
    let scripts = Scripts::new();
    let file = scripts.write("feed.sql", STREAM);
    let ran = faucet(["validate", &file, "--set", "source.path=x"]);
    ran.failed_with(2, &["--set: a script has no keys", "hint: --context NAME=VALUE"]);
    faucet(["validate", &file, "--context", "x"]).failed_with(2, &["--context takes NAME=VALUE"]);
    faucet(["validate", &file, "--print"])
        .failed_with(2, &["--print: a script has no form as YAML"]);
    let yaml = scripts.write("a.yaml", "source: {}\n");
    faucet(["sql", "plan", &yaml]).failed_with(2, &["a.yaml: is no script"]);
}

#[test]
fn a_script_is_looked_at_without_its_secrets() {
    let scripts = Scripts::new();
    let text = "CREATE STREAM Feed (s STRING) WITH (type = 'source', extension = 'websocket', \
                \"websocket.url\" = 'ws://127.0.0.1:1/', \
                \"websocket.headers.X-Key\" = '${FAUCET_TEST_UNSET_KEY}');\n\
                SELECT s FROM Feed;\n";
    let file = scripts.write("key.sql", text);
    faucet(["validate", &file]).failed_with(2, &["FAUCET_TEST_UNSET_KEY has no value"]);
    let ran = faucet(["validate", "--no-env", &file]).succeeded();
    let known = "valid: as far as it can be known without FAUCET_TEST_UNSET_KEY";
    assert!(ran.stdout.contains(known), "{}", ran.stdout);
    // The rest is looked at all the same.
    let wrong = scripts.write("wrong.sql", &text.replace("SELECT s", "SELECT t"));
    faucet(["validate", "--no-env", &wrong]).failed_with(2, &["there is no column `t`"]);
}

#[test]
fn the_build_has_the_transform() {
    let ran = faucet(["list"]).succeeded();
    assert!(ran.stdout.lines().any(|line| line.starts_with("transform sql ")), "{}", ran.stdout);
    assert!(!ran.stdout.contains("not in this build"), "{}", ran.stdout);
}
