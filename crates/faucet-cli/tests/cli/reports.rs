//! `--report`: one object with the same fields, however a run ends.

use faucet_testkit::{Gate, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::support::*;

const FIELDS: [&str; 18] = [
    "bytes",
    "commits",
    "commits_held_back",
    "components",
    "delivered",
    "disconnected_seconds",
    "elapsed_seconds",
    "ended",
    "error",
    "gaps",
    "more_gaps",
    "pages",
    "reconnects",
    "records",
    "resent",
    "sink_reconnects",
    "skipped",
    "unconfirmed",
];

/// Reads the report and checks what holds for all.
#[track_caller]
pub(crate) fn report(files: &Files) -> Value {
    let report = files.json("report.json");
    let fields: Vec<&String> = report.as_object().unwrap().keys().collect();
    let mut sorted = fields.clone();
    sorted.sort();
    assert_eq!(sorted, FIELDS, "{report}");
    let error = &report["error"];
    assert_eq!(report["ended"] == "error", !error.is_null(), "{report}");
    if let Some(error) = error.as_object() {
        let named = error["component"].is_string() || report["components"] == json!({});
        assert!(error.len() == 3 && named, "{report}");
        assert!(error["kind"].is_string() && error["message"].is_string(), "{report}");
    }
    for total in ["records", "bytes", "pages", "delivered", "unconfirmed"] {
        let of_sinks = components(&report).filter(|component| component["kind"] == "sink");
        let sum: u64 = of_sinks.map(|component| component[total].as_u64().unwrap()).sum();
        assert_eq!(report[total], sum, "{total}: {report}");
    }
    assert!(report["elapsed_seconds"].as_f64().unwrap() < PATIENCE.as_secs_f64(), "{report}");
    report
}

fn components(report: &Value) -> impl Iterator<Item = &Value> {
    report["components"].as_object().unwrap().values()
}

/// The totals of the report without its time, which is checked already.
#[track_caller]
fn counts(files: &Files) -> Value {
    let mut report = report(files);
    let fields = report.as_object_mut().unwrap();
    fields.remove("elapsed_seconds");
    fields.remove("components");
    report
}

async fn run(files: &Files, file: &str) -> Ran {
    faucet_ran(["run", file, "--report", &files.name("report.json")]).await
}

#[tokio::test]
async fn good_ends() {
    let three = || Script::accept().send_text("1").send_text("x").send_text("[2]").send_text("3");
    for (script, keys, ended, records, bytes, skipped) in [
        (
            three().stall(),
            json!({"max_messages": 2}),
            "max_messages",
            2,
            4,
            json!({"parse_error": 1}),
        ),
        (three().stall(), json!({"idle_timeout": 0.2}), "idle", 3, 5, json!({"parse_error": 1})),
        (
            three().close(1000, ""),
            json!({"unbounded": true}),
            "closed",
            3,
            5,
            json!({"parse_error": 1}),
        ),
        (Script::accept().close_no_code(), json!({"unbounded": true}), "closed", 0, 0, json!({})),
    ] {
        let server = ScriptedServer::start([script]).await;
        let files = Files::new();
        let mut keys = keys;
        keys["on_parse_error"] = "skip".into();
        run(&files, &files.pipeline(&server.url(), keys)).await.succeeded();
        assert_eq!(
            counts(&files),
            json!({
                "ended": ended, "error": null, "records": records, "bytes": bytes,
                "pages": u64::from(records > 0), "reconnects": 0, "sink_reconnects": 0,
                "skipped": skipped,
                "delivered": records, "unconfirmed": 0, "resent": 0,
                "gaps": [], "more_gaps": 0, "disconnected_seconds": 0.0,
                "commits": 0, "commits_held_back": 0,
            })
        );
        let components = &report(&files)["components"];
        let source = json!({
            "kind": "source", "type": "websocket", "target": server.url(), "ended": ended,
            "records": records, "bytes": bytes, "pages": u64::from(records > 0),
            "counters": {}, "skipped": skipped,
        });
        assert_eq!(components["source"], source);
        let sink = &components["sink"];
        assert_eq!((&sink["kind"], &sink["type"]), (&json!("sink"), &json!("jsonl")), "{sink}");
        assert_eq!((&sink["skipped"], &sink["ended"]), (&json!({}), &Value::Null), "{sink}");
    }
}

#[tokio::test]
async fn the_end_of_a_file() {
    let files = Files::new();
    let recording = files.write("in.jsonl", "1\n\n{\"a\": 2}\n");
    let pipeline = json!({
        "source": {"type": "jsonl", "path": recording, "batch_size": 1},
        "sink": {"type": "jsonl", "path": files.name("out.jsonl")},
    });
    let file = files.write("pipeline.json", pipeline.to_string());
    run(&files, &file).await.succeeded();
    assert_eq!(files.read("out.jsonl"), "1\n{\"a\": 2}\n");
    let report = report(&files);
    let told = (&report["ended"], &report["records"], &report["pages"]);
    assert_eq!(told, (&json!("exhausted"), &json!(2), &json!(2)));
}

#[tokio::test]
async fn an_error_is_told_with_its_kind_and_words_and_what_came_before_it() {
    let scripts = [Script::accept().send_text("1").send_text("2").close(1011, "out of order")];
    let server = ScriptedServer::start(scripts).await;
    let files = Files::new();
    let ran = run(&files, &files.pipeline(&server.url(), json!({"unbounded": true}))).await;
    ran.failed_with(4, &[]);
    let mut counts = counts(&files);
    let error = counts["error"].take();
    assert_eq!((&error["kind"], &error["component"]), (&json!("closed"), &json!("source")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("1011 internal error, \"out of order\" (read) (hint: "), "{message}");
    assert_eq!(
        counts,
        json!({
            "ended": "error", "error": null, "records": 2, "bytes": 2, "pages": 1,
            "reconnects": 0, "sink_reconnects": 0, "skipped": {}, "delivered": 2, "unconfirmed": 0,
            "resent": 0, "gaps": [], "more_gaps": 0, "disconnected_seconds": 0.0, "commits": 0,
            "commits_held_back": 0,
        })
    );
    assert_eq!(files.read("out.jsonl"), "1\n2\n");
}

#[tokio::test]
async fn a_configuration_error_is_reported_too() {
    let files = Files::new();
    for (name, text, words) in [
        ("pipeline.yaml", "source: {type: websocket, url: 'ws://h/'}\n", "the file has no `sink`"),
        ("pipeline.yaml", "source: [\n", "pipeline.yaml:1:"),
        ("pipeline.conf", "", "the ending of the file names no format"),
    ] {
        let file = files.write(name, text);
        run(&files, &file).await.failed_with(2, &[words]);
        let error = &report(&files)["error"];
        assert_eq!(error["kind"], "config");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    }
    run(&files, &files.name("missing.yaml")).await.failed_with(2, &["missing.yaml"]);
    assert_eq!(report(&files)["error"]["kind"], "config");
}

#[tokio::test]
async fn a_report_that_cannot_be_written_is_2_before_anything_is_done() {
    let files = Files::new();
    let file = files.pipeline("ws://127.0.0.1:9/", json!({"unbounded": true}));
    for nowhere in [files.name("none/report.json"), files.name("")] {
        let ran = faucet_ran(["run", &file, "--report", &nowhere]).await;
        ran.failed_with(2, &[&format!("--report {nowhere}: cannot be written"), "caused by: "]);
        assert!(!ran.stderr.contains("127.0.0.1:9"), "{}", ran.stderr);
    }
    #[cfg(unix)]
    {
        let link = files.name("link.json");
        std::os::unix::fs::symlink(files.name("target.json"), &link).unwrap();
        let off = ["--set", "source.reconnect=false"];
        faucet_ran(["run", &file, off[0], off[1], "--report", &link]).await;
        assert_eq!(files.json("target.json")["ended"], "error");
        faucet_ran(["run", &file, off[0], off[1], "--report", "/dev/stdout"]).await.lines();
    }
    let well = files.name("report.json");
    files.write("report.json", "from the run before");
    faucet_ran(["run", &file, "--set", "source.reconnect=false", "--report", &well]).await;
    assert_eq!(report(&files)["ended"], "error");
}

#[tokio::test]
async fn a_report_that_cannot_be_written_in_the_end_hides_no_other_error() {
    for (close, code, also) in [(1000, 7, ""), (1011, 4, "1011 internal error")] {
        let gate = Gate::new();
        let script = Script::accept().wait(&gate).close(close, "");
        let server = ScriptedServer::start([script]).await;
        let files = Files::new();
        let (dir, nowhere) = (files.name("gone"), files.name("gone/report.json"));
        std::fs::create_dir(&dir).unwrap();
        let file = files.pipeline(&server.url(), json!({"unbounded": true}));
        let mut running = Running::start(&mut faucet(["run", &file, "--report", &nowhere]));
        running.stderr.until("a connection", |text| text.contains("connected")).await;
        std::fs::remove_dir_all(&dir).unwrap();
        gate.open();
        let words = format!("--report {nowhere}: cannot be written");
        running.ended().await.failed_with(code, &[&words, "No such file or directory", also]);
    }
}
