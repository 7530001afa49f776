//! Addresses, and sockets below streams.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

/// An address on `127.0.0.1` that refuses connections, until somebody binds it.
///
/// # Panics
/// When there is no free port.
pub async fn refused_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let address = listener.and_then(|listener| listener.local_addr());
    address.expect("127.0.0.1 has a free port")
}

/// Makes the coming drop a reset.
pub(crate) fn reset(tcp: &TcpStream) {
    // Fails only on a socket that is gone.
    let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
}

/// Sends a FIN past whatever lies between.
#[cfg(feature = "server")]
pub(crate) fn cut(tcp: &TcpStream) {
    // Fails only on a socket that is gone.
    let _ = SockRef::from(tcp).shutdown(std::net::Shutdown::Write);
}
