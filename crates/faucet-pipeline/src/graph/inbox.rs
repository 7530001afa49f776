//! The edges that a component receives from.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use faucet_core::{StreamPage, Timestamp};

use crate::graph::edge::Edge;
use crate::graph::queue::Envelope;

/// What a component receives.
#[derive(Debug)]
pub(crate) enum Received {
    /// A page of the input with this number.
    Page(usize, StreamPage),
    /// All inputs have reached the barrier of this epoch.
    Barrier(u64),
    /// All inputs are over. `stopped`: one of them could go on in a later run.
    End { stopped: bool },
}

#[derive(Debug, Clone, Copy, Default)]
struct Input {
    barrier: Option<u64>,
    ended: bool,
    watermark: Option<Timestamp>,
}

/// The edges that lead to a component. Barriers are aligned: an input that has delivered its barrier
/// is not read until all others have.
#[derive(Debug)]
pub(crate) struct Inbox {
    edges: Vec<Arc<Edge>>,
    inputs: Vec<Input>,
    /// The first inputs are those that have watermarks; the others are for what was rejected.
    marked: usize,
    lowest: Option<Timestamp>,
    stopped: bool,
    /// The input whose turn it is.
    next: usize,
}

impl Inbox {
    pub(crate) fn new(edges: Vec<Arc<Edge>>, marked: usize) -> Self {
        let inputs = vec![Input::default(); edges.len()];
        Self { edges, inputs, marked, lowest: None, stopped: false, next: 0 }
    }

    /// Returns what comes next. Cancel safe.
    pub(crate) async fn receive(&mut self) -> Received {
        poll_fn(|cx| self.poll_receive(cx)).await
    }

    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        let n = self.edges.len();
        let mut quiet = 0;
        while quiet < n {
            let at = self.next;
            self.next = (at + 1) % n;
            let input = &mut self.inputs[at];
            if input.ended || input.barrier.is_some() {
                quiet += 1;
                continue;
            }
            match self.edges[at].poll_next(cx) {
                Poll::Pending => quiet += 1,
                Poll::Ready(Envelope::Page(page)) => {
                    return Poll::Ready(Received::Page(at, page));
                }
                Poll::Ready(Envelope::Barrier(epoch)) => {
                    input.barrier = Some(epoch);
                    quiet = 0;
                }
                Poll::Ready(Envelope::End { stopped }) => {
                    (input.ended, input.watermark) = (true, None);
                    self.stopped |= stopped;
                    quiet = 0;
                    // The input that has ended may have been the one that was behind.
                    if let Some(at_least) = self.risen() {
                        let mark = StreamPage::default().with_watermark(at_least);
                        return Poll::Ready(Received::Page(at, mark));
                    }
                }
            }
        }
        if !self.inputs.iter().all(|input| input.ended || input.barrier.is_some()) {
            return Poll::Pending;
        }
        let reached = self.inputs.iter_mut().filter_map(|input| input.barrier.take()).max();
        Poll::Ready(match reached {
            Some(epoch) => Received::Barrier(epoch),
            None => Received::End { stopped: self.stopped },
        })
    }

    /// The watermark of all inputs together, when it has risen.
    pub(crate) fn watermark(&mut self, input: usize, at: Timestamp) -> Option<Timestamp> {
        self.inputs[input].watermark = Some(at);
        let risen = self.risen()?;
        self.lowest = Some(risen);
        Some(risen)
    }

    fn risen(&self) -> Option<Timestamp> {
        let open = self.inputs[..self.marked].iter().filter(|input| !input.ended);
        let lowest = open.map(|input| input.watermark).min().flatten()?;
        (self.lowest < Some(lowest)).then_some(lowest)
    }

    /// Nothing more is taken: nobody waits for this component.
    pub(crate) fn abandon(&self) {
        self.edges.iter().for_each(|edge| edge.abandon());
    }
}

impl Drop for Inbox {
    /// A component that is gone takes no more: what still waits for it is counted.
    fn drop(&mut self) {
        self.abandon();
    }
}
