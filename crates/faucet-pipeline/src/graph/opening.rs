//! Opens the components of a run.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use faucet_core::{
    Cancel, Cancelled, Count, Error, ErrorKind, PageReader, PageStage, PageWriter, Phase, Result,
    Scope, Source,
};
use futures_util::future::{BoxFuture, join_all, join3};
use tokio::time::timeout;

use crate::graph::guard::{caught, discard};
use crate::graph::hold::hold_until;
use crate::graph::node::Part;
use crate::graph::plan::Plan;

type Id = Arc<str>;

/// The open components of a run.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) readers: BTreeMap<Id, Box<dyn PageReader>>,
    pub(crate) stages: BTreeMap<Id, Box<dyn PageStage>>,
    pub(crate) writers: BTreeMap<Id, Box<dyn PageWriter>>,
}

/// Why a run did not begin.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// The caller has asked for the end.
    Stopped,
    /// The first failure.
    Failed(Error),
}

/// Shut when all components of a kind are open, and also when nobody needs them any more: then those
/// that are not open yet are dropped.
struct Gate {
    missing: AtomicUsize,
    shut: Cancel,
}

impl Gate {
    fn new(missing: usize) -> Self {
        Self { missing: AtomicUsize::new(missing), shut: Cancel::new() }
    }

    fn arrived(&self) {
        if self.missing.fetch_sub(1, SeqCst) == 1 {
            self.shut.cancel();
        }
    }

    fn wait(&self) -> impl Future<Output = ()> + use<> {
        self.shut.cancelled().wait()
    }

    /// Opens one component; `None` when it is not needed any more.
    async fn open<T>(
        &self,
        opening: impl Future<Output = Result<T>>,
        scope: &Scope,
    ) -> Option<Result<T>> {
        let opened = tokio::select! {
            biased;
            () = self.wait() => return None,
            opened = caught("open", opening) => opened,
        };
        match &opened {
            Ok(_) => {
                scope.counters().set_phase(Phase::Open);
                self.arrived();
            }
            Err(_) => self.shut.cancel(),
        }
        Some(opened)
    }

    /// Lets a source hold while others are not open yet.
    async fn hold(&self, reader: &mut Box<dyn PageReader>) -> Result<()> {
        let held = hold_until(reader, self.wait()).await;
        if held.is_err() {
            self.shut.cancel();
        }
        held
    }

    /// Shuts the gate when the run is stopped.
    async fn shut_when(&self, stopped: Cancelled) -> Infallible {
        stopped.wait().await;
        self.shut.cancel();
        pending().await
    }

    /// Awaits `all`, which ends early when the run is stopped.
    async fn until<T>(&self, stopped: &Cancelled, all: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            all = all => all,
            never = self.shut_when(stopped.clone()) => match never {},
        }
    }
}

/// Opens all sources at once, then transforms and sinks at once; the sources hold meanwhile. A feed
/// that cannot be reached leaves the destinations as they are. What is open when another component
/// fails, or when the run is stopped, is closed, and that takes at most `limit`.
///
/// # Errors
/// The first component that did not open.
pub(crate) async fn open(
    plan: &Plan,
    scopes: &BTreeMap<Id, Scope>,
    stopped: &Cancelled,
    limit: Duration,
) -> Result<Opened, NotOpened> {
    let mut opened = Opened::default();
    let mut failure = open_sources(plan, scopes, stopped, &mut opened).await;
    if failure.is_none() && !stopped.is_cancelled() {
        failure = open_rest(plan, scopes, stopped, &mut opened).await;
    }
    let why = match failure {
        Some(error) => NotOpened::Failed(error),
        None if stopped.is_cancelled() => NotOpened::Stopped,
        None => return Ok(opened),
    };
    close_all(opened, scopes, limit).await;
    Err(why)
}

async fn open_source(
    source: &dyn Source,
    scope: &Scope,
    gate: &Gate,
) -> Option<Result<Box<dyn PageReader>>> {
    let mut reader = match gate.open(source.open(scope), scope).await? {
        Ok(reader) => reader,
        Err(error) => return Some(Err(error)),
    };
    match gate.hold(&mut reader).await {
        Ok(()) => Some(Ok(reader)),
        Err(panicked) => {
            discard(reader);
            Some(Err(panicked))
        }
    }
}

async fn open_sources(
    plan: &Plan,
    scopes: &BTreeMap<Id, Scope>,
    stopped: &Cancelled,
    opened: &mut Opened,
) -> Option<Error> {
    let sources = plan.components.iter().filter_map(|component| match &component.part {
        Part::Source(source) => Some((&component.id, source)),
        _ => None,
    });
    let gate = &Gate::new(sources.clone().count());
    let opening = join_all(sources.map(|(id, source)| async move {
        (Arc::clone(id), open_source(&**source, &scopes[id], gate).await)
    }));
    keep(gate.until(stopped, opening).await, &mut opened.readers)
}

async fn open_rest(
    plan: &Plan,
    scopes: &BTreeMap<Id, Scope>,
    stopped: &Cancelled,
    opened: &mut Opened,
) -> Option<Error> {
    let Opened { readers, stages, writers } = opened;
    let components = &plan.components;
    let transforms = components.iter().filter_map(|component| match &component.part {
        Part::Transform(transform) => Some((&component.id, transform)),
        _ => None,
    });
    let sinks = components.iter().filter_map(|component| match &component.part {
        Part::Sink(sink) => Some((&component.id, sink)),
        _ => None,
    });
    let gate = &Gate::new(transforms.clone().count() + sinks.clone().count());
    let opening = join3(
        join_all(transforms.map(|(id, transform)| async move {
            (Arc::clone(id), gate.open(transform.open(&scopes[id]), &scopes[id]).await)
        })),
        join_all(sinks.map(|(id, sink)| async move {
            (Arc::clone(id), gate.open(sink.open(&scopes[id]), &scopes[id]).await)
        })),
        join_all(
            readers
                .iter_mut()
                .map(|(id, reader)| async move { (Arc::clone(id), gate.hold(reader).await) }),
        ),
    );
    let (of_transforms, of_sinks, held) = gate.until(stopped, opening).await;
    let mut failure = keep(of_transforms, stages).or(keep(of_sinks, writers));
    for (id, held) in held {
        if let Err(panicked) = held {
            discard(readers.remove(&id));
            failure.get_or_insert(panicked.with_component(&id));
        }
    }
    failure
}

/// Keeps what is open, and returns the first failure.
fn keep<T>(found: Vec<(Id, Option<Result<T>>)>, open: &mut BTreeMap<Id, T>) -> Option<Error> {
    let mut failure = None;
    for (id, opened) in found {
        match opened {
            Some(Ok(run)) => drop(open.insert(id, run)),
            Some(Err(error)) => drop(failure.get_or_insert(error.with_component(&id))),
            None => {}
        }
    }
    failure
}

/// Closes what is open. What a close says is no news then; what the sources have received is counted.
pub(crate) async fn close_all(opened: Opened, scopes: &BTreeMap<Id, Scope>, limit: Duration) {
    let Opened { mut readers, stages, mut writers } = opened;
    stages.into_values().for_each(discard);
    let of_readers = readers.iter_mut().map(|(id, reader)| {
        let counters = scopes[id].counters();
        Box::pin(async move {
            match caught("drain", async { reader.drain().await }).await {
                Ok(rest) => {
                    let records = rest.map_or(0, |page| page.len() as u64);
                    counters.count(Count::Records, records);
                    counters.count(Count::NotWritten, records);
                }
                Err(error) if error.kind() == ErrorKind::Panic => return,
                Err(_) => {}
            }
            let _ = caught("close", async { reader.close().await }).await;
        }) as BoxFuture<'_, ()>
    });
    let of_writers = writers.values_mut().map(|writer| {
        Box::pin(async { drop(caught("close", async { writer.close().await }).await) })
            as BoxFuture<'_, ()>
    });
    let _ = timeout(limit, join_all(of_readers.chain(of_writers))).await;
}
