//! One run of the source.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use faucet_common_websocket::wire::Stamp;
use faucet_common_websocket::{Alarm, Event, Frame, Session};
use faucet_core::{Ended, Error, Link, PageReader, Pager, Result, RunContext, StreamPage};
use tokio::time::Instant;

use crate::checked::Checked;
use crate::decode::Decoder;
use crate::message_format::OnParseError;
use crate::stop::StopRule;

/// Why a message was skipped, in the report.
const NOT_DECODED: &str = "parse_error";

/// How a run ended; what was received before is handed over first.
#[derive(Debug)]
enum Outcome {
    Well(Ended),
    Failed(Error),
    /// It was told.
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
    run: RunContext,
    alarm: Alarm,
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
    pub(crate) fn new(checked: &Checked, run: &RunContext) -> Result<Self> {
        let session = checked.endpoint.open(run)?;
        let envelope = checked.envelope.then(|| Arc::from(session.url()));
        run.meter().set_link(Link::Connecting);
        Ok(Self {
            session,
            decoder: Decoder::new(checked.format, envelope),
            on_parse_error: checked.on_parse_error,
            stop: checked.stop,
            pager: Pager::new(checked.page),
            run: run.clone(),
            alarm: Alarm::default(),
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

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<StreamPage>>> {
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
                Ok(Some(page))
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
    fn accept(&mut self, frame: Frame) {
        let Stamp { instant, timestamp } = self.session.stamp();
        self.heard(instant);
        match self.decoder.decode(frame, timestamp) {
            Ok(record) => {
                self.session.progressed();
                self.pager.push(record, instant.into_std());
                self.records += 1;
                if self.stop.is_complete(self.records) {
                    self.outcome = Some(Outcome::Well(Ended::MaxMessages));
                }
            }
            Err(error) if self.on_parse_error == OnParseError::Skip => {
                tracing::debug!("{error}; skipped");
                self.skipped += 1;
            }
            Err(error) => self.outcome = Some(Outcome::Failed(error)),
        }
    }

    fn note(&mut self, event: Event) {
        let meter = self.run.meter();
        match event {
            Event::Connected { again } => {
                meter.set_link(Link::Up);
                self.trouble = None;
                if again {
                    meter.add_reconnect();
                }
            }
            Event::Control => self.heard(self.session.stamp().instant),
            // It answers our own keepalive, which would keep the idle clock from ever running down.
            Event::Read { .. } | Event::Waiting => {}
            Event::Lost { error, .. } => {
                meter.set_link(Link::Waiting);
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
        if !passed && self.alarm.poll(cx, deadline).is_pending() {
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

    fn finish(&mut self) -> Result<Option<StreamPage>> {
        self.run.meter().set_link(Link::None);
        match self.outcome.replace(Outcome::Over) {
            Some(Outcome::Failed(error)) => return Err(error),
            Some(Outcome::Well(ended)) => self.ended = ended,
            Some(Outcome::Over) | None => {}
        }
        Ok(None)
    }

    fn report_skipped(&mut self) {
        for reason in self.session.take_discarded() {
            self.run.meter().add_skipped(reason, 1);
        }
        if self.skipped > 0 {
            self.run.meter().add_skipped(NOT_DECODED, std::mem::take(&mut self.skipped));
        }
    }
}

#[async_trait]
impl PageReader for WebsocketReader {
    async fn next_page(&mut self) -> Result<Option<StreamPage>> {
        poll_fn(|cx| self.poll_page(cx)).await
    }

    async fn close(&mut self) -> Result<Option<StreamPage>> {
        while self.outcome.is_none() {
            let buffered = poll_fn(|cx| Poll::Ready(self.session.poll_buffered(cx))).await;
            let Some(frame) = buffered else { break };
            self.accept(frame);
            if let Some(Outcome::Failed(error)) = &self.outcome {
                // Too late to fail: the run is over already.
                tracing::warn!("{error:#}; dropped while closing");
                self.skipped += 1;
                self.outcome = None;
            }
        }
        self.report_skipped();
        self.session.close().await;
        self.run.meter().set_link(Link::None);
        match (self.outcome.replace(Outcome::Over), self.pager.take()) {
            // What the last page left untold.
            (Some(Outcome::Failed(error)), None) => Err(error),
            (_, page) => Ok(page),
        }
    }

    fn ended(&self) -> Ended {
        self.ended
    }

    async fn hold(&mut self) {
        self.paused_at.get_or_insert_with(Instant::now);
        poll_fn(|cx| self.session.poll_hold(cx)).await;
    }
}
