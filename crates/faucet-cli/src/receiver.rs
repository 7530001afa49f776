//! A receiving server: counts what clients send, and looks at its order.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use faucet_common_websocket::Frame;
use faucet_common_websocket::server::{Client, Incoming, Listener};
use faucet_core::{Error, Result};
use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::listening::{self, accept_all};
use crate::live::Shown;
use crate::output::{counted, print_bytes};
use crate::tally::{Place, Tally};
use crate::terminal;

/// Messages that are taken between two looks at everything else.
const BURST: usize = 1000;
/// Bytes to print that are gathered before they are.
const PRINTED: usize = 1 << 20;
/// How long a client may take to say its last word after the last message that is wanted: it may
/// wait for a Pong.
const LAST_WORD: Duration = Duration::from_millis(500);
/// How long a client may take to answer a goodbye.
const FAREWELL: Duration = Duration::from_millis(500);
/// How long all of it may take once somebody has asked for the end.
const GRACE: Duration = Duration::from_millis(1500);
const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;

/// What a receiver does with its clients.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manners {
    /// Ends after this many messages in all.
    pub(crate) count: Option<u64>,
    /// Drops the first connection without a farewell after this many messages.
    pub(crate) drop_after: Option<u64>,
    /// Prints each message on a line of stdout.
    pub(crate) print: bool,
}

/// A receiver on an open port.
pub(crate) struct Receiver {
    listener: Listener,
    shared: Arc<Shared>,
}

/// What a receiver has received so far. Clones look at the same.
#[derive(Clone)]
pub(crate) struct Received(Arc<Shared>);

struct Shared {
    manners: Manners,
    state: Mutex<State>,
    /// What the clients are told at the end, from then on.
    end: watch::Sender<Option<u16>>,
}

struct State {
    tally: Tally,
    /// Messages that are still wanted.
    wanted: u64,
    failure: Option<Error>,
}

impl Receiver {
    pub(crate) async fn bind(address: SocketAddr, manners: Manners) -> io::Result<Self> {
        let listener = Listener::bind(address).await?;
        let wanted = manners.count.unwrap_or(u64::MAX);
        let state = State { tally: Tally::default(), wanted, failure: None };
        let shared = Shared { manners, state: Mutex::new(state), end: watch::Sender::new(None) };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    pub(crate) fn url(&self) -> io::Result<String> {
        listening::url(&self.listener)
    }

    pub(crate) fn received(&self) -> Received {
        Received(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` or the last message that is wanted, and says goodbye to all clients.
    ///
    /// # Errors
    /// When messages cannot be printed.
    pub(crate) async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let Self { listener, shared } = self;
        let shutdown = shutdown.shared();
        let mut clients = JoinSet::new();
        let mut ended = shared.end.subscribe();
        let serve = |incoming| serve_client(incoming, Arc::clone(&shared));
        tokio::select! {
            never = accept_all(&listener, &mut clients, serve) => match never {},
            () = shutdown.clone() => shared.end(GOING_AWAY),
            _ = code(&mut ended) => {}
        }
        drop(listener);
        tokio::select! {
            () = async { while clients.join_next().await.is_some() {} } => {}
            // Otherwise what was received is printed first, however slowly.
            () = shutdown.then(|()| sleep(GRACE)) => {}
        }
        match shared.state().failure.take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

impl Received {
    /// Looks at it.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Tally) -> T) -> T {
        look(&self.0.state().tally)
    }
}

impl Shown for Received {
    fn amount(&self) -> u64 {
        self.look(Tally::amount)
    }

    fn line(&self, rate: f64) -> String {
        self.look(|tally| tally.line(rate))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the end; the first reason is what clients are told.
    fn end(&self, code: u16) {
        self.end.send_if_modified(|end| end.is_none() && end.replace(code).is_none());
    }
}

/// What the clients are told, once the end has begun.
async fn code(end: &mut watch::Receiver<Option<u16>>) -> u16 {
    match end.wait_for(Option::is_some).await.map(|code| *code) {
        Ok(Some(code)) => code,
        // Who could end it is gone.
        _ => GOING_AWAY,
    }
}

async fn serve_client(incoming: Incoming, shared: Arc<Shared>) {
    let peer = incoming.peer();
    let mut end = shared.end.subscribe();
    let upgraded = tokio::select! {
        upgraded = incoming.upgrade() => upgraded,
        _ = code(&mut end) => return,
    };
    let client = match upgraded {
        Ok(client) => client,
        Err(error) => return tracing::info!(%peer, "client gone before its first message: {error}"),
    };
    let number = shared.state().tally.connected();
    tracing::info!(%peer, "client connected");
    let mut connection = Connection {
        shared: Arc::clone(&shared),
        place: Place::default(),
        messages: 0,
        quota: shared.manners.drop_after.filter(|_| number == 1),
    };
    let left = connection.receive(client).await;
    shared.state().tally.disconnected();
    let after = counted(connection.messages, "message");
    match left {
        Ok(how) => tracing::info!(%peer, "client {how} after {after}"),
        Err(error) => tracing::info!(%peer, "client gone after {after}: {error}"),
    }
}

/// A client that sends.
struct Connection {
    shared: Arc<Shared>,
    place: Place,
    messages: u64,
    /// Dropped after so many messages.
    quota: Option<u64>,
}

/// What comes after some messages.
enum Next {
    More,
    Drop,
    Refuse,
    Left(io::Result<()>),
}

impl Connection {
    /// Receives until the client leaves or must; says how it left.
    async fn receive(&mut self, mut client: Client) -> io::Result<&'static str> {
        let mut end = self.shared.end.subscribe();
        loop {
            let first = tokio::select! {
                biased;
                code = code(&mut end) => return dismiss(client, code).await,
                first = client.receive() => first?,
            };
            let Some(first) = first else { return Ok("left") };
            let mut lines = Vec::new();
            let next = self.take(first, &mut client, &mut lines);
            if !lines.is_empty() {
                self.print(lines).await;
            }
            match next {
                Next::More => {}
                Next::Drop => return Ok("dropped as asked"),
                Next::Refuse => return dismiss_at_once(client, NORMAL).await,
                Next::Left(left) => return left.map(|()| "left"),
            }
        }
    }

    /// Takes `first` and what is there already. What is not wanted any more is not read: reading
    /// may answer a Ping that comes after it, and the Pong would confirm what was not taken.
    fn take(&mut self, first: Frame, client: &mut Client, lines: &mut Vec<u8>) -> Next {
        let Self { shared, place, messages, quota } = self;
        let mut state = shared.state();
        if state.wanted == 0 {
            return Next::Refuse;
        }
        let (mut frame, mut taken) = (first, 0);
        loop {
            state.tally.add(&frame, place);
            *messages += 1;
            taken += 1;
            if shared.manners.print {
                terminal::render_json(&frame, lines);
            }
            state.wanted -= 1;
            if state.wanted == 0 {
                shared.end(NORMAL);
                return Next::More;
            }
            if *quota == Some(*messages) {
                return Next::Drop;
            }
            if taken == BURST || lines.len() > PRINTED {
                return Next::More;
            }
            frame = match client.receive().now_or_never() {
                Some(Ok(Some(frame))) => frame,
                Some(left) => return Next::Left(left.map(drop)),
                None => return Next::More,
            };
        }
    }

    async fn print(&self, lines: Vec<u8>) {
        // Whoever reads slowly must not stop the other clients.
        let printed = tokio::task::spawn_blocking(move || print_bytes(&lines)).await;
        if let Ok(Err(failure)) = printed {
            self.shared.state().failure.get_or_insert(failure);
            self.shared.end(GOING_AWAY);
        }
    }
}

/// Says goodbye, at a good end after the client's last word.
async fn dismiss(mut client: Client, code: u16) -> io::Result<&'static str> {
    if code == NORMAL
        && let Ok(last) = timeout(LAST_WORD, client.receive()).await
        && last?.is_none()
    {
        return Ok("left");
    }
    dismiss_at_once(client, code).await
}

async fn dismiss_at_once(client: Client, code: u16) -> io::Result<&'static str> {
    let reason = match code {
        NORMAL => "enough messages",
        _ => "the receiver ends",
    };
    // Who does not answer is dropped.
    let _ = timeout(FAREWELL, client.close(code, reason)).await;
    Ok("dismissed")
}
