//! A port, with the certificate of a test authority on a second one.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use faucet_testkit::TestCa;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::endpoint::Listening;
use crate::result::Result;
use crate::wire::stream::Stream;

/// Listens on a free port.
pub(crate) struct Listener {
    plain: TcpListener,
    tls: Option<(TcpListener, TlsAcceptor)>,
}

impl Listener {
    /// Listens without TLS, and prints where.
    pub(crate) async fn plain() -> Result<Self> {
        let plain = TcpListener::bind("127.0.0.1:0").await?;
        print(&Listening { plain: plain.local_addr()?, tls: None })?;
        Ok(Self { plain, tls: None })
    }

    /// Listens without TLS and, on another port, with it, and prints where. The certificate authority
    /// is written to `ca_file`.
    pub(crate) async fn with_tls(ca_file: &Path) -> Result<Self> {
        let (plain, tls) =
            (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let config = certified(ca_file)?;
        print(&Listening {
            plain: plain.local_addr()?,
            tls: Some((tls.local_addr()?, ca_file.to_owned())),
        })?;
        Ok(Self { plain, tls: Some((tls, TlsAcceptor::from(config))) })
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> Result<Box<dyn Stream>> {
        let Some((tls, acceptor)) = &self.tls else {
            return Ok(Box::new(self.accept_tcp().await?));
        };
        tokio::select! {
            tcp = self.accept_tcp() => Ok(Box::new(tcp?)),
            tcp = accept(tls) => Ok(Box::new(acceptor.accept(tcp?).await?)),
        }
    }

    /// The next connection without TLS.
    pub(crate) async fn accept_tcp(&self) -> Result<TcpStream> {
        accept(&self.plain).await
    }
}

async fn accept(listener: &TcpListener) -> Result<TcpStream> {
    let (tcp, _): (TcpStream, SocketAddr) = listener.accept().await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

fn certified(ca_file: &Path) -> Result<Arc<ServerConfig>> {
    let ca = TestCa::new();
    std::fs::write(ca_file, ca.pem())?;
    Ok(ca.good().server_config())
}

/// The parent reads the first line.
fn print(listening: &Listening) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(listening)?)?;
    Ok(out.flush()?)
}
