//! `docs/tap.md`: each command of it is run against a feed.

use faucet_testkit::page::blocks;
use faucet_testkit::{Script, ScriptedServer, TestCa};
use serde_json::json;

use crate::start::shell;
use crate::support::*;

const PAGE: &str = include_str!("../../../../docs/tap.md");

/// The commands of the page.
fn commands() -> Vec<&'static str> {
    let shells = blocks(PAGE).into_iter().filter(|block| block.info == "sh");
    shells.flat_map(|block| block.text.lines()).collect()
}

/// A feed that every command of the page shows something of, and that ends.
fn feed(command: &str) -> Script {
    let accept = match command.contains(" -s v1.json") {
        true => Script::accept().subprotocol("v1.json"),
        false => Script::accept(),
    };
    let trade = r#"{"type":"trade","price":100}"#;
    accept.send_text(trade).send_binary([0xff]).send_text("no JSON").close(1000, "")
}

#[tokio::test]
async fn each_command_of_the_page_works() {
    let (ca, files) = (TestCa::new(), Files::new());
    let client = ca.client("tap");
    for (name, content) in [
        ("ca.pem", ca.pem()),
        ("client.pem", client.cert_pem().to_owned()),
        ("client.key", client.key_pem().to_owned()),
    ] {
        files.write(name, content);
    }
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let plain = ScriptedServer::start([feed(command)]).await;
        let secure = ScriptedServer::start_tls([feed(command)], ca.good().server_config()).await;
        let source = json!({
            "type": "websocket", "url": plain.url(), "unbounded": true, "message_format": "binary",
        });
        let file = json!({"sources": {"feed": source}, "sinks": {"out": {"type": "stdout", "from": "feed"}}});
        files.write("pipeline.yaml", file.to_string());
        let command = command
            .replace("--for 1h", "--for 1s")
            .replace("ws://127.0.0.1:9001/", &plain.url())
            .replace("wss://127.0.0.1:9443/", &secure.url());
        let ran = Running::start(&mut shell(&files, &command)).ended().await;
        assert_eq!(ran.code, Some(0), "{command}: {ran:#?}");
        let shown = match command.contains("feed.bin") {
            true => std::fs::read(files.path("feed.bin")).unwrap(),
            false => ran.stdout.into_bytes(),
        };
        assert!(!shown.is_empty(), "{command}: nothing is shown");
        assert!(ran.stderr.contains("connected"), "{command}: {}", ran.stderr);
    }
    assert_eq!(files.read("feed.jsonl").lines().count(), 3, "of --record");
}
