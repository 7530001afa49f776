//! A transform at work.

use std::pin::pin;
use std::sync::Arc;

use faucet_core::{Carry, Count, Gap, Mark, Out, PageStage, Result, Scope, StreamPage, Timestamp};
use tokio::time::{Instant, sleep_until};

use crate::graph::guard::{caught, caught_now, discard};
use crate::graph::inbox::{Inbox, Received};
use crate::graph::outlet::{Held, Outlet};
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
}

/// What may stand alone when the stage has emitted nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    /// The gaps wait for a page: the stage has not seen all that stands before them.
    Wait,
    /// The gaps leave, as a page without records if there is no other.
    Leave,
}

impl StageRun {
    /// Sends what the last call has emitted: waiting gaps before it, `watermark` behind it.
    async fn forward(&mut self, watermark: Option<Timestamp>, marks: Marks) -> Result<()> {
        let emitted = self.out.take();
        let refused = self.outlet.reject(emitted.rejected).await;
        let mut pages = emitted.pages;
        let alone = !self.gaps.is_empty() || watermark.is_some();
        if pages.is_empty() && marks == Marks::Leave && alone {
            pages.push(StreamPage::default());
        }
        let count = pages.len();
        for (n, mut page) in pages.into_iter().enumerate() {
            page.prepend_gaps(std::mem::take(&mut self.gaps));
            if let (true, Some(at)) = (n + 1 == count, watermark) {
                page = page.with_watermark(at);
            }
            let counters = self.scope.counters();
            counters.count(Count::Pages, 1);
            counters.count(Count::Records, page.len() as u64);
            counters.count(Count::Bytes, page.payload_bytes() as u64);
            self.outlet.send(page).await;
        }
        refused
    }

    async fn mark(&mut self, mark: &Mark) -> Result<()> {
        caught("mark", async { self.stage.mark(mark, &mut self.out).await }).await
    }

    async fn page(&mut self, input: usize, mut page: StreamPage) -> Result<()> {
        let (gaps, watermark) = page.take_marks();
        self.scope.counters().count(Count::Gaps, gaps.len() as u64);
        for gap in gaps {
            let mark = Mark::Gap(gap.clone());
            self.mark(&mark).await?;
            self.forward(None, Marks::Wait).await?;
            self.gaps.push(gap);
        }
        if !page.is_empty() {
            let scope = self.scope.clone();
            let held = Held::new(&scope, page.len());
            caught("push", async { self.stage.push(input, page, &mut self.out).await }).await?;
            held.release();
        }
        self.forward(None, Marks::Leave).await?;
        if let Some(at) = watermark.and_then(|at| self.inbox.watermark(input, at)) {
            self.mark(&Mark::Watermark(at)).await?;
            self.forward(Some(at), Marks::Leave).await?;
        }
        Ok(())
    }

    /// What comes next; `None` when the stage's deadline has passed.
    async fn receive(&mut self) -> Result<Option<Received>> {
        let deadline = caught_now("deadline", || self.stage.deadline())?;
        let Some(due) = deadline else { return Ok(Some(self.inbox.receive().await)) };
        let sleep = pin!(sleep_until(Instant::from_std(due)));
        Ok(tokio::select! {
            biased;
            received = self.inbox.receive() => Some(received),
            () = sleep => None,
        })
    }

    fn snapshot(&mut self) -> Result<Carry> {
        caught_now("snapshot", || self.stage.snapshot())?
    }

    /// Works until the input is over. Returns whether it was stopped.
    async fn pump(&mut self) -> Result<bool> {
        loop {
            match self.receive().await? {
                None => {
                    let now = Instant::now().into_std();
                    caught("tick", async { self.stage.tick(now, &mut self.out).await }).await?;
                    self.forward(None, Marks::Leave).await?;
                    // A deadline that never moves must not keep the thread.
                    tokio::task::yield_now().await;
                }
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
                self.shared.stop();
                (true, Why::Failed(error))
            }
        };
        discard(self.stage);
        self.outlet.end(stopped);
        Outcome { id, why }
    }
}
