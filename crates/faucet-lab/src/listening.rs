//! Accepting clients, as both servers do.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::time::Duration;

use faucet_common_websocket::server::{Incoming, Listener};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// The pause after a client that could not be accepted.
const NOT_ACCEPTED: Duration = Duration::from_millis(100);

/// Serves each client as a task of `clients`.
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
                // The client left at once, or too many files are open. The other clients stay.
                Err(error) => {
                    tracing::warn!("a client was not accepted: {error}");
                    sleep(NOT_ACCEPTED).await;
                }
            },
            Some(_) = clients.join_next() => {}
        }
    }
}

/// The URL of a server.
pub(crate) fn url(listener: &Listener) -> io::Result<String> {
    Ok(format!("ws://{}/", listener.address()?))
}
