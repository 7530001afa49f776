//! A WebSocket sink: each record is one frame, a page is one flush, and what the peer has read can
//! be proved.
//!
//! ```no_run
//! use faucet_core::{RunContext, Sink};
//! use faucet_sink_websocket::{DeliveryMode, WebsocketSink, WebsocketSinkConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = WebsocketSinkConfig {
//!     delivery: DeliveryMode::AtLeastOnce,
//!     ..WebsocketSinkConfig::new("wss://collector.example.com/events")
//! };
//! let sink = WebsocketSink::new(config)?;
//! let mut writer = sink.open(&RunContext::default()).await?;
//! # let page = faucet_core::StreamPage::default();
//! writer.write_page(page).await?;
//! writer.flush().await?; // everything written so far was read by the peer
//! writer.close().await?;
//! # Ok(())
//! # }
//! ```

mod config;
mod delivery;
mod driver;
mod encode;
mod sink;
mod writer;

pub use config::{DeliveryMode, MessageType, RecordFormat, WebsocketSinkConfig};
pub use faucet_common_websocket::{Auth, AuthProvider, ConnectMessage, TlsConfig, UrlText};
pub use sink::WebsocketSink;
pub use writer::WebsocketWriter;

/// Registers the sink as `websocket`.
///
/// # Errors
/// When a sink of that name is registered already.
pub fn register(registry: &mut faucet_core::Registry) -> faucet_core::Result<()> {
    registry.add_sink::<WebsocketSinkConfig>()
}
