//! From the checked setting to the dialer of a run.

use std::sync::Arc;

use faucet_core::{KeyPath, Problem};

use crate::dial::{Destination, Dial, NetDial};
use crate::proxy::dial::ProxyDial;
use crate::proxy::environment::ProxyEnvironment;
use crate::proxy::url::{ProxyScheme, ProxyUrl};
use crate::tls::TlsConfig;

/// A checked `proxy` key.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ProxyChoice {
    /// No proxy.
    Direct,
    /// The proxy that the environment names for the far end, if it names one.
    Environment,
    /// This proxy.
    Url(ProxyUrl),
}

impl ProxyChoice {
    /// Whether TLS is spoken with the proxy itself.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Url(url) if url.scheme() == ProxyScheme::Https)
    }

    /// The dialer for `to`. An `https://` proxy is verified by the trust store of the operating system
    /// and by the `ca_file` of `tls`. `target` is the redacted name of the far end, for the log line
    /// that a proxy of the environment is used.
    ///
    /// # Errors
    /// A variable that is not the URL of a proxy, at the key `proxy`; a `ca_file` that cannot be read.
    pub fn dialer(
        &self,
        to: &Destination,
        environment: &ProxyEnvironment,
        tls: &TlsConfig,
        target: &str,
    ) -> Result<Arc<dyn Dial>, Problem> {
        let (proxy, variable) = match self {
            Self::Direct => return Ok(Arc::new(NetDial)),
            Self::Url(url) => (url.clone(), None),
            Self::Environment => match environment.proxy_for(to, &KeyPath::key("proxy"))? {
                None => return Ok(Arc::new(NetDial)),
                Some((url, variable)) => (url, Some(variable)),
            },
        };
        let tls = match proxy.scheme() {
            ProxyScheme::Https => {
                let trusted = TlsConfig { ca_file: tls.ca_file.clone(), ..TlsConfig::default() };
                Some(trusted.load(&KeyPath::key("tls"), &["http/1.1"])?)
            }
            _ => None,
        };
        let dial = ProxyDial::new(proxy, variable, tls);
        if variable.is_some() {
            tracing::info!(url = target, proxy = %dial, "connects through the environment's proxy");
        }
        Ok(Arc::new(dial))
    }
}
