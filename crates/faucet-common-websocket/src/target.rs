//! The far end of a run, and how to connect to it.

use std::sync::Arc;
use std::time::Duration;

use faucet_connect::{Credentials, Destination, Secrets, StepLog};
use faucet_session::connect::{Dialing, Prepared, Tools};
use faucet_session::hooks::Hooks;
use faucet_session::plan::Plan;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout};

use crate::compression::Compression;
use crate::connect_failed::{ConnectFailed, Handshake};
use crate::connect_limit::ConnectLimit;
use crate::driver::Upgraded;
use crate::made::Made;
use crate::site::{Means, Site};
use crate::upgrade::Request;
use crate::url::WsUrl;

/// The values of each connect of an endpoint, whatever its URL.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) credentials: Credentials,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) compression: Compression,
    pub(crate) connect_timeout: Duration,
}

/// The values that a connect needs.
pub(crate) struct Target {
    /// The place, where it is the same for each connect.
    pub(crate) site: Option<Site>,
    /// Host and port of the configured URL.
    pub(crate) place: Option<(String, u16)>,
    /// How the URL is shown before a connect has made it.
    pub(crate) shown: Arc<str>,
    pub(crate) means: Means,
    pub(crate) offer: Arc<Offer>,
    /// Where the configuration asks for a conversation.
    pub(crate) talk: Option<TalkTarget>,
}

/// The clients and files that the connects of a conversation use.
pub(crate) struct TalkTarget {
    pub(crate) plan: Arc<Plan>,
    pub(crate) tools: Tools,
    pub(crate) limit: Option<ConnectLimit>,
    pub(crate) hooks: Hooks,
}

/// The end of an attempt to connect.
pub(crate) struct Attempt {
    pub(crate) result: Result<Upgraded, ConnectFailed>,
    /// The URL of the attempt, redacted; `None` where none was made.
    pub(crate) shown: Option<Arc<str>>,
}

/// The place of an attempt, and the headers that were made for it.
struct Ready {
    site: Site,
    headers: HeaderMap,
}

impl Target {
    /// Connects, noting the steps. `connect_timeout` is the budget of the connect itself; calls before it have
    /// budgets of their own.
    pub(crate) async fn connect(&self, log: &mut StepLog, mut dialing: Option<Dialing>) -> Attempt {
        let begun = Instant::now();
        let is_sent_elsewhere = dialing.as_ref().is_some_and(|dialing| dialing.next_url.is_some());
        let place = self.place.as_ref().filter(|_| !is_sent_elsewhere);
        if let Some((host, port)) = place {
            self.wait_for_limit(host, *port, log).await;
        }
        let ready = match (&self.talk, &mut dialing) {
            (Some(talk), Some(dialing)) => self.prepare(talk, dialing, log).await,
            _ => self.fixed(),
        };
        let ready = match ready {
            Ok(ready) => ready,
            Err(failed) => return Attempt { result: Err(failed), shown: None },
        };
        let shown = Some(ready.site.url.redacted().into());
        let url = &ready.site.url;
        // The calls, or a rule, may name another place.
        if place.is_none_or(|(host, port)| host != url.host() || *port != url.port()) {
            self.wait_for_limit(url.host(), url.port(), log).await;
        }
        let limit = self.offer.connect_timeout;
        let result = match timeout(limit, self.connect_unbounded(&ready, dialing, log)).await {
            Ok(Ok(mut upgraded)) => {
                upgraded.made.took = begun.elapsed();
                Ok(upgraded)
            }
            Ok(failed) => failed,
            Err(_) => Err(ConnectFailed::TimedOut { phase: log.phase(), limit }),
        };
        Attempt { result, shown }
    }

    /// Waits until `connect_limit` allows a connect.
    async fn wait_for_limit(&self, host: &str, port: u16, log: &mut StepLog) {
        if let Some(limit) = self.talk.as_ref().and_then(|talk| talk.limit.as_ref()) {
            log.begin("connect_limit");
            limit.wait(host, port).await;
        }
    }

    /// The texts that a plugin which brings no connection may repeat.
    pub(crate) fn secrets(&self) -> Secrets {
        let of_url = self.site.as_ref().map(|site| site.url.secrets()).unwrap_or_default();
        Secrets::new(&self.offer.credentials.fixed, of_url)
    }

    fn fixed(&self) -> Result<Ready, ConnectFailed> {
        let site = self.site.clone().ok_or(ConnectFailed::NoUrl)?;
        Ok(Ready { site, headers: HeaderMap::new() })
    }

    /// Makes the calls before the connect, its URL and its headers.
    async fn prepare(
        &self,
        talk: &TalkTarget,
        dialing: &mut Dialing,
        log: &mut StepLog,
    ) -> Result<Ready, ConnectFailed> {
        log.begin("before_connect");
        let prepared = dialing.prepare(&talk.plan, &talk.tools).await;
        let Prepared { url, query, headers } = prepared.map_err(ConnectFailed::Dialing)?;
        let calls = talk.plan.calls();
        if calls > 0 {
            log.done(if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") });
        }
        let mut made = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_str(&value);
            if let (Ok(name), Ok(mut value)) = (name, value) {
                value.set_sensitive(true);
                made.insert(name, value);
            }
        }
        let site = match (&self.site, url, query) {
            (Some(site), None, None) => site.clone(),
            (site, url, query) => {
                let base = site.as_ref().map(|site| &site.url);
                let url = WsUrl::made(base, url, query).map_err(ConnectFailed::Url)?;
                self.means.site(url).map_err(ConnectFailed::Dialer)?
            }
        };
        Ok(Ready { site, headers: made })
    }

    async fn connect_unbounded(
        &self,
        ready: &Ready,
        dialing: Option<Dialing>,
        log: &mut StepLog,
    ) -> Result<Upgraded, ConnectFailed> {
        let Site { url, dial, tls } = &ready.site;
        log.begin("auth");
        let resolved = self.offer.credentials.resolve().await;
        let mut headers = resolved.map_err(ConnectFailed::Credentials)?;
        for (name, value) in &ready.headers {
            headers.insert(name.clone(), value.clone());
        }
        let to = Destination::new(url.host(), url.port(), url.is_tls());
        let mut io = dial.dial(&to, log).await?;
        let mut version = None;
        if let Some(tls) = tls {
            let secured = tls.secure(io, url.host(), url.redacted(), log).await;
            let secured =
                secured.map_err(|failure| ConnectFailed::handshake(Handshake::Tls, failure))?;
            (io, version) = (secured.io, secured.version);
        }
        log.begin("upgrade");
        let secrets = Secrets::new(&headers, url.secrets());
        let secrets = match &dialing {
            Some(dialing) => secrets.with(dialing.book.secrets()),
            None => secrets,
        };
        let request = Request {
            url,
            headers: &headers,
            subprotocols: &self.offer.subprotocols,
            compression: self.offer.compression,
            secrets: &secrets,
        };
        let upgraded = request.send(&mut *io).await?;
        let deflate = upgraded.deflate;
        let compression = match (self.offer.compression, &deflate) {
            (Compression::None, _) => None,
            (Compression::Deflate, Some(_)) => Some("permessage-deflate"),
            (Compression::Deflate, None) => Some("the server chose no compression"),
        };
        let chosen = upgraded.subprotocol.as_deref().into_iter().chain(compression);
        log.done(chosen.collect::<Vec<_>>().join(", "));
        let made = Made {
            took: Duration::ZERO,
            tls: version,
            subprotocol: upgraded.subprotocol,
            compressed: deflate.is_some(),
        };
        Ok(Upgraded { io, leftover: upgraded.leftover, secrets, deflate, dialing, made })
    }
}
