//! HTX: gzip in each message, and pings that want their own number back.

use std::io::Write as _;

use faucet_stream::End;
use faucet_testkit::{Frame, Reply, Script, ScriptedServer};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::recipe::{Recipe, cut};

fn packed(json: &[u8]) -> Frame {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json).unwrap();
    Frame::binary(encoder.finish().unwrap())
}

/// The subscriptions. `nousdt` is refused.
fn up(markets: &[&str]) -> Script {
    let pairs = markets.iter().map(|market| {
        let topic = format!("market.{market}.trade.detail");
        let answer = match *market {
            "nousdt" => json!({"id": "{/id}", "status": "error", "err-msg": "invalid topic"}),
            _ => json!({"id": "{/id}", "status": "ok", "subbed": "{/sub}"}),
        };
        (json!({"/sub": topic, "/id": {"prefix": "s"}}), Reply::packed_json(answer, packed))
    });
    Script::accept().unordered(pairs)
}

/// A trade whose number is wider than 64 bits.
fn trade(n: u32) -> String {
    let data = format!(r#"{{"id":1000000000000000000000000{n},"price":30000.10}}"#);
    format!(r#"{{"ch":"market.btcusdt.trade.detail","tick":{{"data":[{data}]}}}}"#)
}

#[tokio::test]
async fn trades_are_recorded_digit_for_digit_over_a_cut() {
    // The number of a ping is answered as it came, also where a float could not hold it.
    let ping = |number: &str| packed(format!(r#"{{"ping":{number}}}"#).as_bytes());
    let server = ScriptedServer::start([
        cut(up(&["btcusdt", "ethusdt", "nousdt"])
            .send_frame(packed(trade(1).as_bytes()))
            .send_frame(ping("1492420473027"))
            .expect_text(r#"{"pong":1492420473027}"#)
            .send_frame(packed(trade(2).as_bytes()))),
        // A topic that was refused is asked for again.
        up(&["btcusdt", "ethusdt", "nousdt"])
            .send_frame(ping("18446744073709551617"))
            .expect_text(r#"{"pong":18446744073709551617}"#)
            .send_frame(packed(trade(3).as_bytes()))
            .expect_close(),
    ])
    .await;
    let recipe = Recipe::new("htx", 3)
        .with("wss://api-aws.huobi.pro/", &server.url())
        .with("detail]", "detail, market.nousdt.trade.detail]");
    let ran = recipe.run(&[]).await;
    server.finish().await;
    assert_eq!(ran.report.ended, End::MaxMessages, "{:?}", ran.report.error);
    assert_eq!(ran.lines, [trade(1), trade(2), trade(3)]);
    assert_eq!(ran.report.reconnects, 1);
}
