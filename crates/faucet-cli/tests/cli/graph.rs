//! A pipeline of several sources, a transform and several sinks.

use faucet_testkit::{Script, ScriptedServer};
use serde_json::{Value, json};

use crate::support::{Files, faucet_ran};

/// Two feeds of ten numbers each, a filter, a file of all, and a WebSocket of the large ones.
async fn prepared(files: &Files) -> (String, [ScriptedServer; 3]) {
    let feed = |name: &'static str| {
        let message = move |n| format!("{{\"feed\":\"{name}\",\"n\":{n}}}");
        ScriptedServer::start([Script::accept().repeat(10, message).close(1000, "")])
    };
    let servers = [
        feed("a").await,
        feed("b").await,
        ScriptedServer::start([Script::accept().expect_close_code(1000)]).await,
    ];
    let source =
        |n: usize| json!({"type": "websocket", "url": servers[n].url(), "unbounded": true});
    let pipeline = json!({
        "sources": {"a": source(0), "b": source(1)},
        "transforms": {
            "large": {"type": "filter", "from": ["a", "b"], "match": {"/n": [7, 8, 9]}},
        },
        "sinks": {
            "file": {"type": "jsonl", "from": ["a", "b"], "path": files.name("all.jsonl")},
            "peer": {
                "type": "websocket", "from": "large", "url": servers[2].url(),
                "delivery": "at_least_once",
            },
        },
        "flush": {"interval": "100ms"},
    });
    (files.write("pipeline.json", pipeline.to_string()), servers)
}

#[tokio::test]
async fn it_is_validated_run_and_reported_by_component() {
    let files = Files::new();
    let (pipeline, servers) = prepared(&files).await;
    let valid = faucet_ran(["validate", &pipeline]).await;
    let shown = valid.succeeded().stdout.clone();
    for words in [
        "valid: 2 sources, 1 transform, 2 sinks\n  source a: websocket ws://",
        "\n  transform large: filter ← a, b\n",
        "\n  sink peer: websocket ws://",
    ] {
        assert!(shown.contains(words), "{words:?} is not in {shown}");
    }
    let report = files.name("report.json");
    let run = faucet_ran(["run", &pipeline, "--report", &report]).await;
    run.succeeded();
    for words in ["sink file: 20 records · 20 delivered", "sink peer: 6 records · 6 delivered"] {
        assert!(run.stderr.contains(words), "{words:?} is not in {}", run.stderr);
    }
    let report = files.json("report.json");
    let of = |id: &str, key: &str| report["components"][id][key].clone();
    for (id, key, expected) in [
        ("a", "records", json!(10)),
        ("a", "ended", json!("closed")),
        ("b", "records", json!(10)),
        ("large", "kind", json!("transform")),
        ("large", "records", json!(6)),
        ("file", "delivered", json!(20)),
        ("peer", "delivered", json!(6)),
        ("peer", "unconfirmed", json!(0)),
    ] {
        assert_eq!(of(id, key), expected, "{id}.{key}: {report:#}");
    }
    assert_eq!((&report["ended"], &report["records"]), (&json!("closed"), &json!(26)));
    let mut kept: Vec<Value> =
        files.read("all.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    kept.sort_by_key(Value::to_string);
    assert_eq!(kept.len(), 20);
    assert_eq!(kept[0], json!({"feed": "a", "n": 0}));
    let [.., peer] = servers;
    assert_eq!(peer.finish().await[0].texts().len(), 6);
}

#[tokio::test]
async fn it_is_checked_component_by_component() {
    let files = Files::new();
    let (pipeline, _servers) = prepared(&files).await;
    let checked = faucet_ran(["check", &pipeline]).await;
    for words in
        ["source a: websocket", "source b: websocket", "sink file: jsonl", "sink peer: websocket"]
    {
        assert!(checked.stdout.contains(words), "{words:?} is not in {}", checked.stdout);
    }
}

#[tokio::test]
async fn every_mistake_is_named_at_its_place_in_one_round() {
    let files = Files::new();
    let pipeline = json!({
        "sources": {"a": {"type": "websocket", "url": "http://h/", "unbounded": true}},
        "transforms": {"t": {"type": "filtr", "from": "a"}},
        "sinks": {
            "one": {"type": "jsonl", "from": "b", "path": ""},
            "two": {"type": "stdout", "from": "a", "dead_letter": "three"},
        },
        "flush": {"intervall": 1},
    });
    let path = files.write("pipeline.json", pipeline.to_string());
    let ran = faucet_ran(["validate", &path]).await;
    ran.failed_with(
        2,
        &[
            "url must start with ws://",
            "there is no transform `filtr`",
            "did you mean `filter`?",
            "error[invalid-value]: `path`",
            "there is no component `b`",
            "`intervall` is not a key of `flush`",
            "did you mean `interval`?",
        ],
    );
}

#[tokio::test]
async fn what_cannot_be_decoded_goes_to_the_dead_letters_and_the_run_goes_on() {
    let files = Files::new();
    let feed = Script::accept().send_text("1").send_text("{").send_text("3").close(1000, "");
    let server = ScriptedServer::start([feed]).await;
    let source = json!({
        "type": "websocket", "url": server.url(), "unbounded": true,
        "on_parse_error": "divert", "dead_letter": "rejects",
    });
    let pipeline = json!({
        "source": source,
        "sinks": {
            "good": {"type": "jsonl", "from": "source", "path": files.name("good.jsonl")},
            "rejects": {"type": "jsonl", "path": files.name("rejects.jsonl")},
        },
    });
    let path = files.write("pipeline.json", pipeline.to_string());
    faucet_ran(["run", &path]).await.succeeded();
    assert_eq!(files.read("good.jsonl"), "1\n3\n");
    let letter: Value = serde_json::from_str(&files.read("rejects.jsonl")).unwrap();
    assert_eq!((&letter["component"], &letter["data"]), (&json!("source"), &json!("{")));
    assert!(letter["reason"].as_str().unwrap().contains("JSON"), "{letter}");
}
