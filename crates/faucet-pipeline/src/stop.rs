//! When a run is to stop, and when it is to give up.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The caller's shutdown future and the grace that follows it.
pub(crate) struct Stop<F> {
    shutdown: Pin<Box<F>>,
    grace: Duration,
    since: Option<Instant>,
}

impl<F: Future<Output = ()>> Stop<F> {
    pub(crate) fn new(shutdown: F, grace: Duration) -> Self {
        Self { shutdown: Box::pin(shutdown), grace, since: None }
    }

    /// What follows a shutdown may take this long.
    pub(crate) fn grace(&self) -> Duration {
        self.grace
    }

    /// Returns once the run is to stop, and from then on at once. Cancel safe.
    pub(crate) async fn requested(&mut self) {
        if self.since.is_none() {
            self.shutdown.as_mut().await;
            self.since = Some(Instant::now());
        }
    }

    /// Returns once the run is to give up. Cancel safe.
    pub(crate) async fn expired(&mut self) {
        self.requested().await;
        if let Some(due) = self.since.and_then(|since| since.checked_add(self.grace)) {
            return sleep_until(due).await;
        }
        std::future::pending::<()>().await;
    }
}
