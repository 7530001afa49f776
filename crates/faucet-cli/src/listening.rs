//! What all servers of the command do: listen, and accept whoever comes.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use faucet_common_websocket::server::{Incoming, Listener};
use faucet_core::{Error, ErrorKind};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long after a client that could not be accepted the next one is.
const NOT_ACCEPTED: Duration = Duration::from_millis(100);

/// Serves every client that comes as a task of `clients`.
pub(crate) async fn accept_all<F: Future<Output = ()> + Send + 'static>(
    listener: &Listener,
    clients: &mut JoinSet<()>,
    mut serve: impl FnMut(Incoming) -> F,
) -> Infallible {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(incoming) => {
                    clients.spawn(serve(incoming));
                }
                // It left at once, or there are too many: no reason to leave the others.
                Err(error) => {
                    tracing::warn!("a client was not accepted: {error}");
                    sleep(NOT_ACCEPTED).await;
                }
            },
            Some(_) = clients.join_next() => {}
        }
    }
}

/// The URL of a server on loopback.
pub(crate) fn url(listener: &Listener) -> io::Result<String> {
    Ok(format!("ws://{}/", listener.address()?))
}

/// Why there is no server on `address`.
pub(crate) fn cannot_listen(address: SocketAddr) -> impl Fn(io::Error) -> Error + Copy {
    move |error| {
        Error::new(ErrorKind::Connect, format!("cannot listen on {address}"))
            .with_source(error)
            .with_hint("choose another address with --listen; port 0 takes a free one")
    }
}
