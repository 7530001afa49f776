//! Makes sinks from a configuration, an option map or the registry.

use std::collections::HashMap;

use faucet_common_websocket::options;
use faucet_core::{OptionKey, Problems, Result, SinkConfig, option_map};

use crate::config::WebsocketSinkConfig;
use crate::sink::WebsocketSink;

const OPTIONS: &[OptionKey] = &[
    options::URL,
    OptionKey::new(
        "format",
        "record_format",
        |text| options::format(text, ["json", "text", "any"]),
        "What every record must be: `json`, `text`, or any `bytes`.",
    ),
    options::RECONNECT,
    options::DELAY,
    options::MAX_DELAY,
    options::max_attempts("3"),
    options::PATIENCE,
    OptionKey::new(
        "websocket.message.type",
        "message_type",
        |kind| match kind.to_ascii_lowercase().as_str() {
            kind @ ("text" | "binary" | "same") => Ok(kind.into()),
            _ => Err("text, binary or same"),
        },
        "The kind of frame that a record becomes: `text`, `binary`, or the `same` that it was.",
    )
    .with_default("text"),
    options::SUBPROTOCOL,
];

impl SinkConfig for WebsocketSinkConfig {
    const NAME: &'static str = "websocket";
    type Sink = WebsocketSink;

    fn build(self) -> Result<WebsocketSink, Problems> {
        WebsocketSink::from_config(self)
    }

    fn options() -> &'static [OptionKey] {
        OPTIONS
    }
}

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
        Ok(option_map::build_sink::<WebsocketSinkConfig>(options)?)
    }
}

/// Registers the sink as `websocket`.
///
/// # Errors
/// When a sink of that name is registered already.
pub fn register(registry: &mut faucet_core::Registry) -> Result<(), Problems> {
    registry.add_sink::<WebsocketSinkConfig>()
}
