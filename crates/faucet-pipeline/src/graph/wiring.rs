//! Opens the components of a run and joins them by edges.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use faucet_core::{
    Cancel, Count, Error, Out, PageReader, PageStage, PageWriter, Position, Result, Resume, Scope,
};
use futures_util::future::{BoxFuture, join, join_all};

use crate::graph::buffer::Buffer;
use crate::graph::edge::Edge;
use crate::graph::guard::{caught, caught_now};
use crate::graph::inbox::Inbox;
use crate::graph::node::{Component, Part};
use crate::graph::outlet::Outlet;
use crate::graph::pipeline::Pipeline;
use crate::graph::shared::{Outcome, Shared};
use crate::graph::sink_run::{SinkRun, Taken};
use crate::graph::source_run::{Hold, SourceRun};
use crate::graph::stage_run::StageRun;
use crate::graph::state::State;
use crate::graph::store::Store;

type Id = Arc<str>;

/// The scope of each component of a run that begins at `state`.
pub(crate) fn scopes(pipeline: &Pipeline, cancel: &Cancel) -> BTreeMap<Id, Scope> {
    let scope = |component: &Component| {
        let mut scope = pipeline.scope(&component.id).with_cancelled(cancel.cancelled());
        if pipeline.settings().state.is_some() {
            scope = scope.with_state();
        }
        if component.dead_letter.is_some() {
            scope = scope.with_dead_letter();
        }
        (Arc::clone(&component.id), scope)
    };
    pipeline.components().iter().map(scope).collect()
}

/// Lets the scopes begin where `state` is.
pub(crate) fn resume(pipeline: &Pipeline, scopes: &mut BTreeMap<Id, Scope>, state: &State) {
    for component in pipeline.components() {
        let (Some(saved), Some(scope)) =
            (state.components.get(&*component.id), scopes.get_mut(&component.id))
        else {
            continue;
        };
        if let (Some(text), Resume::Positions) = (&saved.position, component.info.resume) {
            *scope = scope.clone().with_position(Position::new(text.as_str()));
        }
        if let Some(bytes) = saved.bytes() {
            *scope = scope.clone().with_saved(bytes);
        }
    }
}

/// The open components of a run.
#[derive(Default)]
pub(crate) struct Opened {
    readers: BTreeMap<Id, Box<dyn PageReader>>,
    stages: BTreeMap<Id, Box<dyn PageStage>>,
    writers: BTreeMap<Id, Box<dyn PageWriter>>,
}

impl Opened {
    /// Commits once before the first page. A crash before the first flush then finds what each sink
    /// had at the start: without it a file could not be cut back to where this run began.
    ///
    /// # Errors
    /// A sink does not flush, or the state cannot be saved.
    pub(crate) async fn baseline(
        &mut self,
        pipeline: &Pipeline,
        store: &Store,
        state: State,
    ) -> Result<State> {
        let Self { readers, writers, .. } = self;
        let mut next = state;
        next.epoch += 1;
        let saves = |id: &Id| {
            let component = pipeline.component(id);
            component.is_some_and(|component| component.info.resume == Resume::Positions)
        };
        for (id, reader) in readers.iter().filter(|(id, _)| saves(id)) {
            let position = caught_now("position", || reader.position())
                .map_err(|error| error.with_component(id))?;
            if let (Some(position), Some(saved)) = (position, next.components.get_mut(&**id)) {
                saved.position = Some(position.as_str().to_owned());
            }
        }
        let flushing = join_all(writers.iter_mut().map(|(id, writer)| async move {
            let flushed = caught("flush", async { writer.flush().await }).await;
            flushed.map_err(|error| error.with_component(id)).map(|flushed| (id, flushed))
        }));
        let mut flushing = pin!(flushing);
        let mut holds: Vec<Hold<'_>> = readers.values_mut().map(Hold::new).collect();
        let flushed = poll_fn(|cx| {
            holds.iter_mut().for_each(|hold| drop(hold.poll(cx)));
            flushing.as_mut().poll(cx)
        });
        for flushed in flushed.await {
            let (id, flushed) = flushed?;
            if let (Some(bytes), Some(saved)) = (flushed.saved(), next.components.get_mut(&**id)) {
                saved.set(bytes);
            }
        }
        store.save(next.clone()).await?;
        Ok(next)
    }
}

/// Opens all sources at once, then transforms and sinks at once; the sources hold meanwhile. A feed
/// that cannot be reached leaves the destinations as they are.
///
/// # Errors
/// The first component that did not open. The sources that did are closed.
pub(crate) async fn open(
    pipeline: &Pipeline,
    scopes: &BTreeMap<Id, Scope>,
    shared: &Shared,
) -> Result<Opened> {
    let mut opened = Opened::default();
    let opening = pipeline.components().iter().filter_map(|component| match &component.part {
        Part::Source(source) => Some(async move {
            let scope = &scopes[&component.id];
            let reader = caught("open", async { source.open(scope).await }).await;
            (Arc::clone(&component.id), reader)
        }),
        _ => None,
    });
    let mut failure = None;
    for (id, reader) in join_all(opening).await {
        match reader {
            Ok(reader) => drop(opened.readers.insert(id, reader)),
            Err(error) => drop(failure.get_or_insert(error.with_component(&id))),
        }
    }
    if failure.is_none() {
        failure = open_rest(pipeline, scopes, &mut opened).await.err();
    }
    match failure {
        None => Ok(opened),
        Some(error) => {
            close_all(&mut opened, scopes, shared).await;
            Err(error)
        }
    }
}

async fn open_rest(
    pipeline: &Pipeline,
    scopes: &BTreeMap<Id, Scope>,
    opened: &mut Opened,
) -> Result<()> {
    let Opened { readers, stages, writers } = opened;
    let components = pipeline.components();
    let stages_open = join_all(components.iter().filter_map(|component| match &component.part {
        Part::Transform(transform) => Some(async move {
            let scope = &scopes[&component.id];
            (component, caught("open", async { transform.open(scope).await }).await)
        }),
        _ => None,
    }));
    let sinks_open = join_all(components.iter().filter_map(|component| match &component.part {
        Part::Sink(sink) => Some(async move {
            let scope = &scopes[&component.id];
            (component, caught("open", async { sink.open(scope).await }).await)
        }),
        _ => None,
    }));
    let mut both = pin!(join(stages_open, sinks_open));
    let mut holds: Vec<(Id, Hold<'_>)> =
        readers.iter_mut().map(|(id, reader)| (Arc::clone(id), Hold::new(reader))).collect();
    let (of_stages, of_sinks) = poll_fn(|cx| {
        // First: what is wrong with a destination is known before a feed is dialled.
        if let Poll::Ready(both) = both.as_mut().poll(cx) {
            return Poll::Ready(Ok(both));
        }
        for (id, hold) in &mut holds {
            if let Poll::Ready(panicked) = hold.poll(cx) {
                return Poll::Ready(Err(panicked.with_component(id)));
            }
        }
        Poll::Pending
    })
    .await?;
    let mut failure: Option<Error> = None;
    for (component, stage) in of_stages {
        match stage {
            Ok(stage) => drop(stages.insert(Arc::clone(&component.id), stage)),
            Err(error) => drop(failure.get_or_insert(error.with_component(&component.id))),
        }
    }
    for (component, writer) in of_sinks {
        match writer {
            Ok(writer) => drop(writers.insert(Arc::clone(&component.id), writer)),
            Err(error) => drop(failure.get_or_insert(error.with_component(&component.id))),
        }
    }
    failure.map_or(Ok(()), Err)
}

/// Closes what was opened before another component failed. What a close says is no news then; what
/// the sources have received is counted.
async fn close_all(opened: &mut Opened, scopes: &BTreeMap<Id, Scope>, shared: &Shared) {
    let readers = opened.readers.iter_mut().map(|(id, reader)| {
        let counters = scopes[id].counters();
        Box::pin(async move {
            let rest = caught("drain", async { reader.drain().await }).await?;
            let records = rest.map_or(0, |page| page.len() as u64);
            counters.count(Count::Records, records);
            counters.count(Count::NotWritten, records);
            caught("close", async { reader.close().await }).await
        }) as BoxFuture<'_, Result<()>>
    });
    let writers = opened.writers.values_mut().map(|writer| {
        Box::pin(caught("close", async { writer.close().await })) as BoxFuture<'_, Result<()>>
    });
    let all = join_all(readers.chain(writers));
    let _ = tokio::time::timeout(shared.limit(), all).await;
}

/// The edges of a graph.
struct Edges {
    into: BTreeMap<Id, Vec<Arc<Edge>>>,
    out_of: BTreeMap<Id, Vec<Arc<Edge>>>,
    letters: BTreeMap<Id, Arc<Edge>>,
}

fn edges(pipeline: &Pipeline, scopes: &BTreeMap<Id, Scope>) -> Edges {
    let mut edges =
        Edges { into: BTreeMap::new(), out_of: BTreeMap::new(), letters: BTreeMap::new() };
    let edge = |consumer: &Id, buffer: &Buffer| {
        Arc::new(Edge::new(buffer.clone(), scopes[consumer].clone()))
    };
    for component in pipeline.components() {
        for producer in &component.from {
            let edge = edge(&component.id, &component.buffer);
            edges.out_of.entry(Arc::clone(producer)).or_default().push(Arc::clone(&edge));
            edges.into.entry(Arc::clone(&component.id)).or_default().push(edge);
        }
    }
    for component in pipeline.components() {
        if let Some(sink) = &component.dead_letter {
            // What was rejected is never dropped, whatever the sink's own buffer says.
            let edge = edge(sink, &Buffer::default());
            edges.letters.insert(Arc::clone(&component.id), Arc::clone(&edge));
            edges.into.entry(Arc::clone(sink)).or_default().push(edge);
        }
    }
    edges
}

/// One future a component.
pub(crate) fn parts(
    pipeline: &Pipeline,
    scopes: &BTreeMap<Id, Scope>,
    mut opened: Opened,
    shared: &Arc<Shared>,
) -> Vec<BoxFuture<'static, Outcome>> {
    let mut edges = edges(pipeline, scopes);
    let mut parts: Vec<BoxFuture<'static, Outcome>> = Vec::new();
    for component in pipeline.components() {
        let id = &component.id;
        let (scope, shared) = (scopes[id].clone(), Arc::clone(shared));
        let outlet = Outlet::new(
            scope.clone(),
            edges.out_of.remove(id).unwrap_or_default(),
            edges.letters.remove(id),
        );
        let inbox = Inbox::new(edges.into.remove(id).unwrap_or_default());
        if let (Some(reader), Some(mailbox)) =
            (opened.readers.remove(id), shared.mailboxes.get(id).cloned())
        {
            let info = component.info.clone();
            let (behind, closed) = (false, false);
            let run = SourceRun { scope, info, reader, outlet, mailbox, shared, behind, closed };
            parts.push(Box::pin(run.run()));
        } else if let Some(stage) = opened.stages.remove(id) {
            let (out, gaps) = (Out::default(), Vec::new());
            let run = StageRun { scope, stage, inbox, outlet, shared, out, gaps };
            parts.push(Box::pin(run.run()));
        } else if let Some(writer) = opened.writers.remove(id) {
            let taken = Taken::new(scope.clone());
            let run = SinkRun { scope, writer, inbox, outlet, shared, taken };
            parts.push(Box::pin(run.run()));
        }
    }
    parts
}
