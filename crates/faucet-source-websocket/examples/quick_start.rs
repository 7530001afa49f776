//! The quick start of the specification, word for word and with no other `use`. It is compiled with
//! the tests; running it reaches Binance.
#![expect(clippy::print_stdout, reason = "a program talks to its user")]

use faucet_core::Source;
use faucet_source_websocket::{WebsocketSource, WebsocketSourceConfig, WsMessageFormat};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = WebsocketSourceConfig {
        url: "wss://stream.binance.com:9443/ws/btcusdt@trade".into(),
        message_format: WsMessageFormat::Json,
        max_messages: Some(100),
        idle_timeout: Some(std::time::Duration::from_secs(30)),
        ..serde_json::from_value(serde_json::json!({
            "url": "wss://stream.binance.com:9443/ws/btcusdt@trade"
        }))?
    };
    let source = WebsocketSource::new(config)?;
    let records = source.fetch_all().await?;
    println!("got {} trades", records.len());
    Ok(())
}
