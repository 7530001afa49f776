//! How long a connection lives.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A client that neither sends nor takes anything for so long is cut off.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection still lives without progress. Each answer, and each part of a long one, extends it.
#[derive(Debug, Clone)]
pub(crate) struct Life(Arc<Mutex<Instant>>);

impl Life {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now() + PATIENCE)))
    }

    /// The client has taken something.
    pub(crate) fn extend(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + PATIENCE;
    }

    fn until(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns once the client has taken nothing for too long.
    pub(crate) async fn over(&self) {
        while self.until() > Instant::now() {
            sleep_until(self.until()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_lives_as_long_as_its_client_takes_something() {
        let (life, start) = (Life::new(), Instant::now());
        let extending = async {
            sleep(PATIENCE / 2).await;
            life.extend();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = life.over() => {}
            () = extending => {}
        }
        assert_eq!(start.elapsed(), PATIENCE * 3 / 2);
    }
}
