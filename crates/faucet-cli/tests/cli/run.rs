//! `faucet run`: from a feed to a file or to stdout.

use faucet_testkit::{Script, ScriptedServer, opcode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::support::*;

/// A feed of these messages that closes with 1000.
async fn feed(messages: &[&str]) -> ScriptedServer {
    let script = messages.iter().fold(Script::accept(), |script, text| script.send_text(*text));
    ScriptedServer::start([script.close(1000, "")]).await
}

#[tokio::test]
async fn what_a_feed_sends_is_in_the_file_byte_for_byte() {
    let script = Script::accept()
        .expect_text(r#"{"op":"subscribe"}"#)
        .send_text(r#"{"b":2.10,  "a":101027219534255757415994639,"a":1e400}"#)
        .send_text("[1,\r\n2]")
        .send_binary("\"\\u03c0 π\"")
        .send_fragments(opcode::TEXT, &["{\"frag", "ments\":", "3}"], Some(b"between"))
        .send_text(" null ")
        .close(1000, "done");
    let server = ScriptedServer::start([script]).await;
    let files = Files::new();
    let file = files.pipeline(
        &server.url(),
        json!({"unbounded": true, "subscribe_messages": [r#"{"op":"subscribe"}"#]}),
    );
    let ran = faucet_ran(["run", &file]).await;
    ran.succeeded();
    assert_eq!(
        files.read("out.jsonl"),
        "{\"b\":2.10,  \"a\":101027219534255757415994639,\"a\":1e400}\n[1,  2]\n\"\\u03c0 π\"\n\
         {\"fragments\":3}\n null \n"
    );
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("ended: closed · 5 records"), "{}", ran.stderr);
    server.finish().await;
}

#[tokio::test]
async fn all_formats_of_the_file_mean_the_same() {
    for (name, text) in [
        (
            "pipeline.yaml",
            "source: {type: websocket, url: 'URL', max_messages: 2}\n\
             sink:\n  type: jsonl\n  path: \"{out}\"\ncontext:\n  out: out.jsonl\n",
        ),
        (
            "pipeline.json",
            r#"{"$schema": "x", "source": {"type": "websocket", "url": "URL", "max_messages": 2},
                "sink": {"type": "jsonl", "path": "{out}"}, "context": {"out": "out.jsonl"}}"#,
        ),
        (
            "pipeline.toml",
            "[source]\ntype = \"websocket\"\nurl = \"URL\"\nmax_messages = 2\n\
             [sink]\ntype = \"jsonl\"\npath = \"{out}\"\n[context]\nout = \"out.jsonl\"\n",
        ),
    ] {
        let server = feed(&["1", "2", "3"]).await;
        let files = Files::new();
        let file = files.write(name, text.replace("URL", &server.url()));
        let mut command = faucet(["run", &file]);
        let ran = Running::start(command.current_dir(files.dir())).ended().await;
        ran.succeeded();
        assert_eq!(files.read("out.jsonl"), "1\n2\n", "{name}");
    }
}

#[tokio::test]
async fn keys_and_placeholders_are_replaced_from_the_command_line() {
    let server = feed(&["1", "2", "3"]).await;
    let files = Files::new();
    let file = files.write(
        "pipeline.yaml",
        format!(
            "source:\n  type: websocket\n  url: {}\n  max_messages: 1\n\
             sink: {{type: jsonl, path: '{}'}}\ncontext: {{symbol: btcusdt, day: 1}}\n",
            server.url_with("/ws/{symbol}@trade?day={day}"),
            files.name("{symbol}.jsonl"),
        ),
    );
    let args = ["run", &file, "--context", "symbol=eth/usdt", "--set", "source.max_messages=2"];
    let ran = faucet_ran(args).await;
    ran.failed_with(2, &["path: the value of {symbol} must not contain a path separator"]);
    assert!(server.connections().is_empty(), "a feed was touched before the sink was checked");

    let args = ["run", &file, "--context", "symbol=eth usdt", "--set", "source.max_messages=2"];
    faucet_ran(args).await.succeeded();
    assert_eq!(files.read("eth usdt.jsonl"), "1\n2\n");
    assert_eq!(server.connections()[0].path(), "/ws/eth%20usdt@trade?day=1");

    faucet_ran(["run", &file, "--set", "sink={\"type\":\"stdout\"}"]).await.succeeded();
    assert_eq!(server.connections()[1].path(), "/ws/btcusdt@trade?day=1");

    for (flag, value) in
        [("--set", "nothing"), ("--set", "=1"), ("--context", "x"), ("--context", "a.b=1")]
    {
        faucet_ran(["run", &file, flag, value]).await.failed_with(2, &["error: "]);
    }
}

#[tokio::test]
async fn variables_come_from_the_environment() {
    let server = feed(&["1"]).await;
    let files = Files::new();
    let text = format!(
        "source:\n  type: websocket\n  url: {}${{E2E_PATH}}\n  unbounded: true\n  headers:\n    \
         X-Key: ${{E2E_KEY:-none}}\nsink:\n  type: jsonl\n  path: ${{E2E_OUT:?set it to a file}}\n",
        server.url()
    );
    let file = files.write("pipeline.yaml", text);
    let mut command = faucet(["run", &file]);
    command.env("E2E_PATH", "a").env("E2E_OUT", files.path("out.jsonl")).env("E2E_KEY", "");
    Running::start(&mut command).ended().await.succeeded();
    assert_eq!(files.read("out.jsonl"), "1\n");
    assert_eq!(server.connections()[0].path(), "/a");
    assert_eq!(server.connections()[0].header("X-Key"), Some("none"));

    let missing = faucet_ran(["run", &file]).await;
    missing.failed_with(
        2,
        &[
            "the environment variable E2E_PATH is not set",
            &format!("{file}:3:"),
            "the environment variable E2E_OUT is not set",
            &format!("{file}:9:9"),
            "help: set it to a file",
            "2 errors",
        ],
    );
}

#[tokio::test]
async fn a_quiet_run_says_nothing_unless_it_fails() {
    let scripts = [
        Script::accept().send_text("1").hang_up(),
        Script::accept().send_text("2").send_text("x").stall(),
    ];
    let server = ScriptedServer::start(scripts).await;
    let files = Files::new();
    let keys = json!({"max_messages": 2, "reconnect": true, "reconnect_backoff": 0.01});
    let file = files.pipeline(&server.url(), keys);
    let ran = faucet_ran(["run", &file, "--quiet"]).await;
    ran.succeeded();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert_eq!(files.read("out.jsonl"), "1\n2\n");

    let ran = faucet_ran(["run", &file, "--quiet", "--set", "source.max_messages=3"]).await;
    ran.failed_with(6, &["error: source: message 2 is not JSON"]);
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
}

#[tokio::test]
async fn stdout_has_the_data_and_nothing_else() {
    let server = feed(&["1", "not JSON", "{\"a\":\"π\"}"]).await;
    let files = Files::new();
    let file =
        files.pipeline_to(&server.url(), json!({"unbounded": true}), json!({"type": "stdout"}));
    let skip = ["--set", "source.on_parse_error=skip"];
    for (level, shown, hidden) in
        [("trace", "DEBUG", "ERROR"), ("debug", "DEBUG", "ERROR"), ("info", "INFO", "DEBUG")]
    {
        let level = ["run", &file, "--log-level", level];
        let ran = faucet_ran(level.iter().chain(&skip)).await;
        assert_eq!(ran.succeeded().stdout, "1\n{\"a\":\"π\"}\n");
        assert!(ran.stderr.contains(shown) && !ran.stderr.contains(hidden), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_ends_the_run_well() {
    let flood = Script::accept().repeat(u64::MAX, |i| format!("{{\"i\":{i}}}"));
    let server = ScriptedServer::start([flood]).await;
    let files = Files::new();
    let file =
        files.pipeline_to(&server.url(), json!({"unbounded": true}), json!({"type": "stdout"}));
    let report = files.name("report.json");
    let mut running =
        Running::start_unheard(&mut faucet(["run", &file, "--quiet", "--report", &report]));
    let mut lines = BufReader::new(running.take_stdout()).lines();
    let first = soon("a line", lines.next_line()).await.unwrap();
    assert_eq!(first.as_deref(), Some("{\"i\":0}"));
    drop(lines);
    let ran = running.ended().await;
    ran.succeeded();
    assert_eq!(ran.stderr, "");
    let report = files.json("report.json");
    assert_eq!((&report["ended"], &report["error"]), (&json!("closed"), &Value::Null), "{report}");
}

#[tokio::test]
async fn messages_can_be_json_to_the_last() {
    let server = feed(&["1", "oops"]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"unbounded": true}));
    let ran = faucet_ran(["run", &file, "--log-format", "json"]).await;
    ran.failed_with(6, &["message 2 is not JSON"]);
    let logged: Vec<Value> = ran
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?}")))
        .collect();
    assert!(logged.iter().all(|line| line["pipeline"] == "pipeline"), "{logged:#?}");
    let last = logged.last().unwrap();
    assert_eq!(last["level"], "ERROR");
    assert_eq!(last["fields"]["kind"], "decode");
    let message = last["fields"]["message"].as_str().unwrap();
    assert!(message.contains("\n  hint: on_parse_error: skip"), "{message}");
}

#[tokio::test]
async fn the_end_in_json_has_each_number_as_a_field() {
    let server = feed(&["1", "22", "x"]).await;
    let files = Files::new();
    let file = files.pipeline(&server.url(), json!({"unbounded": true, "on_parse_error": "skip"}));
    let ran = faucet_ran(["run", &file, "--log-format", "json"]).await;
    let last: Value = serde_json::from_str(ran.succeeded().stderr.lines().last().unwrap()).unwrap();
    let fields = &last["fields"];
    assert_eq!((&last["level"], &fields["event"]), (&json!("INFO"), &json!("report")), "{last}");
    let numbers = ["records", "delivered", "bytes", "reconnects"].map(|name| &fields[name]);
    assert_eq!(numbers, [&json!(2), &json!(2), &json!(3), &json!(0)], "{last}");
    assert_eq!(fields["skipped"], json!({"parse_error": 1}), "{last}");
    assert_eq!(fields["components"]["sink"]["delivered"], 2, "{last}");
    assert!(fields["message"].as_str().unwrap().starts_with("ended: closed · 2 records"), "{last}");
}

#[tokio::test]
async fn a_run_reconnects_and_subscribes_again() {
    let subscribed = || Script::accept().expect_text("subscribe");
    let scripts = [
        subscribed().send_text("1").close(1001, "restart"),
        Script::reject(503).body("busy"),
        subscribed().send_text("2").hang_up(),
        subscribed().send_text("3").stall(),
    ];
    let server = ScriptedServer::start(scripts).await;
    let files = Files::new();
    let keys = json!({
        "max_messages": 3, "reconnect": true, "reconnect_backoff": 0.01,
        "subscribe_messages": ["subscribe"],
    });
    let file = files.pipeline(&server.url(), keys);
    let ran = faucet_ran(["run", &file]).await;
    for words in ["1001 going away", "503 Service Unavailable", "without a Close frame"] {
        assert!(ran.succeeded().stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert!(ran.stderr.contains("3 delivered · 2 reconnects"), "{}", ran.stderr);
    assert_eq!(files.read("out.jsonl"), "1\n2\n3\n");
    assert_eq!(server.failures(), Vec::<String>::new());
}
