//! Dials through a proxy.

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;
use tokio::net::lookup_host;
use tokio_socks::TargetAddr;

use crate::dial::{Destination, Dial, DialFailure, NetDial};
use crate::io::Io;
use crate::proxy::failure::{ProxyFailure, ProxyFault, SocksRefusal};
use crate::proxy::url::{ProxyScheme, ProxyUrl};
use crate::proxy::{http_tunnel, socks};
use crate::steps::StepLog;
use crate::tls::Tls;

/// Brings a byte stream through a proxy. The way to the proxy and its answer are one step, `proxy`.
pub struct ProxyDial {
    proxy: ProxyUrl,
    /// The variable of the environment that named the proxy.
    variable: Option<&'static str>,
    /// For a proxy that speaks TLS.
    tls: Option<Tls>,
}

impl ProxyDial {
    /// Dials through `proxy`. An `https://` proxy is verified by `tls`; without it, TLS is not spoken
    /// and the proxy will not understand. `variable` named the proxy, if the configuration did not.
    pub fn new(proxy: ProxyUrl, variable: Option<&'static str>, tls: Option<Tls>) -> Self {
        Self { proxy, variable, tls }
    }

    async fn open(&self, to: &Destination) -> Result<Box<dyn Io>, ProxyFault> {
        let user = self.proxy.user();
        match self.proxy.scheme() {
            ProxyScheme::Http | ProxyScheme::Https => {
                let mut io = self.reach().await?;
                http_tunnel::open(&mut *io, to, user).await?;
                Ok(io)
            }
            ProxyScheme::Socks5h => {
                let target = match to.host.parse::<IpAddr>() {
                    Ok(address) => TargetAddr::Ip((address, to.port).into()),
                    Err(_) => TargetAddr::Domain(to.host.as_str().into(), to.port),
                };
                socks::open(self.reach().await?, target, user).await
            }
            ProxyScheme::Socks5 => self.open_by_address(to).await,
        }
    }

    /// Asks a SOCKS5 proxy for one address of the far end after the other.
    async fn open_by_address(&self, to: &Destination) -> Result<Box<dyn Io>, ProxyFault> {
        let found = lookup_host((to.host.as_str(), to.port)).await.map_err(ProxyFault::FarEnd)?;
        let mut last = ProxyFault::FarEnd(std::io::Error::other("the name has no address"));
        for address in found {
            let opened =
                socks::open(self.reach().await?, TargetAddr::Ip(address), self.proxy.user()).await;
            last = match opened {
                // Another address may be one that the proxy reaches.
                Err(fault @ ProxyFault::Socks(refusal)) if refusal != SocksRefusal::NotAllowed => {
                    fault
                }
                ended => return ended,
            };
        }
        Err(last)
    }

    /// The stream to the proxy itself.
    async fn reach(&self) -> Result<Box<dyn Io>, ProxyFault> {
        let proxy = Destination::new(self.proxy.host(), self.proxy.port(), self.tls.is_some());
        let mut steps = StepLog::new();
        let io = NetDial.dial(&proxy, &mut steps).await.map_err(|failure| match failure {
            DialFailure::Dns(error) => ProxyFault::Dns(error),
            DialFailure::Tcp(error) => ProxyFault::Unreachable(error),
            other => ProxyFault::Unreachable(std::io::Error::other(other)),
        })?;
        match &self.tls {
            None => Ok(io),
            Some(tls) => tls
                .secure(io, self.proxy.host(), &self.to_string(), &mut steps)
                .await
                .map(|secured| secured.io)
                .map_err(ProxyFault::Tls),
        }
    }
}

#[async_trait]
impl Dial for ProxyDial {
    async fn dial(&self, to: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        log.begin("proxy");
        let opened = self.open(to).await;
        let io = opened.map_err(|fault| ProxyFailure::new(self.to_string(), fault))?;
        log.done(self.to_string());
        Ok(io)
    }
}

/// The proxy without user info, and where its name comes from.
impl fmt::Display for ProxyDial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.variable {
            None => self.proxy.fmt(f),
            Some(variable) => write!(f, "{} ({variable})", self.proxy),
        }
    }
}

impl fmt::Debug for ProxyDial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyDial({self})")
    }
}
