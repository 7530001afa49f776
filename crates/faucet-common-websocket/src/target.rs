//! The far end of a run, and how to connect to it.

use std::sync::Arc;
use std::time::Duration;

use faucet_connect::{Credentials, Destination, Dial, Secrets, StepLog, Tls};
use tokio::time::timeout;

use crate::compression::Compression;
use crate::connect_failed::{ConnectFailed, Handshake};
use crate::driver::Upgraded;
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
    pub(crate) url: WsUrl,
    pub(crate) dial: Arc<dyn Dial>,
    /// For `wss://`.
    pub(crate) tls: Option<Tls>,
    pub(crate) offer: Arc<Offer>,
}

impl Target {
    /// Connects within the budget, noting the steps.
    pub(crate) async fn connect(&self, log: &mut StepLog) -> Result<Upgraded, ConnectFailed> {
        let limit = self.offer.connect_timeout;
        match timeout(limit, self.connect_unbounded(log)).await {
            Ok(result) => result,
            Err(_) => Err(ConnectFailed::TimedOut { phase: log.phase(), limit }),
        }
    }

    /// The texts that a plugin which brings no connection may repeat.
    pub(crate) fn secrets(&self) -> Secrets {
        Secrets::new(&self.offer.credentials.fixed, self.url.secrets())
    }

    async fn connect_unbounded(&self, log: &mut StepLog) -> Result<Upgraded, ConnectFailed> {
        log.begin("auth");
        let headers = self.offer.credentials.resolve().await.map_err(ConnectFailed::Credentials)?;
        let to = Destination::new(self.url.host(), self.url.port(), self.url.is_tls());
        let mut io = self.dial.dial(&to, log).await?;
        if let Some(tls) = &self.tls {
            let secured = tls.secure(io, self.url.host(), self.url.redacted(), log).await;
            io = secured.map_err(|failure| ConnectFailed::handshake(Handshake::Tls, failure))?;
        }
        log.begin("upgrade");
        let secrets = Secrets::new(&headers, self.url.secrets());
        let request = Request {
            url: &self.url,
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
        Ok(Upgraded { io, leftover: upgraded.leftover, secrets, deflate })
    }
}
