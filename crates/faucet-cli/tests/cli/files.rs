//! `faucet list` and `schema`: what is needed to write a pipeline file.

use serde_json::Value;

use crate::support::*;

#[tokio::test]
async fn list_names_all_connectors() {
    let ran = faucet_ran(["list"]).await;
    let named: Vec<(&str, &str)> = ran
        .succeeded()
        .lines()
        .into_iter()
        .map(|line| {
            let mut words = line.split_whitespace();
            let named = (words.next().unwrap(), words.next().unwrap());
            assert!(words.count() > 1, "{line}: says nothing about it");
            named
        })
        .collect();
    let expected = [
        ("source", "jsonl"),
        ("source", "websocket"),
        ("transform", "dedup"),
        ("transform", "filter"),
        ("transform", "pick"),
        ("transform", "split"),
        #[cfg(feature = "sql")]
        ("transform", "sql"),
        ("sink", "jsonl"),
        ("sink", "stdout"),
        ("sink", "websocket"),
        // `list` shows components that the build lacks at the end.
        #[cfg(not(feature = "sql"))]
        ("transform", "sql"),
    ];
    assert_eq!(named, expected);
}

#[tokio::test]
async fn schemas_are_strict_and_know_what_a_pipeline_holds() {
    let schema = async |args: &[&str]| -> Value {
        let ran = faucet_ran(["schema"].iter().chain(args)).await;
        serde_json::from_str(&ran.succeeded().stdout).unwrap()
    };
    for (kind, name, key) in [
        ("source", "websocket", "max_messages"),
        ("source", "jsonl", "path"),
        ("transform", "filter", "match"),
        ("sink", "jsonl", "mode"),
        ("sink", "websocket", "delivery"),
    ] {
        let schema = schema(&[kind, name]).await;
        assert_eq!(schema["additionalProperties"], false, "{kind} {name}");
        let description = &schema["properties"][key]["description"];
        assert!(description.is_string() || !schema["properties"][key].is_null(), "{schema}");
    }
    let pipeline = schema(&["pipeline"]).await;
    assert_eq!(pipeline, schema(&[]).await);
    assert_eq!(pipeline["additionalProperties"], false);
    for section in [
        "source_websocket",
        "source_jsonl",
        "transform_filter",
        "transform_pick",
        "transform_split",
        "transform_dedup",
        "sink_jsonl",
        "sink_stdout",
        "sink_websocket",
    ] {
        assert_eq!(pipeline["$defs"][section]["additionalProperties"], false, "{section}");
    }
    let ran = faucet_ran(["schema", "source", "websokcet"]).await;
    ran.failed_with(
        2,
        &["error: unknown source \"websokcet\" (did you mean `websocket`?)", "known: "],
    );
    assert_eq!(ran.stdout, "");
    faucet_ran(["schema", "sink", "kafka"])
        .await
        .failed_with(2, &["known: jsonl, stdout, websocket"]);
}

#[tokio::test]
async fn schema_writes_a_file_and_shows_how_a_pipeline_names_it() {
    let files = Files::new();
    let in_dir = |args: &[&str]| {
        let mut command = faucet(args);
        Running::start(command.current_dir(files.dir())).ended()
    };
    let ran = in_dir(&["schema", "--write"]).await;
    assert_eq!(ran.succeeded().stdout, "");
    for words in [
        "wrote faucet.schema.json",
        "# yaml-language-server: $schema=./faucet.schema.json\n",
        "#:schema ./faucet.schema.json\n",
        "\"$schema\": \"./faucet.schema.json\"",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    let printed = in_dir(&["schema", "pipeline"]).await;
    assert_eq!(files.read("faucet.schema.json"), printed.succeeded().stdout);

    in_dir(&["schema", "sink", "jsonl", "--write", "sink.json"]).await.succeeded();
    let printed = in_dir(&["schema", "sink", "jsonl"]).await;
    assert_eq!(files.read("sink.json"), printed.succeeded().stdout);
    // A schema is replaced, and nothing else is.
    in_dir(&["schema", "source", "jsonl", "--write", "sink.json"]).await.succeeded();
    assert_eq!(files.json("sink.json")["properties"]["envelope"]["type"], "boolean");
    let pipeline = r#"{"$schema": "./faucet.schema.json"}"#;
    for (name, text) in [("pipeline.json", pipeline), ("pipeline.yaml", "source: {}\n")] {
        files.write(name, text);
        let words = format!("{name} is no JSON Schema and was left alone\n  hint: name the file");
        in_dir(&["schema", "--write", name]).await.failed_with(2, &[&words]);
        assert_eq!(files.read(name), text);
    }
    let ran = in_dir(&["schema", "--write", "none/x.json"]).await;
    ran.failed_with(7, &["cannot write none/x.json", "No such file"]);
}
