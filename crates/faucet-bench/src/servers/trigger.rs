//! A second connection over which the process that measures says what its server is to do next.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::endpoint::Endpoint;
use crate::result::Result;
use crate::wire::stream::tcp;

/// Either end of it. Each signal is one byte.
pub(crate) struct Trigger(TcpStream);

impl Trigger {
    /// The measuring end. It connects before anything else does.
    pub(crate) async fn connect(to: &Endpoint) -> Result<Self> {
        Ok(Self(tcp(to).await?))
    }

    /// The end of the server: its first connection.
    pub(super) fn accepted(tcp: TcpStream) -> Self {
        Self(tcp)
    }

    pub(crate) async fn signal(&mut self) -> Result<()> {
        Ok(self.0.write_all(b".").await?)
    }

    /// Waits for a signal of the other end.
    ///
    /// # Errors
    /// The other end is gone.
    pub(crate) async fn signalled(&mut self) -> Result<()> {
        self.0.read_u8().await?;
        Ok(())
    }
}
