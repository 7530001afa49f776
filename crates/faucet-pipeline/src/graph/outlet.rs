//! The edges that a component sends to.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use faucet_core::{Count, Error, ErrorKind, Rejected, Result, Scope, StreamPage};

use crate::graph::again::others_first;
use crate::graph::edge::Edge;
use crate::graph::held::Held;
use crate::graph::letter::letter;
use crate::graph::queue::Envelope;

/// The edges to a component's consumers, and the one to its `dead_letter`.
#[derive(Debug, Clone)]
pub(crate) struct Outlet {
    scope: Scope,
    edges: Vec<Arc<Edge>>,
    letters: Option<Arc<Edge>>,
}

impl Outlet {
    pub(crate) fn new(scope: Scope, edges: Vec<Arc<Edge>>, letters: Option<Arc<Edge>>) -> Self {
        Self { scope, edges, letters }
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Edge>> {
        self.edges.iter().chain(&self.letters)
    }

    pub(crate) fn has_room(&self) -> bool {
        self.all().all(|edge| edge.has_room())
    }

    /// Ready when a page may be sent on every edge.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut all = Poll::Ready(());
        for edge in self.all() {
            if edge.poll_room(cx).is_pending() {
                all = Poll::Pending;
            }
        }
        all
    }

    /// Counts records that the component has for its consumers and that were not sent yet.
    pub(crate) fn held(&self, records: u64) -> Held<'_> {
        Held::on_the_way(&self.edges, records)
    }

    /// Sends a page, which is a part of `held`, when there is room.
    pub(crate) async fn send(&self, page: StreamPage, held: &mut Held<'_>) {
        if !self.has_room() {
            poll_fn(|cx| self.poll_room(cx)).await;
        }
        held.release(page.len() as u64);
        if self.send_now(page) {
            others_first().await;
        }
    }

    /// Sends a page. True when a buffer was full: the caller then lets others run.
    pub(crate) fn send_now(&self, page: StreamPage) -> bool {
        let Some((last, others)) = self.edges.split_last() else { return false };
        let mut pressed = false;
        for edge in others {
            pressed |= edge.send(page.clone());
        }
        pressed | last.send(page)
    }

    /// Counts what the component rejected, and sends it to the component's `dead_letter`.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn reject(&self, rejected: Vec<Rejected>) -> Result<()> {
        let Some(first) = rejected.first() else { return Ok(()) };
        self.scope.counters().count(Count::Rejected, rejected.len() as u64);
        let Some(edge) = &self.letters else {
            let what = match rejected.len() {
                1 => format!("a record cannot be handled: {}", first.reason),
                n => format!("{n} records cannot be handled, the first: {}", first.reason),
            };
            return Err(Error::new(ErrorKind::Decode, what)
                .with_hint("name a sink as the component's dead_letter to go on without them"));
        };
        let id = self.scope.id();
        let page: StreamPage = rejected.iter().map(|rejected| letter(id, rejected)).collect();
        let mut held = Held::on_the_way(std::slice::from_ref(edge), page.len() as u64);
        poll_fn(|cx| edge.poll_room(cx)).await;
        held.release(page.len() as u64);
        edge.send(page);
        Ok(())
    }

    pub(crate) fn barrier(&self, epoch: u64) {
        self.all().for_each(|edge| edge.signal(Envelope::Barrier(epoch)));
    }

    pub(crate) fn end(&self, stopped: bool) {
        self.all().for_each(|edge| edge.signal(Envelope::End { stopped }));
    }
}
