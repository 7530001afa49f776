//! A scripted HTTP server behind a port.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::player::Guest;
use super::script::HttpScript;
use super::seen::HttpSeen;
use super::stage::Stage;
use crate::scripted::wrap::Wrap;

/// An HTTP/1.1 server on `127.0.0.1` and a free port, for calls that come before a connect: tokens,
/// addresses, snapshots. It answers the n-th request with the n-th script, the last one again and
/// again, and keeps the requests. Dropping it ends the port and its connections.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// use faucet_testkit::{HttpScript, HttpServer};
/// use serde_json::json;
/// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
///
/// let server = HttpServer::start([
///     HttpScript::answer(200).expect("POST", "/token?v=1").json(json!({"token": "for {/user}"})),
///     HttpScript::answer(429).header("Retry-After", "2").body("slow down"),
/// ])
/// .await;
///
/// let mut client = tokio::net::TcpStream::connect(server.address()).await?;
/// let body = r#"{"user":"me"}"#;
/// let head = format!("POST /token?v=1 HTTP/1.1\r\nHost: h\r\nContent-Length: {}", body.len());
/// client.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
/// assert!(answer.ends_with(r#"{"token":"for me"}"#));
///
/// let requests = server.finish().await; // panics when a client did not do what was expected
/// assert_eq!((requests[0].method(), requests[0].path()), ("POST", "/token?v=1"));
/// assert_eq!(requests[0].json(), json!({"user": "me"}));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct HttpServer {
    address: SocketAddr,
    scheme: &'static str,
    stage: Arc<Stage>,
    _accepting: JoinSet<()>,
}

impl HttpServer {
    /// Listens and answers.
    ///
    /// # Panics
    /// When there is no script or no port.
    pub async fn start(scripts: impl IntoIterator<Item = HttpScript>) -> Self {
        Self::listen("http", scripts, Wrap::Plain).await
    }

    /// The same behind TLS.
    ///
    /// # Panics
    /// When there is no script or no port.
    #[cfg(feature = "tls")]
    pub async fn start_tls(
        scripts: impl IntoIterator<Item = HttpScript>,
        config: Arc<rustls::ServerConfig>,
    ) -> Self {
        Self::listen("https", scripts, Wrap::Tls(config.into())).await
    }

    async fn listen(
        scheme: &'static str,
        scripts: impl IntoIterator<Item = HttpScript>,
        wrap: Wrap,
    ) -> Self {
        let stage = Arc::new(Stage::new(scripts.into_iter().collect()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("127.0.0.1 has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, wrap, Arc::clone(&stage)));
        Self { address, scheme, stage, _accepting: accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT/`, or `https://…` behind TLS.
    pub fn url(&self) -> String {
        self.url_with("/")
    }

    /// The same with another path and query, beginning with its slash.
    pub fn url_with(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The requests so far, and TLS handshakes that failed.
    pub fn requests(&self) -> Vec<HttpSeen> {
        self.stage.log.read()
    }

    /// The mistakes of clients, each with the number of its request (from 0).
    pub fn failures(&self) -> Vec<String> {
        self.stage.log.failures()
    }

    /// Waits until the log satisfies `enough` and returns it.
    ///
    /// # Panics
    /// When that takes longer than ten seconds on tokio's clock.
    pub async fn until(&self, enough: impl FnMut(&[HttpSeen]) -> bool) -> Vec<HttpSeen> {
        self.stage.log.until(enough).await
    }

    /// Waits until every request is answered or its script has nothing more to do, and returns the
    /// log.
    ///
    /// # Panics
    /// When a client did something wrong, or when a script still waits after ten seconds.
    pub async fn finish(&self) -> Vec<HttpSeen> {
        self.stage.log.finish().await
    }
}

async fn accept(listener: TcpListener, wrap: Wrap, stage: Arc<Stage>) {
    let mut connections = JoinSet::new();
    loop {
        // An accept that fails belongs to a client that is gone.
        let Ok((tcp, _)) = listener.accept().await else { continue };
        connections.spawn(wrap.clone().serve(tcp, Guest(Arc::clone(&stage))));
    }
}
