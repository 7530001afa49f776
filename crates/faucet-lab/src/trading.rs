//! Sending the trades of a synthetic feed.

use std::num::NonZeroU32;
use std::time::Duration;

use faucet_common_websocket::Frame;
use faucet_core::Timestamp;
use tokio::time::Instant;

use crate::exchange::Exchange;
use crate::market::Market;
use crate::sending::{Gone, Sending};

/// Trades that are sent between two looks at the clock.
const BURST: u64 = 1000;
/// How often a paced feed looks at the clock.
const TICK: Duration = Duration::from_millis(5);

/// The clock of a synthetic feed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trading {
    /// Trades a second; `None` is as fast as the client reads.
    pub(crate) rate: Option<NonZeroU32>,
    pub(crate) since: Instant,
}

impl Trading {
    /// The trades until `now`. Without a rate no clock says how far the market is.
    pub(crate) fn traded(&self, now: Instant) -> u64 {
        let rate = self.rate.map_or(0.0, |rate| f64::from(rate.get()));
        ((now - self.since).as_secs_f64() * rate) as u64
    }

    /// Sends `quota` trades.
    pub(crate) async fn trade(
        self,
        sending: &mut Sending,
        market: &Market,
        mut exchange: Exchange,
        quota: u64,
    ) -> Result<(), Gone> {
        let Some(rate) = self.rate else {
            let mut sent = 0;
            while sent < quota {
                let count = BURST.min(quota - sent);
                sending.send(trades(market, &mut exchange, count)).await?;
                sent += count;
            }
            return Ok(());
        };
        let begin = Instant::now();
        let first = self.traded(begin);
        let (mut sent, mut next) = (0, begin);
        loop {
            let due = (self.traded(Instant::now() + sending.lead()) - first).min(quota);
            let count = BURST.min(due - sent);
            sending.send(trades(market, &mut exchange, count)).await?;
            sent += count;
            if sent == quota {
                return Ok(());
            }
            if sent == due {
                next += TICK.max(Duration::from_secs(1) / rate.get());
                sending.pause(next).await?;
            }
        }
    }
}

fn trades(market: &Market, exchange: &mut Exchange, count: u64) -> Vec<Frame> {
    let millis = Timestamp::now().as_unix_millis();
    let trades = (0..count).map(|_| Frame::Text(exchange.trade(millis).into())).collect();
    market.made(exchange);
    trades
}
