//! Byte streams to a server of the bench, plain and with TLS.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::endpoint::Endpoint;
use crate::result::Result;

/// A byte stream.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects, and speaks TLS if the endpoint does.
pub(crate) async fn connect(to: &Endpoint) -> Result<Box<dyn Stream>> {
    let tcp = tcp(to).await?;
    let Some(ca_file) = &to.ca_file else { return Ok(Box::new(tcp)) };
    let name = ServerName::from(to.address.ip());
    Ok(Box::new(TlsConnector::from(tls(ca_file)?).connect(name, tcp).await?))
}

/// Connects without TLS.
pub(crate) async fn tcp(to: &Endpoint) -> Result<TcpStream> {
    let tcp = TcpStream::connect(to.address).await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

fn tls(ca_file: &Path) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca_file)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A bare tungstenite, as the comparison.
pub(crate) async fn tungstenite(
    to: &Endpoint,
    config: Option<WebSocketConfig>,
) -> Result<WebSocketStream<Box<dyn Stream>>> {
    let stream = connect(to).await?;
    let (socket, _) = tokio_tungstenite::client_async_with_config(to.url(), stream, config).await?;
    Ok(socket)
}
