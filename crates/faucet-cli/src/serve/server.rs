//! The server: its own thread, with bounds on all that a client can take from it.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::sleep;

use crate::serve::answers::answer;
use crate::serve::board::Board;
use crate::serve::desk::Desk;
use crate::serve::gate::Gate;
use crate::serve::life::Life;

/// The most connections at a time. The others wait until the system gives them up.
const MOST_CONNECTIONS: usize = 64;
/// The longest head of a request.
const LONGEST_HEAD: usize = 16 * 1024;
/// A pause after an error of the listener, such as too many open files.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// A bound socket.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// A server that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    /// The thread hears its end.
    _stop: oneshot::Sender<Infallible>,
}

impl Bound {
    /// Binds the socket.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn new(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Answers on a thread of its own: a slow client, or a page that takes long to make, takes nothing
    /// from the run.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn serve(self, board: Board, gate: Gate) -> io::Result<Server> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serving = move || {
            runtime.block_on(async {
                let desk = Arc::new(Desk::new(board, gate));
                tokio::select! {
                    _ = stopped => {}
                    never = desk.keep() => match never {},
                    never = accept(self.listener, Arc::clone(&desk)) => match never {
                        Err(error) => tracing::error!("--serve: {error}"),
                        Ok(never) => match never {},
                    }
                }
            });
        };
        thread::Builder::new().name("serve".to_owned()).spawn(serving)?;
        Ok(Server { _stop: stop })
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) -> io::Result<Infallible> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return std::future::pending().await;
        };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(AFTER_ERROR).await;
            continue;
        };
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            converse(stream, &desk).await;
            drop(permit);
        });
    }
}

/// Answers the one request of a connection. No connection is kept: then none waits for long.
async fn converse(stream: TcpStream, desk: &Desk) {
    let life = Life::new();
    let service = service_fn(|request: Request<Incoming>| {
        let (method, path) = (request.method(), request.uri().path());
        let response = answer(desk, method, path, request.headers(), &life);
        life.extend();
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let mut server = http1::Builder::new();
    server.keep_alive(false).max_buf_size(LONGEST_HEAD);
    let connection = server.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // The client is told nothing more where it has gone.
        _ = connection => {}
        () = life.over() => {}
    }
}
