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

mod account;
mod config;
mod delivery;
mod down;
mod driver;
mod encode;
mod refusal;
mod search;
mod sink;
mod window;
mod writer;

use std::collections::HashMap;

use faucet_core::Result;

pub use config::{DeliveryMode, MessageType, RecordFormat, WebsocketSinkConfig};
pub use faucet_common_websocket::{Auth, AuthProvider, ConnectMessage, TlsConfig, UrlText};
pub use sink::WebsocketSink;
pub use writer::WebsocketWriter;

/// Makes sinks of flat text, such as the `WITH` clause of SQL.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> faucet_core::Result<()> {
/// use std::collections::HashMap;
///
/// use faucet_core::Sink;
/// use faucet_sink_websocket::WebsocketSinkFactory;
///
/// let mut options = HashMap::new();
/// options.insert("websocket.url".to_string(), "wss://my-server.com/events".to_string());
/// options.insert("websocket.message.type".to_string(), "text".to_string());
/// let factory = WebsocketSinkFactory;
/// let sink = factory.create_initialized(&options)?;
/// sink.validate_connectivity().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct WebsocketSinkFactory;

impl WebsocketSinkFactory {
    /// The sink that `options` describe. Does no I/O.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) with all problems, each naming its option.
    pub fn create_initialized(&self, options: &HashMap<String, String>) -> Result<WebsocketSink> {
        faucet_core::options::build_sink::<WebsocketSinkConfig>(options)
    }
}

/// Registers the sink as `websocket`.
///
/// # Errors
/// When a sink of that name is registered already.
pub fn register(registry: &mut faucet_core::Registry) -> Result<()> {
    registry.add_sink::<WebsocketSinkConfig>()
}
