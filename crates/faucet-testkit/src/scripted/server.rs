//! The scripted peer behind a port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::{Arc, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::conversation::Talk;
use super::line::Below;
use super::log::Entry;
use super::peer::Stage;
use super::player::Player;
use super::wrap::{Play, Wrap};
use super::{Script, ScriptedPeer, Seen};

/// A [`ScriptedPeer`] on `127.0.0.1` and a free port. Dropping it ends the port and its
/// connections.
#[derive(Debug)]
pub struct ScriptedServer {
    peer: ScriptedPeer,
    address: SocketAddr,
    scheme: &'static str,
}

impl Deref for ScriptedServer {
    type Target = ScriptedPeer;

    fn deref(&self) -> &ScriptedPeer {
        &self.peer
    }
}

impl ScriptedServer {
    /// Listens and plays the n-th script on the n-th connection, the last one again and again.
    ///
    /// # Panics
    /// When there is no script or no port.
    pub async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let server = Self::start_on((Ipv4Addr::LOCALHOST, 0).into(), scripts).await;
        server.expect("127.0.0.1 has a free port")
    }

    /// Starts a server whose scripts name its own address, such as a script that sends the client on. `make`
    /// gets the address and returns the scripts.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use faucet_testkit::{Script, ScriptedServer};
    ///
    /// let server = ScriptedServer::start_with(|address| {
    ///     [Script::accept().send_text(format!("{{\"next\":\"ws://{address}/2\"}}"))]
    /// })
    /// .await;
    /// # drop(server);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When there is no script or no port.
    pub async fn start_with<S: IntoIterator<Item = Script>>(
        make: impl FnOnce(SocketAddr) -> S,
    ) -> Self {
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let server = Self::listen(address, "ws", make, Wrap::Plain).await;
        server.expect("127.0.0.1 has a free port")
    }

    /// The same on a given address: another family, or a port that was refused so far.
    pub async fn start_on(
        address: SocketAddr,
        scripts: impl IntoIterator<Item = Script>,
    ) -> io::Result<Self> {
        Self::listen(address, "ws", |_| scripts, Wrap::Plain).await
    }

    /// The same behind TLS.
    ///
    /// # Panics
    /// When there is no script or no port.
    #[cfg(feature = "tls")]
    pub async fn start_tls(
        scripts: impl IntoIterator<Item = Script>,
        config: Arc<rustls::ServerConfig>,
    ) -> Self {
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let server = Self::listen(address, "wss", |_| scripts, Wrap::Tls(config.into())).await;
        server.expect("127.0.0.1 has a free port")
    }

    async fn listen<S: IntoIterator<Item = Script>>(
        address: SocketAddr,
        scheme: &'static str,
        scripts: impl FnOnce(SocketAddr) -> S,
        wrap: Wrap,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let peer = ScriptedPeer::new(scripts(address));
        let accepting = accept(listener, peer.stage.clone(), wrap);
        peer.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(accepting);
        Ok(Self { peer, address, scheme })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `ws://127.0.0.1:PORT/`, or `wss://…` behind TLS.
    pub fn url(&self) -> String {
        self.url_with("/")
    }

    /// The same with another path and query, beginning with its slash.
    pub fn url_with(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }
}

async fn accept(listener: TcpListener, stage: Arc<Stage>, wrap: Wrap) {
    let mut connections = JoinSet::new();
    loop {
        // An accept that fails belongs to a client that is gone.
        let Ok((tcp, _)) = listener.accept().await else { continue };
        let (script, entry, talk) = stage.begin();
        let last = script.then_refuse;
        let guest = Guest { script, entry, talk };
        if last {
            // Before the client gets an answer, so that its next connect is refused for certain.
            drop(listener);
            connections.spawn(wrap.serve(tcp, guest));
            break;
        }
        connections.spawn(wrap.clone().serve(tcp, guest));
    }
    while connections.join_next().await.is_some() {}
}

/// Plays a script, and logs.
struct Guest {
    script: Script,
    entry: Entry<Seen>,
    talk: Talk,
}

impl Play for Guest {
    async fn play<S>(self, stream: S, below: Below<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        Player::new(stream, below, self.entry, self.talk).run(self.script).await;
    }

    #[cfg(feature = "tls")]
    fn tls_failed(self, error: String) {
        self.entry.end(super::End::Tls(error));
    }
}
