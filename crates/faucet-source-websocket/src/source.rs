//! The configured source.

use std::sync::Arc;

use async_trait::async_trait;
use faucet_common_websocket::session::hooks::{MessageDecoder, SessionProgram};
use faucet_common_websocket::{AuthProvider, CheckProfile, Dial, ProxyEnvironment};
use faucet_core::{
    CheckReport, Delivery, Info, NoEffect, PageReader, Problem, ProblemKind, Problems, Result,
    Resume, Scope, Source, SourceConfig,
};

use crate::checked::Checked;
use crate::config::WebsocketSourceConfig;
use crate::message_format::OnParseError;
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
        Ok(Self::from_config(config)?)
    }

    pub(crate) fn from_config(config: WebsocketSourceConfig) -> Result<Self, Problems> {
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

    /// Decodes messages of a packing of their own, such as CBOR. `make` makes the decoder of each
    /// connection. The conversation of the configuration reads whatever the decoder finds.
    #[must_use]
    pub fn with_decoder<D: MessageDecoder + 'static>(
        mut self,
        make: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        let endpoint = self.checked.endpoint.with_hooks(|hooks| hooks.with_decoder(make));
        self.checked.endpoint = endpoint;
        self
    }

    /// Lets a program hold the first part of the conversation, and look at each message. `make` makes
    /// the program of each connection. The conversation of the configuration does the rest.
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
impl Source for WebsocketSource {
    fn info(&self) -> Info {
        let Checked { endpoint, on_parse_error, stop_on_ctrl_c, .. } = &self.checked;
        let target = endpoint.redacted_url();
        let plan = endpoint.plan();
        let resume = match plan {
            Some(plan) if plan.continuity().has_resume => Resume::Positions,
            Some(plan) if plan.has_late_replies() => Resume::Acks,
            _ => Resume::No,
        };
        let delivery = match plan.and_then(|plan| plan.continuity().cursor.as_ref()) {
            Some(_) => Delivery::AtLeastOnce,
            None => Delivery::AtMostOnce,
        };
        let info = Info::new(WebsocketSourceConfig::NAME, target, delivery)
            .with_resume(resume)
            .with_diverts(*on_parse_error == OnParseError::Divert)
            .with_placeholders(endpoint.placeholders())
            .with_own_names(endpoint.own_names())
            .with_warnings(endpoint.warnings());
        match stop_on_ctrl_c {
            true => info.with_warning(
                Problem::new(
                    "stop_on_ctrl_c",
                    ProblemKind::NoEffect { reason: NoEffect::InPipeline },
                )
                .help("leave it out: whoever runs the pipeline listens to Ctrl-C"),
            ),
            false => info,
        }
    }

    /// Starts a run. The first connect happens with the first page: it follows the same rules as
    /// later ones.
    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>> {
        if self.checked.on_parse_error == OnParseError::Divert && !scope.diverts() {
            let help = "on_parse_error: divert sends messages there: name a sink";
            Err(Problem::missing("dead_letter").help(help))?;
        }
        Ok(Box::new(WebsocketReader::new(&self.checked, scope)?))
    }

    async fn check(&self, scope: &Scope) -> CheckReport {
        self.checked.endpoint.check(scope, CheckProfile::Feed).await
    }
}

impl std::fmt::Debug for WebsocketSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WebsocketSource({:?})", self.checked.endpoint)
    }
}
