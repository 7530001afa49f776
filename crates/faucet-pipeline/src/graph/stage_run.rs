//! A transform at work.

use std::sync::Arc;

use faucet_core::{
    Carry, Count, Emitted, Gap, Mark, Out, PageStage, Result, Scope, StreamPage, Timestamp,
};
use tokio::time::{Instant, sleep_until};

use crate::graph::guard::{caught, caught_now, discard};
use crate::graph::held::Held;
use crate::graph::inbox::{Inbox, Received};
use crate::graph::outlet::Outlet;
use crate::graph::shared::{Outcome, Shared, Why};

/// A transform of a run.
pub(crate) struct StageRun {
    pub(crate) scope: Scope,
    pub(crate) stage: Box<dyn PageStage>,
    pub(crate) inbox: Inbox,
    pub(crate) outlet: Outlet,
    pub(crate) shared: Arc<Shared>,
    pub(crate) out: Out,
    /// Gaps that stand before the next page that leaves.
    pub(crate) gaps: Vec<Gap>,
    /// The last thing that happened was a tick.
    pub(crate) ticked: bool,
}

/// What may stand alone when the stage has emitted nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    /// The gaps wait for a page: the stage has not seen all that stands before them.
    Wait,
    /// The gaps leave, as a page without records if there is no other.
    Leave,
}

/// Records and bytes of payload.
fn amount(pages: &[StreamPage]) -> (u64, u64) {
    let sum = |of: fn(&StreamPage) -> usize| pages.iter().map(of).sum::<usize>() as u64;
    (sum(StreamPage::len), sum(StreamPage::payload_bytes))
}

impl StageRun {
    /// Sends what the last call has emitted: waiting gaps before it, `watermark` behind it.
    async fn forward(&mut self, watermark: Option<Timestamp>, marks: Marks) -> Result<()> {
        let Self { scope, outlet, out, gaps, .. } = self;
        let Emitted { mut pages, rejected, .. } = out.take();
        let (records, bytes) = amount(&pages);
        let counters = scope.counters();
        counters.count(Count::Records, records);
        counters.count(Count::Bytes, bytes);
        let mut held = outlet.held(records);
        let refused = outlet.reject(rejected).await;
        let alone = !gaps.is_empty() || watermark.is_some();
        if pages.is_empty() && marks == Marks::Leave && alone {
            pages.push(StreamPage::default());
        }
        let count = pages.len();
        for (n, mut page) in pages.into_iter().enumerate() {
            page.prepend_gaps(std::mem::take(gaps));
            if let (true, Some(at)) = (n + 1 == count, watermark) {
                page = page.with_watermark(at);
            }
            counters.count(Count::Pages, 1);
            outlet.send(page, &mut held).await;
        }
        refused
    }

    async fn mark(&mut self, mark: &Mark) -> Result<()> {
        caught("mark", async { self.stage.mark(mark, &mut self.out).await }).await
    }

    async fn page(&mut self, input: usize, mut page: StreamPage) -> Result<()> {
        let (gaps, watermark) = page.take_marks();
        let scope = self.scope.clone();
        let held = Held::into_component(&scope, page.len());
        scope.counters().saw_gaps(&gaps);
        for gap in gaps {
            let mark = Mark::Gap(gap.clone());
            self.mark(&mark).await?;
            self.forward(None, Marks::Wait).await?;
            self.gaps.push(gap);
        }
        if !page.is_empty() {
            caught("push", async { self.stage.push(input, page, &mut self.out).await }).await?;
        }
        held.release_all();
        self.forward(None, Marks::Leave).await?;
        if let Some(at) = watermark.and_then(|at| self.inbox.watermark(input, at)) {
            self.mark(&Mark::Watermark(at)).await?;
            self.forward(Some(at), Marks::Leave).await?;
        }
        Ok(())
    }

    /// What comes next; `None` when the stage's deadline has passed. Pages and ticks that are always
    /// due take turns.
    async fn receive(&mut self) -> Result<Option<Received>> {
        let deadline = caught_now("deadline", || self.stage.deadline())?.map(Instant::from_std);
        let ticked = std::mem::take(&mut self.ticked);
        Ok(match deadline {
            None => Some(self.inbox.receive().await),
            Some(due) if !ticked && due <= Instant::now() => None,
            Some(due) => tokio::select! {
                biased;
                received = self.inbox.receive() => Some(received),
                () = sleep_until(due) => None,
            },
        })
    }

    async fn tick(&mut self) -> Result<()> {
        self.ticked = true;
        let now = Instant::now().into_std();
        caught("tick", async { self.stage.tick(now, &mut self.out).await }).await?;
        let before = self.scope.counters().get(Count::Records);
        self.forward(None, Marks::Leave).await?;
        let emitted = self.scope.counters().get(Count::Records) - before;
        if emitted > 0 {
            // No source has handed over a page that would begin the wait for the next flush.
            self.shared.epochs.handed(emitted, 0);
        }
        // A deadline that never moves must not keep the thread.
        tokio::task::yield_now().await;
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        caught_now("snapshot", || self.stage.snapshot())?
    }

    /// Works until the input is over. Returns whether it was stopped.
    async fn pump(&mut self) -> Result<bool> {
        loop {
            match self.receive().await? {
                None => self.tick().await?,
                Some(Received::Page(input, page)) => self.page(input, page).await?,
                Some(Received::Barrier(epoch)) => {
                    let carry = self.snapshot()?;
                    self.shared.epochs.carry(self.scope.id(), carry);
                    self.outlet.barrier(epoch);
                }
                Some(Received::End { stopped }) => {
                    self.end(stopped).await?;
                    return Ok(stopped);
                }
            }
        }
    }

    /// A stage that was stopped and whose snapshot is kept says nothing more: half a window would be
    /// emitted now, and the other half as a window of its own by the next run.
    async fn end(&mut self, stopped: bool) -> Result<()> {
        let carry = self.snapshot()?;
        let goes_on = stopped && self.shared.keeps_state && matches!(carry, Carry::Saved(_));
        let last = if goes_on {
            carry
        } else {
            caught("finish", async { self.stage.finish(&mut self.out).await }).await?;
            self.forward(None, Marks::Leave).await?;
            // What a stage remembers is not what it holds: a set of seen keys survives the end.
            match self.snapshot()? {
                Carry::Saved(bytes) => Carry::Saved(bytes),
                _ => Carry::Nothing,
            }
        };
        self.shared.epochs.last_carry(self.scope.id(), last);
        Ok(())
    }

    pub(crate) async fn run(mut self) -> Outcome {
        let id = Arc::clone(self.scope.id());
        let (stopped, why) = match self.pump().await {
            Ok(stopped) => (stopped, Why::Done),
            Err(error) => {
                self.shared.epochs.fail();
                self.inbox.abandon();
                self.shared.fail(Some(&id), error);
                (true, Why::Failed)
            }
        };
        discard(self.stage);
        self.outlet.end(stopped);
        Outcome { id, why }
    }
}
