//! The schedule of the faults of one connection.

use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

/// The longest stall.
const STALL: Duration = Duration::from_secs(3);
/// A flood is worth so much of the feed.
const FLOOD: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// A dribble takes so long.
const DRIBBLE: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];
/// The longest time between two faults, in mean times. The exponential distribution has no limit.
const LONGEST: f64 = 10.0;

/// The faults of each connection, as mean times between two of a kind. `None` is never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Drops the connection without a close handshake: half of the times within a message, half of
    /// the times with a reset.
    pub drop: Option<Duration>,
    /// Sends nothing and reads nothing for up to 3 s.
    pub stall: Option<Duration>,
    /// Sends the next one to two seconds of the feed as fast as the client reads. A feed without a
    /// pace has no floods.
    pub flood: Option<Duration>,
    /// Writes a few bytes at a time for up to 3 s, with pauses of a few milliseconds.
    pub dribble: Option<Duration>,
    /// The seed of the faults. The number of a connection and the seed determine its faults.
    pub seed: u64,
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    Drop(Cut),
    /// Lasts so long.
    Stall(Duration),
    /// Sends so much of the feed ahead of its time.
    Flood(Duration),
    /// Lasts so long.
    Dribble(Duration),
}

/// How a connection is dropped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    /// The share of the next message that is sent before; `None` drops between two messages.
    pub(crate) within: Option<f64>,
    /// Whether the client sees a reset.
    pub(crate) reset: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Drop,
    Stall,
    Flood,
    Dribble,
}

/// The faults of one connection, in the order of their times.
#[derive(Debug)]
pub(crate) struct Schedule {
    clocks: Vec<Clock>,
    /// For the sizes and pauses of a dribble.
    rng: Rng,
}

/// The faults of one kind. Kinds do not share a generator: when one is left out the others stay.
#[derive(Debug)]
struct Clock {
    kind: Kind,
    mean: Duration,
    next: Instant,
    rng: Rng,
}

impl Schedule {
    /// The faults of the connection with this number that begins now.
    pub(crate) fn new(faults: Faults, connection: u64, now: Instant) -> Self {
        // The constant spreads seeds and numbers that differ by one.
        let mut rng = Rng::with_seed(faults.seed ^ connection.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let kinds = [
            (Kind::Drop, faults.drop),
            (Kind::Stall, faults.stall),
            (Kind::Flood, faults.flood),
            (Kind::Dribble, faults.dribble),
        ];
        let clocks = kinds.map(|(kind, mean)| {
            let rng = rng.fork();
            mean.map(|mean| Clock::new(kind, mean, now, rng))
        });
        Self { clocks: clocks.into_iter().flatten().collect(), rng }
    }

    /// When the next fault is due.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.clocks.iter().map(|clock| clock.next).min()
    }

    /// The first of the faults that are due. The next of its kind is counted from its end.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Fault> {
        let due = self.clocks.iter_mut().filter(|clock| clock.next <= now);
        Some(due.min_by_key(|clock| clock.next)?.strike(now))
    }

    /// The size of the next piece of a dribble in bytes, and the pause behind it.
    pub(crate) fn piece(&mut self) -> (usize, Duration) {
        (self.rng.usize(1..=16), Duration::from_millis(self.rng.u64(1..=4)))
    }
}

impl Clock {
    fn new(kind: Kind, mean: Duration, now: Instant, rng: Rng) -> Self {
        let mut clock = Self { kind, mean, next: now, rng };
        clock.wait_from(now);
        clock
    }

    fn strike(&mut self, now: Instant) -> Fault {
        let rng = &mut self.rng;
        let (fault, length) = match self.kind {
            Kind::Drop => {
                let within = rng.bool().then(|| rng.f64());
                (Fault::Drop(Cut { within, reset: rng.bool() }), Duration::ZERO)
            }
            Kind::Stall => {
                let length = between(rng, [Duration::ZERO, STALL]);
                (Fault::Stall(length), length)
            }
            // Ends when the client has read it, which may be at once.
            Kind::Flood => (Fault::Flood(between(rng, FLOOD)), Duration::ZERO),
            Kind::Dribble => {
                let length = between(rng, DRIBBLE);
                (Fault::Dribble(length), length)
            }
        };
        self.wait_from(now + length);
        fault
    }

    /// Times between faults that do not depend on each other are distributed exponentially.
    fn wait_from(&mut self, end: Instant) {
        let share = -(1.0 - self.rng.f64()).ln();
        self.next = end + self.mean.mul_f64(share.min(LONGEST));
    }
}

fn between(rng: &mut Rng, [least, most]: [Duration; 2]) -> Duration {
    least + (most - least).mul_f64(rng.f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: Faults = Faults {
        drop: Some(Duration::from_secs(50)),
        stall: Some(Duration::from_secs(20)),
        flood: Some(Duration::from_secs(10)),
        dribble: Some(Duration::from_secs(30)),
        seed: 7,
    };

    /// The faults of the first `seconds` of a connection, with their times.
    fn faults(faults: Faults, connection: u64, seconds: u64) -> Vec<(Duration, Fault)> {
        let start = Instant::now();
        let mut schedule = Schedule::new(faults, connection, start);
        let mut seen = Vec::new();
        while let Some(next) = schedule.next()
            && next - start < Duration::from_secs(seconds)
        {
            assert_eq!(schedule.due(next - Duration::from_nanos(1)), None);
            let fault = schedule.due(next).expect("a fault is due when it is due");
            seen.push((next - start, fault));
        }
        seen
    }

    fn of_kind(all: &[(Duration, Fault)], kind: fn(&Fault) -> bool) -> Vec<(Duration, Fault)> {
        all.iter().copied().filter(|(_, fault)| kind(fault)).collect()
    }

    #[test]
    fn the_same_seed_and_connection_make_the_same_faults() {
        let one = faults(EACH, 1, 1000);
        assert_eq!(one, faults(EACH, 1, 1000));
        assert_ne!(one, faults(EACH, 2, 1000));
        assert_ne!(one, faults(Faults { seed: 8, ..EACH }, 1, 1000));
    }

    #[test]
    fn a_kind_that_is_left_out_does_not_change_the_others() {
        let all = faults(EACH, 1, 1000);
        let drops = of_kind(&all, |fault| matches!(fault, Fault::Drop(_)));
        assert!(!drops.is_empty());
        let only = Faults { stall: None, flood: None, dribble: None, ..EACH };
        assert_eq!(faults(only, 1, 1000), drops);
        assert!(faults(Faults::default(), 1, 1000).is_empty());
    }

    #[test]
    fn faults_come_as_often_as_their_mean_times_say_and_last_as_long_as_they_may() {
        let all = faults(EACH, 1, 100_000);
        let count = |kind: fn(&Fault) -> bool| of_kind(&all, kind).len();
        // A mean time is counted from the end of the fault before.
        for (found, expected) in [
            (count(|fault| matches!(fault, Fault::Drop(_))), 100_000.0 / 50.0),
            (count(|fault| matches!(fault, Fault::Stall(_))), 100_000.0 / 21.5),
            (count(|fault| matches!(fault, Fault::Flood(_))), 100_000.0 / 10.0),
            (count(|fault| matches!(fault, Fault::Dribble(_))), 100_000.0 / 31.75),
        ] {
            assert!((0.9..1.1).contains(&(found as f64 / expected)), "{found} of {expected}");
        }
        let (mut within, mut reset) = (0, 0);
        for (_, fault) in &all {
            match *fault {
                Fault::Drop(cut) => {
                    within += usize::from(cut.within.is_some());
                    reset += usize::from(cut.reset);
                    assert!(cut.within.is_none_or(|share| (0.0..1.0).contains(&share)));
                }
                Fault::Stall(length) => assert!(length <= STALL),
                Fault::Flood(worth) => assert!(FLOOD[0] <= worth && worth <= FLOOD[1]),
                Fault::Dribble(length) => assert!(DRIBBLE[0] <= length && length <= DRIBBLE[1]),
            }
        }
        let drops = count(|fault| matches!(fault, Fault::Drop(_)));
        assert!(within > drops / 3 && within < drops * 2 / 3, "{within} of {drops}");
        assert!(reset > drops / 3 && reset < drops * 2 / 3, "{reset} of {drops}");
    }

    #[test]
    fn faults_that_were_missed_strike_once_a_kind() {
        let start = Instant::now();
        let mut schedule = Schedule::new(EACH, 1, start);
        let late = start + Duration::from_secs(100_000);
        let struck: Vec<Fault> = std::iter::from_fn(|| schedule.due(late)).collect();
        assert_eq!(struck.len(), 4, "{struck:?}");
        assert!(schedule.next().is_some_and(|next| next > late));
    }
}
