//! Telling the parts of a run that it stops.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::Shared;

/// Stops a run's components; dropping it does so too.
#[derive(Debug, Clone)]
pub struct Cancel {
    sender: Arc<Mutex<Option<oneshot::Sender<()>>>>,
    cancelled: Cancelled,
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancel {
    /// Not cancelled yet.
    pub fn new() -> Self {
        let (sender, receiver) = oneshot::channel();
        let cancelled = Cancelled(Some(receiver.shared()));
        Self { sender: Arc::new(Mutex::new(Some(sender))), cancelled }
    }

    /// Tells everybody who waits.
    pub fn cancel(&self) {
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// The flag that components wait for.
    pub fn cancelled(&self) -> Cancelled {
        self.cancelled.clone()
    }
}

/// Whether a run was told to stop, or its [`Cancel`] is gone. The default is a run that nobody stops.
#[derive(Clone, Default)]
pub struct Cancelled(Option<Shared<oneshot::Receiver<()>>>);

impl Cancelled {
    /// Whether a [`Cancel`] belongs to this flag: somebody can tell the run to stop.
    pub fn is_possible(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the run was told to stop.
    pub fn is_cancelled(&self) -> bool {
        self.clone().wait().now_or_never().is_some()
    }

    /// Returns once the run was told to stop. Cancel safe.
    pub async fn wait(self) {
        match self.0 {
            // The sender never sends: an error means that it was dropped.
            Some(receiver) => drop(receiver.await),
            None => std::future::pending().await,
        }
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancelled").field(&self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_by_a_word_or_by_the_end() {
        assert!(!Cancelled::default().is_cancelled() && !Cancelled::default().is_possible());
        let cancel = Cancel::new();
        assert!(cancel.cancelled().is_possible());
        let (one, other) = (cancel.cancelled(), cancel.clone());
        assert!(!one.is_cancelled());
        other.cancel();
        assert!(one.is_cancelled() && cancel.cancelled().is_cancelled());
        futures_executor::block_on(one.wait());
        let dropped = Cancel::new().cancelled();
        futures_executor::block_on(dropped.wait());
    }
}
