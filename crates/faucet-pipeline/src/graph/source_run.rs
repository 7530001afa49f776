//! A source at work: pages go out, commits come back.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use faucet_core::{
    Count, Ended, Error, ErrorKind, Info, Next, PageReader, Position, Result, Resume, Scope,
    StreamPage,
};
use tokio::time::Instant;

use crate::graph::again::others_first;
use crate::graph::epoch::Cut;
use crate::graph::guard::{caught, caught_now, discard, in_time};
use crate::graph::hold::{Hold, hold_until};
use crate::graph::mailbox::{Mail, Mailbox};
use crate::graph::outlet::Outlet;
use crate::graph::shared::{Outcome, Shared, Why};

/// A source of a run.
pub(crate) struct SourceRun {
    pub(crate) scope: Scope,
    pub(crate) info: Info,
    pub(crate) reader: Box<dyn PageReader>,
    pub(crate) outlet: Outlet,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) place: Place,
}

/// Where a source stands.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// Pages were handed over since the last position.
    behind: bool,
    /// The last position that was committed.
    committed: Option<Position>,
    /// The reader is closed and not called again.
    closed: bool,
}

enum Event {
    Stop,
    Barrier(u64),
    Committed(Position),
    Next(Next),
    Failed(Error),
}

impl SourceRun {
    fn read(mail: &mut Mail) -> Option<Event> {
        if let Some(position) = mail.committed.take() {
            return Some(Event::Committed(position));
        }
        if let Some(epoch) = mail.barrier.take() {
            return Some(Event::Barrier(epoch));
        }
        std::mem::take(&mut mail.stop).then_some(Event::Stop)
    }

    /// Waits for room (the source holds meanwhile), then for a page. Mail comes first.
    async fn event(&mut self) -> Event {
        let Self { reader, outlet, mailbox, .. } = self;
        if !outlet.has_room() {
            let mut hold = Hold::new(reader);
            let event = poll_fn(|cx| {
                if let Poll::Ready(event) = mailbox.poll(cx, Self::read) {
                    return Poll::Ready(Some(event));
                }
                if outlet.poll_room(cx).is_ready() {
                    return Poll::Ready(None);
                }
                hold.poll(cx).map(|panicked| Some(Event::Failed(panicked)))
            });
            if let Some(event) = event.await {
                return event;
            }
        }
        let mut next = match caught_now("next_page", || reader.next_page()) {
            Ok(next) => next,
            Err(panicked) => return Event::Failed(panicked),
        };
        poll_fn(|cx| {
            if let Poll::Ready(event) = mailbox.poll(cx, Self::read) {
                return Poll::Ready(event);
            }
            match caught_now("next_page", || next.as_mut().poll(cx)) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(Ok(next))) => Poll::Ready(Event::Next(next)),
                Ok(Poll::Ready(Err(error))) | Err(error) => Poll::Ready(Event::Failed(error)),
            }
        })
        .await
    }

    fn cut(&mut self) -> Result<Cut> {
        let position = match self.place.closed {
            true => None,
            false => caught_now("position", || self.reader.position())?,
        };
        let exact = position.is_some() || self.info.resume == Resume::No || !self.place.behind;
        self.place.behind &= !exact;
        Ok(Cut { position, exact, saved: self.info.resume == Resume::Positions })
    }

    async fn committed(&mut self, position: Position) -> Result<()> {
        caught("committed", async { self.reader.committed(&position).await }).await?;
        self.place.committed = Some(position);
        Ok(())
    }

    fn count(&mut self, page: &mut StreamPage) {
        let counters = self.scope.counters();
        if !page.gaps().is_empty() {
            page.set_gap_source(self.scope.id());
            counters.saw_gaps(page.gaps());
            self.shared.progress.saw_gaps(page.gaps());
        }
        counters.count(Count::Pages, 1);
        counters.count(Count::Records, page.len() as u64);
        counters.count(Count::Bytes, page.payload_bytes() as u64);
        self.shared.epochs.handed(page.len().max(1) as u64, page.payload_bytes() as u64);
        let now = Instant::now().into_std();
        counters.arrived(counters.get(Count::Records), counters.get(Count::Bytes), now);
        self.shared.progress.passes(self.scope.id(), page);
        self.place.behind = true;
    }

    /// Counts and sends what the source has handed over.
    async fn hand_over(&mut self, mut page: StreamPage) -> Result<()> {
        self.count(&mut page);
        let rejected = page.take_rejected();
        let Self { outlet, reader, shared, .. } = self;
        let held = outlet.held(page.len() as u64);
        let mut waited = Ok(());
        if !outlet.has_room() {
            waited = hold_until(reader, poll_fn(|cx| outlet.poll_room(cx))).await;
            if waited.is_err() {
                poll_fn(|cx| outlet.poll_room(cx)).await;
            }
        }
        let refused = outlet.reject(rejected).await;
        if refused.is_err() {
            // A position behind these messages would lose them.
            shared.epochs.fail();
        }
        // The records of the page go on, whatever became of those that were rejected.
        held.release_all();
        if !page.is_void() && outlet.send_now(page) {
            others_first().await;
        }
        waited.and(refused)
    }

    /// Moves pages until there is a reason not to.
    async fn pump(&mut self) -> Result<Why> {
        loop {
            match self.event().await {
                // A source that is always ready with nothing must not keep the thread.
                Event::Next(Next::Page(page)) if page.is_void() => tokio::task::yield_now().await,
                Event::Next(Next::Page(page)) => {
                    if let Err(refused) = self.hand_over(page).await {
                        // The source is well: what it has received goes on as at any other stop.
                        self.drain().await.ok();
                        return Err(refused);
                    }
                }
                Event::Next(Next::End(ended)) => return Ok(Why::Ended(ended)),
                Event::Next(_) => return Ok(Why::Ended(Ended::default())),
                Event::Barrier(epoch) => {
                    let cut = self.cut()?;
                    self.shared.epochs.cut(self.scope.id(), cut);
                    self.outlet.barrier(epoch);
                }
                Event::Committed(position) => self.committed(position).await?,
                Event::Stop => return self.drain().await.map(|()| Why::Done),
                Event::Failed(error) => return Err(error),
            }
        }
    }

    async fn drain(&mut self) -> Result<()> {
        let limit = self.shared.limit();
        let draining = caught("drain", async { self.reader.drain().await });
        let rest = in_time("drain", "the source did not stop", limit, draining).await?;
        // A far end that gets no acknowledgement hears of the end even when a sink is blocked.
        let closed = match self.info.resume {
            Resume::No => self.close().await,
            _ => Ok(()),
        };
        match rest.filter(|page| !page.is_void()) {
            Some(page) => self.hand_over(page).await.and(closed),
            None => closed,
        }
    }

    pub(crate) async fn run(mut self) -> Outcome {
        let id = Arc::clone(self.scope.id());
        let mut broken = false;
        let mut why = match self.pump().await {
            Ok(why) => why,
            Err(error) => self.failed(error, &mut broken),
        };
        let mut cut = Cut::default();
        if !broken {
            match self.cut() {
                Ok(last) => cut = last,
                Err(error) => why = self.failed(error, &mut broken),
            }
        }
        let end = cut.position.clone();
        self.shared.epochs.last_cut(&id, cut);
        self.outlet.end(!matches!(why, Why::Ended(_)));
        if !broken && let Err(error) = self.acknowledge(end).await {
            why = self.failed(error, &mut broken);
        }
        if broken {
            discard(self.reader);
        } else if !self.place.closed
            && let Err(error) = self.close().await
        {
            why = self.failed(error, &mut broken);
        }
        Outcome { id, why }
    }

    /// Notes a failure. A reader that has panicked is not called again.
    fn failed(&self, error: Error, broken: &mut bool) -> Why {
        *broken |= error.kind() == ErrorKind::Panic;
        self.shared.fail(Some(self.scope.id()), of_source(error));
        Why::Failed
    }

    /// Waits until the last pages, which end at `end`, are committed. A source without a way back
    /// has nothing to wait for.
    async fn acknowledge(&mut self, end: Option<Position>) -> Result<()> {
        let limit = self.shared.limit();
        while self.info.resume != Resume::No && (end.is_none() || self.place.committed != end) {
            let Some(position) = self.last_commit().await? else { break };
            let what = "the source did not take its last commit";
            in_time("committed", what, limit, self.committed(position)).await?;
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        self.place.closed = true;
        let closing = caught("close", async { self.reader.close().await });
        in_time("close", "the source did not close", self.shared.limit(), closing).await
    }

    /// The next commit after the source's end, or `None` when no more come. The source holds
    /// meanwhile.
    async fn last_commit(&mut self) -> Result<Option<Position>> {
        let Self { reader, mailbox, .. } = self;
        let take = |mail: &mut Mail| {
            (mail.barrier, mail.stop) = (None, false);
            match mail.committed.take() {
                Some(position) => Some(Some(position)),
                None => mail.over.then_some(None),
            }
        };
        hold_until(reader, poll_fn(|cx| mailbox.poll(cx, take))).await
    }
}

/// Only a sink may say that nobody wants more: from a source that word would end a feed in silence.
fn of_source(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Cancelled => Error::new(ErrorKind::Other, error.to_string()).with_source(error),
        _ => error,
    }
}
