//! One run of a pipeline.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use faucet_core::{Cancel, ComponentKind, Phase, Result, Scope};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

use crate::graph::baseline;
use crate::graph::endings::Endings;
use crate::graph::epoch::{Epochs, Members};
use crate::graph::flush::Flush;
use crate::graph::flusher::Flusher;
use crate::graph::keeper::Keeper;
use crate::graph::mailbox::Mailbox;
use crate::graph::node::Component;
use crate::graph::opening::{NotOpened, Opened, close_all, open};
use crate::graph::parts::Parts;
use crate::graph::plan::Plan;
use crate::graph::progress::Progress;
use crate::graph::report::Report;
use crate::graph::shared::{Outcome, Shared};
use crate::graph::state::State;
use crate::graph::store::Store;
use crate::graph::wiring;

/// One run of a [`Pipeline`](crate::Pipeline), not begun yet.
pub struct Run {
    plan: Arc<Plan>,
    scopes: BTreeMap<Arc<str>, Scope>,
    cancel: Cancel,
    progress: Progress,
    flusher: Flusher,
}

/// A run whose components are open.
struct Prepared {
    opened: Opened,
    scopes: BTreeMap<Arc<str>, Scope>,
    shared: Arc<Shared>,
    keeper: Keeper,
}

/// What happens next in a run.
enum Step {
    /// A component is over.
    Over(Outcome),
    /// The keeper is.
    Kept,
    /// All are.
    Done,
    /// The grace is over, and they are not.
    GaveUp,
}

/// A future that is polled when it was woken, and not with every page; `never` where there is none.
struct Once<'a, T>(FuturesUnordered<BoxFuture<'a, T>>);

impl<'a, T> Once<'a, T> {
    fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self(std::iter::once(Box::pin(future) as BoxFuture<'a, T>).collect())
    }

    fn never() -> Self {
        Self(FuturesUnordered::new())
    }

    /// Ready once.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        match self.0.poll_next_unpin(cx) {
            Poll::Ready(Some(value)) => Poll::Ready(value),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Run {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let cancel = Cancel::new();
        let scopes = wiring::scopes(&plan, &cancel);
        let of_component =
            |component: &Component| (component.kind(), scopes[component.id()].clone());
        let progress = Progress::new(plan.components.iter().map(of_component).collect());
        Self { plan, scopes, cancel, progress, flusher: Flusher::default() }
    }

    /// The run's counters. They go on while the run does.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Asks the run for a flush while it goes on.
    pub fn flusher(&self) -> Flusher {
        self.flusher.clone()
    }

    /// Runs until all sources have ended, something fails, or `shutdown` is ready.
    ///
    /// Sources are opened before transforms and sinks: a feed that cannot be reached leaves the
    /// destinations as they are. The next page is read while the last one is being written; the
    /// buffers bound what is held. Sinks are flushed on the pipeline's cadence, and then positions are
    /// committed. After `shutdown` the sources are stopped, what they have received is written, the
    /// sinks are flushed, and all are closed, within the pipeline's grace. All of that happens however
    /// the run ends, and what was received before an error is written first. A panic of a component is
    /// an error that names it.
    ///
    /// Dropping the future drops all components without a close handshake. It needs a tokio runtime
    /// with a timer.
    pub async fn until(self, shutdown: impl Future<Output = ()> + Send) -> Report {
        let mut endings = Endings::default();
        let mut shutdown = Once::new(shutdown);
        // Boxed: the state of a whole run would make the caller's future a large one.
        Box::pin(self.conduct(&mut shutdown, &mut endings)).await;
        Report::new(&self.plan, endings, &self.progress)
    }

    async fn conduct(&self, shutdown: &mut Once<'_, ()>, endings: &mut Endings) {
        let mut preparing = pin!(self.prepare());
        let prepared = poll_fn(|cx| {
            if shutdown.poll(cx).is_ready() {
                endings.stopped();
                self.cancel.cancel();
            }
            preparing.as_mut().poll(cx)
        });
        match prepared.await {
            Ok(prepared) => self.drive(prepared, shutdown, endings).await,
            Err(NotOpened::Stopped) => {}
            Err(NotOpened::Failed(error)) => {
                let component = error.component().and_then(|id| self.plan.component(id));
                endings.not_opened(component.map(Component::kind), error);
            }
        }
    }

    /// Reads the state and opens the components.
    async fn prepare(&self) -> Result<Prepared, NotOpened> {
        let stopped = self.cancel.cancelled();
        let (store, state) = tokio::select! {
            biased;
            () = stopped.clone().wait() => return Err(NotOpened::Stopped),
            restored = self.restore() => restored.map_err(NotOpened::Failed)?,
        };
        let mut scopes = self.scopes.clone();
        wiring::resume(&self.plan, &mut scopes, &state);
        let shared = self.share(store.is_some());
        let mut opened = open(&self.plan, &scopes, &stopped, shared.limit()).await?;
        let state = match &store {
            None => state,
            Some(store) => {
                let committed = tokio::select! {
                    biased;
                    () = stopped.clone().wait() => Err(NotOpened::Stopped),
                    committed = baseline::commit(&self.plan, &mut opened, store, state) => {
                        committed.map_err(NotOpened::Failed)
                    }
                };
                match committed {
                    Ok(state) => state,
                    Err(why) => {
                        close_all(opened, &scopes, shared.limit()).await;
                        return Err(why);
                    }
                }
            }
        };
        let keeper = Keeper {
            shared: Arc::clone(&shared),
            store,
            state,
            told: BTreeMap::new(),
            waiting_since: None,
        };
        Ok(Prepared { opened, scopes, shared, keeper })
    }

    async fn restore(&self) -> Result<(Option<Store>, State)> {
        let components = &self.plan.components;
        match &self.plan.settings.state {
            Some(path) => {
                let (store, state) = Store::open(path, components).await?;
                Ok((Some(store), state))
            }
            None => Ok((None, State::new(components))),
        }
    }

    fn share(&self, keeps_state: bool) -> Arc<Shared> {
        let ids = |kind: ComponentKind| {
            let of_kind = self.plan.components.iter().filter(move |c| c.kind() == kind);
            of_kind.map(|component| Arc::clone(component.id())).collect::<Vec<_>>()
        };
        let members = Members {
            sources: ids(ComponentKind::Source),
            stages: ids(ComponentKind::Transform),
            sinks: ids(ComponentKind::Sink),
        };
        let mailboxes =
            members.sources.iter().map(|id| (Arc::clone(id), Arc::<Mailbox>::default())).collect();
        Arc::new(Shared {
            epochs: Epochs::new(members, self.flush()),
            flusher: self.flusher.clone(),
            mailboxes,
            cancel: self.cancel.clone(),
            keeps_state,
            grace: self.plan.settings.grace,
            progress: self.progress.clone(),
            failures: Mutex::default(),
        })
    }

    /// The cadence. A far end that hands out so many records before it waits for acknowledgement gets
    /// one at half of them: by the clock alone it would stand still in between.
    fn flush(&self) -> Flush {
        let flush = self.plan.settings.flush;
        let windows = self.plan.components.iter().filter_map(|c| c.info().ack_window);
        match windows.min() {
            Some(window) => {
                let half = (window / 2).max(1);
                flush.or_records(flush.records.map_or(half, |records| records.min(half)))
            }
            None => flush,
        }
    }

    async fn drive(&self, prepared: Prepared, shutdown: &mut Once<'_, ()>, endings: &mut Endings) {
        let Prepared { opened, scopes, shared, keeper } = prepared;
        let settings = &self.plan.settings;
        let parts = wiring::parts(&self.plan, &scopes, opened, &shared);
        let mut parts = Parts::new(parts, settings.parallel);
        let (mut keeper, mut kept) = (Once::new(keeper.run()), false);
        let mut grace = Once::never();
        loop {
            let step = poll_fn(|cx| {
                if shutdown.poll(cx).is_ready() {
                    endings.stopped();
                    shared.stop();
                    grace = Once::new(sleep(settings.grace));
                }
                if grace.poll(cx).is_ready() {
                    return Poll::Ready(Step::GaveUp);
                }
                if keeper.poll(cx).is_ready() {
                    kept = true;
                    return Poll::Ready(Step::Kept);
                }
                match parts.poll_next(cx) {
                    Poll::Ready(Some(outcome)) => Poll::Ready(Step::Over(outcome)),
                    Poll::Ready(None) if kept => Poll::Ready(Step::Done),
                    Poll::Ready(None) | Poll::Pending => Poll::Pending,
                }
            });
            let step = step.await;
            shared.take_failures().into_iter().for_each(|failure| endings.failed(failure));
            match step {
                Step::Over(outcome) => {
                    self.scopes[&outcome.id].counters().set_phase(Phase::Over);
                    endings.note(outcome);
                }
                Step::Kept => {}
                // A sink that is not done when the grace is over does not make the shutdown fail,
                // which was asked for: what it did not take is counted.
                Step::GaveUp => return parts.give_up().await,
                Step::Done => return,
            }
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("components", &self.plan.components).finish_non_exhaustive()
    }
}
