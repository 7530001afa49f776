//! A server that sends the same feed to each client.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use faucet_common_websocket::Frame;
use faucet_common_websocket::server::{Client, Incoming, Listener};
use faucet_core::{Scope, Source, Timestamp};
use futures_util::{FutureExt, TryStreamExt};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::exchange::Exchange;
use crate::listening::{self, accept_all};

/// Frames that are sent between two looks at the clock, at full speed.
const BURST: u64 = 1000;
/// How often a paced feed looks at the clock.
const TICK: Duration = Duration::from_millis(5);
const NORMAL: u16 = 1000;

/// The content of a feed.
pub enum Program {
    /// Trades without an end. A client that connects later misses the earlier trades.
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

/// The pace of a recording.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// As it was recorded, this many times faster. Larger than 0.
    Recorded(f64),
    /// This many records a second.
    Rate(NonZeroU32),
    /// As fast as the client reads.
    Unpaced,
}

/// A feed on an open port.
pub struct FeedServer {
    listener: Listener,
    program: Program,
    since: Instant,
}

impl FeedServer {
    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the operating system refuses the address.
    pub async fn bind(address: SocketAddr, program: Program) -> io::Result<Self> {
        let listener = Listener::bind(address).await?;
        Ok(Self { listener, program, since: Instant::now() })
    }

    /// The URL for clients.
    ///
    /// # Errors
    /// When the operating system does not tell the port.
    pub fn url(&self) -> io::Result<String> {
        listening::url(&self.listener)
    }

    /// Serves until `shutdown` completes, then drops the connections of all clients.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, program, since } = self;
        let program = std::sync::Arc::new(program);
        let (mut clients, mut number) = (JoinSet::new(), 0);
        let serve = |incoming| {
            number += 1;
            serve_client(incoming, std::sync::Arc::clone(&program), since, number)
        };
        tokio::select! {
            never = accept_all(&listener, &mut clients, serve) => match never {},
            () = shutdown => {}
        }
    }
}

async fn serve_client(
    incoming: Incoming,
    program: std::sync::Arc<Program>,
    since: Instant,
    number: u64,
) {
    let peer = incoming.peer();
    let served = async {
        let client = incoming.upgrade().await?;
        tracing::info!(%peer, "client connected");
        match &*program {
            Program::Synthetic { rate, seed, drop_after } => {
                let mut exchange = Exchange::new(*seed);
                let quota = match *drop_after {
                    Some(quota) if number == 1 => quota,
                    // At full speed no clock says how far the market is.
                    Some(seen) => {
                        exchange.skip_to(seen + 1);
                        u64::MAX
                    }
                    None => u64::MAX,
                };
                trade(client, exchange, *rate, since, quota).await
            }
            Program::Recorded { source, pace, repeat } => {
                replay(client, source.as_ref(), *pace, *repeat).await
            }
        }
    };
    match served.await {
        Ok(()) => tracing::info!(%peer, "client served"),
        Err(error) => tracing::info!(%peer, "client gone: {error}"),
    }
}

/// Sends `quota` trades, then drops the connection.
async fn trade(
    mut client: Client,
    mut exchange: Exchange,
    rate: Option<NonZeroU32>,
    since: Instant,
    quota: u64,
) -> io::Result<()> {
    let Some(rate) = rate else {
        let mut sent = 0;
        while sent < quota {
            let count = BURST.min(quota - sent);
            client.send(trades(&mut exchange, count)).await?;
            hear(&mut client)?;
            sent += count;
        }
        return Ok(());
    };
    let traded = |now: Instant| (now - since).as_secs_f64() * f64::from(rate.get());
    let first = traded(Instant::now()) as u64;
    exchange.skip_to(first + 1);
    let (mut sent, mut next) = (0, Instant::now());
    loop {
        let due = (traded(Instant::now()) as u64).saturating_sub(first).min(quota);
        client.send(trades(&mut exchange, due - sent)).await?;
        sent = due;
        if sent == quota {
            return Ok(());
        }
        next += TICK.max(Duration::from_secs(1) / rate.get());
        pause(&mut client, next).await?;
    }
}

fn trades(exchange: &mut Exchange, count: u64) -> impl Iterator<Item = Frame> {
    let millis = Timestamp::now().as_unix_millis();
    (0..count).map(move |_| Frame::Text(exchange.trade(millis).into()))
}

/// The end of a client that is gone before the feed is.
fn end_of(gone: io::Result<()>) -> io::Error {
    gone.err().unwrap_or_else(|| io::Error::other("it said goodbye"))
}

/// Waits until `until`, answering the client's Pings.
async fn pause(client: &mut Client, until: Instant) -> io::Result<()> {
    tokio::select! {
        gone = client.drain() => Err(end_of(gone)),
        () = sleep_until(until) => Ok(()),
    }
}

/// Answers what the client has said, without waiting for it to say anything.
fn hear(client: &mut Client) -> io::Result<()> {
    match client.drain().now_or_never() {
        Some(gone) => Err(end_of(gone)),
        None => Ok(()),
    }
}

async fn replay(
    mut client: Client,
    source: &dyn Source,
    pace: Pace,
    repeat: bool,
) -> io::Result<()> {
    loop {
        let scope = Scope::default();
        let mut pages = source.stream_pages(&scope);
        let mut clock = Clock::new(pace);
        let mut empty = true;
        while let Some(page) = pages.try_next().await.map_err(io::Error::other)? {
            empty = false;
            let mut batch: Vec<Frame> = Vec::new();
            for record in page.into_records() {
                if let Some(due) = clock.due(record.received_at())
                    && due > Instant::now()
                {
                    client.send(batch.drain(..)).await?;
                    pause(&mut client, due).await?;
                }
                batch.push(Frame::from(record));
            }
            client.send(batch).await?;
            hear(&mut client)?;
        }
        if !repeat || empty {
            client.close(NORMAL, "end of the recording").await;
            return Ok(());
        }
    }
}

/// When each record of a recording is due.
struct Clock {
    pace: Pace,
    start: Instant,
    first: Option<Timestamp>,
    count: u32,
}

impl Clock {
    fn new(pace: Pace) -> Self {
        Self { pace, start: Instant::now(), first: None, count: 0 }
    }

    fn due(&mut self, at: Timestamp) -> Option<Instant> {
        match self.pace {
            Pace::Unpaced => None,
            Pace::Rate(rate) => {
                if self.count == rate.get() {
                    (self.start, self.count) = (self.start + Duration::from_secs(1), 0);
                }
                let due = self.start + Duration::from_secs(1) * self.count / rate.get();
                self.count += 1;
                Some(due)
            }
            Pace::Recorded(speed) => {
                let first = *self.first.get_or_insert(at);
                let millis = at.as_unix_millis().saturating_sub(first.as_unix_millis());
                Some(self.start + Duration::from_millis(millis).div_f64(speed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_recording_is_due_at_its_own_pace_or_at_a_rate() {
        let start = Instant::now();
        let at = |millis| Timestamp::from_unix_millis(1_700_000_000_000 + millis);
        let offsets = |pace, times: &[u64]| -> Vec<u128> {
            let mut clock = Clock::new(pace);
            let due = times.iter().filter_map(|t| clock.due(at(*t)));
            due.map(|due| (due - start).as_millis()).collect()
        };
        assert_eq!(offsets(Pace::Recorded(2.0), &[0, 100, 50, 1000]), [0, 50, 25, 500]);
        assert_eq!(
            offsets(Pace::Rate(NonZeroU32::new(4).unwrap()), &[9; 6]),
            [0, 250, 500, 750, 1000, 1250]
        );
        assert!(offsets(Pace::Unpaced, &[0, 1]).is_empty());
    }
}
