//! What a tap has seen. Pure.

use std::time::Duration;

use faucet_core::MessageKind;

use crate::output::{count, counted, size, time};

/// What a tap has seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    texts: u64,
    binaries: u64,
    bytes: u64,
    pub(crate) shown: u64,
    sent: u64,
    /// The round trips of our Pings.
    rounds: Vec<Duration>,
}

impl Tally {
    pub(crate) fn received(&mut self, kind: MessageKind, bytes: usize) {
        match kind {
            MessageKind::Text => self.texts += 1,
            MessageKind::Binary => self.binaries += 1,
        }
        self.bytes += bytes as u64;
    }

    pub(crate) fn sent(&mut self) {
        self.sent += 1;
    }

    pub(crate) fn round(&mut self, took: Duration) {
        self.rounds.push(took);
    }

    /// All of it in a line, `elapsed` after the first connect.
    pub(crate) fn line(&self, elapsed: Duration) -> String {
        let all = self.texts + self.binaries;
        let rate = match elapsed.as_secs_f64() {
            0.0 => 0.0,
            seconds => all as f64 / seconds,
        };
        let mut parts = vec![format!("received {}", counted(all, "message"))];
        if self.binaries > 0 {
            parts.push(format!("{} of them binary", count(self.binaries)));
        }
        if self.shown < all {
            parts.push(format!("{} shown", count(self.shown)));
        }
        parts.push(size(self.bytes));
        parts.push(format!("in {}", time(elapsed)));
        parts.push(if rate < 10.0 {
            format!("{rate:.1}/s")
        } else {
            format!("{}/s", count(rate as u64))
        });
        if self.sent > 0 {
            parts.push(format!("sent {}", count(self.sent)));
        }
        parts.extend(self.round_trips());
        parts.join(" · ")
    }

    fn round_trips(&self) -> Option<String> {
        let (least, most) = (self.rounds.iter().min()?, self.rounds.iter().max()?);
        let mean = self.rounds.iter().sum::<Duration>() / u32::try_from(self.rounds.len()).ok()?;
        Some(match self.rounds.len() {
            1 => format!("ping {}", time(mean)),
            n => {
                format!("ping {} to {}, mean {}, {n} times", time(*least), time(*most), time(mean))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_what_there_was() {
        let ms = Duration::from_millis;
        let mut tally = Tally::default();
        assert_eq!(tally.line(Duration::ZERO), "received 0 messages · 0 B · in 0 µs · 0.0/s");
        (0..30).for_each(|_| tally.received(MessageKind::Text, 100));
        tally.shown = 30;
        tally.round(ms(20));
        let line = "received 30 messages · 3.0 kB · in 10.0 s · 3.0/s · ping 20.0 ms";
        assert_eq!(tally.line(ms(10_000)), line);
        tally.received(MessageKind::Binary, 1);
        tally.sent();
        tally.round(ms(10));
        let line = "received 31 messages · 1 of them binary · 30 shown · 3.0 kB · in 1.0 s · 31/s · \
                    sent 1 · ping 10.0 ms to 20.0 ms, mean 15.0 ms, 2 times";
        assert_eq!(tally.line(ms(1000)), line);
    }
}
