//! The layers between a script and the socket.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::address::{cut, reset};
use super::line::Below;

/// Whether a server speaks TLS.
#[derive(Clone)]
pub(crate) enum Wrap {
    Plain,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

/// Plays on one connection.
pub(crate) trait Play: Sized + Send {
    fn play<S>(self, stream: S, below: Below<S>) -> impl Future<Output = ()> + Send
    where
        S: AsyncRead + AsyncWrite + Unpin + Send;

    /// The client did not get through the TLS handshake.
    #[cfg(feature = "tls")]
    fn tls_failed(self, error: String);
}

impl Wrap {
    pub(crate) async fn serve(self, tcp: TcpStream, play: impl Play) {
        // Delays nothing; without it a dribbled byte would wait for the client's ACK.
        let _ = tcp.set_nodelay(true);
        match self {
            Self::Plain => play.play(tcp, Below { reset, cut }).await,
            #[cfg(feature = "tls")]
            Self::Tls(acceptor) => match acceptor.accept(tcp).into_fallible().await {
                Ok(tls) => {
                    let below =
                        Below { reset: |tls| reset(below(tls)), cut: |tls| cut(below(tls)) };
                    Box::pin(play.play(tls, below)).await;
                }
                Err((error, mut tcp)) => {
                    play.tls_failed(error.to_string());
                    // A reset because of unread bytes would overtake the alert.
                    let _ = tokio::io::AsyncWriteExt::shutdown(&mut tcp).await;
                    let mut nowhere = tokio::io::sink();
                    let drained = tokio::io::copy(&mut tcp, &mut nowhere);
                    let _ = tokio::time::timeout(super::player::PATIENCE, drained).await;
                }
            },
        }
    }
}

#[cfg(feature = "tls")]
fn below(tls: &tokio_rustls::server::TlsStream<TcpStream>) -> &TcpStream {
    tls.get_ref().0
}
