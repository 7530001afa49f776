//! Joins the components of a run by edges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faucet_core::{Cancel, Out, Position, Resume, Scope};
use futures_util::future::BoxFuture;

use crate::graph::buffer::Buffer;
use crate::graph::edge::Edge;
use crate::graph::inbox::Inbox;
use crate::graph::node::Component;
use crate::graph::opening::Opened;
use crate::graph::outlet::Outlet;
use crate::graph::plan::Plan;
use crate::graph::shared::{Outcome, Shared};
use crate::graph::sink_run::{SinkRun, Taken};
use crate::graph::source_run::{Place, SourceRun};
use crate::graph::stage_run::StageRun;
use crate::graph::state::State;

type Id = Arc<str>;

/// The scope of each component of a run that begins at `state`.
pub(crate) fn scopes(plan: &Plan, cancel: &Cancel) -> BTreeMap<Id, Scope> {
    let again = come_again(plan);
    let scope = |component: &Component| {
        let mut scope = plan.scope(&component.id).with_cancelled(cancel.cancelled());
        if plan.settings.state.is_some() {
            scope = scope.with_state();
        }
        if !again.contains(&component.id) {
            scope = scope.with_live_input();
        }
        if component.dead_letter.is_some() {
            scope = scope.with_dead_letter();
        }
        (Arc::clone(&component.id), scope)
    };
    let mut scopes: BTreeMap<Id, Scope> = plan.components.iter().map(scope).collect();
    for (id, feeds) in feeds(plan) {
        let sources: Vec<Scope> = feeds.iter().filter_map(|id| scopes.get(id).cloned()).collect();
        if let Some(scope) = scopes.get_mut(&id) {
            *scope = scope.clone().with_feeds(&sources);
        }
    }
    scopes
}

/// The sources whose records reach each transform and sink. A component stands behind those before it.
fn feeds(plan: &Plan) -> BTreeMap<Id, BTreeSet<Id>> {
    let mut feeds: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
    for component in &plan.components {
        let mut of = BTreeSet::new();
        for from in &component.from {
            match feeds.get(from) {
                Some(known) => of.extend(known.iter().cloned()),
                None => _ = of.insert(Arc::clone(from)),
            }
        }
        if !component.from.is_empty() {
            feeds.insert(Arc::clone(&component.id), of);
        }
    }
    feeds
}

/// The components that get records a second time where a run ends before it has committed them: those behind
/// a source that can repeat records.
fn come_again(plan: &Plan) -> BTreeSet<Id> {
    let mut again = BTreeSet::new();
    // Each component stands behind all that it takes pages from, and a dead letter's sink is the end.
    for component in &plan.components {
        let repeats = component.info.resume != Resume::No;
        if repeats || component.from.iter().any(|id| again.contains(id)) {
            again.insert(Arc::clone(&component.id));
        }
    }
    let letters = plan.components.iter().filter(|component| again.contains(&component.id));
    let letters: Vec<Id> = letters.filter_map(|component| component.dead_letter.clone()).collect();
    again.extend(letters);
    again
}

/// Lets the scopes begin where `state` is.
pub(crate) fn resume(plan: &Plan, scopes: &mut BTreeMap<Id, Scope>, state: &State) {
    for component in &plan.components {
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

/// The edges of a graph.
struct Edges {
    into: BTreeMap<Id, Vec<Arc<Edge>>>,
    out_of: BTreeMap<Id, Vec<Arc<Edge>>>,
    letters: BTreeMap<Id, Arc<Edge>>,
}

fn edges(plan: &Plan, scopes: &BTreeMap<Id, Scope>) -> Edges {
    let mut edges =
        Edges { into: BTreeMap::new(), out_of: BTreeMap::new(), letters: BTreeMap::new() };
    let edge = |consumer: &Id, buffer: &Buffer| {
        Arc::new(Edge::new(buffer.clone(), scopes[consumer].clone()))
    };
    for component in &plan.components {
        for producer in &component.from {
            let edge = edge(&component.id, &component.buffer);
            edges.out_of.entry(Arc::clone(producer)).or_default().push(Arc::clone(&edge));
            edges.into.entry(Arc::clone(&component.id)).or_default().push(edge);
        }
    }
    for component in &plan.components {
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
    plan: &Plan,
    scopes: &BTreeMap<Id, Scope>,
    mut opened: Opened,
    shared: &Arc<Shared>,
) -> Vec<BoxFuture<'static, Outcome>> {
    let mut edges = edges(plan, scopes);
    let mut parts: Vec<BoxFuture<'static, Outcome>> = Vec::new();
    for component in &plan.components {
        let id = &component.id;
        let (scope, shared) = (scopes[id].clone(), Arc::clone(shared));
        let outlet = Outlet::new(
            scope.clone(),
            edges.out_of.remove(id).unwrap_or_default(),
            edges.letters.remove(id),
        );
        let inbox = Inbox::new(edges.into.remove(id).unwrap_or_default(), component.from.len());
        if let (Some(reader), Some(mailbox)) =
            (opened.readers.remove(id), shared.mailboxes.get(id).cloned())
        {
            let info = component.info.clone();
            let place = Place::default();
            let run = SourceRun { scope, info, reader, outlet, mailbox, shared, place };
            parts.push(Box::pin(run.run()));
        } else if let Some(stage) = opened.stages.remove(id) {
            let (out, gaps) = (Out::default(), Vec::new());
            let run = StageRun { scope, stage, inbox, outlet, shared, out, gaps, ticked: false };
            parts.push(Box::pin(run.run()));
        } else if let Some(writer) = opened.writers.remove(id) {
            let taken = Taken::new(scope.clone());
            let run = SinkRun { scope, writer, inbox, outlet, shared, taken };
            parts.push(Box::pin(run.run()));
        }
    }
    parts
}
