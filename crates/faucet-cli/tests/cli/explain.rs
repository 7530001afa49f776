//! `faucet explain`: a text for every key, connector and code.

use std::collections::BTreeSet;

use faucet_core::{Code, SchemaView};

use crate::support::*;

async fn explained(topic: &str) -> String {
    faucet_ran(["explain", topic]).await.succeeded().stdout.clone()
}

/// The texts that the build makes of its components, by file.
fn documents() -> impl Iterator<Item = (String, String)> {
    let documents = faucet_cli::documents(&faucet_stream::registry(), "a test").unwrap();
    documents.into_iter().filter(|(name, _)| name.starts_with("explain/"))
}

#[tokio::test]
async fn a_key_has_its_meaning_type_default_example_and_option() {
    let text = explained("source.websocket.reconnect_backoff").await;
    for words in [
        "source.websocket.reconnect_backoff\n\nWait before an attempt to reconnect",
        "\ntype:        duration: seconds as a number, or text such as `250ms` or `1 min`\n",
        "\ndefault:     `1` (1 s)\n",
        "\nexample:     reconnect_backoff: ",
        "\noption map:  websocket.reconnect_backoff\n",
        "\noption map:  websocket.reconnect.delay.ms; default there: `1000`; Wait before",
    ] {
        assert!(text.contains(words), "{words:?}: {text}");
    }
    for (topic, words) in [
        ("source.websocket.url", "Required, unless `url_from` is given."),
        ("source.websocket.auth.config.token", "\nsecret:      yes; "),
        (
            "source.websocket.message_format",
            "  raw_string  Text. A binary message must be UTF-8.\n",
        ),
        ("source.websocket.tls", "\nKeys:\n  ca_file               PEM file with"),
        ("source.websocket.auth", "  {type: none}  "),
        ("source.websocket.batch_bytes", "size: bytes as a number, or text such as `64KiB`"),
        ("source.websocket.batch_bytes", "default:     `1048576` (1 MiB)\n"),
        ("source.websocket.batch_bytes", "bounds:      at least 1\n"),
        ("sink.jsonl.path", "\nrequired:"),
        ("sink.jsonl", "\n  path            (required) The file, relative to"),
        ("sink.stdout", "\n  gap_records  Write each gap of the feed"),
        ("pipeline", "\n  flush       When sinks are flushed"),
        ("pipeline.flush.interval", "The longest time that a record waits for a flush."),
        ("pipeline.context", "Values of `{name}` placeholders."),
        ("pipeline.sink", "\n  from         "),
        ("pipeline.sink.buffer.when_full", "  drop_oldest  Drops the oldest waiting page."),
        (
            "unknown-key",
            "The code of a mistake: the pipeline does not run.\n\nThere is no such key",
        ),
        ("unused-context", "The code of a warning: the pipeline runs all the same.\n"),
    ] {
        let text = explained(topic).await;
        assert!(text.starts_with(&format!("{topic}\n\n")), "{text}");
        assert!(text.contains(words), "{words:?}: {text}");
    }
}

#[tokio::test]
async fn a_topic_may_be_shorter_than_its_name() {
    for (short, whole) in [
        ("stale_timeout", "source.websocket.stale_timeout"),
        ("source.stale_timeout", "source.websocket.stale_timeout"),
        ("filter", "transform.filter"),
        ("flush.interval", "pipeline.flush.interval"),
    ] {
        assert_eq!(explained(short).await, explained(whole).await, "{short}");
    }
    let text = explained("jsonl").await;
    assert!(
        text.starts_with("jsonl is the end of several names:\n  source.jsonl  Reads"),
        "{text}"
    );
    assert!(text.contains("\n  sink.jsonl    Writes"), "{text}");
}

#[tokio::test]
async fn without_a_topic_all_connectors_and_codes_are_listed() {
    let ran = faucet_ran(["explain"]).await;
    let listed: BTreeSet<&str> =
        ran.succeeded().lines().into_iter().filter_map(|l| l.split_whitespace().next()).collect();
    for code in Code::ALL {
        assert!(listed.contains(code.as_str()), "{code}: {}", ran.stdout);
    }
    for topic in ["pipeline", "source.websocket", "transform.dedup", "sink.stdout"] {
        assert!(listed.contains(topic), "{topic}: {}", ran.stdout);
    }
}

#[tokio::test]
async fn an_unknown_topic_is_refused_with_the_one_that_was_meant() {
    for (topic, words) in [
        ("source.websoket.url", "(did you mean `source.websocket.url`?)"),
        ("stale_timeot", "(did you mean `stale_timeout`?)"),
        ("unknown-kye", "(did you mean `unknown-key`?)"),
        ("xyzzy", "nothing is called \"xyzzy\"\n  hint: `faucet explain` lists"),
    ] {
        let ran = faucet_ran(["explain", topic]).await;
        ran.failed_with(2, &["error: nothing is called", words]);
        assert_eq!(ran.stdout, "");
    }
}

/// A part of a file of explanations: the topic, and its text.
fn topics(text: &str) -> Vec<(&str, &str)> {
    let mut parts = text.trim_end().split("\n\n----\n\n");
    assert!(parts.next().unwrap().starts_with("Written by `a test`"), "{text}");
    parts.map(|part| part.split_once("\n\n").unwrap()).collect()
}

#[test]
fn every_key_of_every_component_and_every_code_has_a_text() {
    let registry = faucet_stream::registry();
    let mut explained = BTreeSet::new();
    for (name, text) in documents() {
        for (topic, text) in topics(&text) {
            let meaning = text.split("\n\n").next().unwrap();
            let is_fact = ["type: ", "Keys:", "default: "].iter().any(|f| meaning.starts_with(f));
            assert!(meaning.len() > 8 && !is_fact, "{name}: {topic}: {text}");
            assert!(explained.insert(topic.to_owned()), "{topic} has two texts");
            let listed: Vec<&str> = text.lines().filter(|line| line.starts_with("  ")).collect();
            let different: BTreeSet<&&str> = listed.iter().collect();
            assert_eq!(listed.len(), different.len(), "{topic} lists a line twice: {text}");
        }
    }
    let mut expected: BTreeSet<String> =
        Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    let file = faucet_pipeline::schema(&registry);
    let mut add = |topic: &str, view: SchemaView<'_>, paths: Vec<String>| {
        expected.insert(topic.to_owned());
        expected.extend(paths.iter().map(|path| format!("{topic}.{path}")));
        expected.extend(view.keys().iter().map(|key| format!("{topic}.{}", key.name)));
    };
    let view = SchemaView::new(&file);
    add("pipeline", view, Vec::new());
    for entry in registry.sources.iter() {
        let view = SchemaView::new(entry.schema());
        add(&format!("source.{}", entry.name()), view, view.paths());
    }
    for entry in registry.transforms.iter() {
        let view = SchemaView::new(entry.schema());
        add(&format!("transform.{}", entry.name()), view, view.paths());
    }
    for entry in registry.sinks.iter() {
        let view = SchemaView::new(entry.schema());
        add(&format!("sink.{}", entry.name()), view, view.paths());
    }
    let missing: Vec<_> = expected.difference(&explained).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(explained.len() > 150, "{}", explained.len());
}

#[tokio::test]
async fn the_command_prints_the_texts_that_are_committed() {
    let mut compared = 0;
    for (_, text) in documents() {
        // One in seven: each is a process of its own, and all come from one function.
        for (topic, text) in topics(&text).into_iter().step_by(7) {
            assert_eq!(explained(topic).await, format!("{topic}\n\n{text}\n"));
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}
