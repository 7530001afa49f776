//! Lets a test say when.

use std::sync::Arc;

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, Default)]
struct State {
    open: bool,
    arrivals: usize,
}

/// A gate at which a script or a double waits until the test opens it. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<watch::Sender<State>>);

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(State::default())))
    }

    /// Opens it for good.
    pub fn open(&self) {
        self.0.send_modify(|state| state.open = true);
    }

    /// Returns once somebody has arrived at the gate, whether or not it was open.
    pub async fn reached(&self) {
        self.until(|state| state.arrivals > 0).await;
    }

    /// Waits until the gate is open.
    pub async fn pass(&self) {
        self.0.send_modify(|state| state.arrivals += 1);
        self.until(|state| state.open).await;
    }

    async fn until(&self, enough: impl Fn(&State) -> bool) {
        // The sender lives in `self`, so the channel cannot be closed.
        let _ = self.0.subscribe().wait_for(|state| enough(state)).await;
    }
}
