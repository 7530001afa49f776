//! Broken pipeline files: what `faucet validate` tells of each, word for word, and that `run` tells the
//! same. The files and the snapshots stand in `tests/broken`.
//!
//! `UPDATE_SNAPSHOTS=1` writes the snapshots anew.

use std::path::PathBuf;
use std::process::Stdio;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::support::*;

/// Each file, and below it everything that is wrong with it: the code, where it is, the part that is
/// underlined, and words that the label or the help must have.
const EXPECTED: &str = r#"
01-typo-key.yaml
  unknown-key | 5:3 | reconect | did you mean `reconnect`?
02-sinks-for-sink.yaml
  misplaced-key | 7:1 | sinks | write `sink`
03-typo-below-tls.yaml
  unknown-key | 6:5 | ca_fiel | did you mean `ca_file`?
04-typo-below-auth.yaml
  unknown-key | 8:7 | tokn | did you mean `token`?
05-unknown-format.yaml
  unknown-value | 5:19 | jsn | did you mean `json`?
06-unknown-mode.yaml
  unknown-value | 10:9 | overwrite | one of: append, create, refuse
07-unknown-connector.yaml
  unknown-name | 8:9 | kafka | known: jsonl, stdout, websocket
08-connector-typo.yaml
  unknown-name | 3:9 | websockets | did you mean `websocket`?
09-no-url.yaml
  missing-key | 2:1 | source | it belongs below this key
10-no-type.yaml
  missing-key | 2:1 | source | one of websocket, jsonl
11-no-sink.yaml
  missing-key | 2:1 | source | with a `type`
12-empty.yaml
  missing-key | 1:1 |  | faucet init
13-only-comments.yaml
  missing-key | 1:1 | # source: | faucet init
14-tab.yaml
  syntax | 4:1 | \t | blanks
15-tabs-all-over.yaml
  syntax | 3:1 | \t | 6 more lines
16-duplicate-key.yaml
  duplicate-key | 8:3 | reconnect | leave one of the two out
17-duplicate-section.yaml
  duplicate-key | 10:1 | sink | `sinks`
18-duration-in-parsecs.yaml
  invalid-value | 5:18 | 20 parsecs | 250ms
19-duration-unit-typo.yaml
  invalid-value | 6:22 | 250mss | 250ms
20-size-unit-typo.yaml
  invalid-value | 6:16 | 64 megs | MiB
21-boolean-in-quotes.yaml
  wrong-type | 5:14 | "yes" | `true`
22-boolean-yes.yaml
  wrong-type | 5:14 | yes | write `true`
  wrong-type | 6:14 | on | write `true`
23-number-word.yaml
  wrong-type | 5:15 | many | this is text
24-number-negative.yaml
  out-of-range | 5:15 | -5 | a whole number
25-number-fraction.yaml
  wrong-type | 5:15 | 10.5 | a fraction
26-list-for-map.yaml
  wrong-type | 5:8 | [ca.pem] | keys and values
27-text-for-list.yaml
  wrong-type | 5:17 | v1.json | [v1.json]
28-text-for-section.yaml
  wrong-type | 2:9 | websocket | type: websocket
29-message-as-number.yaml
  wrong-type | 6:7 | 42 | in quotes
30-colon-in-value.yaml
  syntax | 9:9 | out: trades.jsonl | "out: trades.jsonl"
31-unclosed-quote.yaml
  syntax | 4:8 | "wss://feed.example.com/ws?token=s3cret | add the quote
32-unclosed-brace.yaml
  syntax | 5:9 | { | add the `}`
33-placeholder-unquoted.yaml
  syntax | 9:9 | {symbol}.jsonl | "{symbol}.jsonl"
34-unset-variable.yaml
  unset-variable | 7:23 | ${BROKEN_TOKEN} | ${BROKEN_TOKEN:-default}
35-unset-variables.yaml
  unset-variable | 4:14 | ${BROKEN_HOST} | BROKEN_HOST
  unset-variable | 4:36 | ${BROKEN_KEY} | BROKEN_KEY
  unset-variable | 6:12 | ${BROKEN_KEY} | BROKEN_KEY
36-variable-without-end.yaml
  bad-variable | 7:23 | ${BROKEN_TOKEN | add the `}`
37-placeholder-without-context.yaml
  placeholder | 4:34 | {symbol} | --context symbol=
38-placeholder-typo.yaml
  placeholder | 4:34 | {symbl} | did you mean `{symbol}`?
39-http-url.yaml
  invalid-value | 4:8 | http://feed.example.com/ws/trades | ws://
40-no-scheme.yaml
  invalid-value | 4:8 | feed.example.com/ws/trades | put `wss://` in front
41-port-too-large.yaml
  invalid-value | 4:8 | wss://feed.example.com:99999/ws/trades | 65535
42-no-end.yaml
  missing-key | 2:1 | source | one of them belongs below this key
43-batch-rule.yaml
  conflict | 6:3 | batch_bytes | leave one of the two out
44-tls-rule.yaml
  needs-key | 7:5 | client_cert_file | add `tls.client_key_file`
45-several-rules.yaml
  needs-key | 5:3 | pong_timeout | add `ping_interval`
  no-effect | 11:3 | ack_timeout | set `delivery: at_least_once`, or leave this key out
46-all-below-config.yaml
  misplaced-key | 4:3 | config | directly below `source`
47-sink-inside-source.yaml
  misplaced-key | 7:3 | sink | indent it less
48-eight-mistakes.yaml
  invalid-value | 3:8 | http://feed.example.com/ws?token=s3cret | ws://
  unknown-key | 4:3 | reconect | did you mean `reconnect`?
  invalid-value | 5:18 | 20 parsecs | 250ms
  unknown-value | 6:19 | jsn | did you mean `json`?
  wrong-type | 7:15 | many | this is text
  wrong-type | 8:14 | "yes" | `true`
  wrong-type | 11:9 | [trades.jsonl] | a list
  unknown-value | 12:9 | overwrite | one of: append, create, refuse
49-six-mistakes.json
  invalid-value | 4:12 | "feed.example.com/ws" | put `wss://` in front
  unknown-key | 5:45 | "tokn" | did you mean `token`?
  unknown-key | 6:5 | "idle_timout" | did you mean `idle_timeout`?
  wrong-type | 7:19 | "1000" | without quotes
  out-of-range | 8:21 | 0 | at least 1
  unknown-value | 10:62 | "appned" | did you mean `append`?
50-trailing-comma.json
  syntax | 5:22 | , | remove the comma
51-comment.json
  syntax | 2:3 | // Trades of one exchange into a file. | JSON has no comments
52-three-mistakes.toml
  unknown-key | 5:1 | ping_intervall | did you mean `ping_interval`?
  wrong-type | 6:14 | "many" | this is text
  unknown-value | 12:8 | "overwrite" | one of: append, create, refuse
53-no-quotes.toml
  syntax | 3:8 | websocket | "websocket"
  syntax | 9:8 | trades.jsonl | "trades.jsonl"
54-duplicate-key.toml
  duplicate-key | 7:1 | url | leave one of the two out
55-ending.conf
  refused | - |  | .yaml, .yml, .json or .toml
56-bad-headers.yaml
  invalid-value | 6:5 | X Client | no blank
  invalid-value | 7:12 | "hunter2\r\nX-Admin: 1" | line break
57-base64.yaml
  invalid-value | 6:29 | "AAE*" | base64
58-backoff.yaml
  out-of-range | 7:26 | 1s | reconnect_backoff
  out-of-range | 8:21 | 1.5 | a number from 0 to 1
59-url-without-value.yaml
  wrong-type | 4:3 | url | text
60-dashes.yaml
  unknown-key | 5:3 | ping-interval | did you mean `ping_interval`?
  unknown-key | 6:3 | reconnect-max-backoff | did you mean `reconnect_max_backoff`?
61-camel-case.yaml
  unknown-key | 5:3 | pingInterval | did you mean `ping_interval`?
  unknown-key | 6:3 | idleTimeout | did you mean `idle_timeout`?
62-two-documents.yaml
  syntax | 9:1 | --- | write another file
63-sources-and-sinks.yaml
  misplaced-key | 2:1 | sources | write `source`
  misplaced-key | 7:1 | sinks | write `sink`
64-anchors.yaml
  unknown-key | 1:1 | x-common | where its value is used first
65-not-utf8.yaml
  not-utf8 | 7:14 | � | save the file as UTF-8
66-missing-directory.yaml
67-names-beside-unset-variables.yaml
  unset-variable | 5:20 | ${FAUCET_TEST_NO_SUCH_KEY} | has no value
  unset-variable | 7:32 | ${FAUCET_TEST_NO_SUCH_KEY} | has no value
  placeholder | 9:61 | {sgn} | did you mean `{sign}`?
"#;

/// The files whose rendering has a snapshot in colours too.
const IN_COLOR: [&str; 38] = [
    "01-typo-key.yaml",
    "03-typo-below-tls.yaml",
    "05-unknown-format.yaml",
    "07-unknown-connector.yaml",
    "09-no-url.yaml",
    "12-empty.yaml",
    "14-tab.yaml",
    "15-tabs-all-over.yaml",
    "16-duplicate-key.yaml",
    "18-duration-in-parsecs.yaml",
    "20-size-unit-typo.yaml",
    "22-boolean-yes.yaml",
    "23-number-word.yaml",
    "27-text-for-list.yaml",
    "28-text-for-section.yaml",
    "29-message-as-number.yaml",
    "30-colon-in-value.yaml",
    "31-unclosed-quote.yaml",
    "32-unclosed-brace.yaml",
    "33-placeholder-unquoted.yaml",
    "35-unset-variables.yaml",
    "36-variable-without-end.yaml",
    "38-placeholder-typo.yaml",
    "39-http-url.yaml",
    "42-no-end.yaml",
    "43-batch-rule.yaml",
    "45-several-rules.yaml",
    "46-all-below-config.yaml",
    "47-sink-inside-source.yaml",
    "48-eight-mistakes.yaml",
    "49-six-mistakes.json",
    "50-trailing-comma.json",
    "52-three-mistakes.toml",
    "54-duplicate-key.toml",
    "57-base64.yaml",
    "59-url-without-value.yaml",
    "62-two-documents.yaml",
    "65-not-utf8.yaml",
];

/// The file whose rendering has a snapshot in every format.
const IN_ALL_FORMATS: &str = "48-eight-mistakes.yaml";

/// The mistakes of these files are on the disk, which `validate` does not read.
const ON_DISK: [&str; 1] = ["66-missing-directory.yaml"];

/// Words of the parsers, which tell a user nothing.
const JARGON: [&str; 14] = [
    "serde",
    "invalid type",
    "unknown variant",
    "missing field",
    "block mapping",
    "flow mapping",
    "sequence",
    "scalar",
    "a boolean",
    "EOF while",
    "key must be a string",
    "expected value",
    "Invalid symbol",
    "RFC ",
];

/// The secrets in the files.
const SECRETS: [&str; 2] = ["s3cret", "hunter2"];

/// How many commands run at a time.
const AT_A_TIME: usize = 4;

/// One row below the name of a file.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    code: String,
    /// `line:column`, or `-` without a place.
    place: String,
    underlined: String,
    words: String,
}

/// The names of the files, and what is wrong with each.
fn expected() -> Vec<(&'static str, Vec<Told>)> {
    let mut all: Vec<(&str, Vec<Told>)> = Vec::new();
    for line in EXPECTED.lines().filter(|line| !line.is_empty()) {
        let Some(row) = line.strip_prefix("  ") else {
            all.push((line, Vec::new()));
            continue;
        };
        let cells: Vec<&str> = row.split(" | ").collect();
        let [code, place, underlined, words] = cells[..] else { panic!("{line}") };
        let (code, place, words) = (code.to_owned(), place.to_owned(), words.to_owned());
        let told = Told { code, place, underlined: underlined.replace("\\t", "\t"), words };
        all.last_mut().unwrap().1.push(told);
    }
    all
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/broken")
}

/// The files in a folder of their own. Only their owner may read them: otherwise `validate` warns of
/// the secrets in them too.
fn copied() -> Files {
    let files = Files::new();
    for (name, _) in expected() {
        let path = files.write(name, std::fs::read(folder().join(name)).unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        #[cfg(not(unix))]
        let _ = path;
    }
    files
}

async fn ran_in(files: &Files, args: &[&str]) -> Ran {
    let mut command = faucet(args);
    command.current_dir(files.dir()).stdin(Stdio::null());
    Running::start(&mut command).ended().await
}

/// Runs the command on each of the names.
async fn ran_on<'a>(
    files: &Files,
    names: impl IntoIterator<Item = &'a str>,
    args: &[&str],
) -> Vec<(&'a str, Ran)> {
    let one = |name| async move { (name, ran_in(files, &[args, &[name]].concat()).await) };
    stream::iter(names).map(one).buffered(AT_A_TIME).collect().await
}

fn found_in(one: &Value, text: &str) -> (Told, String) {
    let (start, end) = (&one["start"], &one["end"]);
    let offset = |place: &Value| usize::try_from(place["offset"].as_u64().unwrap()).unwrap();
    let (place, underlined) = match start.is_null() {
        true => ("-".to_owned(), String::new()),
        false => (
            format!("{}:{}", start["line"], start["column"]),
            text[offset(start)..offset(end)].to_owned(),
        ),
    };
    let help = one["help"].as_array().unwrap().iter().map(|help| help.as_str().unwrap());
    let label = one["label"].as_str().unwrap_or_default();
    let said = help.fold(label.to_owned(), |said, help| said + "\n" + help);
    let code = one["code"].as_str().unwrap().to_owned();
    (Told { code, place, underlined, words: String::new() }, said)
}

#[tokio::test]
async fn every_mistake_is_told_at_its_place_and_nothing_else_is() {
    let files = copied();
    let expected = expected();
    let names: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
    let ran = ran_in(&files, &[&["validate", "--format", "json"], &names[..]].concat()).await;
    assert_eq!(ran.code, Some(2), "{ran:#?}");
    let all: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let mut wrong = String::new();
    for (name, expected) in expected {
        let text = String::from_utf8_lossy(&std::fs::read(files.path(name)).unwrap()).into_owned();
        let of_file = all.iter().filter(|one| one["file"] == name);
        let found: Vec<(Told, String)> = of_file.map(|one| found_in(one, &text)).collect();
        let is_told = |told: &Told, (found, said): &(Told, String)| {
            let facts = |of: &Told| (of.code.clone(), of.place.clone(), of.underlined.clone());
            facts(told) == facts(found) && said.contains(&told.words)
        };
        let all_told = expected.len() == found.len()
            && expected.iter().all(|told| found.iter().any(|found| is_told(told, found)));
        if !all_told {
            wrong.push_str(&format!("{name}: expected {expected:#?}\nfound {found:#?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test]
async fn run_tells_the_same_and_nothing_shows_a_secret_or_a_parsers_words() {
    let files = copied();
    let names = || expected().into_iter().map(|(name, _)| name).filter(|n| !ON_DISK.contains(n));
    let names: Vec<&str> = names().collect();
    let validated = ran_on(&files, names.iter().copied(), &["validate"]).await;
    let ran = ran_on(&files, names.iter().copied(), &["run"]).await;
    for ((name, validated), (_, ran)) in validated.iter().zip(&ran) {
        assert_eq!((validated.code, ran.code), (Some(2), Some(2)), "{name}: {ran:#?}");
        assert_eq!(validated.stderr, ran.stderr, "{name}");
        assert_eq!((&*validated.stdout, &*ran.stdout), ("", ""), "{name}");
        assert!(!ran.stderr.contains("panicked"), "{name}: {ran:#?}");
        for words in JARGON {
            assert!(!ran.stderr.contains(words), "{name}: {words:?} is in {}", ran.stderr);
        }
    }
    let mut outputs: Vec<String> = validated.into_iter().map(|(_, ran)| ran.stderr).collect();
    for args in [
        &["validate", "--color", "always"][..],
        &["validate", "--format", "short"],
        &["validate", "--format", "json"],
        &["validate", "--format", "github"],
        &["validate", "--log-format", "json"],
        &["validate", "--strict", "--no-env", "--print"],
    ] {
        let ran = ran_in(&files, &[args, &names].concat()).await;
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:#?}");
        outputs.extend([ran.stdout, ran.stderr]);
    }
    for output in outputs {
        for secret in SECRETS {
            assert!(!output.contains(secret), "{secret} is in {output}");
        }
    }
}

#[tokio::test]
async fn what_only_the_disk_shows_is_told_by_check_and_run() {
    let files = copied();
    for name in ON_DISK {
        ran_in(&files, &["validate", name]).await.succeeded();
        let words = ["archive/2026/trades.jsonl", "hint: create the directory first"];
        ran_in(&files, &["run", name]).await.failed_with(7, &words);
        let checked = ran_in(&files, &["check", name]).await;
        assert!(words.iter().all(|words| checked.stdout.contains(words)), "{checked:#?}");
    }
}

/// Compares with the snapshot, or writes it.
fn compare(name: &str, found: &str, wrong: &mut Vec<String>) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some_and(|value| value == "1") {
        std::fs::write(path, found).unwrap();
        return;
    }
    // A copy of the repository may have other line breaks.
    let snapshot = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    if snapshot != found {
        wrong.push(format!("{name}:\n{found}"));
    }
}

#[tokio::test]
async fn the_drawings_are_those_of_the_snapshots() {
    let files = copied();
    let mut wrong = Vec::new();
    let stem = |name: &str| name.rsplit_once('.').unwrap().0.to_owned();
    let names = || expected().into_iter().map(|(name, _)| name).filter(|n| !ON_DISK.contains(n));
    for (name, ran) in ran_on(&files, names(), &["validate"]).await {
        compare(&format!("{}.txt", stem(name)), &ran.stderr, &mut wrong);
    }
    for (name, ran) in ran_on(&files, IN_COLOR, &["validate", "--color", "always"]).await {
        compare(&format!("{}.color.txt", stem(name)), &ran.stderr, &mut wrong);
    }
    for format in ["short", "json", "github"] {
        let ran = ran_in(&files, &["validate", "--format", format, IN_ALL_FORMATS]).await;
        compare(&format!("{}.{format}.txt", stem(IN_ALL_FORMATS)), &ran.stdout, &mut wrong);
    }
    let update = "UPDATE_SNAPSHOTS=1 writes them anew";
    assert!(wrong.is_empty(), "other than the snapshots ({update}):\n{}", wrong.join("\n"));
}
