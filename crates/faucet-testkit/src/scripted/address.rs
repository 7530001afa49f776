//! Addresses, and sockets below streams.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::TcpStream;

/// An address on `127.0.0.1` that refuses connections, until somebody binds it.
///
/// # Panics
/// When there is no free port.
pub async fn refused_address() -> SocketAddr {
    /// A socket that is bound and does not listen refuses. It keeps the system from giving its port
    /// to the server of another test; a server that asks for that very port still gets it.
    static KEPT: Mutex<Vec<Socket>> = Mutex::new(Vec::new());
    let bound = || -> io::Result<(Socket, SocketAddr)> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::Unsupported)?;
        Ok((socket, address))
    };
    let (socket, address) = bound().expect("127.0.0.1 has a free port");
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
    address
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_address_refuses_keeps_its_port_and_can_be_bound() {
        let address = refused_address().await;
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        for _ in 0..200 {
            let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            assert_ne!(other.local_addr().unwrap(), address);
        }
        let _listener = TcpListener::bind(address).await.unwrap();
        TcpStream::connect(address).await.unwrap();
    }
}
