//! The client of HTTP calls.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use faucet_connect::{Destination, Dial, ProxyChoice, ProxyEnvironment, StepLog, Tls, TlsConfig};
use tokio::time::timeout;

use crate::http::answer::HttpAnswer;
use crate::http::call::HttpCall;
use crate::http::exchange::exchange;
use crate::http::failed::{HttpFailed, HttpPhase};
use crate::http::redirect::next;
use crate::http::url::HttpUrl;

/// The most redirects of one call.
const MOST_REDIRECTS: usize = 5;
/// The most far ends whose dialer is kept. Calls of a configuration go to a few hosts.
const MOST_DIALERS: usize = 16;

/// The client of HTTP calls. Share it by an `Arc`: the files of `tls` and the proxy of a far end are
/// read once.
pub struct HttpClient {
    proxy: ProxyChoice,
    /// `None` is that of the process.
    environment: Option<ProxyEnvironment>,
    tls: TlsConfig,
    /// The host that `server_name` of `tls` is about.
    named_host: Option<String>,
    dial: Option<Arc<dyn Dial>>,
    /// TLS without `server_name`, and TLS with it.
    loaded: [OnceLock<Tls>; 2],
    dialers: Mutex<Vec<(Destination, Arc<dyn Dial>)>>,
}

impl HttpClient {
    /// A client that connects through `proxy` and verifies servers as `tls` says. `server_name` of
    /// `tls` has no effect before [`with_server_name_of`](Self::with_server_name_of).
    pub fn new(proxy: ProxyChoice, tls: TlsConfig) -> Self {
        Self {
            proxy,
            environment: None,
            tls,
            named_host: None,
            dial: None,
            loaded: Default::default(),
            dialers: Mutex::default(),
        }
    }

    /// Uses `server_name` of `tls` for calls to `host`, the host of the endpoint that it is about.
    #[must_use]
    pub fn with_server_name_of(mut self, host: impl Into<String>) -> Self {
        self.named_host = Some(host.into());
        self
    }

    /// Reads the proxy variables of `environment` in place of the process's own.
    #[must_use]
    pub fn with_proxy_environment(mut self, environment: ProxyEnvironment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Connects through `dial` instead of DNS, TCP and the proxy.
    #[must_use]
    pub fn with_dial(mut self, dial: Arc<dyn Dial>) -> Self {
        self.dial = Some(dial);
        self
    }

    /// Sends a call and reads the answer, following at most five redirects within the scheme, host and
    /// port of the call. An answer with any status is one.
    ///
    /// Cancel safe: a dropped future ends its connection. The server may have read the request.
    ///
    /// # Errors
    /// There is no complete answer of at most 1 MiB within the timeout.
    pub async fn send(&self, call: HttpCall) -> Result<HttpAnswer, HttpFailed> {
        let limit = call.timeout;
        let mut log = StepLog::new();
        match timeout(limit, self.follow(call, &mut log)).await {
            Ok(result) => result,
            Err(_) => Err(HttpFailed::TimedOut { phase: log.phase(), limit }),
        }
    }

    async fn follow(
        &self,
        mut call: HttpCall,
        log: &mut StepLog,
    ) -> Result<HttpAnswer, HttpFailed> {
        for _ in 0..=MOST_REDIRECTS {
            let io = self.connect(&call, log).await?;
            let answer = exchange(io, &call, log).await?;
            let Some(next) = next(call.method, &call.url, answer.status, &answer.headers)? else {
                return Ok(answer);
            };
            if !next.has_body {
                call.body = None;
                call.headers.remove(http::header::CONTENT_TYPE);
            }
            (call.method, call.url) = (next.method, next.url);
        }
        Err(HttpFailed::TooManyRedirects)
    }

    async fn connect(
        &self,
        call: &HttpCall,
        log: &mut StepLog,
    ) -> Result<Box<dyn faucet_connect::Io>, HttpFailed> {
        let url = &call.url;
        let to = Destination::new(url.host(), url.port(), url.is_tls());
        let dial = self.dialer(&to, &call.shown)?;
        let tls = if url.is_tls() { Some(self.tls_for(url)?) } else { None };
        let io = dial.dial(&to, log).await?;
        match tls {
            None => Ok(io),
            Some(tls) => {
                let secured = tls.secure(io, url.host(), &call.shown, log).await;
                secured
                    .map(|secured| secured.io)
                    .map_err(|failure| HttpFailed::of_tls(HttpPhase::Tls, failure))
            }
        }
    }

    fn tls_for(&self, url: &HttpUrl) -> Result<Tls, HttpFailed> {
        let is_named = self.named_host.as_deref() == Some(url.host());
        let loaded = &self.loaded[usize::from(is_named)];
        if let Some(tls) = loaded.get() {
            return Ok(tls.clone());
        }
        let mut config = self.tls.clone();
        config.server_name = config.server_name.filter(|_| is_named);
        let tls = config.load(&"tls".into(), &["http/1.1"]).map_err(HttpFailed::Setup)?;
        Ok(loaded.get_or_init(|| tls).clone())
    }

    fn dialer(&self, to: &Destination, shown: &str) -> Result<Arc<dyn Dial>, HttpFailed> {
        if let Some(dial) = &self.dial {
            return Ok(Arc::clone(dial));
        }
        let mut dialers = self.dialers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, dial)) = dialers.iter().find(|(known, _)| known == to) {
            return Ok(Arc::clone(dial));
        }
        let environment = self.environment.clone().unwrap_or_else(ProxyEnvironment::of_process);
        let dial = self.proxy.dialer(to, &environment, &self.tls, shown);
        let dial = dial.map_err(HttpFailed::Setup)?;
        if dialers.len() == MOST_DIALERS {
            dialers.remove(0);
        }
        dialers.push((to.clone(), Arc::clone(&dial)));
        Ok(dial)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpClient({:?})", self.proxy)
    }
}
