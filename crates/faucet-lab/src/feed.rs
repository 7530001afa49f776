//! A server that sends the same feed to each client.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use faucet_common_websocket::server::{Incoming, Listener};
use faucet_core::Source;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::faults::{Cut, Faults, Schedule};
use crate::listening::{self, accept_all};
use crate::market::Market;
use crate::recording::{Pace, replay};
use crate::sending::{Gone, Sending, Struck};
use crate::trading::Trading;

const NORMAL: u16 = 1000;

/// The content of a feed.
pub enum Program {
    /// Trades without an end, numbered from 1. A number means the same trade on all connections. A
    /// client that connects later misses the earlier trades: its first trade is behind all that
    /// were sent before.
    Synthetic {
        /// Trades a second; `None` is as fast as the client reads.
        rate: Option<NonZeroU32>,
        /// The same seed makes the same trades.
        seed: u64,
        /// Drops the first connection after this many trades, without a close handshake.
        drop_after: Option<u64>,
    },
    /// A recording. Each client gets all of it.
    Recorded {
        /// Reads the recording.
        source: Box<dyn Source>,
        /// The pace of the records.
        pace: Pace,
        /// Starts the recording anew when it ends, instead of closing with 1000.
        repeat: bool,
    },
}

impl Program {
    /// Whether a clock says when a message is due. A feed without a pace has no floods.
    pub fn has_pace(&self) -> bool {
        match self {
            Self::Synthetic { rate, .. } => rate.is_some(),
            Self::Recorded { pace, .. } => !matches!(pace, Pace::Unpaced),
        }
    }
}

/// A feed on an open port.
pub struct FeedServer {
    listener: Listener,
    feed: Feed,
}

/// The feed of all connections.
struct Feed {
    program: Program,
    market: Market,
    since: Instant,
    faults: Faults,
    /// Messages that were written whole on the connections that have ended.
    written: AtomicU64,
}

impl FeedServer {
    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the operating system refuses the address.
    pub async fn bind(address: SocketAddr, program: Program) -> io::Result<Self> {
        let listener = Listener::bind(address).await?;
        let market = Market::new(match program {
            Program::Synthetic { seed, .. } => seed,
            // A recording has no market.
            Program::Recorded { .. } => 0,
        });
        let (since, faults, written) = (Instant::now(), Faults::default(), AtomicU64::new(0));
        Ok(Self { listener, feed: Feed { program, market, since, faults, written } })
    }

    /// The faults of each connection. Default: none.
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.feed.faults = faults;
        self
    }

    /// The URL for clients.
    ///
    /// # Errors
    /// When the operating system does not tell the port.
    pub fn url(&self) -> io::Result<String> {
        listening::url(&self.listener)
    }

    /// Serves until `shutdown` completes, then drops the connections of all clients. Logs for each
    /// connection, and at the end for all of them, how many messages were written whole.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, feed } = self;
        let feed = Arc::new(feed);
        let (end, ended) = watch::channel(());
        let (mut clients, mut number) = (JoinSet::new(), 0);
        let serve = |incoming| {
            number += 1;
            serve_client(incoming, Arc::clone(&feed), number, ended.clone())
        };
        tokio::select! {
            never = accept_all(&listener, &mut clients, serve) => match never {},
            () = shutdown => {}
        }
        drop(end);
        while clients.join_next().await.is_some() {}
        let messages = feed.written.load(Ordering::Relaxed);
        tracing::info!(connections = number, messages, "the feed ends");
    }
}

/// Serves one client until `end` is gone.
async fn serve_client(
    incoming: Incoming,
    feed: Arc<Feed>,
    connection: u64,
    mut end: watch::Receiver<()>,
) {
    let peer = incoming.peer();
    let upgraded = tokio::select! {
        upgraded = incoming.upgrade() => upgraded,
        _ = end.changed() => return,
    };
    let client = match upgraded {
        Ok(client) => client,
        Err(error) => return tracing::info!(%peer, "client gone before its first message: {error}"),
    };
    tracing::info!(%peer, connection, "client connected");
    let schedule = Schedule::new(feed.faults, connection, Instant::now());
    let mut sending = Sending::new(client, schedule);
    let mut first_trade = None;
    let served = tokio::select! {
        served = feed.send(&mut sending, connection, &mut first_trade) => served,
        _ = end.changed() => Err(Gone::Dismissed),
    };
    let (messages, struck) = (sending.written(), sending.struck());
    feed.written.fetch_add(messages, Ordering::Relaxed);
    let (end, reset) = match &served {
        Ok(()) => ("served", false),
        Err(Gone::Left) => ("left", false),
        Err(Gone::Dismissed) => ("dismissed", false),
        Err(Gone::Dropped(Cut { reset, .. })) => (if *reset { "reset" } else { "dropped" }, *reset),
        Err(Gone::Broken(_)) => ("broken", false),
    };
    let cut_off = matches!(&served, Err(Gone::Dropped(Cut { within: Some(_), .. })));
    let log = |text: String| {
        let Struck { stalls, floods, dribbles } = struck;
        tracing::info!(
            %peer, connection, end, messages, first_trade, cut_off, stalls, floods, dribbles,
            "{text}"
        );
    };
    match served {
        Ok(()) => {
            sending.into_client().close(NORMAL, "end of the recording").await;
            log("client served".into());
        }
        Err(gone) => {
            sending.into_client().abort(reset);
            log(format!("client gone: {gone}"));
        }
    }
}

impl Feed {
    /// Sends the feed to one client. Returns when a recording is over.
    async fn send(
        &self,
        sending: &mut Sending,
        connection: u64,
        first_trade: &mut Option<u64>,
    ) -> Result<(), Gone> {
        match &self.program {
            Program::Synthetic { rate, drop_after, .. } => {
                let trading = Trading { rate: *rate, since: self.since };
                let exchange = self.market.join(trading.traded(Instant::now()));
                *first_trade = Some(exchange.next());
                let quota = drop_after.filter(|_| connection == 1).unwrap_or(u64::MAX);
                trading.trade(sending, &self.market, exchange, quota).await?;
                Err(Gone::Dropped(Cut { within: None, reset: false }))
            }
            Program::Recorded { source, pace, repeat } => {
                replay(sending, source.as_ref(), *pace, *repeat).await
            }
        }
    }
}
