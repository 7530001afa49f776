//! The trades that all clients of a synthetic feed have seen.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::exchange::Exchange;

/// The exchange behind a feed. A trade number means the same trade on each connection, and a client
/// that connects again gets no number a second time.
#[derive(Debug)]
pub(crate) struct Market(Mutex<Exchange>);

impl Market {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(Exchange::new(seed)))
    }

    /// The exchange for a new connection. Its first trade is behind `traded` trades, and behind all
    /// that were made for other connections.
    pub(crate) fn join(&self, traded: u64) -> Exchange {
        let mut exchange = self.furthest().clone();
        exchange.skip_to(traded + 1);
        exchange
    }

    /// Keeps what was made for one connection. Call it before the trades are sent: the client may
    /// connect again while the old connection still sends.
    pub(crate) fn made(&self, exchange: &Exchange) {
        let mut furthest = self.furthest();
        if exchange.next() > furthest.next() {
            furthest.clone_from(exchange);
        }
    }

    fn furthest(&self) -> MutexGuard<'_, Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_begins_behind_all_others_with_the_same_trades() {
        let market = Market::new(7);
        let mut all = Exchange::new(7);
        let mut trades = |n: u64| (0..n).map(|_| all.trade(5)).last();
        let mut first = market.join(0);
        assert_eq!(first.next(), 1);
        let last = (0..100).map(|_| first.trade(5)).last();
        assert_eq!(last, trades(100));
        market.made(&first);
        // The clock is behind the trades, and then ahead of them.
        let mut second = market.join(50);
        assert_eq!(second.next(), 101);
        assert_eq!(Some(second.trade(5)), trades(1));
        let mut third = market.join(200);
        assert_eq!(third.next(), 201);
        assert_eq!(Some(third.trade(5)), trades(100));
        market.made(&third);
        market.made(&second);
        assert_eq!(market.join(0).next(), 202, "a slow connection does not turn back the others");
    }
}
