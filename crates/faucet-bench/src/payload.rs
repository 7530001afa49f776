//! The messages: made in code, the same in every run, each of its kind equally long.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Payload {
    /// One trade, 135 bytes.
    Trade,
    /// A snapshot of an order book, 4.3 kB.
    Book,
    /// A deeper snapshot, 64 kB.
    DeepBook,
}

impl Payload {
    /// The size of each message in bytes.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Trade => 135,
            Self::Book => 4_300,
            Self::DeepBook => 64_000,
        }
    }

    /// The size as it stands in the name of a line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Trade => "135B",
            Self::Book => "4.3kB",
            Self::DeepBook => "64kB",
        }
    }

    pub(crate) const ALL: [Self; 3] = [Self::Trade, Self::Book, Self::DeepBook];

    /// The payload of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|payload| payload.name() == name)
    }

    /// How many different messages a feed repeats. Together they fit into the cache of a core, so
    /// that the feed is faster than whoever reads it.
    const fn different(self) -> usize {
        match self {
            Self::Trade => 4_096,
            Self::Book => 128,
            Self::DeepBook => 8,
        }
    }

    /// The different messages, in the order in which a feed sends them.
    pub(crate) fn messages(self) -> Vec<String> {
        let mut random = fastrand::Rng::with_seed(0x0fau64);
        (0..self.different()).map(|n| self.message(n, &mut random)).collect()
    }

    fn message(self, n: usize, random: &mut fastrand::Rng) -> String {
        match self {
            Self::Trade => trade(n, random),
            Self::Book | Self::DeepBook => book(n, self.len(), random),
        }
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const SYMBOLS: [&str; 4] = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT"];
const BEGIN_MILLIS: usize = 1_763_000_000_000;

fn trade(n: usize, random: &mut fastrand::Rng) -> String {
    let symbol = SYMBOLS[random.usize(..SYMBOLS.len())];
    let at = BEGIN_MILLIS + 3 * n;
    let (price, quantity, maker) = (price(random), quantity(random), random.bool());
    let head = format!(r#"{{"e":"trade","E":{at},"s":"{symbol}","t":"#);
    let tail = format!(r#","p":"{price}","q":"{quantity}","T":{},"m":{maker},"M":true}}"#, at - 1);
    // The number of the trade takes the rest of the length.
    let digits = Payload::Trade.len() - head.len() - tail.len();
    format!("{head}{}{tail}", number(n, digits))
}

fn book(n: usize, len: usize, random: &mut fastrand::Rng) -> String {
    const LEVEL: usize = r#"["43210.12000000","0.12300000"],"#.len();
    let mut sides = [String::new(), String::new()];
    let around = r#"{"lastUpdateId":1,"bids":[],"asks":[]}"#.len();
    // A side has no comma behind its last level.
    let levels = (len - around + 2) / LEVEL / 2;
    for side in &mut sides {
        for level in 0..levels {
            let comma = if level == 0 { "" } else { "," };
            let _ = write!(side, r#"{comma}["{}","{}"]"#, price(random), quantity(random));
        }
    }
    let [bids, asks] = sides;
    let head = r#"{"lastUpdateId":"#;
    let tail = format!(r#","bids":[{bids}],"asks":[{asks}]}}"#);
    format!("{head}{}{tail}", number(n, len - head.len() - tail.len()))
}

/// A number that counts up and has so many digits.
fn number(n: usize, digits: usize) -> String {
    let counted = format!("{:04}", n % 10_000);
    let front = "4".repeat(digits.saturating_sub(counted.len()));
    format!("{front}{}", &counted[counted.len().saturating_sub(digits)..])
}

fn price(random: &mut fastrand::Rng) -> String {
    format!("{}.{:02}000000", random.u32(10_000..99_999), random.u32(..100))
}

fn quantity(random: &mut fastrand::Rng) -> String {
    format!("{}.{:05}000", random.u32(..10), random.u32(..100_000))
}

/// A message that says when it was sent, in nanoseconds since 1970.
pub(crate) fn stamped(nanos: u128) -> String {
    format!(r#"{{"e":"trade","sent":"{nanos:020}","s":"BTCUSDT","p":"43210.12","q":"0.0123"}}"#)
}

/// When a message of [`stamped`] was sent.
pub(crate) fn sent_at(message: &[u8]) -> Option<u128> {
    #[derive(Deserialize)]
    struct Sent<'a> {
        sent: &'a str,
    }
    serde_json::from_slice::<Sent<'_>>(message).ok()?.sent.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn messages_are_json_of_one_length_and_different() {
        for payload in Payload::ALL {
            assert_eq!(Payload::named(payload.name()), Some(payload));
            let messages = payload.messages();
            for message in &messages {
                assert_eq!(message.len(), payload.len(), "{message}");
                serde_json::from_str::<Value>(message).unwrap();
            }
            let mut different = messages.clone();
            different.sort();
            different.dedup();
            assert_eq!(different.len(), messages.len(), "{payload}");
            assert_eq!(payload.messages(), messages);
        }
    }

    #[test]
    fn a_number_has_its_digits() {
        assert_eq!(number(12, 6), "440012");
        assert_eq!(number(12, 2), "12");
        assert_eq!(number(70_012, 10), "4444440012");
    }

    #[test]
    fn the_time_of_sending_comes_back() {
        assert_eq!(
            sent_at(stamped(1_763_000_000_123_456_789).as_bytes()),
            Some(1_763_000_000_123_456_789)
        );
        assert_eq!(sent_at(b"{}"), None);
    }
}
