//! A synthetic exchange: trades of several symbols whose prices walk at random.

use std::io::Write as _;

use fastrand::Rng;

/// One trade in this many moves the price.
const TICKS: std::ops::RangeInclusive<i64> = -5..=5;

/// A symbol and its price in units of 10⁻⁸, as exchanges quote.
#[derive(Debug, Clone)]
struct Market {
    symbol: &'static str,
    price: u64,
    tick: u64,
}

/// Makes trades, the same for the same seed, numbered from 1.
#[derive(Debug, Clone)]
pub struct Exchange {
    rng: Rng,
    markets: Vec<Market>,
    next: u64,
}

impl Exchange {
    /// An exchange before its first trade.
    pub fn new(seed: u64) -> Self {
        let market = |symbol, price: u64, tick| Market { symbol, price: price * 1_000_000, tick };
        Self {
            rng: Rng::with_seed(seed),
            markets: vec![
                market("BTCUSDT", 6_412_345, 1_000_000),
                market("ETHUSDT", 318_050, 1_000_000),
                market("SOLUSDT", 14_425, 1_000_000),
                market("DOGEUSDT", 12, 1_000),
            ],
            next: 1,
        }
    }

    /// The number of the next trade.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Makes the trades below `number` without showing them.
    pub fn skip_to(&mut self, number: u64) {
        while self.next < number {
            self.step();
        }
    }

    fn step(&mut self) -> (usize, u64, bool) {
        let index = self.rng.usize(..self.markets.len());
        let quantity = self.rng.u64(1..500_000_000);
        let buyer_makes = self.rng.bool();
        let market = &mut self.markets[index];
        let step = self.rng.i64(TICKS) * market.tick as i64;
        market.price = market.price.saturating_add_signed(step).max(market.tick);
        self.next += 1;
        (index, quantity, buyer_makes)
    }

    /// The next trade as JSON, at `millis` Unix milliseconds.
    pub fn trade(&mut self, millis: u64) -> Vec<u8> {
        let number = self.next;
        let (index, quantity, buyer_makes) = self.step();
        let Market { symbol, price, .. } = self.markets[index];
        let mut text = Vec::with_capacity(144);
        let unit = 100_000_000;
        write!(
            text,
            r#"{{"e":"trade","E":{millis},"s":"{symbol}","t":{number},"p":"{}.{:08}","q":"{}.{:08}","T":{millis},"m":{buyer_makes},"M":true}}"#,
            price / unit,
            price % unit,
            quantity / unit,
            quantity % unit,
        )
        .expect("writing to memory cannot fail");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_trades_the_same_and_numbers_go_up_by_one() {
        let (mut one, mut two) = (Exchange::new(7), Exchange::new(7));
        for number in 1..=1000 {
            let trade = one.trade(1_700_000_000_000);
            assert_eq!(trade, two.trade(1_700_000_000_000));
            let value: serde_json::Value = serde_json::from_slice(&trade).unwrap();
            assert_eq!(value["t"], number);
        }
        assert_ne!(one.trade(0), Exchange::new(8).trade(0));
    }

    #[test]
    fn skipped_trades_are_trades_that_happened() {
        let (mut one, mut two) = (Exchange::new(7), Exchange::new(7));
        (1..500).for_each(|_| drop(one.trade(5)));
        two.skip_to(500);
        assert_eq!(one.trade(5), two.trade(5));
    }

    #[test]
    fn prices_walk_by_few_ticks_and_a_trade_has_the_size_of_real_ones() {
        let mut exchange = Exchange::new(1);
        let before: Vec<u64> = exchange.markets.iter().map(|m| m.price).collect();
        let sizes: usize = (0..1000).map(|_| exchange.trade(1_700_000_000_000).len()).sum();
        assert!((120..150).contains(&(sizes / 1000)), "{sizes}");
        for (market, before) in exchange.markets.iter().zip(before) {
            assert!(market.price.abs_diff(before) <= 5000 * market.tick);
            assert_ne!(market.price, before);
        }
    }
}
