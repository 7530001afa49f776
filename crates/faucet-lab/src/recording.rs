//! Sending a recording.

use std::num::NonZeroU32;
use std::time::Duration;

use faucet_common_websocket::Frame;
use faucet_core::{Scope, Source, Timestamp};
use futures_util::TryStreamExt;
use tokio::time::Instant;

use crate::sending::{Gone, Sending};

/// A wait that is told: nobody would know otherwise why a feed is silent.
const LONG: Duration = Duration::from_secs(10);

/// The pace of a recording.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// As it was recorded.
    Recorded {
        /// How many times faster. Larger than 0.
        speed: f64,
        /// The longest time between two records, as it was recorded. `None`: any.
        max_pause: Option<Duration>,
    },
    /// This many records a second.
    Rate(NonZeroU32),
    /// As fast as the client reads.
    Unpaced,
}

/// Sends all records; with `repeat` over and over. An empty recording is not repeated.
pub(crate) async fn replay(
    sending: &mut Sending,
    source: &dyn Source,
    pace: Pace,
    repeat: bool,
) -> Result<(), Gone> {
    loop {
        let scope = Scope::default();
        let mut pages = source.stream_pages(&scope);
        let mut clock = Clock::new(pace, Instant::now() + sending.lead());
        let mut empty = true;
        while let Some(page) = pages.try_next().await.map_err(std::io::Error::other)? {
            empty = false;
            let mut batch: Vec<Frame> = Vec::new();
            for record in page.into_records() {
                if let Some(due) = clock.due(record.received_at()) {
                    let wait = due.saturating_duration_since(Instant::now());
                    if wait >= LONG && clock.is_recorded() {
                        sending.send(batch.drain(..)).await?;
                        let seconds = wait.as_secs();
                        tracing::warn!(
                            seconds,
                            "the recording has a hole: its next record comes in {seconds} s; \
                             --max-pause shortens such waits"
                        );
                    }
                    while due > Instant::now() + sending.lead() {
                        sending.send(batch.drain(..)).await?;
                        sending.pause(due - sending.lead()).await?;
                    }
                }
                batch.push(Frame::from(record));
            }
            sending.send(batch).await?;
        }
        if !repeat || empty {
            return Ok(());
        }
    }
}

/// When each record of a recording is due.
struct Clock {
    pace: Pace,
    start: Instant,
    first: Option<Timestamp>,
    /// The latest record so far.
    latest: Option<Timestamp>,
    /// The time that the limit of pauses has taken out.
    left_out: Duration,
    count: u32,
}

impl Clock {
    fn new(pace: Pace, start: Instant) -> Self {
        let left_out = Duration::ZERO;
        Self { pace, start, first: None, latest: None, left_out, count: 0 }
    }

    fn is_recorded(&self) -> bool {
        matches!(self.pace, Pace::Recorded { .. })
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
            Pace::Recorded { speed, max_pause } => {
                let between = |from: Timestamp| {
                    let millis = at.as_unix_millis().saturating_sub(from.as_unix_millis());
                    Duration::from_millis(millis)
                };
                let first = *self.first.get_or_insert(at);
                if let Some(max) = max_pause {
                    self.left_out += between(self.latest.unwrap_or(at)).saturating_sub(max);
                }
                self.latest = self.latest.max(Some(at));
                let since = between(first).saturating_sub(self.left_out);
                Some(self.start + since.div_f64(speed))
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
            let mut clock = Clock::new(pace, start);
            let due = times.iter().filter_map(|t| clock.due(at(*t)));
            due.map(|due| (due - start).as_millis()).collect()
        };
        let recorded = |max_pause| Pace::Recorded { speed: 2.0, max_pause };
        assert_eq!(offsets(recorded(None), &[0, 100, 50, 1000]), [0, 50, 25, 500]);
        let capped = recorded(Some(Duration::from_millis(200)));
        assert_eq!(offsets(capped, &[0, 100, 50, 1000, 1100]), [0, 50, 25, 150, 200]);
        assert_eq!(
            offsets(Pace::Rate(NonZeroU32::new(4).unwrap()), &[9; 6]),
            [0, 250, 500, 750, 1000, 1250]
        );
        assert!(offsets(Pace::Unpaced, &[0, 1]).is_empty());
    }
}
