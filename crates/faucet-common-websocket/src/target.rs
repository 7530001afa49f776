//! The far end of a run, and how to connect to it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use faucet_connect::{Credentials, Destination, Dial, DialFailure, Secrets, StepLog, Tls};
use tokio::time::timeout;

use crate::compression::Compression;
use crate::driver::Upgraded;
use crate::error::ErrorContext;
use crate::machine::{Class, Failure};
use crate::upgrade::Request;
use crate::url::WsUrl;

/// The values that a connect needs.
pub(crate) struct Target {
    pub(crate) url: WsUrl,
    pub(crate) dial: Arc<dyn Dial>,
    /// For `wss://`.
    pub(crate) tls: Option<Tls>,
    pub(crate) credentials: Credentials,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) compression: Compression,
    pub(crate) connect_timeout: Duration,
}

impl Target {
    /// Connects within the budget, noting the steps.
    pub(crate) async fn connect(&self, log: &mut StepLog) -> Result<Upgraded, Failure> {
        match timeout(self.connect_timeout, self.connect_unbounded(log)).await {
            Ok(result) => result,
            Err(_) => {
                let context = ErrorContext::of(&self.url);
                Err(context.timed_out(log.phase(), self.connect_timeout))
            }
        }
    }

    async fn connect_unbounded(&self, log: &mut StepLog) -> Result<Upgraded, Failure> {
        log.begin("auth");
        let headers = self.credentials.resolve().await.map_err(|error| {
            let class = if error.is_retryable() { Class::Transient } else { Class::Credentials };
            Failure::new(class, error)
        })?;
        let context = ErrorContext::of(&self.url);
        let to = Destination::new(self.url.host(), self.url.port(), self.url.is_tls());
        let dialed = self.dial.dial(&to, log).await;
        let mut io = dialed.map_err(|failure| match failure {
            DialFailure::Dns(error) => context.network("dns", error),
            DialFailure::Proxy(failure) => context.proxy(failure),
            DialFailure::Other(error) if !error.is_retryable() => Failure::new(Class::Fatal, error),
            DialFailure::Other(error) => Failure::new(Class::Transient, error),
            DialFailure::Tcp(error) => context.network("tcp", error),
            other => context.network("tcp", io::Error::other(other)),
        })?;
        if let Some(tls) = &self.tls {
            let secured = tls.secure(io, self.url.host(), self.url.redacted(), log).await;
            io = secured.map_err(|failure| context.tls("tls", failure))?;
        }
        log.begin("upgrade");
        let secrets = Secrets::new(&headers, self.url.secrets());
        let request = Request {
            url: &self.url,
            headers: &headers,
            subprotocols: &self.subprotocols,
            compression: self.compression,
            secrets: &secrets,
        };
        let upgraded = request.send(&mut *io).await?;
        let deflate = upgraded.deflate;
        let chosen = upgraded.subprotocol.into_iter();
        let chosen = chosen.chain(deflate.map(|_| "permessage-deflate".to_owned()));
        log.done(chosen.collect::<Vec<_>>().join(", "));
        Ok(Upgraded { io, leftover: upgraded.leftover, secrets, deflate })
    }
}
