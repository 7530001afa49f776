//! How much comes in a second.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The rate is that of the last ten seconds.
const WINDOW: Duration = Duration::from_secs(10);

/// Something that flows: how much has come so far, and whether nothing can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) amount: u64,
    /// There is no connection.
    pub(crate) is_down: bool,
}

/// The rate of a flow over the last ten seconds, or since it came up.
#[derive(Debug, Default)]
pub(crate) struct Rate(VecDeque<(Instant, u64)>);

impl Rate {
    /// Notes what has come until `now`, and returns the rate a second. The first call begins.
    pub(crate) fn see(&mut self, now: Instant, flow: Flow) -> f64 {
        if flow.is_down {
            self.0.clear();
        }
        self.0.push_back((now, flow.amount));
        // The oldest sample stands at the beginning of the window, or before it.
        while self.0.get(1).is_some_and(|(at, _)| *at + WINDOW <= now) {
            self.0.pop_front();
        }
        match self.0.front() {
            Some((then, before)) if *then < now => {
                flow.amount.saturating_sub(*before) as f64 / (now - *then).as_secs_f64()
            }
            _ => 0.0,
        }
    }
}

/// The rates of several flows, in their order.
#[derive(Debug, Default)]
pub(crate) struct Rates(Vec<Rate>);

impl Rates {
    /// Notes what has come until `now`, and returns the rate of each flow.
    pub(crate) fn see(&mut self, now: Instant, flows: &[Flow]) -> Vec<f64> {
        self.0.resize_with(flows.len(), Rate::default);
        self.0.iter_mut().zip(flows).map(|(rate, flow)| rate.see(now, *flow)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn up(amount: u64) -> Flow {
        Flow { amount, is_down: false }
    }

    const fn down(amount: u64) -> Flow {
        Flow { amount, is_down: true }
    }

    /// The last rate of samples, each at a time in tenths of a second.
    fn rate(samples: &[(u32, Flow)]) -> f64 {
        let (start, mut rate) = (Instant::now(), Rate::default());
        let see = |(at, flow): &(u32, Flow)| rate.see(start + *at * WINDOW / 100, *flow);
        samples.iter().map(see).last().unwrap()
    }

    #[test]
    fn the_rate_is_that_of_the_last_ten_seconds() {
        for (samples, expected) in [
            // The first line of a log is ten seconds after the start.
            (vec![(0, up(0)), (100, up(5_000))], 500.0),
            (vec![(0, up(0)), (2, up(100))], 500.0),
            (vec![(0, up(70))], 0.0),
            (vec![(0, up(0)), (100, up(5_000)), (200, up(5_000))], 0.0),
            (vec![(0, up(0)), (50, up(1_000)), (100, up(1_000)), (150, up(1_200))], 20.0),
            // While it is down nothing comes, and then it begins anew.
            (vec![(0, up(0)), (100, up(5_000)), (110, down(5_000))], 0.0),
            (vec![(0, up(0)), (110, down(5_000)), (120, down(5_000)), (130, up(5_300))], 300.0),
        ] {
            assert_eq!(rate(&samples), expected, "{samples:?}");
        }
    }

    #[test]
    fn a_steady_feed_has_its_own_rate_at_each_look() {
        let (start, mut rates) = (Instant::now(), Rates::default());
        for tick in 0..=200u64 {
            let at = start + Duration::from_millis(200) * tick as u32;
            let seen = rates.see(at, &[up(tick * 200), down(7)]);
            let seen: Vec<i64> = seen.iter().map(|rate| (rate * 1e6).round() as i64).collect();
            let expected = if tick == 0 { 0 } else { 1_000_000_000 };
            assert_eq!(seen, [expected, 0], "{tick}");
        }
        assert!(rates.0[0].0.len() <= 52, "{}", rates.0[0].0.len());
    }
}
