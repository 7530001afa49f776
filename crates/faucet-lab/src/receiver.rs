//! A server that counts the messages of its clients and checks their order.

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
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::faults::{Cut, Fault, Faults, Schedule};
use crate::line::render_json;
use crate::listening::{self, accept_all};
use crate::tally::{Cursor, Tally};

/// Messages of one client that are taken in one go.
const BURST: usize = 1000;
/// Bytes that are gathered before they are printed.
const PRINTED: usize = 1 << 20;
/// The time for a client to close the connection itself after the last message that is wanted. The
/// client may still wait for a Pong.
const LAST_MESSAGE: Duration = Duration::from_millis(500);
/// The time for a client to answer a Close frame.
const CLOSE_HANDSHAKE: Duration = Duration::from_millis(500);
/// The time for all clients together after a shutdown.
const GRACE: Duration = Duration::from_millis(1500);
const NORMAL: u16 = 1000;
const GOING_AWAY: u16 = 1001;

/// Writes lines to where the user reads them. May block.
pub type Print = fn(&[u8]) -> Result<()>;

/// The options of a receiver.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReceiverOptions {
    /// Ends after this many messages of all connections together, at least 1. Default: never.
    pub count: Option<u64>,
    /// Drops the first connection after this many messages, at least 1, without a close handshake.
    /// Default: never.
    pub drop_after: Option<u64>,
    /// The mean time until a connection is dropped at random without a close handshake, half of the times
    /// with a reset. Default: never.
    pub drop: Option<Duration>,
    /// The mean time between two stalls of a connection, in which nothing is read and no Ping is
    /// answered for up to 3 s. Default: never.
    pub stall: Option<Duration>,
    /// The seed of the faults. The number of a connection and the seed determine its faults.
    pub seed: u64,
    /// Gets each message as a line: text as it is, and bytes as a JSON string of their base64. An
    /// error ends the receiver. Default: messages are counted only.
    pub print: Option<Print>,
}

/// A receiver on an open port.
pub struct Receiver {
    listener: Listener,
    shared: Arc<Shared>,
}

/// The counters of a receiver while it runs. All clones show the same receiver.
#[derive(Clone)]
pub struct Received(Arc<Shared>);

struct Shared {
    options: ReceiverOptions,
    state: Mutex<State>,
    /// The Close code for all clients, once the receiver ends.
    end: watch::Sender<Option<u16>>,
}

struct State {
    tally: Tally,
    /// Messages that are still wanted.
    wanted: u64,
    failure: Option<Error>,
}

impl Receiver {
    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the operating system refuses the address.
    pub async fn bind(address: SocketAddr, options: ReceiverOptions) -> io::Result<Self> {
        let listener = Listener::bind(address).await?;
        let wanted = options.count.unwrap_or(u64::MAX);
        let state = State { tally: Tally::default(), wanted, failure: None };
        let shared = Shared { options, state: Mutex::new(state), end: watch::Sender::new(None) };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// The URL for clients.
    ///
    /// # Errors
    /// When the operating system does not tell the port.
    pub fn url(&self) -> io::Result<String> {
        listening::url(&self.listener)
    }

    /// The counters. They stay readable after the receiver has ended.
    pub fn received(&self) -> Received {
        Received(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` completes or `count` messages were received, then closes the
    /// connections of all clients.
    ///
    /// # Errors
    /// The error of [`ReceiverOptions::print`].
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<()> {
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
            // Without a shutdown all received messages are printed first, however slowly.
            () = shutdown.then(|()| sleep(GRACE)) => {}
        }
        match shared.state().failure.take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

impl Received {
    /// Reads the counters. Counting waits until `look` returns.
    pub fn look<T>(&self, look: impl FnOnce(&Tally) -> T) -> T {
        look(&self.0.state().tally)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the end. Clients get the first code.
    fn end(&self, code: u16) {
        self.end.send_if_modified(|end| end.is_none() && end.replace(code).is_none());
    }
}

/// Waits for the end, and returns the Close code for the clients.
async fn code(end: &mut watch::Receiver<Option<u16>>) -> u16 {
    match end.wait_for(Option::is_some).await.map(|code| *code) {
        Ok(Some(code)) => code,
        // The receiver is gone.
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
    let ReceiverOptions { drop, stall, seed, .. } = shared.options;
    let faults = Faults { drop, stall, seed, ..Faults::default() };
    let mut connection = Connection {
        schedule: Schedule::new(faults, number, Instant::now()),
        shared: Arc::clone(&shared),
        cursor: Cursor::default(),
        messages: 0,
        quota: shared.options.drop_after.filter(|_| number == 1),
    };
    let left = connection.receive(client).await;
    shared.state().tally.disconnected();
    let after = match connection.messages {
        1 => "1 message".to_owned(),
        messages => format!("{messages} messages"),
    };
    match left {
        Ok(how) => tracing::info!(%peer, "client {how} after {after}"),
        Err(error) => tracing::info!(%peer, "client gone after {after}: {error}"),
    }
}

/// A client that sends.
struct Connection {
    schedule: Schedule,
    shared: Arc<Shared>,
    cursor: Cursor,
    messages: u64,
    /// Dropped after so many messages.
    quota: Option<u64>,
}

/// Waits for the next fault. Cancel safe.
async fn due(schedule: &mut Schedule) -> Fault {
    loop {
        match schedule.next() {
            Some(next) => sleep_until(next).await,
            None => std::future::pending().await,
        }
        if let Some(fault) = schedule.due(Instant::now()) {
            return fault;
        }
    }
}

/// The next step after some messages.
enum Next {
    More,
    Drop,
    Refuse,
    Left(io::Result<()>),
}

impl Connection {
    /// Receives until the connection ends. Returns how it ended, as a word for the log.
    async fn receive(&mut self, mut client: Client) -> io::Result<&'static str> {
        let mut end = self.shared.end.subscribe();
        loop {
            let first = tokio::select! {
                biased;
                code = code(&mut end) => return dismiss(client, code).await,
                fault = due(&mut self.schedule) => match fault {
                    Fault::Drop(Cut { reset, .. }) => {
                        client.abort(reset);
                        return Ok("dropped as asked");
                    }
                    Fault::Stall(length) => {
                        tokio::select! {
                            code = code(&mut end) => return dismiss(client, code).await,
                            () = sleep(length) => continue,
                        }
                    }
                    // A receiver has no feed.
                    Fault::Flood(_) | Fault::Dribble(_) => continue,
                },
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

    /// Takes `first` and the messages that are there already. A message beyond `count` is not read:
    /// reading may answer a Ping behind it, and the Pong would confirm a message that was not taken.
    fn take(&mut self, first: Frame, client: &mut Client, lines: &mut Vec<u8>) -> Next {
        let Self { shared, cursor, messages, quota, .. } = self;
        let mut state = shared.state();
        if state.wanted == 0 {
            return Next::Refuse;
        }
        let (mut frame, mut taken) = (first, 0);
        loop {
            state.tally.add(&frame, cursor);
            *messages += 1;
            taken += 1;
            if shared.options.print.is_some() {
                render_json(&frame, lines);
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
        let Some(print) = self.shared.options.print else { return };
        // A slow reader of the lines must not stop the other clients.
        let printed = tokio::task::spawn_blocking(move || print(&lines)).await;
        if let Ok(Err(failure)) = printed {
            self.shared.state().failure.get_or_insert(failure);
            self.shared.end(GOING_AWAY);
        }
    }
}

/// Closes the connection. With 1000 the client may close it first.
async fn dismiss(mut client: Client, code: u16) -> io::Result<&'static str> {
    if code == NORMAL
        && let Ok(last) = timeout(LAST_MESSAGE, client.receive()).await
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
    // A client that does not answer is dropped.
    let _ = timeout(CLOSE_HANDSHAKE, client.close(code, reason)).await;
    Ok("dismissed")
}
