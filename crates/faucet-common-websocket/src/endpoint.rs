//! A checked far end, from which runs are started.

use std::fmt;
use std::sync::Arc;

use faucet_connect::{AuthProvider, Destination, Dial, ProxyChoice, ProxyEnvironment, TlsConfig};
use faucet_core::{ComponentKind, KeyPath, NoEffect, Problem, ProblemKind, Result, Scope};

use crate::driver::Driver;
use crate::machine::Settings;
use crate::target::{Offer, Target};
use crate::url::{UrlTemplate, WsUrl};

/// A checked far end, from which runs are started. Immutable and cheap to share.
pub struct Endpoint {
    pub(crate) url: UrlTemplate,
    pub(crate) offer: Arc<Offer>,
    pub(crate) dial: Option<Arc<dyn Dial>>,
    pub(crate) proxy: ProxyChoice,
    /// `None` is that of the process.
    pub(crate) environment: Option<ProxyEnvironment>,
    pub(crate) tls: TlsConfig,
    /// The kind of component that connects, for the log.
    pub(crate) kind: ComponentKind,
    pub(crate) settings: Arc<Settings>,
}

impl Endpoint {
    /// Asks `provider` for credentials on every connect.
    #[must_use]
    pub fn with_auth_provider(mut self, provider: Arc<dyn AuthProvider>) -> Self {
        Arc::make_mut(&mut self.offer).credentials.provider = Some(provider);
        self
    }

    /// Reads the proxy variables of `environment` in place of the process's own.
    #[must_use]
    pub fn with_proxy_environment(mut self, environment: ProxyEnvironment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Connects through `dial` instead of DNS, TCP and `proxy`.
    #[must_use]
    pub fn with_dial(mut self, dial: Arc<dyn Dial>) -> Self {
        self.dial = Some(dial);
        self
    }

    /// The URL without secrets, its placeholders unfilled.
    pub fn redacted_url(&self) -> String {
        self.url.redacted()
    }

    /// The URL as it was configured, its placeholders unfilled. It may hold secrets: print
    /// [`redacted_url`](Self::redacted_url).
    pub fn url_template(&self) -> &str {
        self.url.as_str()
    }

    /// Warnings about the configuration: keys that turn a protection off, or that never act.
    pub fn warnings(&self) -> Vec<Problem> {
        let mut warnings = Vec::new();
        if self.tls.insecure_skip_verify {
            let what = "the certificate of the server is not verified, so that everyone on the way can \
                        read and change the data";
            let key = KeyPath::key("tls").then("insecure_skip_verify");
            let help = "name the certificate authority of the server: tls.ca_file";
            warnings.push(Problem::new(key, ProblemKind::Insecure { what }).help(help));
        }
        let times = &self.settings.times;
        // The Pong that answers a Ping of ours resets the idle clock, and is no data.
        let resets_alike = times.idle_on_data || times.ping_interval.is_none();
        if let (Some(idle), Some(stale)) = (times.idle_timeout, times.stale_timeout)
            && idle <= stale
            && resets_alike
        {
            let reason = NoEffect::Overtaken { by: "idle_timeout".into() };
            let help = "a run that `idle_timeout` ends has no time to reconnect; make `stale_timeout` \
                        the shorter one";
            let kind = ProblemKind::NoEffect { reason };
            warnings.push(Problem::new("stale_timeout", kind).help(help));
        }
        warnings
    }

    /// Starts a run. Reads the files that `tls` names; does not connect yet.
    ///
    /// # Errors
    /// A placeholder without a value, an unreadable file, a proxy variable that is no URL.
    pub fn open(&self, scope: &Scope) -> Result<Driver> {
        let mut driver = self.driver(self.target(scope)?, scope);
        driver.dial();
        Ok(driver)
    }

    /// Starts a run that is connected: connects once. Later losses follow the reconnect policy.
    /// Cancel safe.
    ///
    /// # Errors
    /// Why the connect failed, and what [`open`](Self::open) says.
    pub async fn connect(&self, scope: &Scope) -> Result<Driver> {
        let mut driver = self.driver(self.target(scope)?, scope);
        driver.connect().await?;
        Ok(driver)
    }

    pub(crate) fn driver(&self, target: Target, scope: &Scope) -> Driver {
        Driver::new(Arc::clone(&self.settings), target, self.kind, scope)
    }

    fn dialer(&self, url: &WsUrl) -> Result<Arc<dyn Dial>> {
        if let Some(dial) = &self.dial {
            return Ok(Arc::clone(dial));
        }
        let to = Destination::new(url.host(), url.port(), url.is_tls());
        let environment = self.environment.clone().unwrap_or_else(ProxyEnvironment::of_process);
        Ok(self.proxy.dialer(&to, &environment, &self.tls, url.redacted())?)
    }

    pub(crate) fn target(&self, scope: &Scope) -> Result<Target> {
        let url = self.url.resolve(scope)?;
        Ok(Target {
            tls: if url.is_tls() {
                Some(self.tls.load(&"tls".into(), &["http/1.1"])?)
            } else {
                None
            },
            dial: self.dialer(&url)?,
            url,
            offer: Arc::clone(&self.offer),
        })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.url.redacted())
    }
}
