//! One run of the source.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use faucet_common_websocket::session::script::Note;
use faucet_common_websocket::{Driver, Event, Failure, GaveUp, Over};
use faucet_core::{
    ConnectionState, Counters, Ended, Error, Next, PageReader, Position, Result, Scope, StreamPage,
};

use crate::checked::Checked;
use crate::continuity::Continuity;
use crate::ctrl_c::CtrlC;
use crate::intake::{Intake, Progress};

/// Why a message was skipped, in the report.
const NOT_DECODED: &str = "parse_error";
const AFTER_OUTAGE: &str = "after_outage";
const UNMATCHED: &str = "unmatched";
const DUPLICATE: &str = "duplicate";

/// How many topics were refused.
const REFUSED_TOPICS: &str = "refused_topics";

/// How a run ended; what was received before is handed over first.
#[derive(Debug)]
enum Outcome {
    Well(Ended),
    Failed(Error),
    /// The caller has received the outcome.
    Over,
}

/// Why there is no connection.
#[derive(Debug)]
enum Trouble {
    /// The first attempt is not over.
    Connecting,
    /// The last attempt failed, or the connection ended.
    Lost(Arc<Failure>),
}

impl Trouble {
    /// In words; `url` is redacted.
    fn words(&self, url: &str) -> String {
        match self {
            Self::Connecting => "still connecting".to_owned(),
            Self::Lost(failure) => failure.error(url).to_string(),
        }
    }
}

/// One run of a [`WebsocketSource`](crate::WebsocketSource).
#[derive(Debug)]
pub struct WebsocketReader {
    driver: Driver,
    intake: Intake,
    scope: Scope,
    /// Until Ctrl-C was heard, if the run listens to it.
    ctrl_c: Option<CtrlC>,
    /// Why there is no connection, while there is none.
    trouble: Option<Trouble>,
    outcome: Option<Outcome>,
    ended: Ended,
    /// The Close by which the peer refused the source, read while the run was stopping. `close`
    /// returns it.
    refusal: Option<Error>,
}

impl WebsocketReader {
    pub(crate) fn new(checked: &Checked, scope: &Scope) -> Result<Self> {
        let driver = checked.endpoint.open(scope)?;
        // Who runs a pipeline decides what Ctrl-C does.
        let listens = checked.stop_on_ctrl_c && !scope.can_be_cancelled();
        let ctrl_c = listens.then(CtrlC::listen).transpose()?;
        scope.counters().set_connection(ConnectionState::Connecting);
        let mut intake = Intake::new(checked, driver.url());
        let mut driver = driver;
        let mut continuity = checked.endpoint.plan().and_then(|plan| Continuity::new(plan));
        if let (Some(continuity), Some(position)) = (&mut continuity, scope.position()) {
            continuity.restore(position)?;
            let place = continuity.place.clone();
            driver.resume_from(place.cursor, place.kept);
        }
        intake.continuity = continuity.map(Box::new);
        Ok(Self {
            intake,
            driver,
            scope: scope.clone(),
            ctrl_c,
            trouble: Some(Trouble::Connecting),
            outcome: None,
            ended: Ended::Closed,
            refusal: None,
        })
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next>> {
        while self.outcome.is_none() && !self.intake.pager.is_full() {
            if self.ctrl_c.as_mut().is_some_and(|ctrl_c| ctrl_c.poll(cx).is_ready()) {
                self.ctrl_c = None;
                self.take_happened();
                self.outcome.get_or_insert(Outcome::Well(Ended::Shutdown));
                break;
            }
            if self.intake.is_waiting() {
                let progress = self.intake.go_on();
                self.took(progress);
                continue;
            }
            let due = self.intake.pager.deadline();
            match self.driver.poll_event(cx, due) {
                Poll::Ready(Event::Due) => break,
                Poll::Ready(event) => self.note(event),
                Poll::Pending => {
                    self.report_skipped();
                    return Poll::Pending;
                }
            }
        }
        self.report_skipped();
        Poll::Ready(match self.intake.page() {
            Some(page) => {
                self.driver.pause();
                Ok(Next::Page(page))
            }
            None => self.finish(),
        })
    }

    /// Takes the messages that the driver has.
    fn accept(&mut self) {
        let records = self.intake.records();
        let Some(received) = self.driver.take(self.intake.spans()) else { return };
        let progress = self.intake.accept(received);
        if self.intake.records() > records {
            self.driver.progressed();
        }
        self.took(progress);
    }

    fn took(&mut self, progress: Progress) {
        match progress {
            Progress::Going => {}
            Progress::Complete => self.outcome = Some(Outcome::Well(Ended::MaxRecords)),
            Progress::Failed(error) => self.outcome = Some(Outcome::Failed(error)),
            Progress::Hole => self.driver.abandon(GaveUp::Hole),
        }
    }

    fn note(&mut self, event: Event) {
        let counters = self.scope.counters();
        match event {
            Event::Up { again } => {
                counters.set_connection(ConnectionState::Up);
                self.trouble = None;
                self.intake.set_url(self.driver.url());
                if again {
                    counters.add(Counters::RECONNECTS, 1);
                }
            }
            Event::Messages => self.accept(),
            Event::Discarded(reason, messages) => counters.skip(reason.as_str(), messages),
            Event::Lost { failure, .. } => {
                counters.set_connection(ConnectionState::Waiting);
                self.intake.outages.lost();
                if let Some(continuity) = &mut self.intake.continuity {
                    continuity.lost();
                }
                self.trouble = Some(Trouble::Lost(failure));
            }
            Event::Idle => {
                if let Some(trouble) = &self.trouble {
                    let trouble = trouble.words(self.driver.url());
                    tracing::warn!("idle_timeout ends the run without a connection: {trouble}");
                }
                self.outcome = Some(Outcome::Well(Ended::Idle));
            }
            Event::Over(Over::Failed(failed)) => {
                self.outcome = Some(Outcome::Failed(failed.error(self.driver.url())));
            }
            Event::Over(Over::Closed(_) | Over::Left(_)) => {
                self.outcome = Some(Outcome::Well(Ended::Closed));
            }
            Event::Unmatched(messages) => counters.skip(UNMATCHED, messages),
            Event::Note(Note::TopicsRefused { topics, .. }) => {
                counters.add(REFUSED_TOPICS, topics.len() as u64);
            }
            Event::Note(_) | Event::Acked { .. } | Event::Waiting | Event::Due => {}
        }
    }

    fn finish(&mut self) -> Result<Next> {
        self.scope.counters().set_connection(ConnectionState::None);
        match self.outcome.replace(Outcome::Over) {
            Some(Outcome::Failed(error)) => return Err(error),
            Some(Outcome::Well(ended)) => self.ended = ended,
            Some(Outcome::Over) | None => {}
        }
        Ok(Next::End(self.ended))
    }

    /// Takes what has happened already, without I/O. The run is stopping.
    fn take_happened(&mut self) {
        // A page cannot have a gap in its middle. Where records wait from before an outage, the
        // messages that a new connection has brought are dropped and counted.
        let has_records = !self.intake.pager.is_empty() || self.intake.is_waiting();
        let progress = self.intake.take_all();
        self.took(progress);
        while let Some(event) = self.driver.next_event() {
            match event {
                Event::Messages if has_records && self.intake.outages.is_open() => {
                    self.driver.take(self.intake.spans());
                    let dropped = self.intake.drop_batch();
                    tracing::warn!(
                        "{dropped} messages of a new connection; dropped while stopping"
                    );
                    self.scope.counters().skip(AFTER_OUTAGE, dropped);
                }
                event => {
                    // `close` returns the refusal, behind the last page.
                    if !self.note_refusal(&event) {
                        self.note(event);
                    }
                }
            }
        }
    }

    /// Keeps the error of a Close by which the peer refuses the source. No attempt to connect follows:
    /// the run is stopping. Returns whether the run is over by this refusal.
    fn note_refusal(&mut self, event: &Event) -> bool {
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

    fn report_skipped(&mut self) {
        let skipped = self.intake.take_skipped();
        if skipped > 0 {
            self.scope.counters().skip(NOT_DECODED, skipped);
        }
        let continuity = self.intake.continuity.as_mut();
        let duplicates = continuity.map_or(0, |continuity| continuity.take_duplicates());
        if duplicates > 0 {
            self.scope.counters().skip(DUPLICATE, duplicates);
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
        if self.outcome.is_none() {
            self.take_happened();
        }
        self.report_skipped();
        // One page holds it all: `next_page` has handed over the page that a gap ended, and the gap
        // of a new connection stands before all records.
        match (self.outcome.replace(Outcome::Over), self.intake.page()) {
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
        self.intake.continuity.as_ref()?.position()
    }

    async fn committed(&mut self, upto: &Position) -> Result<()> {
        let continuity = self.intake.continuity.as_mut();
        let replies = continuity.map(|continuity| continuity.flushed(upto)).unwrap_or_default();
        for reply in replies {
            self.driver.reply(reply);
        }
        Ok(())
    }

    async fn hold(&mut self) {
        poll_fn(|cx| self.driver.poll_hold(cx)).await;
    }

    /// Performs the close handshake with code 1000, which takes at most a second.
    ///
    /// # Errors
    /// The peer refused the source by a Close with 1008, 3000, 3003, or 4000 to 4999, before it
    /// answered the Close of the source.
    async fn close(&mut self) -> Result<()> {
        self.outcome = Some(Outcome::Over);
        self.scope.counters().set_connection(ConnectionState::None);
        self.driver.leave();
        loop {
            let event = poll_fn(|cx| self.driver.poll_event(cx, None)).await;
            self.note_refusal(&event);
            match event {
                Event::Discarded(reason, messages) => {
                    self.scope.counters().skip(reason.as_str(), messages);
                }
                Event::Over(_) => return self.refusal.take().map_or(Ok(()), Err),
                _ => {}
            }
        }
    }
}
