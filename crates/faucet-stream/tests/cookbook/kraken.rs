//! Kraken: a greeting, an answer for each symbol, heartbeats both ways, trade ids without holes.

use faucet_stream::End;
use faucet_testkit::{Reply, Script, ScriptedServer};
use serde_json::{Value, json};

use crate::recipe::{Recipe, cut, read};

/// The greeting and the subscriptions. `NO/USD` is refused.
fn up(symbols: &[&str]) -> Script {
    let status = json!({"channel": "status", "type": "update", "data": [{"system": "online"}]});
    let good = || {
        Reply::json(json!({
            "method": "subscribe", "req_id": "{/req_id}", "success": true,
            "result": {"channel": "trade", "symbol": "{/params/symbol/0}"},
        }))
    };
    let bad = || {
        Reply::json(json!({
            "method": "subscribe", "req_id": "{/req_id}", "success": false,
            "error": "Currency pair not supported", "symbol": "{/params/symbol/0}",
        }))
    };
    let pairs = symbols.iter().map(|symbol| {
        let matches = json!({
            "/method": "subscribe", "/params/channel": "trade", "/params/symbol/0": symbol,
            "/params/snapshot": false, "/req_id": {"exists": true},
        });
        (matches, if *symbol == "NO/USD" { bad() } else { good() })
    });
    Script::accept().send_text(status.to_string()).unordered(pairs)
}

fn trades(symbol: &str, numbers: &[u32]) -> String {
    let trade = |n: &u32| json!({"symbol": symbol, "trade_id": n});
    let data: Vec<Value> = numbers.iter().map(trade).collect();
    json!({"channel": "trade", "type": "update", "data": data}).to_string()
}

#[tokio::test]
async fn trades_are_recorded_and_the_missing_ones_are_counted() {
    let pong = || json!({"method": "pong", "req_id": "{/req_id}"});
    let beat = json!({"channel": "heartbeat"}).to_string();
    let server = ScriptedServer::start([
        cut(up(&["BTC/USD", "ETH/USD", "NO/USD"])
            .send_text(trades("BTC/USD", &[10, 11]))
            .send_text(beat.clone())
            .expect_json(json!({"/method": "ping"}))
            .reply_json(pong())
            .whenever(json!({"/method": "ping"}), pong())
            .send_text(trades("ETH/USD", &[5]))),
        // The trades 12 to 14 went by while nobody was connected.
        read(up(&["BTC/USD", "ETH/USD", "NO/USD"]))
            .whenever(json!({"/method": "ping"}), pong())
            .send_text(beat)
            .send_text(trades("BTC/USD", &[15]))
            .send_text(trades("ETH/USD", &[6]))
            .expect_close(),
    ])
    .await;
    let recipe = Recipe::new("kraken", 5)
        .with("wss://ws.kraken.com/", &server.url())
        .with("ETH/USD]", "ETH/USD, NO/USD]")
        .with("interval: 30", "interval: 0.05");
    let ran = recipe.run(&[]).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    let expected = [("BTC", 10), ("BTC", 11), ("ETH", 5), ("BTC", 15), ("ETH", 6)];
    let expected =
        expected.map(|(symbol, n)| format!(r#"{{"symbol":"{symbol}/USD","trade_id":{n}}}"#));
    assert_eq!(ran.lines, expected);
    assert_eq!(ran.report.reconnects, 1);
    let missing: u64 = ran.report.gaps.iter().filter_map(|gap| gap.missing).sum();
    assert_eq!(missing, 3, "{:?}", ran.report.gaps);
    let counts = &ran.report.components["source"].counters;
    // Once, though each connection asks for it.
    assert_eq!(counts.get("refused_topics"), Some(&1), "{counts:?}");
}
