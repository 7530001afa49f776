//! A checked far end, from which runs are started.

use std::fmt;
use std::sync::Arc;

use faucet_connect::{AuthProvider, Dial, ProxyEnvironment};
use faucet_core::{ComponentKind, KeyPath, NoEffect, Problem, ProblemKind, Result, Scope};

use faucet_session::connect::Tools;
use faucet_session::hooks::Hooks;
#[cfg(feature = "session-http")]
use faucet_session::http::HttpClient;
use faucet_session::plan::Plan;

use crate::compression::Compression;
use crate::connect_limit::ConnectLimit;
use crate::driver::Driver;
use crate::machine::Settings;
use crate::site::Means;
use crate::target::{Offer, TalkTarget, Target};
use crate::url::UrlTemplate;

/// A checked far end, from which runs are started. Immutable and cheap to share.
pub struct Endpoint {
    /// `None`: calls give the URL (`url_from`).
    pub(crate) url: Option<UrlTemplate>,
    pub(crate) offer: Arc<Offer>,
    pub(crate) means: Means,
    pub(crate) plan: Arc<Plan>,
    /// Whether there is a conversation: the configuration asks for one, or hooks do.
    pub(crate) talks: bool,
    pub(crate) hooks: Hooks,
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
        self.means.environment = Some(environment);
        self
    }

    /// Connects through `dial` instead of DNS, TCP and `proxy`.
    #[must_use]
    pub fn with_dial(mut self, dial: Arc<dyn Dial>) -> Self {
        self.means.dial = Some(dial);
        self
    }

    /// Tells the owner of a run about the Pings and Pongs of the peer.
    #[must_use]
    pub fn with_controls(mut self) -> Self {
        Arc::make_mut(&mut self.settings).tells_controls = true;
        self
    }

    /// Lets `hooks` do their parts of the conversation.
    #[must_use]
    pub fn with_hooks(mut self, make: impl FnOnce(Hooks) -> Hooks) -> Self {
        self.hooks = make(self.hooks);
        self.talks = true;
        // The conversation sends the first messages.
        Arc::make_mut(&mut self.settings).greeting = Arc::from([]);
        self
    }

    /// The URL without secrets, its placeholders unfilled.
    pub fn redacted_url(&self) -> String {
        self.url.as_ref().map_or_else(|| "(url_from)".to_owned(), UrlTemplate::redacted)
    }

    /// The names in the URL, the headers and the conversation that the run's context must have values for.
    pub fn placeholders(&self) -> Vec<String> {
        match (self.plan(), &self.url) {
            (Some(plan), _) => plan.context_names.clone(),
            (None, Some(url)) => faucet_core::template::placeholders(url.as_str()),
            (None, None) => Vec::new(),
        }
    }

    /// The conversation, if there is one.
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        self.talks.then_some(&self.plan)
    }

    /// The names that the configuration gives values itself.
    pub fn own_names(&self) -> Vec<String> {
        self.plan().map(|plan| plan.own_names.clone()).unwrap_or_default()
    }

    /// The URL as it was configured, its placeholders unfilled. It may hold secrets: print
    /// [`redacted_url`](Self::redacted_url).
    pub fn url_template(&self) -> &str {
        self.url.as_ref().map_or("", UrlTemplate::as_str)
    }

    /// Warnings about the configuration: keys that turn a protection off, or that never act.
    pub fn warnings(&self) -> Vec<Problem> {
        let mut warnings = Vec::new();
        if self.means.tls.insecure_skip_verify {
            let what = "the certificate of the server is not verified, so that everyone on the way can \
                        read and change the data";
            let key = KeyPath::key("tls").then("insecure_skip_verify");
            let help = "name the certificate authority of the server: tls.ca_file";
            warnings.push(Problem::new(key, ProblemKind::Insecure { what }).help(help));
        }
        if let Some(plan) = self.plan() {
            warnings.extend(plan.warnings(self.offer.compression == Compression::Deflate));
        }
        let times = &self.settings.times;
        if let (Some(limit), Some(interval)) =
            (self.plan().and_then(|plan| plan.send_limit()), times.ping_interval)
            && interval.saturating_mul(limit.count) <= limit.per
        {
            let what = "the Pings of ping_interval use the limit up, so that no message can leave";
            let doubtful = Problem::new("send_limit", ProblemKind::Doubtful { what });
            warnings.push(doubtful.help("raise `ping_interval`, or set `heartbeat` in its place"));
        }
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

    /// Starts a run on as many connections as the topics ask for (`topics_per_connection`). As
    /// [`open`](Self::open).
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn open_all(&self, scope: &Scope) -> Result<Vec<Driver>> {
        let Some(plan) = self.plan() else { return Ok(vec![self.open(scope)?]) };
        let topics = plan.topics_by_connection();
        topics.into_iter().map(|topics| Ok(self.open(scope)?.with_topics(topics))).collect()
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

    pub(crate) fn target(&self, scope: &Scope) -> Result<Target> {
        let plan = self.plan();
        // Values of a conversation are filled for each connect.
        let fixed = self.url.as_ref().filter(|url| {
            plan.is_none() || faucet_core::template::placeholders(url.as_str()).is_empty()
        });
        let site = match fixed {
            Some(url) => Some(self.means.site(url.resolve(scope)?)?),
            None => None,
        };
        if let Some(plan) = plan {
            let missing = |name: &&String| scope.value(name).is_none();
            if let Some(name) = plan.context_names.iter().find(missing) {
                Err(faucet_core::template::no_value(KeyPath::root(), name))?;
            }
        }
        let shown = site.as_ref().map(|site| site.url.redacted().to_owned());
        Ok(Target {
            shown: shown.unwrap_or_else(|| self.redacted_url()).into(),
            place: self.url.as_ref().map(UrlTemplate::place),
            site,
            means: self.means.clone(),
            offer: Arc::clone(&self.offer),
            talk: plan.map(|plan| self.talk(plan)),
        })
    }

    fn talk(&self, plan: &Arc<Plan>) -> TalkTarget {
        let limit = plan.connect_limit().map(ConnectLimit::new);
        let hooks = self.hooks.clone();
        TalkTarget { plan: Arc::clone(plan), tools: self.tools(), limit, hooks }
    }

    #[cfg(not(feature = "session-http"))]
    fn tools(&self) -> Tools {
        Tools::default()
    }

    #[cfg(feature = "session-http")]
    fn tools(&self) -> Tools {
        let Means { dial, proxy, environment, tls } = &self.means;
        let mut client = HttpClient::new(proxy.clone(), tls.clone());
        if let Some(environment) = environment {
            client = client.with_proxy_environment(environment.clone());
        }
        if let Some(dial) = dial {
            client = client.with_dial(Arc::clone(dial));
        }
        if let Some(url) = &self.url {
            client = client.with_server_name_of(url.host());
        }
        Tools { http: Some(Arc::new(client)) }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.redacted_url())
    }
}
