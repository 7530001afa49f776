//! The complete scripts of the specification, with other host names only.

use std::collections::BTreeMap;

use faucet_core::Scope;
use faucet_sql::Script as SqlScript;
use faucet_testkit::{Gate, MemorySink, Script, ScriptedServer, opcode};
use serde_json::Value;

use crate::support::{now, ran, ran_until, registry, values};

const VWAP: &str = include_str!("specification/vwap.sql");
const AUTHENTICATED: &str = include_str!("specification/authenticated.sql");
const ALERT: &str = include_str!("specification/alert.sql");
const END_TO_END: &str = include_str!("specification/end_to_end.sql");
const COMBINED: &str = include_str!("specification/combined.sql");
const TICKER: &str = include_str!("specification/ticker.sql");
const RAW: &str = include_str!("specification/raw.sql");

/// Sends messages and waits; the gate is reached when the client has read them.
fn feed(messages: &[String], read: &Gate) -> Script {
    let script = messages.iter().fold(Script::accept(), |script, text| script.send_text(text));
    script.ping("all").expect_pong("all").wait(read)
}

struct Trade {
    symbol: &'static str,
    price: String,
    quantity: String,
}

/// Trades as an exchange sends them, with prices and quantities in digits.
fn trades(count: u64) -> Vec<Trade> {
    let mut seed = 42_u64;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let trade = |_| Trade {
        symbol: ["BTCUSDT", "ETHUSDT", "SOLUSDT"][next(3) as usize],
        price: format!("{}.{:02}", 100 + next(60_000), next(100)),
        quantity: format!("{}.{:05}", next(3), 1 + next(99_999)),
    };
    (0..count).map(trade).collect()
}

/// Volume weighted price and volume of each symbol.
fn expected(trades: &[Trade]) -> BTreeMap<String, (f64, f64, u64)> {
    let mut sums: BTreeMap<String, (f64, f64, u64)> = BTreeMap::new();
    for trade in trades {
        let (price, quantity): (f64, f64) =
            (trade.price.parse().unwrap(), trade.quantity.parse().unwrap());
        let sum = sums.entry(trade.symbol.to_owned()).or_default();
        *sum = (sum.0 + price * quantity, sum.1 + quantity, sum.2 + 1);
    }
    sums
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

/// The sums of the rows of a symbol: a run at the turn of a minute gives two.
fn sums(rows: &[Value], price: &str, weight: &str) -> BTreeMap<String, (f64, f64)> {
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(row["symbol"].as_str().unwrap().to_owned()).or_default();
        let weight = row[weight].as_f64().unwrap();
        *sum = (sum.0 + row[price].as_f64().unwrap() * weight, sum.1 + weight);
    }
    sums
}

#[tokio::test]
async fn vwap_equals_an_independent_computation() {
    let trades = trades(1500);
    let message = |trade: &Trade| {
        let Trade { symbol, price, quantity } = trade;
        format!(
            r#"{{"e":"trade","E":1,"s":"{symbol}","t":7,"p":"{price}","q":"{quantity}","T":1700000000000,"m":true}}"#
        )
    };
    let read = Gate::new();
    let messages: Vec<String> = trades.iter().map(message).collect();
    let server = ScriptedServer::start([feed(&messages, &read)]).await;
    let stdout = MemorySink::new();
    let script = VWAP.replace("wss://stream.binance.com:9443/", &server.url());
    let report = ran_until(&script, &registry(&stdout), read.reached()).await;
    assert!(report.error.is_none(), "{report:?}");
    let rows = values(&stdout);
    let (found, expected) = (sums(&rows, "vwap", "total_volume"), expected(&trades));
    assert_eq!(found.len(), 3, "{rows:?}");
    for (symbol, (turnover, volume)) in found {
        let (wanted_turnover, wanted_volume, _) = expected[&symbol];
        assert!(close(volume, wanted_volume), "{symbol}: {volume} {wanted_volume}");
        assert!(close(turnover / volume, wanted_turnover / wanted_volume), "{symbol}");
    }
}

#[tokio::test]
async fn a_row_for_each_symbol_and_minute_goes_from_a_websocket_to_another() {
    let trades = trades(900);
    let message = |trade: &Trade| {
        let Trade { symbol, price, quantity } = trade;
        format!(r#"{{"symbol":"{symbol}","price":{price},"quantity":{quantity},"side":"buy"}}"#)
    };
    let read = Gate::new();
    let messages: Vec<String> = trades.iter().map(message).collect();
    let server = ScriptedServer::start([feed(&messages, &read)]).await;
    let analytics = ScriptedServer::start([Script::accept()]).await;
    let script = END_TO_END
        .replace("wss://stream.crypto-exchange.com/", &server.url())
        .replace("wss://analytics.example.com/", &analytics.url());
    let report = ran_until(&script, &registry(&MemorySink::new()), read.reached()).await;
    assert!(report.error.is_none(), "{report:?}");
    let seen = analytics.finish().await;
    assert_eq!(seen[0].header("Authorization"), Some("Bearer analytics-token"));
    assert_eq!(seen[0].path(), "/stats");
    assert_eq!(server.connections()[0].path(), "/trades");
    let rows = seen[0].json_messages();
    let mut windows: Vec<(String, i64)> = Vec::new();
    for row in &rows {
        let end = row["window_end"].as_i64().unwrap();
        assert_eq!(end % 60_000, 0, "{row}");
        windows.push((row["symbol"].to_string(), end));
    }
    let count = windows.len();
    windows.sort();
    windows.dedup();
    assert_eq!(windows.len(), count, "one row for each symbol and window: {rows:?}");
    let (volumes, expected) = (sums(&rows, "trade_count", "total_volume"), expected(&trades));
    let prices = sums(&rows, "avg_price", "trade_count");
    for (symbol, (_, volume, count)) in expected {
        assert!(close(volumes[&symbol].1, volume), "{symbol}");
        assert_eq!(prices[&symbol].1 as u64, count, "{symbol}");
    }
}

#[tokio::test]
async fn the_combined_stream_keeps_its_data_byte_for_byte() {
    let data = [
        r#"{"e":"trade", "s":"BTCUSDT", "p":"50000.00", "q":"0.5", "id":101027219534255757415994639}"#,
        r#"{ "nested" : { "a" : [ 1.10, null, "\u00e9\n" ] } }"#,
    ];
    let streams = ["btcusdt@trade", "ethusdt@trade"];
    let message = |n: usize| format!(r#"{{"stream":"{}","data":{}}}"#, streams[n], data[n]);
    let read = Gate::new();
    let server = ScriptedServer::start([feed(&[message(0), message(1)], &read)]).await;
    let stdout = MemorySink::new();
    let script = COMBINED.replace("wss://stream.binance.com:9443/", &server.url());
    let script = format!("{script}\nSELECT stream, data, data->>'s' AS s FROM MultiPairTrades;");
    ran_until(&script, &registry(&stdout), read.reached()).await.into_result().unwrap();
    let row =
        |n: usize, s: &str| format!(r#"{{"stream":"{}","data":{},"s":{s}}}"#, streams[n], data[n]);
    assert_eq!(stdout.json(), [row(0, "\"BTCUSDT\""), row(1, "null")]);
    assert_eq!(server.connections()[0].path(), "/stream?streams=btcusdt@trade/ethusdt@trade");
}

#[tokio::test]
async fn alerts_are_sent_for_rows_that_pass_the_filter() {
    let began = now();
    let trade = |symbol: &str, change: f64| {
        format!(r#"{{"symbol":"{symbol}","price":10.5,"price_change_pct":{change}}}"#)
    };
    let read = Gate::new();
    let trades = [trade("A", 4.9), trade("B", 5.1), trade("C", 5.0), trade("D", 17.0)];
    let server = ScriptedServer::start([feed(&trades, &read)]).await;
    let dashboard = ScriptedServer::start([Script::accept()]).await;
    let declaration = format!(
        "CREATE STREAM TradeStream (symbol STRING, price DOUBLE, price_change_pct DOUBLE) WITH (type = 'source', \
         extension = 'websocket', format = 'json', \"websocket.url\" = '{}');\n",
        server.url()
    );
    let script = declaration + &ALERT.replace("wss://dashboard.example.com/", &dashboard.url());
    ran_until(&script, &registry(&MemorySink::new()), read.reached()).await.into_result().unwrap();
    let seen = dashboard.finish().await;
    assert!(seen[0].messages().iter().all(|(kind, _)| *kind == opcode::TEXT));
    let rows = seen[0].json_messages();
    let symbols: Vec<&str> = rows.iter().map(|row| row["symbol"].as_str().unwrap()).collect();
    assert_eq!(symbols, ["B", "D"]);
    for row in rows {
        assert_eq!((&row["alert_type"], &row["price"]), (&"PRICE_SPIKE".into(), &10.5.into()));
        let at = row["timestamp"].as_i64().unwrap();
        assert!(began <= at && at <= now(), "{row}");
    }
}

#[tokio::test]
async fn headers_and_subprotocol_arrive_at_the_server() {
    let read = Gate::new();
    let event = r#"{"event_type":"fill","data":"x","timestamp":1700000000000}"#.to_owned();
    let accepted = feed(&[event], &read).subprotocol("v1.json");
    let server = ScriptedServer::start([accepted]).await;
    let stdout = MemorySink::new();
    let registry = registry(&stdout);
    let script = AUTHENTICATED.replace("wss://api.example.com/", &server.url());
    let query = format!("{script}\nSELECT * FROM PrivateEvents;");
    ran_until(&query, &registry, read.reached()).await.into_result().unwrap();
    let seen = server.connections();
    assert_eq!(seen[0].header("Authorization"), Some("Bearer eyJhbGciOiJIUzI1NiIs..."));
    assert_eq!(seen[0].header("X-API-Key"), Some("your-api-key"));
    assert_eq!(seen[0].header("Sec-WebSocket-Protocol"), Some("v1.json"));
    assert_eq!(seen[0].path(), "/private/stream");
    assert_eq!(stdout.json(), [r#"{"event_type":"fill","data":"x","timestamp":1700000000000}"#]);
    // Without a query the script declares a stream, which a check reaches.
    let script = SqlScript::parse(&script);
    assert!(script.check(&registry).pipeline.is_none());
    let ends = script.ends(&registry);
    assert_eq!(ends.len(), 1);
    let report = ends[0].check(&Scope::new("PrivateEvents")).await.unwrap();
    report.into_result().unwrap();
}

#[tokio::test]
async fn the_smallest_script_takes_all_defaults() {
    let read = Gate::new();
    let server =
        ScriptedServer::start([feed(&[r#"{"price":1.5,"timestamp":3}"#.to_owned()], &read)]).await;
    let stdout = MemorySink::new();
    let script = TICKER.replace("wss://fast-feed.example.com/", &server.url());
    let script = format!("{script}\nSELECT price * 2 AS double FROM TickerFeed");
    ran_until(&script, &registry(&stdout), read.reached()).await.into_result().unwrap();
    assert_eq!(stdout.json(), [r#"{"double":3.0}"#]);
}

#[tokio::test]
async fn bytes_go_in_and_out_as_binary_messages() {
    let read = Gate::new();
    let messages: [&[u8]; 3] = [b"\x00\xff", b"{}", b"\x80"];
    let script = messages.iter().fold(Script::accept(), |script, bytes| script.send_binary(bytes));
    let server = ScriptedServer::start([script.ping("all").expect_pong("all").wait(&read)]).await;
    let receiver = ScriptedServer::start([Script::accept()]).await;
    let script = RAW.replace("wss://high-freq.example.com/", &server.url());
    let sink = format!(
        "CREATE STREAM Copy (payload BYTES) WITH (type = 'sink', extension = 'websocket', format = 'bytes', \
         \"websocket.url\" = '{}');\nINSERT INTO Copy SELECT payload FROM RawFeed;",
        receiver.url()
    );
    let script = format!("{script}\n{sink}");
    ran_until(&script, &registry(&MemorySink::new()), read.reached()).await.into_result().unwrap();
    let seen = receiver.finish().await;
    let wanted: Vec<(u8, Vec<u8>)> =
        messages.iter().map(|bytes| (opcode::BINARY, bytes.to_vec())).collect();
    let found: Vec<(u8, Vec<u8>)> =
        seen[0].messages().into_iter().map(|(kind, bytes)| (kind, bytes.to_vec())).collect();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn text_goes_in_and_out_as_it_is() {
    let server = ScriptedServer::start([Script::accept()
        .send_text("BTC 42.50")
        .send_text("no json \"")
        .send_text("")
        .close(1000, "")])
    .await;
    let receiver = ScriptedServer::start([Script::accept()]).await;
    let script = format!(
        "CREATE STREAM Lines (line STRING) WITH (type = 'source', extension = 'websocket', format = 'text', \
         \"websocket.url\" = '{}', \"websocket.reconnect\" = 'false');
         CREATE STREAM Loud (line STRING) WITH (type = 'sink', extension = 'websocket', format = 'text', \
         \"websocket.url\" = '{}');
         INSERT INTO Loud SELECT upper(line) AS line FROM Lines;",
        server.url(),
        receiver.url()
    );
    ran(&script, &registry(&MemorySink::new())).await.into_result().unwrap();
    let seen = receiver.finish().await;
    assert_eq!(seen[0].texts(), ["BTC 42.50", "NO JSON \"", ""]);
}
