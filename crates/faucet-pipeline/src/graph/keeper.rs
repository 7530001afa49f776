//! Begins epochs on the cadence and commits each when every sink has flushed.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use faucet_core::{Position, Result};
use tokio::time::{Instant, sleep_until};

use crate::graph::epoch::{NoCommit, Progressed};
use crate::graph::mailbox::Mail;
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
    /// Since when records wait for a flush.
    pub(crate) waiting_since: Option<Instant>,
}

impl Keeper {
    /// Works until all sinks are over, commits once more, and tells the sources that no commit comes.
    /// When the state cannot be saved the run stops, and nothing is acknowledged any more.
    pub(crate) async fn run(mut self) {
        while !self.due().await {
            let epoch = self.shared.epochs.begin();
            self.waiting_since = None;
            self.tell(|mail| mail.barrier = Some(epoch));
            if self.flushed().await == Progressed::Over {
                break;
            }
            self.commit_or_fail().await;
        }
        self.shared.epochs.last_words();
        self.commit_or_fail().await;
        self.tell(|mail| mail.over = true);
    }

    fn tell(&self, write: impl Fn(&mut Mail)) {
        self.shared.mailboxes.values().for_each(|mailbox| mailbox.put(&write));
    }

    async fn commit_or_fail(&mut self) {
        if let Err(error) = self.commit().await {
            self.shared.epochs.fail();
            self.shared.fail(None, error);
        }
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
        let news = next.components != self.state.components;
        if let (true, Some(store)) = (news, &self.store) {
            store.save(next.clone()).await?;
        }
        if news {
            self.state = next;
        }
        if self.acknowledge() || news {
            self.shared.progress.committed();
        }
        Ok(())
    }

    /// Tells each source what is committed, and says whether that was news to one of them.
    fn acknowledge(&mut self) -> bool {
        let mut news = false;
        for id in &self.shared.epochs.members().sources {
            let Some(position) = self.shared.epochs.position(id) else { continue };
            if self.told.get(id) != Some(&position) {
                news = true;
                self.told.insert(Arc::clone(id), position.clone());
                if let Some(mailbox) = self.shared.mailboxes.get(id) {
                    // Positions are cumulative: a newer one replaces one that was not told yet.
                    mailbox.put(|mail| mail.committed = Some(position));
                }
            }
        }
        news
    }

    /// Returns when a flush is due (`false`) or every sink is over (`true`).
    async fn due(&mut self) -> bool {
        let Self { shared, waiting_since, .. } = self;
        let epochs = &shared.epochs;
        let interval = epochs.flush().interval;
        let mut timer = None;
        poll_fn(|cx| {
            epochs.register(cx);
            if epochs.progressed(false).is_some() {
                return Poll::Ready(true);
            }
            let (some, enough) = epochs.waiting();
            if shared.flusher.take(cx) || enough {
                return Poll::Ready(false);
            }
            if !some {
                return Poll::Pending;
            }
            let since = *waiting_since.get_or_insert_with(Instant::now);
            let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(since + interval)));
            timer.as_mut().poll(cx).map(|()| false)
        })
        .await
    }

    async fn flushed(&mut self) -> Progressed {
        let Self { shared, waiting_since, .. } = self;
        let epochs = &shared.epochs;
        poll_fn(|cx| {
            epochs.register(cx);
            if epochs.waiting().0 {
                waiting_since.get_or_insert_with(Instant::now);
            }
            epochs.progressed(true).map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}
