//! From a host and port to a byte stream: DNS and TCP.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use faucet_core::Error;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;

use crate::io::Io;
use crate::proxy::failure::ProxyFailure;
use crate::steps::StepLog;

/// How long one address has a head start over the next (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Where to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// A name or an IP address, an IPv6 address without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// Whether TLS will be spoken on the stream.
    pub tls: bool,
}

impl Destination {
    /// The far end at `host` and `port`.
    pub fn new(host: impl Into<String>, port: u16, tls: bool) -> Self {
        Self { host: host.into(), port, tls }
    }
}

/// Why there is no byte stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialFailure {
    /// The name has no address. Another attempt may help.
    #[error("dns: {0}")]
    Dns(#[source] io::Error),
    /// No address took the connection. Another attempt may help.
    #[error("tcp: {0}")]
    Tcp(#[source] io::Error),
    /// The proxy on the way brought no connection.
    #[error(transparent)]
    Proxy(#[from] ProxyFailure),
    /// Something of the dialer's own. Another attempt may help if the error is retryable.
    #[error(transparent)]
    Other(#[from] Error),
}

/// Brings a byte stream to a host and port. The caller speaks TLS on it where the far end wants it.
#[async_trait]
pub trait Dial: Send + Sync {
    /// Connects, and notes the steps in `log`. The caller bounds the time.
    ///
    /// Cancel safe: a dropped future leaves nothing behind.
    async fn dial(&self, to: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure>;
}

/// DNS and TCP. Addresses are tried side by side, each with a head start of 250 ms over the next
/// (RFC 8305), with `TCP_NODELAY`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NetDial;

impl NetDial {
    async fn resolve(&self, to: &Destination, log: &mut StepLog) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = to.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, to.port)]);
        }
        log.begin("dns");
        let found: Vec<SocketAddr> = lookup_host((to.host.as_str(), to.port)).await?.collect();
        if found.is_empty() {
            return Err(io::Error::other("the name has no address"));
        }
        log.done(format!("{} addresses", found.len()));
        Ok(found)
    }
}

#[async_trait]
impl Dial for NetDial {
    async fn dial(&self, to: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        let addresses = self.resolve(to, log).await.map_err(DialFailure::Dns)?;
        log.begin("tcp");
        let (tcp, address) = race(addresses).await.map_err(DialFailure::Tcp)?;
        log.done(address.to_string());
        Ok(Box::new(tcp))
    }
}

type Attempt = Pin<Box<dyn Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send>>;

/// Tries all addresses, each with a head start over the next, and takes the first that connects.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<(TcpStream, SocketAddr)> {
    let mut waiting = addresses.into_iter();
    let mut running = FuturesUnordered::<Attempt>::new();
    let mut last = io::Error::other("no address left");
    loop {
        if let Some(address) = waiting.next() {
            running.push(Box::pin(async move {
                let stream = TcpStream::connect(address).await?;
                // A record and a Ping in two writes would wait 40 ms for the delayed ACK.
                stream.set_nodelay(true)?;
                Ok((stream, address))
            }));
        }
        let more = waiting.len() > 0;
        tokio::select! {
            ended = running.next() => match ended {
                Some(Ok(connected)) => return Ok(connected),
                Some(Err(error)) => last = error,
                None if !more => return Err(last),
                None => {}
            },
            () = sleep(HEAD_START), if more => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn an_address_that_answers_is_reached_behind_one_that_does_not() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let open = listener.local_addr().unwrap();
        // Bound and not listening: nobody else gets the port, and a connect is refused.
        let silent = TcpSocket::new_v4().unwrap();
        silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let closed = silent.local_addr().unwrap();
        let (_, reached) = race(vec![closed, open]).await.unwrap();
        assert_eq!(reached, open);
        assert_eq!(race(vec![closed]).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);

        let mut log = StepLog::new();
        let to = Destination::new("127.0.0.1", open.port(), false);
        assert!(NetDial.dial(&to, &mut log).await.is_ok());
        let steps: Vec<_> = log.into_steps().into_iter().map(|(step, ..)| step).collect();
        assert_eq!(steps, ["tcp"], "an address needs no DNS");
    }
}
