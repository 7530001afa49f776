//! Byte streams.

use std::any::Any;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A byte stream to a far end: TCP, TLS, a tunnel, or memory.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Ready when a read has a chance to bring something. A stream that cannot tell is always ready.
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<()>;

    /// Whether the stream is a socket: a read that does not fill its buffer has emptied it.
    fn is_direct(&self) -> bool;
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let any: &dyn Any = self;
        if let Some(tcp) = any.downcast_ref::<TcpStream>() {
            // A failure shows with the read.
            return tcp.poll_read_ready(cx).map(drop);
        }
        if let Some(tls) = any.downcast_ref::<TlsStream<Box<dyn Io>>>() {
            return tls.get_ref().0.poll_read_ready(cx);
        }
        match any.downcast_ref::<Box<dyn Io>>() {
            Some(boxed) => boxed.as_ref().poll_read_ready(cx),
            None => Poll::Ready(()),
        }
    }

    fn is_direct(&self) -> bool {
        let any: &dyn Any = self;
        match any.downcast_ref::<Box<dyn Io>>() {
            Some(boxed) => boxed.as_ref().is_direct(),
            None => any.is::<TcpStream>(),
        }
    }
}
