//! A WebSocket sink: each record is one frame, a page is one flush, and what the peer has read can
//! be proved.
//!
//! ```no_run
//! use faucet_core::{Scope, Sink};
//! use faucet_sink_websocket::{DeliveryMode, WebsocketSink, WebsocketSinkConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = WebsocketSinkConfig {
//!     delivery: DeliveryMode::AtLeastOnce,
//!     ..WebsocketSinkConfig::new("wss://collector.example.com/events")
//! };
//! let sink = WebsocketSink::new(config)?;
//! let mut writer = sink.open(&Scope::default()).await?;
//! # let page = faucet_core::StreamPage::default();
//! writer.write_page(page).await?;
//! let flushed = writer.flush().await?; // the peer has read every record
//! assert_eq!(flushed.unconfirmed(), 0);
//! writer.close().await?;
//! # Ok(())
//! # }
//! ```

mod checked;
mod command;
mod config;
mod delivery;
mod encode;
mod factory;
mod record_format;
mod sink;
mod sink_task;
mod writer;

pub use config::WebsocketSinkConfig;
pub use delivery::delivery_mode::DeliveryMode;
pub use factory::{WebsocketSinkFactory, register};
pub use faucet_common_websocket::{
    Auth, AuthProvider, ProxyEnvironment, ProxySetting, SessionMessage, TlsConfig, UrlText, session,
};
pub use record_format::{MessageType, RecordFormat};
pub use sink::WebsocketSink;
pub use writer::WebsocketWriter;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
