//! `faucet init`, `list` and `schema`: what is needed to write a pipeline file.

use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn init_writes_a_file_that_is_valid_and_runs_against_a_feed() {
    let files = Files::new();
    let in_dir = |args: &[&str]| {
        let mut command = faucet(args);
        Running::start(command.current_dir(files.dir())).ended()
    };
    let ran = in_dir(&["init"]).await;
    for words in ["wrote pipeline.yaml", "faucet feed", "faucet run pipeline.yaml"] {
        assert!(ran.succeeded().stderr.contains(words), "{ran:#?}");
    }
    assert_eq!(ran.stdout, "");
    let written = files.read("pipeline.yaml");
    assert!(written.lines().filter(|line| line.trim_start().starts_with('#')).count() > 10);
    in_dir(&["validate", "pipeline.yaml"]).await.succeeded();

    let again = in_dir(&["init"]).await;
    again.failed_with(2, &["pipeline.yaml exists already", "\n  hint: name another file"]);
    assert_eq!(files.read("pipeline.yaml"), written);
    in_dir(&["init", "other.yaml"]).await.succeeded();
    assert_eq!(files.read("other.yaml"), written);
    in_dir(&["init", "none/other.yaml"]).await.failed_with(7, &["none/other.yaml", "No such file"]);

    let mut feed = Running::start(&mut faucet(["feed", "--listen", "127.0.0.1:0"]));
    let url = format!("source.url={}ws/{{symbol}}@trade", feed.first_line().await);
    let run = ["run", "pipeline.yaml", "--set", &url, "--set", "source.max_messages=20"];
    in_dir(&run).await.succeeded();
    assert_eq!(files.read("btcusdt.jsonl").lines().count(), 20);
    let run = [&run[..], &["--context", "symbol=ethusdt"]].concat();
    in_dir(&run).await.succeeded();
    assert_eq!(files.read("ethusdt.jsonl").lines().count(), 20);
}

#[tokio::test]
async fn what_init_has_in_comments_is_valid_too() {
    let files = Files::new();
    let file = files.name("pipeline.yaml");
    faucet_ran(["init", &file]).await.succeeded();
    let text = files.read("pipeline.yaml");
    // Two spaces and a `#`: a key that is left out. What has no colon or list mark is prose.
    let keys = ["# auth:", "# subscribe_messages:", "#   - '"];
    let enabled = keys.iter().fold(text.clone(), |text, key| {
        assert!(text.contains(key), "{key} is not in the file");
        text.replace(key, &key.replacen("# ", "", 1))
    });
    let file = files.write("pipeline.yaml", enabled);
    let mut command = faucet(["validate", &file]);
    Running::start(command.env("FEED_TOKEN", "t")).ended().await.succeeded();
}

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
        ("sink", "jsonl"),
        ("sink", "stdout"),
        ("sink", "websocket"),
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
    for (one, many) in [("source", "sources"), ("sink", "sinks")] {
        let rules = pipeline["allOf"].as_array().unwrap();
        for rule in [
            json!({"if": {"not": {"required": [many]}}, "then": {"required": [one]}}),
            json!({"if": {"required": [one]}, "then": {"properties": {many: false}}}),
        ] {
            assert!(rules.contains(&rule), "{rule}: {rules:?}");
        }
    }
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
