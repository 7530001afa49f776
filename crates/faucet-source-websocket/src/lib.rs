//! A WebSocket source: connects, subscribes, and hands over each message as a record.
//!
//! ```no_run
//! use faucet_core::Source;
//! use faucet_source_websocket::{WebsocketSource, WebsocketSourceConfig, WsMessageFormat};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = WebsocketSourceConfig {
//!     url: "wss://stream.binance.com:9443/ws/btcusdt@trade".into(),
//!     message_format: WsMessageFormat::Json,
//!     max_messages: Some(100),
//!     idle_timeout: Some(std::time::Duration::from_secs(30)),
//!     ..serde_json::from_value(serde_json::json!({
//!         "url": "wss://stream.binance.com:9443/ws/btcusdt@trade"
//!     }))?
//! };
//! let source = WebsocketSource::new(config)?;
//! let records = source.fetch_all().await?;
//! println!("got {} trades", records.len());
//! # Ok(())
//! # }
//! ```
//!
//! For a feed without an end use [`stream_pages`](faucet_core::Source::stream_pages), which holds
//! one page at a time.

mod checked;
mod config;
mod continuity;
mod ctrl_c;
mod decode;
mod factory;
mod intake;
mod lane;
mod message_format;
mod outage;
mod pages;
mod reader;
mod source;
mod stop;
mod successor;

pub use config::WebsocketSourceConfig;
pub use factory::{WebsocketSourceFactory, register};
pub use faucet_common_websocket::{
    Auth, AuthProvider, ProxyEnvironment, ProxySetting, SessionMessage, TlsConfig, UrlText,
    Utf8Policy, session,
};
pub use message_format::{IdleResetsOn, OnParseError, WsMessageFormat};
pub use reader::WebsocketReader;
pub use source::WebsocketSource;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
