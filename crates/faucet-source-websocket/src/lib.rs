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

mod config;
mod decode;
mod reader;
mod source;
mod stop;

use std::collections::HashMap;

use faucet_core::Result;

pub use config::{OnParseError, WebsocketSourceConfig, WsMessageFormat};
pub use faucet_common_websocket::{Auth, AuthProvider, ConnectMessage, TlsConfig, UrlText};
pub use reader::WebsocketReader;
pub use source::WebsocketSource;

/// Makes sources of flat text, such as the `WITH` clause of SQL.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> faucet_core::Result<()> {
/// use std::collections::HashMap;
///
/// use faucet_core::Source;
/// use faucet_source_websocket::WebsocketSourceFactory;
///
/// let mut options = HashMap::new();
/// options.insert(
///     "websocket.url".to_string(),
///     "wss://stream.binance.com:9443/ws/btcusdt@trade".to_string(),
/// );
/// let factory = WebsocketSourceFactory;
/// let source = factory.create_initialized(&options)?;
/// source.validate_connectivity().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct WebsocketSourceFactory;

impl WebsocketSourceFactory {
    /// The source that `options` describe, which runs until it is stopped unless they say
    /// otherwise. Does no I/O.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) with all problems, each naming its option.
    pub fn create_initialized(&self, options: &HashMap<String, String>) -> Result<WebsocketSource> {
        faucet_core::options::build_source::<WebsocketSourceConfig>(options)
    }
}

/// Registers the source as `websocket`.
///
/// # Errors
/// When a source of that name is registered already.
pub fn register(registry: &mut faucet_core::Registry) -> Result<()> {
    registry.add_source::<WebsocketSourceConfig>()
}
