//! Warnings about pipeline files: correct, and probably not meant.

use crate::support::*;

/// A file with nothing to warn of, line by line.
const GOOD: &str = "\
source:
  type: websocket
  url: wss://h/{symbol}
  unbounded: true
sink:
  type: jsonl
  path: out.jsonl
context: {symbol: btc}
";

/// The lines of `validate --format short` without the name of the file.
async fn lines(files: &Files, file: &str, more: &[&str]) -> Vec<String> {
    let args = ["validate", "--format", "short", file];
    let ran = faucet_ran(args.iter().chain(more)).await;
    let name = format!("{}:", files.name("pipeline.yaml"));
    ran.lines().iter().map(|line| line.replace(&name, "")).collect()
}

#[tokio::test]
async fn each_is_told_with_its_place_and_only_where_it_is_true() {
    let files = Files::new();
    let tls = "unbounded: true\n  tls: {insecure_skip_verify: true}";
    for (from, to, expected) in [
        ("", "", None),
        // Keys that change nothing beside the others.
        (
            "unbounded: true",
            "unbounded: true\n  reconnect_backoff: 5",
            Some(
                "5:3: warning[no-effect]: `reconnect_backoff` changes nothing without `reconnect: true`",
            ),
        ),
        ("unbounded: true", "unbounded: true\n  reconnect: true\n  reconnect_backoff: 5", None),
        (
            "unbounded: true",
            "unbounded: true\n  stop_on_ctrl_c: true",
            Some("5:3: warning[no-effect]: `stop_on_ctrl_c` changes nothing in a pipeline"),
        ),
        (
            "unbounded: true",
            "idle_timeout: 5\n  stale_timeout: 6",
            Some(
                "5:3: warning[no-effect]: `stale_timeout` changes nothing, because `idle_timeout` acts before",
            ),
        ),
        ("unbounded: true", "idle_timeout: 7\n  stale_timeout: 6", None),
        // The Pongs reset one clock and not the other.
        ("unbounded: true", "idle_timeout: 5\n  stale_timeout: 6\n  ping_interval: 1", None),
        (
            "unbounded: true",
            "idle_timeout: 5\n  stale_timeout: 6\n  ping_interval: 1\n  idle_resets_on: data",
            Some("5:3: warning[no-effect]: `stale_timeout` changes nothing"),
        ),
        (
            "  type: jsonl\n  path: out.jsonl",
            "  type: websocket\n  url: wss://h\n  ack_timeout: 5",
            Some(
                "8:3: warning[no-effect]: `ack_timeout` changes nothing without `delivery: at_least_once`",
            ),
        ),
        (
            "  type: jsonl\n  path: out.jsonl",
            "  type: websocket\n  url: wss://h\n  ack_timeout: 5\n  delivery: at_least_once",
            None,
        ),
        // Values of the context that nothing uses.
        (
            "{symbol: btc}",
            "{symbol: btc, day: monday}",
            Some("8:24: warning[unused-context]: no placeholder is called {day}"),
        ),
        ("{symbol: btc}", "{symbol: btc, day: monday}\n# {day}", Some("8:24: warning[unused")),
        ("path: out.jsonl", "path: '{symbol}'", None),
        // A protection that is turned off.
        ("unbounded: true", tls, Some("5:31: warning[insecure]: `tls.insecure_skip_verify`: ")),
        ("unbounded: true", "unbounded: true\n  tls: {insecure_skip_verify: false}", None),
        // Secrets that others can read.
        (
            "unbounded: true",
            "unbounded: true\n  auth: {type: bearer, config: {token: s3cret}}",
            Some("5:40: warning[literal-secret]: `auth.config.token` is a secret"),
        ),
        (
            "unbounded: true",
            "unbounded: true\n  auth: {type: bearer, config: {token: '${HOME}'}}",
            None,
        ),
        (
            "unbounded: true",
            "unbounded: true\n  headers: {X-Api-Key: s3cret}",
            Some("5:24: warning[literal-secret]: `headers.X-Api-Key` is a secret"),
        ),
        ("unbounded: true", "unbounded: true\n  headers: {Origin: 'https://h'}", None),
        ("wss://h/", "wss://u:s3cret@h/", Some("3:8: warning[literal-secret]: `url` is a secret")),
        // A pipeline that would read its own records.
        (
            "  type: websocket\n  url: wss://h/{symbol}\n  unbounded: true",
            "  type: jsonl\n  path: ./{symbol}/../out.jsonl",
            Some("6:9: warning[same-file]: the sink writes the file that the source reads"),
        ),
        (
            "  type: websocket\n  url: wss://h/{symbol}\n  unbounded: true\nsink:\n  type: jsonl\n  \
             path: out.jsonl",
            "  type: jsonl\n  path: ./{symbol}.jsonl\nsink:\n  type: jsonl\n  path: '{symbol}.jsonl'",
            Some("6:9: warning[same-file]: the sink writes the file that the source reads"),
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let file = files.write("pipeline.yaml", GOOD.replacen(from, to, 1));
        open_to_others(&file, true);
        let found = lines(&files, &file, &[]).await;
        let as_expected = match (expected, &found[..]) {
            (None, []) => true,
            (Some(expected), [line]) => line.starts_with(expected),
            _ => false,
        };
        assert!(as_expected, "{to}: {found:#?}");
        assert!(!found.concat().contains("s3cret"), "{found:#?}");
        let strict = faucet_ran(["validate", "--strict", &file]).await;
        assert_eq!(strict.code, Some(if expected.is_some() { 2 } else { 0 }), "{strict:#?}");
    }
}

#[tokio::test]
async fn a_secret_in_a_file_for_its_owner_alone_is_fine() {
    let files = Files::new();
    let text = GOOD.replace("unbounded: true", "unbounded: true\n  headers: {Cookie: s3cret}");
    let file = files.write("pipeline.yaml", text);
    open_to_others(&file, false);
    let found = lines(&files, &file, &[]).await;
    assert!(cfg!(not(unix)) || found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn a_value_of_the_command_line_that_nothing_uses_is_told_without_a_place() {
    let files = Files::new();
    let file = files.write("pipeline.yaml", GOOD);
    let found = lines(&files, &file, &["--context", "symbl=x"]).await;
    let words = "warning[unused-context]: no placeholder is called {symbl}";
    assert!(found.len() == 1 && found[0].contains(words), "{found:#?}");
    assert!(found[0].ends_with("did you mean `symbol`?"), "{found:#?}");
    let without = GOOD.replace("context: {symbol: btc}\n", "");
    let file = files.write("pipeline.yaml", without);
    let found = lines(&files, &file, &["--context", "symbl=x"]).await;
    // The error at the placeholder names the value.
    assert!(found.len() == 1 && found[0].ends_with("did you mean `{symbl}`?"), "{found:#?}");
}

/// Sets who can read the file.
fn open_to_others(file: &str, is_open: bool) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = if is_open { 0o644 } else { 0o600 };
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (file, is_open);
}
