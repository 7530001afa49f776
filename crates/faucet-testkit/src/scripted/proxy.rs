//! A proxy for tests: HTTP CONNECT or SOCKS5.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The behaviour of a [`ScriptedProxy`].
#[derive(Debug, Clone)]
pub struct ProxyScript {
    kind: Kind,
    user: Option<(String, String)>,
    refuses: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Http,
    Socks5,
}

impl ProxyScript {
    fn new(kind: Kind) -> Self {
        Self { kind, user: None, refuses: None }
    }

    /// An HTTP proxy that takes CONNECT.
    pub fn http() -> Self {
        Self::new(Kind::Http)
    }

    /// A SOCKS5 proxy.
    pub fn socks5() -> Self {
        Self::new(Kind::Socks5)
    }

    /// Takes only this user with this password.
    #[must_use]
    pub fn wants(mut self, user: &str, password: &str) -> Self {
        self.user = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Refuses every connection with this HTTP status or SOCKS5 reply.
    #[must_use]
    pub fn refuses(mut self, code: u16) -> Self {
        self.refuses = Some(code);
        self
    }
}

/// A proxy on `127.0.0.1` and a free port. Whatever far end is asked for, it relays to the one that it was
/// started with. Dropping it ends the port and its connections.
#[derive(Debug)]
pub struct ScriptedProxy {
    address: SocketAddr,
    /// The far ends that were asked for.
    asked: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl ScriptedProxy {
    /// Listens and relays to `upstream`.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start(script: ProxyScript, upstream: SocketAddr) -> Self {
        Self::listen(script, upstream, Wrap::Plain).await
    }

    /// The same behind TLS.
    ///
    /// # Panics
    /// When there is no port.
    #[cfg(feature = "tls")]
    pub async fn start_tls(
        script: ProxyScript,
        upstream: SocketAddr,
        config: Arc<rustls::ServerConfig>,
    ) -> Self {
        Self::listen(script, upstream, Wrap::Tls(config.into())).await
    }

    async fn listen(script: ProxyScript, upstream: SocketAddr, wrap: Wrap) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let relay = Relay { script, upstream, asked: Arc::clone(&asked), wrap };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let relay = relay.clone();
                // A client that goes away in the middle is no concern of the proxy.
                connections.spawn(async move { drop(relay.serve(tcp).await) });
            }
        });
        Self { address, asked, _tasks: tasks }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The far ends that were asked for, as `host:port`. A SOCKS5 client that sent an address has an
    /// address here.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What lies between the proxy and the socket.
#[derive(Clone)]
enum Wrap {
    Plain,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

/// Serves connections.
#[derive(Clone)]
struct Relay {
    script: ProxyScript,
    upstream: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    wrap: Wrap,
}

impl Relay {
    async fn serve(&self, tcp: TcpStream) -> io::Result<()> {
        match &self.wrap {
            Wrap::Plain => self.talk(tcp).await,
            #[cfg(feature = "tls")]
            Wrap::Tls(acceptor) => self.talk(Box::new(acceptor.accept(tcp).await?)).await,
        }
    }

    async fn talk(&self, mut client: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let welcome = match self.script.kind {
            Kind::Http => self.http(&mut client).await?,
            Kind::Socks5 => self.socks5(&mut client).await?,
        };
        if let Some(answer) = welcome {
            let mut upstream = TcpStream::connect(self.upstream).await?;
            client.write_all(&answer).await?;
            copy_bidirectional(&mut client, &mut upstream).await?;
        }
        client.shutdown().await
    }

    fn note(&self, far_end: String) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(far_end);
    }

    /// The answer to a good request, once it has come.
    async fn http(
        &self,
        client: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ) -> io::Result<Option<Vec<u8>>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut words = head.split(' ');
        let (method, far_end) = (words.next(), words.next().unwrap_or_default());
        self.note(far_end.to_owned());
        let wanted = self.script.user.as_ref().map(|(user, password)| {
            let pair = STANDARD.encode(format!("{user}:{password}"));
            format!("\r\nproxy-authorization: basic {pair}\r\n").to_ascii_lowercase()
        });
        let known = wanted.is_none_or(|line| head.to_ascii_lowercase().contains(&line));
        let status = match self.script.refuses {
            _ if method != Some("CONNECT") => 405,
            _ if !known => 407,
            refuses => refuses.unwrap_or(200),
        };
        let answer = format!("HTTP/1.1 {status} As scripted\r\nContent-Length: 0\r\n\r\n");
        if status == 200 {
            return Ok(Some(b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec()));
        }
        client.write_all(answer.as_bytes()).await?;
        Ok(None)
    }

    /// The reply to a good request, once it has come (RFC 1928, RFC 1929).
    async fn socks5(
        &self,
        client: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ) -> io::Result<Option<Vec<u8>>> {
        let (_version, count) = (client.read_u8().await?, client.read_u8().await?);
        let methods = take(client, count.into()).await?;
        let method = if self.script.user.is_some() { 2 } else { 0 };
        if !methods.contains(&method) {
            client.write_all(&[5, 0xff]).await?;
            return Ok(None);
        }
        client.write_all(&[5, method]).await?;
        if let Some((user, password)) = &self.script.user {
            let (_version, length) = (client.read_u8().await?, client.read_u8().await?);
            let name = take(client, length.into()).await?;
            let length = client.read_u8().await?;
            let known = name == user.as_bytes()
                && take(client, length.into()).await? == password.as_bytes();
            client.write_all(&[1, u8::from(!known)]).await?;
            if !known {
                return Ok(None);
            }
        }
        let [_version, _command, _reserved, kind] = *take(client, 4).await? else {
            return Ok(None);
        };
        let host = match kind {
            1 => Ipv4Addr::from(client.read_u32().await?).to_string(),
            4 => format!("[{}]", Ipv6Addr::from(client.read_u128().await?)),
            _ => {
                let length = client.read_u8().await?;
                String::from_utf8_lossy(&take(client, length.into()).await?).into_owned()
            }
        };
        self.note(format!("{host}:{}", client.read_u16().await?));
        let code = self.script.refuses.unwrap_or(0);
        let reply = [5, u8::try_from(code).unwrap_or(1), 0, 1, 0, 0, 0, 0, 0, 0];
        if code == 0 {
            return Ok(Some(reply.to_vec()));
        }
        client.write_all(&reply).await?;
        Ok(None)
    }
}

async fn take(client: &mut (impl AsyncRead + Unpin), length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}
