//! One connection of a run, and the one that follows it by plan.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use faucet_common_websocket::session::script::Note;
use faucet_common_websocket::{Class, Driver, Event, Failure, GaveUp, Over, Received, Taken};
use faucet_core::{ConnectionState, Ended, Error, Scope};

use crate::intake::{Intake, Progress};
use crate::pages::Pages;
use crate::successor::{Held, Successor};

/// Why a message was skipped, in the report.
const NOT_DECODED: &str = "parse_error";
const AFTER_OUTAGE: &str = "after_outage";
const UNMATCHED: &str = "unmatched";
const DUPLICATE: &str = "duplicate";

/// How many topics were refused.
const REFUSED_TOPICS: &str = "refused_topics";

/// How long a planned reconnect that came to nothing waits for the next try.
const NEXT_TRY: Duration = Duration::from_secs(60);

/// The end of the run.
#[derive(Debug)]
pub(crate) enum Outcome {
    Well(Ended),
    Failed(Error),
}

/// The result of one step of a connection.
#[derive(Debug)]
pub(crate) enum Did {
    /// Something, which may end the run.
    Something(Option<Outcome>),
    /// Nothing: the deadline of the page in hand has passed.
    Due,
}

/// Why there is no connection.
#[derive(Debug)]
enum Trouble {
    /// The first attempt is not over.
    Connecting,
    /// The last attempt failed, or the connection ended.
    Lost(Arc<Failure>),
}

/// One connection of a run, and the one that follows it by plan.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) driver: Driver,
    pub(crate) intake: Intake,
    scope: Scope,
    successor: Option<Box<Successor>>,
    /// Why there is no connection, while there is none.
    trouble: Option<Trouble>,
    /// Why the last connection ended, while there is none.
    ended_by: Option<Class>,
    /// The connection is over, and none follows.
    pub(crate) is_over: bool,
    /// The Close by which the peer refused the source, read while the run was stopping.
    pub(crate) refusal: Option<Error>,
}

impl Lane {
    pub(crate) fn new(driver: Driver, intake: Intake, scope: &Scope) -> Self {
        Self {
            driver,
            intake,
            scope: scope.clone(),
            successor: None,
            trouble: Some(Trouble::Connecting),
            ended_by: None,
            is_over: false,
            refusal: None,
        }
    }

    /// Whether there is a connection.
    pub(crate) fn is_up(&self) -> bool {
        self.trouble.is_none()
    }

    /// Does the next thing that can be done. Pending when there is none before `due`.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        pages: &mut Pages,
        due: Option<Instant>,
    ) -> Poll<Did> {
        if self.intake.is_waiting() {
            let progress = self.intake.go_on(pages);
            return Poll::Ready(Did::Something(self.took(progress)));
        }
        if self.is_over {
            return Poll::Pending;
        }
        if self.poll_successor(cx) {
            return Poll::Ready(Did::Something(None));
        }
        match self.driver.poll_event(cx, due) {
            Poll::Ready(Event::Due) => Poll::Ready(Did::Due),
            Poll::Ready(event) => Poll::Ready(Did::Something(self.note(event, pages))),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Looks after the connection that follows. Returns whether anything came of it.
    fn poll_successor(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(next) = self.successor.as_mut().filter(|next| !next.is_up) else { return false };
        let Poll::Ready(event) = next.driver.poll_event(cx, None) else { return false };
        match event {
            Event::Messages => next.hold(),
            Event::Up { .. } => next.is_up = true,
            Event::Over(over) => {
                let why = match over {
                    Over::Failed(failed) => failed.error(next.driver.url()).to_string(),
                    _ => "the server closed it".to_owned(),
                };
                tracing::warn!("no next connection: {why}; this one goes on");
                self.successor = None;
                self.driver.keep_on(NEXT_TRY);
            }
            _ => {}
        }
        let is_next_up = self.successor.as_ref().is_some_and(|next| next.is_ready());
        if is_next_up {
            self.driver.leave_for_successor();
        }
        true
    }

    /// Goes on with the connection that follows.
    fn succeed(&mut self, pages: &mut Pages) -> Option<Outcome> {
        let next = *self.successor.take()?;
        self.driver = next.driver;
        if !next.is_up {
            // The connection ended before the next one was there.
            self.lost(None);
        } else {
            // Neither the numbers nor the questions of the connection before are those of this one.
            self.intake.continuity.iter_mut().for_each(|continuity| continuity.lost());
            self.scope.counters().reconnected(Class::Planned.as_str());
            self.intake.set_url(self.driver.url());
            self.trouble = None;
        }
        for held in next.held {
            let Held { bytes, spans, stamp, batch } = held;
            *self.intake.spans() = spans;
            let received = Received { bytes: Taken::Shared(bytes), stamp, batch };
            self.intake.queue(received);
        }
        let progress = self.intake.go_on(pages);
        self.took(progress)
    }

    /// Takes the messages that the driver has.
    fn accept(&mut self, pages: &mut Pages) -> Option<Outcome> {
        let records = pages.records;
        let received = self.driver.take(self.intake.spans())?;
        let progress = self.intake.accept(pages, received);
        if pages.records > records {
            self.driver.progressed();
        }
        self.took(progress)
    }

    /// The sinks have flushed so many records of this connection.
    pub(crate) fn flushed(&mut self, records: u64) {
        if let Some(continuity) = &mut self.intake.continuity {
            continuity.flushed(records);
        }
        self.answer();
    }

    /// Sends the answers for which every record before them is flushed.
    fn answer(&mut self) {
        let Some(continuity) = &mut self.intake.continuity else { return };
        while let Some(reply) = continuity.take_reply() {
            self.driver.reply(reply);
        }
    }

    fn took(&mut self, progress: Progress) -> Option<Outcome> {
        self.answer();
        match progress {
            Progress::Going => None,
            Progress::Complete => Some(Outcome::Well(Ended::MaxRecords)),
            Progress::Failed(error) => Some(Outcome::Failed(error)),
            Progress::Hole => {
                self.driver.abandon(GaveUp::Hole);
                None
            }
        }
    }

    fn lost(&mut self, failure: Option<Arc<Failure>>) {
        self.intake.outages.lost();
        if let Some(continuity) = &mut self.intake.continuity {
            continuity.lost();
        }
        // The attempts that fail behind a lost connection are not what ended it.
        if self.ended_by.is_none() && self.is_up() {
            self.ended_by = failure.as_ref().map(|failure| failure.class());
        }
        self.trouble = Some(failure.map_or(Trouble::Connecting, Trouble::Lost));
    }

    pub(crate) fn note(&mut self, event: Event, pages: &mut Pages) -> Option<Outcome> {
        let counters = self.scope.counters();
        match event {
            Event::Up { again } => {
                counters.set_connection(ConnectionState::Up);
                self.trouble = None;
                self.intake.set_url(self.driver.url());
                let ended_by = self.ended_by.take();
                if again {
                    counters.reconnected(ended_by.unwrap_or(Class::Transient).as_str());
                }
            }
            Event::Messages => return self.accept(pages),
            Event::Discarded(reason, messages) => counters.skip(reason.as_str(), messages),
            Event::Lost { failure, .. } => {
                counters.set_connection(ConnectionState::Waiting);
                self.lost(Some(failure));
                if self.successor.is_some() {
                    // The next connection is on its way already.
                    return self.succeed(pages);
                }
            }
            Event::HandOver { delay } => {
                if self.successor.is_none() {
                    let driver = self.driver.successor(delay);
                    self.successor = Some(Box::new(Successor::new(driver)));
                }
            }
            Event::Over(over) if self.successor.is_some() && !ends_the_run(&over) => {
                drop(over);
                return self.succeed(pages);
            }
            Event::Over(Over::Failed(failed)) => {
                self.is_over = true;
                self.drop_successor();
                return Some(Outcome::Failed(failed.error(self.driver.url())));
            }
            Event::Over(Over::Closed(_) | Over::Left(_)) => {
                self.is_over = true;
                self.drop_successor();
            }
            Event::Unmatched(messages) => counters.skip(UNMATCHED, messages),
            Event::Note(Note::TopicsRefused { count, .. }) => {
                counters.add(REFUSED_TOPICS, count as u64);
            }
            Event::Idle
            | Event::Note(_)
            | Event::Acked { .. }
            | Event::Ping(_)
            | Event::Pong(_)
            | Event::Waiting
            | Event::Due => {}
        }
        None
    }

    /// Warns where nothing has come in because there is no connection.
    pub(crate) fn warn_of_idle(&self) {
        let url = self.driver.url();
        let trouble = match &self.trouble {
            None => return,
            Some(Trouble::Connecting) => "still connecting".to_owned(),
            Some(Trouble::Lost(failure)) => failure.error(url).to_string(),
        };
        tracing::warn!("idle_timeout ends the run without a connection: {trouble}");
    }

    /// Takes what has happened already, without I/O. The run is stopping.
    pub(crate) fn take_happened(&mut self, pages: &mut Pages) -> Option<Outcome> {
        // A page cannot have a gap in its middle. Where records wait from before an outage, the
        // messages that a new connection has brought are dropped and counted.
        let has_records = !pages.pager.is_empty() || self.intake.is_waiting();
        let mut outcome = self.take_waiting(pages);
        while let Some(event) = self.driver.next_event() {
            match event {
                Event::Messages if has_records && self.intake.outages.is_open() => {
                    self.driver.take(self.intake.spans());
                    let dropped = self.intake.drop_batch();
                    if dropped > 0 {
                        tracing::warn!(
                            "{dropped} messages of a new connection; dropped while stopping"
                        );
                        self.scope.counters().skip(AFTER_OUTAGE, dropped);
                    }
                }
                event => {
                    // `close` returns the refusal, behind the last page.
                    if !self.note_refusal(&event) {
                        let ended = self.note(event, pages);
                        outcome = outcome.or(ended);
                    }
                }
            }
            // The connection that followed may have brought several batches meanwhile, which come first.
            let ended = self.take_waiting(pages);
            outcome = outcome.or(ended);
        }
        outcome
    }

    /// Takes all messages that wait. The run is stopping, so that no page is ever full.
    fn take_waiting(&mut self, pages: &mut Pages) -> Option<Outcome> {
        let mut outcome = None;
        while self.intake.is_waiting() && outcome.is_none() {
            let progress = self.intake.go_on(pages);
            outcome = self.took(progress);
        }
        outcome
    }

    /// Gives the next connection up. What it has brought is counted.
    fn drop_successor(&mut self) {
        let Some(next) = self.successor.take() else { return };
        let dropped: usize = next.held.iter().map(|held| held.spans.len()).sum();
        if dropped > 0 {
            self.scope.counters().skip(AFTER_OUTAGE, dropped as u64);
        }
    }

    /// Keeps the error of a Close by which the peer refuses the source. No attempt to connect follows:
    /// the run is stopping. Returns whether the run is over by this refusal.
    pub(crate) fn note_refusal(&mut self, event: &Event) -> bool {
        let url = self.driver.url();
        match event {
            Event::Lost { failure, .. } if failure.refuses_client() => {
                self.refusal = Some(failure.error(url));
            }
            Event::Over(over) => {
                let refusal = over.refusal(url);
                let refused = refusal.is_some();
                self.refusal = refusal.or_else(|| self.refusal.take());
                return refused;
            }
            _ => {}
        }
        false
    }

    /// Brings the counters up to date.
    pub(crate) fn report(&mut self) {
        let counters = self.scope.counters();
        if let Some(took) = self.driver.take_round_trip() {
            counters.set_round_trip(took);
        }
        let duplicates = match &mut self.intake.continuity {
            Some(continuity) => continuity.take_duplicates(),
            None => 0,
        };
        for (reason, messages) in [
            (NOT_DECODED, self.intake.take_skipped()),
            (AFTER_OUTAGE, self.intake.take_dropped()),
            (DUPLICATE, duplicates),
        ] {
            if messages > 0 {
                counters.skip(reason, messages);
            }
        }
    }

    /// The owner stops reading.
    pub(crate) fn pause(&mut self) {
        self.driver.pause();
        if let Some(next) = &mut self.successor {
            next.driver.pause();
        }
    }

    /// Keeps the connections alive without reading from them.
    pub(crate) fn poll_hold(&mut self, cx: &mut Context<'_>) {
        let _ = self.driver.poll_hold(cx);
        if let Some(next) = &mut self.successor {
            let _ = next.driver.poll_hold(cx);
        }
    }

    /// Begins the close handshake.
    pub(crate) fn leave(&mut self) {
        self.drop_successor();
        self.driver.leave();
    }

    /// Does the next step of the close handshake. Ready when the connection is over.
    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Poll::Ready(event) = self.driver.poll_event(cx, None) else { return Poll::Pending };
            self.note_refusal(&event);
            match event {
                Event::Discarded(reason, messages) => {
                    self.scope.counters().skip(reason.as_str(), messages);
                }
                Event::Over(_) => return Poll::Ready(()),
                _ => {}
            }
        }
    }
}

/// Whether the run ends with this connection, also where the next one is on its way: a rule or a program
/// decides so, or no attempt would help.
fn ends_the_run(over: &Over) -> bool {
    match over {
        Over::Failed(failed) => failed.class() == Class::Fatal,
        Over::Closed(failure) => failure.class() == Class::Finished,
        Over::Left(_) => false,
    }
}
