//! Whatever a pipeline file holds: it is valid or refused, and nothing panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use faucet_core::{Error, ErrorKind, Registry};
use faucet_pipeline::{PipelineSpec, SpecFormat};

use crate::support::*;

const YAML: &str = r#"# yaml-language-server: $schema=x
source:
  type: websocket
  url: "wss://stream.example.com:9443/ws/{symbol}@trade?token=${E2E_TOKEN:-t}"
  auth: &auth { type: bearer, config: { token: "${E2E_TOKEN:-t}" } }
  subscribe_messages: ['{"op":1}', {type: binary, data: "AAE="}]
  message_format: raw_string
  reconnect: true
  reconnect_backoff: 250ms
  reconnect_max_backoff: "1h 30m"
  reconnect_jitter: 0.5
  max_messages: 18446744073709551615
  idle_timeout: 1e3
  headers: { X-A: a, X-B: 'b' }
  subprotocols: [v1.json]
  tls: { ca_file: ca.pem, insecure_skip_verify: false }
sink:
  type: jsonl
  path: "{symbol}.jsonl"
  mode: append
context: { symbol: btcusdt, day: 7 }
"#;

const JSON: &str = r#"{"source": {"type": "websocket", "url": "ws://h/{a}", "max_messages": 3,
 "headers": {"X": "\u0041"}, "subscribe_messages": ["a", {"type": "text", "data": "b"}]},
 "sink": {"type": "stdout"}, "context": {"a": "é\u00e9"}}"#;

const TOML: &str = "context = { symbol = 'a' }\n[source]\ntype = \"websocket\"\nurl = \
    'ws://h/{symbol}'\nidle_timeout = 1_0.5\nmax_messages = 0x10\nsubscribe_messages = [\"a\", \
    { type = \"binary\", data = \"\" }]\n[source.auth]\ntype = 'none'\n[sink]\ntype = \"jsonl\"\n\
    path = \"\"\"a\\\n  b\"\"\"\n";

/// What is put where.
const PIECES: [&str; 22] = [
    "",
    "\0",
    "\u{feff}",
    "\t",
    "\n",
    ": ",
    "- ",
    "{",
    "}}",
    "[[",
    "\"",
    "'",
    "${",
    "${E2E:-",
    "&a ",
    "*auth",
    "!!binary ",
    "|\n",
    "---\n",
    "1e999",
    "-",
    "π",
];

/// A text and its number, damaged in one place by what the number says.
fn damaged(text: &str, number: usize) -> String {
    let at = number * 7919 % text.len();
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap();
    let (before, after) = text.split_at(at);
    let piece = PIECES[number % PIECES.len()];
    // Put something in, leave something out, or stop there.
    let length = [0, 1, 3, 11, 200, usize::MAX][number / PIECES.len() % 6];
    let cut = length.min(after.len());
    let cut = (cut..=after.len()).find(|cut| after.is_char_boundary(*cut)).unwrap();
    format!("{before}{piece}{}", &after[cut..])
}

/// Does what `validate` does; whether the text is valid.
fn validates(registry: &Registry, text: &str, format: SpecFormat) -> bool {
    let built = PipelineSpec::parse(text, format, |_| None).and_then(|spec| spec.build(registry));
    match built {
        Ok(pipeline) => !pipeline.components()[0].info().target.is_empty(),
        Err(error) => {
            let error = Error::from(error);
            assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
            let words = error.to_string();
            assert!(!words.is_empty(), "{text:?}");
            false
        }
    }
}

#[test]
fn damaged_files_are_refused_or_valid() {
    let registry = faucet_stream::registry();
    let mut valid = 0;
    let mut refused = 0;
    for (text, format) in
        [(YAML, SpecFormat::Yaml), (JSON, SpecFormat::Json), (TOML, SpecFormat::Toml)]
    {
        assert!(validates(&registry, text, format), "{format:?}");
        for number in 0..300 {
            let text = damaged(text, number);
            match catch_unwind(AssertUnwindSafe(|| validates(&registry, &text, format))) {
                Ok(true) => valid += 1,
                Ok(false) => refused += 1,
                Err(_) => panic!("a panic for {format:?} {text:?}"),
            }
        }
    }
    assert!(valid > 25 && refused > 250, "{valid} valid, {refused} refused: no good damage");
}

#[tokio::test]
async fn files_that_are_made_to_hurt_are_refused_by_the_command() {
    let files = Files::new();
    let deep = |open: &str| open.repeat(20_000);
    let laughs: String = (1..30)
        .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", ")))
        .collect();
    for (name, text) in [
        ("a.yaml", deep("[")),
        ("a.yaml", deep("a: {")),
        ("a.yaml", deep("- ")),
        ("a.yaml", format!("a0: &a0 [x]\n{laughs}")),
        ("a.yaml", "*nobody".to_owned()),
        ("a.yaml", "x".repeat(1 << 20)),
        ("a.yaml", "a: \u{1b}[31m\n".to_owned()),
        ("a.json", deep("[")),
        ("a.json", deep("{\"a\":")),
        ("a.json", format!("{{\"a\": \"{}\"}}", "\\u0000".repeat(1000))),
        ("a.toml", format!("a = {}", deep("["))),
        ("a.toml", format!("a = {}", deep("{a="))),
        ("a.toml", format!("{} = 1", vec!["a"; 20_000].join("."))),
        ("a.toml", "\0\u{1}\u{2}".to_owned()),
    ] {
        let file = files.write(name, &text);
        let ran = faucet_ran(["validate", &file]).await;
        let begins: String = text.chars().take(20).collect();
        assert_eq!(ran.code, Some(2), "{name} {begins:?}: {:?}", ran.stderr.get(..500));
        assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains('\u{1b}'), "{begins:?}");
    }
}

#[tokio::test]
async fn a_file_of_somebody_else_cannot_drive_the_terminal() {
    let files = Files::new();
    let good = "source: {type: websocket, url: 'ws://127.0.0.1:9/', unbounded: true}\n\
                sink: {type: jsonl, path: out.jsonl}\n";
    for (from, to) in [
        ("type: jsonl", "type: \"\\e[31m\""),
        ("unbounded: true", "message_format: \"\\e[31m\""),
        ("unbounded: true", "\"\\e[31m\": true"),
        ("unbounded", "headers: {\"\\e[31m\": x}, unbounded"),
        ("out.jsonl", "\"\\e[31m.jsonl\""),
        ("out.jsonl", "out.jsonl, mode: \"\\e[31m\""),
    ] {
        assert!(good.contains(from), "{from}");
        let file = files.write("pipeline.yaml", good.replace(from, to));
        for args in [["validate", &file], ["check", &file], ["run", &file]] {
            let mut command = faucet(args);
            let ran = Running::start(command.current_dir(files.dir())).ended().await;
            let told = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!told.contains('\u{1b}'), "{args:?}: {ran:#?}");
            // A value that is none of a few is not repeated.
            let shown = told.contains("[31m") || told.contains("unknown value; known: ");
            assert!(shown, "{args:?}: {ran:#?}");
        }
    }
}
