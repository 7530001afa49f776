//! A source at work: pages go out, commits come back.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use faucet_core::{
    Count, Ended, Error, ErrorKind, Info, Next, PageReader, Position, Result, Resume, Scope,
    StreamPage,
};
use tokio::time::timeout;

use crate::graph::epoch::Cut;
use crate::graph::guard::{caught, caught_now, discard};
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
    /// Pages were handed over since the last position.
    pub(crate) behind: bool,
    /// The reader is closed and not called again.
    pub(crate) closed: bool,
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
        let position = match self.closed {
            true => None,
            false => caught_now("position", || self.reader.position())?,
        };
        let exact = position.is_some() || self.info.resume == Resume::No || !self.behind;
        self.behind &= !exact;
        Ok(Cut { position, exact, saved: self.info.resume == Resume::Positions })
    }

    /// Counts and sends what the source has handed over.
    async fn hand_over(&mut self, mut page: StreamPage, wait: bool) -> Result<()> {
        let counters = self.scope.counters();
        if !page.gaps().is_empty() {
            page.set_gap_source(self.scope.id());
            counters.count(Count::Gaps, page.gaps().len() as u64);
            self.shared.progress.saw_gaps(page.gaps());
        }
        counters.count(Count::Pages, 1);
        counters.count(Count::Records, page.len() as u64);
        counters.count(Count::Bytes, page.payload_bytes() as u64);
        self.shared.epochs.handed(page.len().max(1) as u64, page.payload_bytes() as u64);
        self.shared.progress.read(page.len());
        self.behind = true;
        let rejected = page.take_rejected();
        let refused = self.outlet.reject(rejected).await;
        // The records of the page go on, whatever became of those that were rejected.
        match page.is_void() {
            true => {}
            false if wait => self.outlet.send(page).await,
            false if self.outlet.send_now(page) => tokio::task::yield_now().await,
            false => {}
        }
        refused
    }

    /// Moves pages until there is a reason not to.
    async fn pump(&mut self) -> Result<Why> {
        loop {
            match self.event().await {
                // A source that is always ready with nothing must not keep the thread.
                Event::Next(Next::Page(page)) if page.is_void() => tokio::task::yield_now().await,
                Event::Next(Next::Page(page)) => self.hand_over(page, false).await?,
                Event::Next(Next::End(ended)) => return Ok(Why::Ended(ended)),
                Event::Next(_) => return Ok(Why::Ended(Ended::default())),
                Event::Barrier(epoch) => {
                    let cut = self.cut()?;
                    self.shared.epochs.cut(self.scope.id(), cut);
                    self.outlet.barrier(epoch);
                }
                Event::Committed(position) => {
                    caught("committed", async { self.reader.committed(&position).await }).await?;
                }
                Event::Stop => return self.drain().await.map(|()| Why::Done),
                Event::Failed(error) => return Err(error),
            }
        }
    }

    async fn drain(&mut self) -> Result<()> {
        let limit = self.shared.limit();
        let draining = caught("drain", async { self.reader.drain().await });
        let rest = timeout(limit, draining).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, format!("the source did not stop within {limit:?}"))
                .with_phase("drain"))
        })?;
        // A far end that gets no acknowledgement hears of the end even when a sink is blocked.
        let closed = match self.info.resume {
            Resume::No => self.close().await,
            _ => Ok(()),
        };
        match rest.filter(|page| !page.is_void()) {
            Some(page) => self.hand_over(page, true).await.and(closed),
            None => closed,
        }
    }

    pub(crate) async fn run(mut self) -> Outcome {
        let mut why = self.pump().await.unwrap_or_else(|error| Why::Failed(of_source(error)));
        let broken = matches!(&why, Why::Failed(error) if error.kind() == ErrorKind::Panic);
        let cut = if broken { Cut::default() } else { self.cut().unwrap_or_default() };
        let id = Arc::clone(self.scope.id());
        self.shared.epochs.last_cut(&id, cut);
        self.outlet.end(!matches!(why, Why::Ended(_)));
        if matches!(why, Why::Failed(_)) {
            self.shared.stop();
        }
        if broken {
            discard(self.reader);
        } else if !self.closed {
            let last = self.leave().await;
            why = why.or_failed(last.map(of_source));
        }
        Outcome { id, why }
    }

    /// Acknowledges the last pages, and then closes.
    async fn leave(&mut self) -> Option<Error> {
        let last = loop {
            match self.last_commit().await {
                Ok(Some(position)) => {
                    let committed =
                        caught("committed", async { self.reader.committed(&position).await });
                    if let Err(error) = committed.await {
                        break Some(error);
                    }
                }
                Ok(None) => break None,
                // A reader that has panicked is not called again.
                Err(panicked) => return Some(panicked),
            }
        };
        let closed = self.close().await;
        last.or(closed.err())
    }

    async fn close(&mut self) -> Result<()> {
        self.closed = true;
        let limit = self.shared.limit();
        let closed = timeout(limit, caught("close", async { self.reader.close().await })).await;
        closed.unwrap_or_else(|_| {
            let what = format!("the source did not close within {limit:?}");
            Err(Error::new(ErrorKind::Timeout, what).with_phase("close"))
        })
    }

    /// The next commit after the source's end, or `None` when no more come. The source holds
    /// meanwhile.
    async fn last_commit(&mut self) -> Result<Option<Position>> {
        let Self { reader, mailbox, .. } = self;
        let mut hold = Hold::new(reader);
        poll_fn(|cx| {
            let mail = mailbox.poll(cx, |mail| {
                (mail.barrier, mail.stop) = (None, false);
                match mail.committed.take() {
                    Some(position) => Some(Some(position)),
                    None => mail.over.then_some(None),
                }
            });
            if let Poll::Ready(found) = mail {
                return Poll::Ready(Ok(found));
            }
            hold.poll(cx).map(Err)
        })
        .await
    }
}

/// Only a sink may say that nobody wants more: from a source that word would end a feed in silence.
fn of_source(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Cancelled => Error::new(ErrorKind::Other, error.to_string()).with_source(error),
        _ => error,
    }
}

/// A source's `hold`. Returning is harmless, and it is then not called again.
pub(crate) struct Hold<'a>(Option<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>);

impl<'a> Hold<'a> {
    pub(crate) fn new(reader: &'a mut Box<dyn PageReader>) -> Self {
        Self(Some(Box::pin(async { reader.hold().await })))
    }

    /// Ready with the error when the source panics.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        match caught_now("hold", || future.as_mut().poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => {
                self.0 = None;
                Poll::Pending
            }
            Err(panicked) => {
                discard(self.0.take());
                Poll::Ready(panicked)
            }
        }
    }
}
