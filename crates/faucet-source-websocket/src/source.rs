//! The configured source.

use std::sync::Arc;

use async_trait::async_trait;
use faucet_common_websocket::dial::Dial;
use faucet_common_websocket::{AuthProvider, Wanted};
use faucet_core::{
    CheckReport, Delivery, Info, PageReader, Result, RunContext, Source, SourceConfig,
};

use crate::checked::Checked;
use crate::config::WebsocketSourceConfig;
use crate::reader::WebsocketReader;

/// A WebSocket feed. Immutable: every run opens a connection of its own.
pub struct WebsocketSource {
    checked: Checked,
}

impl WebsocketSource {
    /// Checks the configuration. Does no I/O.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) with all problems, each naming its key.
    pub fn new(config: WebsocketSourceConfig) -> Result<Self> {
        config.check().map(|checked| Self { checked })
    }

    /// Asks `provider` for credentials on every connect, for tokens that expire. Its headers
    /// replace those of the same name from `headers` and `auth`.
    #[must_use]
    pub fn with_auth_provider(mut self, provider: Arc<dyn AuthProvider>) -> Self {
        self.checked.endpoint = self.checked.endpoint.with_auth_provider(provider);
        self
    }

    /// Connects through `dial` instead of DNS and TCP: a proxy, a tunnel, an in-memory stream.
    #[must_use]
    pub fn with_dial(mut self, dial: Arc<dyn Dial>) -> Self {
        self.checked.endpoint = self.checked.endpoint.with_dial(dial);
        self
    }
}

#[async_trait]
impl Source for WebsocketSource {
    fn info(&self) -> Info {
        let Checked { endpoint, .. } = &self.checked;
        let target = endpoint.redacted_url();
        let mut info = Info::new(WebsocketSourceConfig::NAME, target, Delivery::AtMostOnce);
        info.placeholders = endpoint.placeholders();
        info
    }

    /// Starts a run. The first connect happens with the first page: it follows the same rules as
    /// later ones.
    async fn open(&self, run: &RunContext) -> Result<Box<dyn PageReader>> {
        Ok(Box::new(WebsocketReader::new(&self.checked, run)?))
    }

    async fn check(&self, run: &RunContext) -> CheckReport {
        self.checked.endpoint.check(run, Wanted::Feed).await
    }
}

impl std::fmt::Debug for WebsocketSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WebsocketSource({:?})", self.checked.endpoint)
    }
}
