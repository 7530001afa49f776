//! From a URL to a byte stream: DNS and TCP.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::sleep;

use crate::error::Blame;
use crate::lifecycle::Failure;
use crate::steps::StepLog;
use crate::url::WsUrl;
use crate::wire::Io;

/// How long one address has a head start over the next (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Brings a byte stream to the host and port of a URL. For `wss://` TLS is spoken on top of it.
#[async_trait]
pub trait Dial: Send + Sync {
    /// Connects. The caller bounds the time; a dropped future leaves nothing behind.
    async fn dial(&self, url: &WsUrl, log: &mut StepLog) -> Result<Box<dyn Io>, Failure>;
}

/// DNS and TCP.
#[derive(Debug)]
pub(crate) struct NetDial;

impl NetDial {
    async fn resolve(&self, url: &WsUrl, log: &mut StepLog) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = url.host().parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, url.port())]);
        }
        log.begin("dns");
        let found: Vec<SocketAddr> = lookup_host((url.host(), url.port())).await?.collect();
        if found.is_empty() {
            return Err(io::Error::other("the name has no address"));
        }
        log.done(format!("{} addresses", found.len()));
        Ok(found)
    }
}

#[async_trait]
impl Dial for NetDial {
    async fn dial(&self, url: &WsUrl, log: &mut StepLog) -> Result<Box<dyn Io>, Failure> {
        let blame = Blame::of(url);
        let addresses = self.resolve(url, log).await.map_err(|e| blame.network("dns", e))?;
        log.begin("tcp");
        let (tcp, address) = race(addresses).await.map_err(|e| blame.network("tcp", e))?;
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
