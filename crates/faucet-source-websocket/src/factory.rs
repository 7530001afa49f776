//! Makes sources from a configuration, an option map or the registry.

use std::collections::HashMap;

use faucet_common_websocket::options;
use faucet_core::option_map::{self, boolean};
use faucet_core::{OptionKey, Problems, Result, SourceConfig};

use crate::config::WebsocketSourceConfig;
use crate::source::WebsocketSource;

const OPTIONS: &[OptionKey] = &[
    options::URL,
    OptionKey::new(
        "format",
        "message_format",
        |text| options::format(text, ["json", "raw_string", "binary"]),
        "What a message is taken as: `json`, `text` or `bytes`.",
    )
    .with_default("json"),
    options::RECONNECT,
    options::DELAY,
    options::MAX_DELAY,
    options::max_attempts("-1"),
    options::PATIENCE,
    options::SUBPROTOCOL,
    OptionKey::new(
        "websocket.batch_timeout",
        "batch_timeout",
        |text| Ok(text.parse::<u32>().map_or_else(|_| text.into(), Into::into)),
        "How long a page that is not full waits; 0 hands records over as they arrive.",
    )
    .with_default("0"),
    OptionKey::new("websocket.unbounded", "unbounded", boolean, "Run until stopped.")
        .with_default("true"),
];

impl SourceConfig for WebsocketSourceConfig {
    const NAME: &'static str = "websocket";
    type Source = WebsocketSource;

    fn build(self) -> Result<WebsocketSource, Problems> {
        WebsocketSource::from_config(self)
    }

    fn options() -> &'static [OptionKey] {
        OPTIONS
    }
}

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
        Ok(option_map::build_source::<WebsocketSourceConfig>(options)?)
    }
}

/// Registers the source as `websocket`.
///
/// # Errors
/// When a source of that name is registered already.
pub fn register(registry: &mut faucet_core::Registry) -> Result<(), Problems> {
    registry.add_source::<WebsocketSourceConfig>()
}
