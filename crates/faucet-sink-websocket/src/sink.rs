//! The configured sink.

use std::sync::Arc;

use async_trait::async_trait;
use faucet_common_websocket::session::hooks::SessionProgram;
use faucet_common_websocket::{AuthProvider, CheckProfile, Dial, ProxyEnvironment};
use faucet_core::{
    CheckReport, Delivery, Info, PageWriter, Problems, Result, Scope, Sink, SinkConfig,
};

use crate::checked::Checked;
use crate::config::WebsocketSinkConfig;
use crate::delivery::delivery_mode::DeliveryMode;
use crate::writer::WebsocketWriter;

/// A WebSocket endpoint that takes records. Immutable: every run opens a connection of its own.
pub struct WebsocketSink {
    checked: Checked,
}

impl WebsocketSink {
    /// Checks the configuration. Does no I/O.
    ///
    /// # Errors
    /// [`Config`](faucet_core::ErrorKind::Config) with all problems, each naming its key.
    pub fn new(config: WebsocketSinkConfig) -> Result<Self> {
        Ok(Self::from_config(config)?)
    }

    pub(crate) fn from_config(config: WebsocketSinkConfig) -> Result<Self, Problems> {
        config.check().map(|checked| Self { checked })
    }

    /// Asks `provider` for credentials on every connect, for tokens that expire. Its headers
    /// replace those of the same name from `headers` and `auth`.
    #[must_use]
    pub fn with_auth_provider(mut self, provider: Arc<dyn AuthProvider>) -> Self {
        self.checked.endpoint = self.checked.endpoint.with_auth_provider(provider);
        self
    }

    /// Reads the proxy variables of `environment` in place of the process's own, for `proxy: env`.
    #[must_use]
    pub fn with_proxy_environment(mut self, environment: ProxyEnvironment) -> Self {
        let endpoint = self.checked.endpoint.with_proxy_environment(environment);
        self.checked.endpoint = endpoint;
        self
    }

    /// Lets a program hold the first part of the conversation, and look at each message of the server.
    /// `make` makes the program of each connection. The conversation of the configuration does the rest.
    #[must_use]
    pub fn with_program<P: SessionProgram>(
        mut self,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self {
        let endpoint = self.checked.endpoint.with_hooks(|hooks| hooks.with_program(make));
        self.checked.endpoint = endpoint;
        self
    }

    /// Connects through `dial` instead of DNS, TCP and `proxy`: a proxy, a tunnel, an in-memory stream.
    #[must_use]
    pub fn with_dial(mut self, dial: Arc<dyn Dial>) -> Self {
        self.checked.endpoint = self.checked.endpoint.with_dial(dial);
        self
    }
}

#[async_trait]
impl Sink for WebsocketSink {
    fn info(&self) -> Info {
        let Checked { endpoint, policy, .. } = &self.checked;
        let delivery = match policy.mode {
            DeliveryMode::AtMostOnce => Delivery::AtMostOnce,
            DeliveryMode::AtLeastOnce => Delivery::AtLeastOnce,
        };
        Info::new(WebsocketSinkConfig::NAME, endpoint.redacted_url(), delivery)
            .with_placeholders(endpoint.placeholders())
            .with_own_names(endpoint.own_names())
            .with_warnings(endpoint.warnings())
    }

    /// Connects, once. The run's task on the current runtime then reads the connection until the
    /// writer is closed or dropped.
    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>> {
        Ok(Box::new(WebsocketWriter::open(&self.checked, scope).await?))
    }

    async fn check(&self, scope: &Scope) -> CheckReport {
        let wanted = match self.checked.policy.mode {
            DeliveryMode::AtMostOnce => CheckProfile::Receiver,
            DeliveryMode::AtLeastOnce => CheckProfile::PongingReceiver,
        };
        self.checked.endpoint.check(scope, wanted).await
    }
}

impl std::fmt::Debug for WebsocketSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WebsocketSink({:?})", self.checked.endpoint)
    }
}
