//! How often the sources of this process connect to one host and port.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use faucet_session::keys::RateLimit;
use tokio::time::{Instant, sleep_until};

/// A host and a port.
type Place = (String, u16);

/// The connects to each place by those who set a limit.
static PLACES: LazyLock<Mutex<HashMap<Place, History>>> = LazyLock::new(Mutex::default);

/// The connects to one place.
#[derive(Debug, Default)]
struct History {
    /// The limits of all runs that go on, and who set them.
    limits: Vec<(Weak<()>, RateLimit)>,
    times: VecDeque<Instant>,
}

impl History {
    /// When the next connect may happen; `None`: now. The strictest limit counts.
    fn next(&mut self, now: Instant) -> Option<Instant> {
        self.limits.retain(|(owner, _)| owner.strong_count() > 0);
        let next = self.limits.iter().filter_map(|(_, limit)| {
            let before = self.times.len().checked_sub(limit.count as usize)?;
            self.times.get(before)?.checked_add(limit.per)
        });
        next.max().filter(|next| *next > now)
    }

    fn connects(&mut self, now: Instant) {
        self.times.push_back(now);
        let most = self.limits.iter().map(|(_, limit)| limit.count as usize).max().unwrap_or(0);
        while self.times.len() > most {
            self.times.pop_front();
        }
    }
}

/// The limit of one run.
#[derive(Debug)]
pub(crate) struct ConnectLimit {
    limit: RateLimit,
    /// Alive for as long as the run.
    owner: Arc<()>,
}

impl ConnectLimit {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, owner: Arc::new(()) }
    }

    /// Waits until a connect to the place is allowed, and counts it. Cancel safe: a dropped future counts
    /// nothing.
    pub(crate) async fn wait(&self, host: &str, port: u16) {
        loop {
            let next = {
                let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
                let history = places.entry((host.to_owned(), port)).or_default();
                let owner = Arc::downgrade(&self.owner);
                if !history.limits.iter().any(|(known, _)| known.ptr_eq(&owner)) {
                    history.limits.push((owner, self.limit));
                }
                let now = Instant::now();
                let next = history.next(now);
                if next.is_none() {
                    history.connects(now);
                }
                next
            };
            let Some(next) = next else { return };
            sleep_until(next).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[tokio::test(start_paused = true)]
    async fn the_strictest_limit_of_all_runs_holds_for_a_place() {
        let start = Instant::now();
        let loose = ConnectLimit::new(RateLimit { count: 3, per: S(10) });
        let strict = ConnectLimit::new(RateLimit { count: 1, per: S(4) });
        loose.wait("limits.example", 1).await;
        loose.wait("limits.example", 1).await;
        assert_eq!(start.elapsed(), S(0));
        strict.wait("limits.example", 1).await;
        assert_eq!(start.elapsed(), S(4));
        loose.wait("limits.example", 2).await;
        assert_eq!(start.elapsed(), S(4), "another port is another place");
        loose.wait("limits.example", 1).await;
        assert_eq!(start.elapsed(), S(10), "three in ten seconds");
        drop(strict);
        loose.wait("limits.example", 1).await;
        assert_eq!(start.elapsed(), S(10), "the run with the strict limit is over");
        loose.wait("limits.example", 1).await;
        assert_eq!(start.elapsed(), S(14), "three in ten seconds");
    }
}
