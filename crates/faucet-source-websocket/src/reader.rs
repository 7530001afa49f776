//! One run of the source.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use faucet_common_websocket::wire::Stamp;
use faucet_common_websocket::{DeadlineTimer, Event, Frame, Session};
use faucet_core::{
    ConnectionState, Counters, Ended, Error, Next, PageReader, Pager, Result, Scope, StreamPage,
    Timestamp,
};
use tokio::time::Instant;

use crate::checked::Checked;
use crate::decode::Decoder;
use crate::message_format::OnParseError;
use crate::outage::Outages;
use crate::stop::StopRule;

/// Why a message was skipped, in the report.
const NOT_DECODED: &str = "parse_error";
const AFTER_OUTAGE: &str = "after_outage";

/// How a run ended; what was received before is handed over first.
#[derive(Debug)]
enum Outcome {
    Well(Ended),
    Failed(Error),
    /// The caller has received the outcome.
    Over,
}

/// One run of a [`WebsocketSource`](crate::WebsocketSource).
#[derive(Debug)]
pub struct WebsocketReader {
    session: Session,
    decoder: Decoder,
    on_parse_error: OnParseError,
    stop: StopRule,
    pager: Pager,
    outages: Outages,
    scope: Scope,
    timer: DeadlineTimer,
    last_inbound: Instant,
    /// When the latest page was handed over, until the next is asked for.
    paused_at: Option<Instant>,
    /// Why there is no connection, while there is none.
    trouble: Option<String>,
    records: u64,
    skipped: u64,
    outcome: Option<Outcome>,
    ended: Ended,
}

impl WebsocketReader {
    pub(crate) fn new(checked: &Checked, scope: &Scope) -> Result<Self> {
        let session = checked.endpoint.open(scope)?;
        let envelope = checked.envelope.then(|| Arc::from(session.url()));
        scope.counters().set_connection(ConnectionState::Connecting);
        Ok(Self {
            session,
            decoder: Decoder::new(checked.format, envelope),
            on_parse_error: checked.on_parse_error,
            stop: checked.stop,
            pager: Pager::new(checked.page),
            outages: Outages::default(),
            scope: scope.clone(),
            timer: DeadlineTimer::default(),
            last_inbound: Instant::now(),
            // Nothing is read before the first page is asked for.
            paused_at: Some(Instant::now()),
            trouble: Some("still connecting".into()),
            records: 0,
            skipped: 0,
            outcome: None,
            ended: Ended::Closed,
        })
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<Next>> {
        if let Some(at) = self.paused_at.take() {
            // Time without reading says nothing about the feed.
            self.last_inbound += at.elapsed();
        }
        while self.outcome.is_none() && !self.pager.is_full() {
            match self.session.poll_event(cx) {
                Poll::Ready(Ok(event)) => self.note(event),
                Poll::Ready(Err(error)) => self.outcome = Some(Outcome::Failed(error)),
                // Everything that is ready has been taken: only now the timers are looked at.
                Poll::Pending => {
                    self.report_skipped();
                    if !self.is_due(cx) {
                        return Poll::Pending;
                    }
                    break;
                }
            }
        }
        self.report_skipped();
        Poll::Ready(match self.pager.take() {
            Some(page) => {
                self.paused_at = Some(Instant::now());
                self.session.pause();
                Ok(Next::Page(page))
            }
            None => self.finish(),
        })
    }

    /// Notes a sign of life that was read at `instant`. It may have waited in the buffer while the
    /// consumer was busy: the clock is never set back.
    fn heard(&mut self, instant: Instant) {
        self.last_inbound = self.last_inbound.max(instant);
    }

    /// Takes a data message.
    fn accept(&mut self, message: Frame) {
        let Stamp { instant, timestamp } = self.session.stamp();
        self.heard(instant);
        self.outages.message(timestamp);
        match self.decoder.decode(message, timestamp) {
            Ok(record) => {
                self.session.progressed();
                self.mark_gap(instant, timestamp);
                self.pager.push(record, instant.into_std());
                self.records += 1;
                if self.stop.is_complete(self.records) {
                    self.outcome = Some(Outcome::Well(Ended::MaxRecords));
                }
            }
            Err(undecoded) => match self.on_parse_error {
                OnParseError::Fail => {
                    self.outcome = Some(Outcome::Failed(undecoded.into_error()));
                }
                OnParseError::Skip => {
                    tracing::debug!("{}; skipped", undecoded.fault);
                    self.skipped += 1;
                }
                OnParseError::Divert => {
                    self.mark_gap(instant, timestamp);
                    let rejected = self.decoder.reject(*undecoded, timestamp);
                    self.pager.reject(rejected, instant.into_std());
                }
            },
        }
    }

    /// Ends the page if an outage lies before the message of this moment.
    fn mark_gap(&mut self, instant: Instant, timestamp: Timestamp) {
        if let Some(gap) = self.outages.handed_over(timestamp) {
            self.pager.gap(gap, instant.into_std());
        }
    }

    fn note(&mut self, event: Event) {
        let counters = self.scope.counters();
        match event {
            Event::Connected { again } => {
                counters.set_connection(ConnectionState::Up);
                self.trouble = None;
                if again {
                    counters.add(Counters::RECONNECTS, 1);
                }
            }
            Event::Control => self.heard(self.session.stamp().instant),
            // A Pong answers our own keepalive Ping: it would keep the idle clock from running down.
            Event::Read { .. } | Event::Waiting => {}
            Event::Lost { error, .. } => {
                counters.set_connection(ConnectionState::Waiting);
                self.outages.lost();
                self.trouble = Some(error.to_string());
            }
            Event::Closed => self.outcome = Some(Outcome::Well(Ended::Closed)),
            Event::Message(frame) => self.accept(frame),
        }
    }

    /// Whether the page is to be handed over or the run has been idle for too long.
    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        let page = self.pager.deadline().map(Instant::from_std);
        let idle = self.stop.idle_at(self.last_inbound);
        let deadline = [page, idle].into_iter().flatten().min();
        // The timer alone would not do: under a flood it has no budget left to fire.
        let passed = deadline.is_some_and(|due| due <= Instant::now());
        if !passed && self.timer.poll(cx, deadline).is_pending() {
            return false;
        }
        if idle.is_some_and(|idle| idle <= Instant::now()) {
            if let Some(trouble) = &self.trouble {
                tracing::warn!("idle_timeout ends the run without a connection: {trouble}");
            }
            self.outcome = Some(Outcome::Well(Ended::Idle));
        }
        true
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

    /// Drops and counts the messages that a connection brought which was made meanwhile.
    async fn drop_buffered(&mut self) {
        self.session.dialed();
        let mut dropped = 0;
        while poll_fn(|cx| Poll::Ready(self.session.poll_buffered(cx))).await.is_some() {
            dropped += 1;
        }
        if dropped > 0 {
            tracing::warn!("{dropped} messages of a new connection; dropped while stopping");
        }
        self.scope.counters().skip(AFTER_OUTAGE, dropped);
        self.report_skipped();
    }

    fn report_skipped(&mut self) {
        for reason in self.session.take_discarded() {
            self.scope.counters().skip(reason, 1);
        }
        if self.skipped > 0 {
            self.scope.counters().skip(NOT_DECODED, std::mem::take(&mut self.skipped));
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
        if !self.session.is_up() {
            // A page cannot have a gap in its middle. Where records wait from before an outage, the
            // drain drops and counts the messages that a new connection has brought.
            if let Some(page) = self.pager.take() {
                self.drop_buffered().await;
                self.outcome = Some(Outcome::Over);
                return Ok(Some(page));
            }
            let connected = self.session.dialed();
            connected.into_iter().for_each(|event| self.note(event));
        }
        while self.outcome.is_none() {
            let buffered = poll_fn(|cx| Poll::Ready(self.session.poll_buffered(cx))).await;
            let Some(message) = buffered else { break };
            self.accept(message);
            if let Some(Outcome::Failed(error)) = &self.outcome {
                // Too late to fail: the run is over already.
                tracing::warn!("{error:#}; dropped while stopping");
                self.skipped += 1;
                self.outcome = None;
            }
        }
        self.report_skipped();
        // One page holds it all: `next_page` has handed over the page that a gap ended, and the gap
        // of a new connection stands before all records.
        match (self.outcome.replace(Outcome::Over), self.pager.take()) {
            // An error found after the last page.
            (Some(Outcome::Failed(error)), None) => Err(error),
            (Some(Outcome::Failed(error)), page) => {
                tracing::warn!("{error:#}; the source stops all the same");
                Ok(page)
            }
            (_, page) => Ok(page),
        }
    }

    async fn hold(&mut self) {
        self.paused_at.get_or_insert_with(Instant::now);
        poll_fn(|cx| self.session.poll_hold(cx)).await;
    }

    /// Performs the close handshake with code 1000, which takes at most a second.
    async fn close(&mut self) -> Result<()> {
        self.outcome = Some(Outcome::Over);
        self.session.close().await;
        self.scope.counters().set_connection(ConnectionState::None);
        Ok(())
    }
}
