//! Byte streams.

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream to a far end: TCP, TLS, a tunnel, or memory.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
