//! A scripted TCP peer behind a port.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::log::Log;
use super::tcp_player::TcpPlayer;
use super::tcp_script::TcpScript;
use super::tcp_seen::TcpSeen;

/// A peer for protocols of bytes and lines, on `127.0.0.1` and a free port. It plays the n-th script
/// on the n-th connection, the last one again and again, and keeps what came in. Dropping it ends the
/// port and its connections.
///
/// ```
/// # #[cfg(feature = "tcp")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// use faucet_testkit::{ScriptedTcp, TcpScript};
/// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
///
/// let server = ScriptedTcp::start([
///     TcpScript::accept().read_to("\r\n\r\n").send("HTTP/1.1 204 No Content\r\n\r\n").close(),
/// ])
/// .await;
/// let mut client = tokio::net::TcpStream::connect(server.address()).await?;
/// client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// drop(client);
/// assert!(answer.starts_with("HTTP/1.1 204"));
/// assert_eq!(server.finish().await[0].lines()[0], "GET / HTTP/1.1");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ScriptedTcp {
    address: SocketAddr,
    log: Log<TcpSeen>,
    _accepting: JoinSet<()>,
}

impl ScriptedTcp {
    /// Listens and plays.
    ///
    /// # Panics
    /// When there is no script or no port.
    pub async fn start(scripts: impl IntoIterator<Item = TcpScript>) -> Self {
        let scripts: VecDeque<TcpScript> = scripts.into_iter().collect();
        assert!(!scripts.is_empty(), "a scripted peer needs a script");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let log = Log::new("connection");
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, scripts, log.clone()));
        Self { address, log, _accepting: accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `SCHEME://127.0.0.1:PORT` and `path`, which begins with its slash.
    pub fn url(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://{}{path}", self.address)
    }

    /// The connections so far, as seen by the peer.
    pub fn connections(&self) -> Vec<TcpSeen> {
        self.log.read()
    }

    /// The mistakes of clients, each with the number of its connection (from 0).
    pub fn failures(&self) -> Vec<String> {
        self.log.failures()
    }

    /// Waits until the log satisfies `enough` and returns it.
    ///
    /// # Panics
    /// When that takes longer than ten seconds on tokio's clock.
    pub async fn until(&self, enough: impl FnMut(&[TcpSeen]) -> bool) -> Vec<TcpSeen> {
        self.log.until(enough).await
    }

    /// Waits until every connection has ended or has nothing more to do, and returns the log.
    ///
    /// # Panics
    /// When a client did something wrong, or when a script still waits after ten seconds.
    pub async fn finish(&self) -> Vec<TcpSeen> {
        self.log.finish().await
    }
}

async fn accept(listener: TcpListener, mut scripts: VecDeque<TcpScript>, log: Log<TcpSeen>) {
    let mut connections = JoinSet::new();
    let mut listener = Some(listener);
    while let Some(open) = &listener {
        // An accept that fails belongs to a client that is gone.
        let Ok((tcp, _)) = open.accept().await else { continue };
        // Delays nothing; without it a small piece would wait for the client's ACK.
        let _ = tcp.set_nodelay(true);
        let next = if scripts.len() == 1 { scripts.front().cloned() } else { scripts.pop_front() };
        let Some(script) = next else { return };
        if script.then_refuse {
            // Before the client gets an answer, so that its next connect is refused for certain.
            listener = None;
        }
        connections.spawn(TcpPlayer::new(tcp, log.begin(TcpSeen::accepted())).run(script));
    }
    while connections.join_next().await.is_some() {}
}
