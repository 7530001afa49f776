//! Bitfinex: arrays, one number for the whole connection, maintenance.

use faucet_stream::End;
use faucet_testkit::{Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::{Recipe, read};

fn info(status: u32) -> Value {
    json!({"event": "info", "version": 2, "platform": {"status": status}})
}

fn up() -> Script {
    let subscribed = |channel: u32| json!({"event": "subscribed", "channel": "trades", "chanId": channel, "symbol": "{/symbol}"});
    // The answers come in the other order.
    Script::accept()
        .send_text(info(1).to_string())
        .next_json(json!({"/event": "conf", "/flags": 65536}))
        .reply_json(json!({"event": "conf", "status": "OK", "flags": "{/flags}"}))
        .next_json(json!({"/event": "subscribe", "/symbol": "tBTCUSD"}))
        .hold_reply("first", subscribed(10))
        .next_json(json!({"/event": "subscribe", "/symbol": "tETHUSD"}))
        .reply_json(subscribed(11))
        .release("first")
}

/// The lines with which a connection begins.
const SUBSCRIBED: [&str; 2] = [
    r#"{"chanId":11,"channel":"trades","event":"subscribed","symbol":"tETHUSD"}"#,
    r#"{"chanId":10,"channel":"trades","event":"subscribed","symbol":"tBTCUSD"}"#,
];

#[tokio::test]
async fn a_hole_connects_again_and_maintenance_is_waited_for() {
    let trade = |n: u32| format!(r#"[10,"tu",[{n}],{n}]"#);
    let server = ScriptedServer::start([
        Script::accept().send_text(info(0).to_string()).expect_close(),
        up().send_text(r#"[10,"te",[1],1]"#)
            .send_text(trade(2))
            .send_text(r#"[11,"hb",3]"#)
            .send_text(trade(4))
            // The number 5 is missing.
            .send_text(trade(6))
            .expect_close(),
        read(up()).send_text(trade(1)).expect_close(),
    ])
    .await;
    let recipe = Recipe::of("bitfinex", 8, 60)
        .with("wss://api-pub.bitfinex.com/", &server.url())
        .with("delay: 1 min", "delay: 0.01");
    let ran = recipe.run(&[]).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    let [eth, btc] = SUBSCRIBED.map(str::to_owned);
    let [first, second] = [(&eth, &btc), (&eth, &btc)];
    let expected =
        [first.0, first.1, &trade(2), &trade(4), &trade(6), second.0, second.1, &trade(1)];
    let found: Vec<&String> = ran.lines.iter().collect();
    assert_eq!(found, expected);
}
