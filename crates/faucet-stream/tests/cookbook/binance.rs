//! Binance: a planned reconnect without a hole, and numbers that show one.

use faucet_stream::End;
use faucet_testkit::{Gate, Script, ScriptedServer};
use serde_json::json;

use crate::recipe::{Recipe, read};

fn up() -> Script {
    let both = json!({
        "/method": "SUBSCRIBE", "/params/0": "btcusdt@aggTrade", "/params/1": "ethusdt@aggTrade",
        "/id": 1,
    });
    Script::accept().next_json(both).reply_json(json!({"result": null, "id": "{/id}"}))
}

fn trade(n: u32) -> String {
    format!(r#"{{"stream":"btcusdt@aggTrade","data":{{"e":"aggTrade","s":"BTCUSDT","a":{n}}}}}"#)
}

fn recipe(server: &ScriptedServer, records: usize) -> Recipe {
    Recipe::new("binance", records).with("wss://stream.binance.com:9443/", &server.url())
}

#[tokio::test]
async fn the_next_connection_is_subscribed_before_the_old_one_ends() {
    let shutdown = json!({"stream": "x", "data": {"e": "serverShutdown"}}).to_string();
    let is_up = Gate::new();
    let server = ScriptedServer::start([
        up().send_text(trade(1))
            .send_text(trade(2))
            .send_text(shutdown)
            .wait(&is_up)
            .send_text(trade(3))
            .send_text(trade(4))
            .expect_close(),
        read(up().send_text(trade(3)))
            .wait(&is_up)
            .send_text(trade(4))
            .send_text(trade(5))
            .expect_close(),
    ])
    .await;
    let running = tokio::spawn(recipe(&server, 5).run(&[]));
    server.until(|all| all.len() > 1 && all[1].texts().len() == 1).await;
    is_up.open();
    let ran = running.await.unwrap();
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    let expected = [1, 2, 3, 4, 5].map(|n| format!(r#"{{"e":"aggTrade","s":"BTCUSDT","a":{n}}}"#));
    assert_eq!(ran.lines, expected);
    assert_eq!(ran.report.gaps.len(), 0, "{:?}", ran.report.gaps);
}

#[tokio::test]
async fn a_hole_in_the_numbers_is_counted() {
    let server = ScriptedServer::start([up()
        .send_text(trade(1))
        .send_text(trade(5))
        .send_text(trade(6))
        .expect_close()])
    .await;
    let ran = recipe(&server, 3).run(&[]).await;
    server.finish().await;
    let missing: Vec<Option<u64>> = ran.report.gaps.iter().map(|gap| gap.missing).collect();
    assert_eq!(missing, [Some(3)], "{:?}", ran.report.error);
}
