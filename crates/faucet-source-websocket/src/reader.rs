//! One run of the source.

use std::future::poll_fn;
use std::task::{Context, Poll};

use async_trait::async_trait;
use faucet_core::{
    ConnectionState, Ended, Error, Next, PageReader, Position, Result, Scope, StreamPage,
};

use crate::checked::Checked;
use crate::continuity::{Continuity, Places};
use crate::ctrl_c::CtrlC;
use crate::intake::Intake;
use crate::lane::{Did, Lane, Outcome};
use crate::pages::Pages;

/// One run of a [`WebsocketSource`](crate::WebsocketSource).
#[derive(Debug)]
pub struct WebsocketReader {
    /// The connections. Each keeps the order of its records.
    lanes: Vec<Lane>,
    /// The connection that is asked first: the next round begins behind the one that did something.
    turn: usize,
    pages: Pages,
    /// How many records the counters know to have arrived.
    reported: u64,
    scope: Scope,
    /// Until Ctrl-C was heard, if the run listens to it.
    ctrl_c: Option<CtrlC>,
    /// How the run ended; what was received before is handed over first.
    outcome: Option<Outcome>,
    /// The caller has received the outcome.
    is_over: bool,
    ended: Ended,
}

impl WebsocketReader {
    pub(crate) fn new(checked: &Checked, scope: &Scope) -> Result<Self> {
        // Who runs a pipeline decides what Ctrl-C does.
        let listens = checked.stop_on_ctrl_c && !scope.can_be_cancelled();
        let ctrl_c = listens.then(CtrlC::listen).transpose()?;
        let places = scope.position().map(Places::read).transpose()?;
        let mut lanes = Vec::new();
        for mut driver in checked.endpoint.open_all(scope)? {
            let mut intake = Intake::new(checked, driver.url());
            let plan = checked.endpoint.plan();
            let topics = driver.topics();
            let mut continuity = plan.and_then(|plan| Continuity::new(plan, &topics));
            let restored = places.as_ref().and_then(|places| places.for_topics(&topics));
            if let (Some(continuity), Some(restored)) = (&mut continuity, restored) {
                continuity.restore(restored);
                let place = continuity.place.clone();
                driver.resume_from(place.cursor, place.kept);
            }
            intake.continuity = continuity.map(Box::new);
            lanes.push(Lane::new(driver, intake, scope));
        }
        scope.counters().set_connection(ConnectionState::Connecting);
        Ok(Self {
            lanes,
            turn: 0,
            pages: Pages::new(checked),
            reported: 0,
            scope: scope.clone(),
            ctrl_c,
            outcome: None,
            is_over: false,
            ended: Ended::Closed,
        })
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next>> {
        while self.outcome.is_none() && !self.is_over && !self.pages.pager.is_full() {
            if self.ctrl_c.as_mut().is_some_and(|ctrl_c| ctrl_c.poll(cx).is_ready()) {
                self.ctrl_c = None;
                self.take_happened();
                self.outcome.get_or_insert(Outcome::Well(Ended::Shutdown));
                break;
            }
            match self.poll_lanes(cx) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => break,
                Poll::Pending => {
                    self.report();
                    return Poll::Pending;
                }
            }
        }
        self.report();
        Poll::Ready(match self.pages.take() {
            Some(page) => {
                self.lanes.iter_mut().for_each(Lane::pause);
                Ok(Next::Page(page))
            }
            None => self.finish(),
        })
    }

    /// Lets the connections do something, each in its turn. `false`: the deadline of the page in hand has
    /// passed.
    fn poll_lanes(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let due = self.pages.pager.deadline();
        let count = self.lanes.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            let Some(lane) = self.lanes.get_mut(index) else { continue };
            match lane.poll(cx, &mut self.pages, due) {
                Poll::Ready(Did::Something(outcome)) => {
                    self.turn = (index + 1) % count;
                    self.outcome = outcome;
                    self.settle();
                    return Poll::Ready(true);
                }
                Poll::Ready(Did::Due) => return Poll::Ready(false),
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }

    /// Ends a run in which no connection brings anything any more.
    fn settle(&mut self) {
        if self.outcome.is_some() {
            return;
        }
        if self.lanes.iter().all(|lane| lane.is_over && !lane.intake.is_waiting()) {
            self.outcome = Some(Outcome::Well(Ended::Closed));
        } else if self.lanes.iter().all(|lane| lane.is_over || lane.driver.is_idle()) {
            self.lanes.iter().for_each(Lane::warn_of_idle);
            self.outcome = Some(Outcome::Well(Ended::Idle));
        }
    }

    fn finish(&mut self) -> Result<Next> {
        self.scope.counters().set_connection(ConnectionState::None);
        self.is_over = true;
        match self.outcome.take() {
            Some(Outcome::Failed(error)) => return Err(error),
            Some(Outcome::Well(ended)) => self.ended = ended,
            None => {}
        }
        Ok(Next::End(self.ended))
    }

    /// Takes what has happened already, without I/O. The run is stopping.
    fn take_happened(&mut self) {
        self.pages.stop();
        for lane in &mut self.lanes {
            let outcome = lane.take_happened(&mut self.pages);
            if self.outcome.is_none() {
                self.outcome = outcome;
            }
        }
    }

    fn report(&mut self) {
        self.lanes.iter_mut().for_each(Lane::report);
        if self.pages.records > self.reported {
            self.reported = self.pages.records;
            let now = tokio::time::Instant::now().into_std();
            self.scope.counters().arrived(self.pages.records, self.pages.bytes(), now);
        }
        // One connection that stands is reported by its events.
        if self.lanes.len() > 1 && self.lanes.iter().any(Lane::is_up) {
            let all = self.lanes.iter().all(|lane| lane.is_up() || lane.is_over);
            let state = if all { ConnectionState::Up } else { ConnectionState::Waiting };
            self.scope.counters().set_connection(state);
        }
    }
}

#[async_trait]
impl PageReader for WebsocketReader {
    async fn next_page(&mut self) -> Result<Next> {
        poll_fn(|cx| self.poll_page(cx)).await
    }

    /// Hands over the messages that were read from the socket already. Reads no more from it.
    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        if self.outcome.is_none() && !self.is_over {
            self.take_happened();
        }
        self.report();
        self.is_over = true;
        // One page holds it all: `next_page` has handed over the page that a gap ended, and the gap
        // of a new connection stands before all records.
        match (self.outcome.take(), self.pages.take()) {
            // An error found after the last page.
            (Some(Outcome::Failed(error)), None) => Err(error),
            (Some(Outcome::Failed(error)), page) => {
                tracing::warn!("{error:#}; the source stops all the same");
                Ok(page)
            }
            (_, page) => Ok(page),
        }
    }

    fn position(&self) -> Option<Position> {
        let connections = self.lanes.iter().filter_map(|lane| lane.intake.continuity.as_deref());
        Places::position(connections, self.pages.next())
    }

    async fn committed(&mut self, upto: &Position) -> Result<()> {
        let Ok(places) = Places::read(upto) else { return Ok(()) };
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            lane.flushed(places.handed_over(index));
        }
        Ok(())
    }

    async fn hold(&mut self) {
        poll_fn(|cx| {
            self.lanes.iter_mut().for_each(|lane| lane.poll_hold(cx));
            Poll::<()>::Pending
        })
        .await;
    }

    /// Performs the close handshakes with code 1000, which take at most a second.
    ///
    /// # Errors
    /// The peer refused the source by a Close with 1008, 3000, 3003, or 4000 to 4999, before it
    /// answered the Close of the source.
    async fn close(&mut self) -> Result<()> {
        self.is_over = true;
        self.scope.counters().set_connection(ConnectionState::None);
        self.lanes.iter_mut().for_each(Lane::leave);
        let mut open: Vec<usize> = (0..self.lanes.len()).collect();
        poll_fn(|cx| {
            open.retain(|index| self.lanes[*index].poll_closed(cx).is_pending());
            if open.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let refusal: Option<Error> = self.lanes.iter_mut().find_map(|lane| lane.refusal.take());
        refusal.map_or(Ok(()), Err)
    }
}
