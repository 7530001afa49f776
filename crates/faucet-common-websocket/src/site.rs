//! One place to connect to.

use std::sync::Arc;

use faucet_connect::{Destination, Dial, ProxyChoice, ProxyEnvironment, Tls, TlsConfig};
use faucet_core::Result;

use crate::url::WsUrl;

/// One place to connect to, and the means for it.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) url: WsUrl,
    pub(crate) dial: Arc<dyn Dial>,
    /// For `wss://`.
    pub(crate) tls: Option<Tls>,
}

/// The means to reach any place.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) dial: Option<Arc<dyn Dial>>,
    pub(crate) proxy: ProxyChoice,
    /// `None` is that of the process.
    pub(crate) environment: Option<ProxyEnvironment>,
    pub(crate) tls: TlsConfig,
}

impl Means {
    /// The place at `url`. Reads the files that `tls` names.
    ///
    /// # Errors
    /// An unreadable file, or a proxy variable that is no URL.
    pub(crate) fn site(&self, url: WsUrl) -> Result<Site> {
        let tls = match url.is_tls() {
            true => Some(self.tls.load(&"tls".into(), &["http/1.1"])?),
            false => None,
        };
        Ok(Site { dial: self.dialer(&url)?, tls, url })
    }

    fn dialer(&self, url: &WsUrl) -> Result<Arc<dyn Dial>> {
        if let Some(dial) = &self.dial {
            return Ok(Arc::clone(dial));
        }
        let to = Destination::new(url.host(), url.port(), url.is_tls());
        let environment = self.environment.clone().unwrap_or_else(ProxyEnvironment::of_process);
        Ok(self.proxy.dialer(&to, &environment, &self.tls, url.redacted())?)
    }
}
