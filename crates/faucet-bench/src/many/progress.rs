//! The phases of a measurement with many connections.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::result::Result;
use crate::sample::{Meter, Sample, Seen};
use crate::servers::trigger::Trigger;
use crate::usage::{allow_files, resident_kib};
use crate::work::Work;

/// Long enough for a connection to put away what its upgrade needed.
const SETTLE: Duration = Duration::from_millis(500);

/// What all connections of the process count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    messages: Cell<u64>,
    bytes: Cell<u64>,
    expected: Cell<u64>,
    complete: Notify,
}

impl Progress {
    /// Counts what a connection received.
    pub(super) fn add(&self, messages: u64, bytes: u64) {
        let inner = &self.0;
        inner.messages.set(inner.messages.get() + messages);
        inner.bytes.set(inner.bytes.get() + bytes);
        if inner.messages.get() >= inner.expected.get() {
            inner.complete.notify_one();
        }
    }

    fn seen(&self) -> Seen {
        Seen { messages: self.0.messages.get(), bytes: self.0.bytes.get() }
    }
}

/// Opens connections with `open`, one after the other, each in a task that it spawns; takes the memory
/// when all are open and idle; lets the server send; and measures until all messages are there.
pub(super) async fn measure(
    work: &Work,
    mut open: impl AsyncFnMut(Progress) -> Result<()>,
) -> Result<Sample> {
    allow_files(work.connections as u64 + 64)?;
    let mut trigger = Trigger::connect(&work.from).await?;
    let progress = Progress::default();
    progress.0.expected.set(work.messages);
    let before = resident_kib();
    for _ in 0..work.connections {
        open(progress.clone()).await?;
        // Many upgrades at once would leave memory behind that no connection keeps.
        trigger.signalled().await?;
    }
    tokio::time::sleep(SETTLE).await;
    let idle = resident_kib();
    let meter = Meter::start()?;
    trigger.signal().await?;
    progress.0.complete.notified().await;
    let mut sample = meter.stop(progress.seen().check(work.messages)?)?;
    let grown = before.zip(idle).map(|(before, idle)| idle.saturating_sub(before));
    sample.idle_kib_per_connection = grown.map(|kib| kib as f64 / work.connections as f64);
    Ok(sample)
}
