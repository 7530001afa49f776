//! What one run of a line measured.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::result::Result;
use crate::usage;

/// What one run of a line measured, in its own process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) messages: u64,
    /// The size of all payloads.
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
    /// User and system, all threads, of the process that is measured.
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_kib: u64,
    /// Resident memory of an open connection on which nothing has come in.
    pub(crate) idle_kib_per_connection: Option<f64>,
    pub(crate) latency: Option<Latency>,
}

/// Microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Latency {
    /// `None` when nothing was measured.
    pub(crate) fn of(mut micros: Vec<f64>) -> Option<Self> {
        micros.sort_by(f64::total_cmp);
        let last = micros.len().checked_sub(1)?;
        let at = |share: f64| micros[(last as f64 * share).round() as usize];
        Some(Self { p50: at(0.5), p99: at(0.99), max: at(1.0) })
    }
}

/// What a receiver counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

impl Seen {
    /// One more message.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
    }

    /// Whether all messages are there.
    ///
    /// # Errors
    /// Some are missing, or there are too many.
    pub(crate) fn check(self, messages: u64) -> Result<Self> {
        if self.messages == messages {
            return Ok(self);
        }
        Err(format!("{} messages were expected, {} were there", messages, self.messages).into())
    }
}

/// Time and CPU time since a moment.
#[derive(Debug)]
pub(crate) struct Meter {
    began: Instant,
    cpu_seconds: f64,
}

impl Meter {
    /// Starts now. What the process did before does not count.
    pub(crate) fn start() -> Result<Self> {
        Ok(Self { began: Instant::now(), cpu_seconds: usage::cpu_seconds()? })
    }

    pub(crate) fn stop(&self, seen: Seen) -> Result<Sample> {
        let cpu_seconds = usage::cpu_seconds()? - self.cpu_seconds;
        Ok(Sample {
            messages: seen.messages,
            bytes: seen.bytes,
            seconds: self.began.elapsed().as_secs_f64(),
            cpu_seconds,
            peak_kib: usage::peak_kib()?,
            idle_kib_per_connection: None,
            latency: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        let micros = (0..=100).rev().map(f64::from).collect();
        assert_eq!(Latency::of(micros), Some(Latency { p50: 50.0, p99: 99.0, max: 100.0 }));
        assert_eq!(Latency::of(vec![7.0]), Some(Latency { p50: 7.0, p99: 7.0, max: 7.0 }));
        assert_eq!(Latency::of(Vec::new()), None);
    }

    #[test]
    fn missing_messages_are_an_error() {
        let mut seen = Seen::default();
        seen.add(3);
        assert_eq!(seen.check(1).unwrap(), Seen { messages: 1, bytes: 3 });
        assert_eq!(
            seen.check(2).unwrap_err().to_string(),
            "2 messages were expected, 1 were there"
        );
    }
}
