//! Begins epochs on the cadence and commits each when every sink has flushed.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use faucet_core::{Position, Result};
use tokio::time::{Instant, sleep_until};

use crate::graph::epoch::{NoCommit, Progressed};
use crate::graph::shared::Shared;
use crate::graph::state::State;
use crate::graph::store::Store;

/// The one who commits.
pub(crate) struct Keeper {
    pub(crate) shared: Arc<Shared>,
    pub(crate) store: Option<Store>,
    pub(crate) state: State,
    /// The position that each source was told last.
    pub(crate) told: BTreeMap<Arc<str>, Position>,
}

impl Keeper {
    /// Works until all sinks are over, commits once more, and tells the sources that no commit comes.
    ///
    /// # Errors
    /// The state cannot be saved: the run stops, and nothing is acknowledged any more.
    pub(crate) async fn run(mut self) -> Result<()> {
        let mut failure = Ok(());
        while !self.due().await {
            let epoch = self.shared.epochs.begin();
            self.shared
                .mailboxes
                .values()
                .for_each(|mailbox| mailbox.put(|mail| mail.barrier = Some(epoch)));
            if self.flushed().await == Progressed::Over {
                break;
            }
            let committed = self.commit().await;
            if committed.is_err() && failure.is_ok() {
                failure = committed;
                self.shared.epochs.fail();
                self.shared.stop();
            }
        }
        if failure.is_ok() {
            self.shared.epochs.last_words();
            failure = self.commit().await;
        }
        self.shared.mailboxes.values().for_each(|mailbox| mailbox.put(|mail| mail.over = true));
        failure
    }

    async fn commit(&mut self) -> Result<()> {
        let next = match self.shared.epochs.state(&self.state) {
            Ok(next) => next,
            Err(why) => {
                if why != NoCommit::Failed {
                    self.shared.progress.held_back(&why);
                }
                return Ok(());
            }
        };
        if let Some(store) = &self.store {
            store.save(next.clone()).await?;
        }
        self.state = next;
        self.shared.progress.committed();
        for id in &self.shared.epochs.members().sources {
            let Some(position) = self.shared.epochs.position(id) else { continue };
            if self.told.get(id) != Some(&position) {
                self.told.insert(Arc::clone(id), position.clone());
                if let Some(mailbox) = self.shared.mailboxes.get(id) {
                    // Positions are cumulative: a newer one replaces one that was not told yet.
                    mailbox.put(|mail| mail.committed = Some(position));
                }
            }
        }
        Ok(())
    }

    /// Returns when a flush is due (`false`) or every sink is over (`true`).
    async fn due(&self) -> bool {
        let epochs = &self.shared.epochs;
        let interval = epochs.flush().interval;
        let mut timer = pin!(sleep_until(Instant::now() + interval));
        let mut armed = false;
        poll_fn(|cx| {
            epochs.register(cx);
            if epochs.progressed(false).is_some() {
                return Poll::Ready(true);
            }
            let (some, enough) = epochs.waiting();
            if enough {
                return Poll::Ready(false);
            }
            if !some {
                return Poll::Pending;
            }
            if !armed {
                armed = true;
                timer.as_mut().reset(Instant::now() + interval);
            }
            timer.as_mut().poll(cx).map(|()| false)
        })
        .await
    }

    async fn flushed(&self) -> Progressed {
        let epochs = &self.shared.epochs;
        poll_fn(|cx| {
            epochs.register(cx);
            epochs.progressed(true).map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}
