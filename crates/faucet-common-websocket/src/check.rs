//! Reaches an endpoint step by step.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use faucet_connect::StepLog;
use faucet_core::{CheckReport, Error, Result, Scope, Span, StepOutcome};
use faucet_session::Place;
use faucet_session::script::Note;
use tokio::time::{Instant, timeout};

use crate::driver::Driver;
use crate::endpoint::Endpoint;
use crate::machine::{Event, Failure, Over};
use crate::words::never_ponged;

/// How long a pong, and a feed's first frame, are waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const NO_PONG: &str =
    "the peer did not answer a Ping within 5 s; with ping_interval set it would be disconnected";

/// What a check wants of the far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckProfile {
    /// A first frame, if one comes soon, and a Pong, if the peer answers Pings.
    Feed,
    /// A Pong, if the peer answers Pings.
    Receiver,
    /// A Pong: a peer that does not answer Pings fails.
    PongingReceiver,
}

impl Endpoint {
    /// Connects, sends the first messages, pings and, for a feed, waits for the first frame. Then
    /// performs the close handshake.
    pub async fn check(&self, scope: &Scope, wanted: CheckProfile) -> CheckReport {
        let mut report = CheckReport::new(self.redacted_url());
        let target = match self.target(scope) {
            Ok(target) => target,
            Err(error) => {
                report.push("configuration", Duration::ZERO, StepOutcome::Failed(error));
                return report;
            }
        };
        report.target = target.shown.as_ref().to_owned();
        let mut log = StepLog::new();
        let mut driver = self.driver(target, scope).without_log();
        let topics = self.plan().map(|plan| plan.topics_by_connection()).unwrap_or_default();
        let connections = topics.len();
        if let Some(first) = topics.into_iter().next() {
            driver = driver.with_topics(first);
        }
        let connected = driver.try_connect(&mut log).await;
        driver.url().clone_into(&mut report.target);
        let (phase, took) = (log.phase(), log.elapsed());
        for (name, took, detail) in log.into_steps() {
            report.push(name, took, StepOutcome::Passed(detail));
        }
        if connections > 1 {
            let what = format!("the first of {connections} (topics_per_connection)");
            report.push("connection", Duration::ZERO, StepOutcome::Passed(what));
        }
        match connected {
            Ok(()) => self.probe(driver, wanted, &mut report).await,
            Err(failed) => {
                let error = Arc::new(Failure::from(failed)).error(&report.target);
                report.push(phase, took, StepOutcome::Failed(error));
            }
        }
        report
    }

    /// Waits until the session is complete, and reports its steps. `false`: it has failed.
    async fn hold_session(
        &self,
        driver: &mut Driver,
        seen: &mut Seen,
        started: Instant,
        report: &mut CheckReport,
    ) -> bool {
        let mut spans = Vec::new();
        loop {
            let event = match driver.is_up() {
                true => match driver.next_event() {
                    Some(event) => event,
                    None => return true,
                },
                false => poll_fn(|cx| driver.poll_event(cx, None)).await,
            };
            let (error, place) = match event {
                Event::Note(Note::Done { place, verb, took }) => {
                    report.push(
                        step_name(place, Some(verb)),
                        took,
                        StepOutcome::Passed(String::new()),
                    );
                    continue;
                }
                Event::Note(Note::TopicsRefused { topics, count, words }) => {
                    let topics = Note::refused(&topics, count);
                    let what = format!("{topics} refused: \"{words}\"");
                    report.push("topics", Duration::ZERO, StepOutcome::Skipped(what));
                    continue;
                }
                Event::Messages => {
                    seen.message(driver, &mut spans, started);
                    continue;
                }
                Event::Lost { failure, .. } | Event::Over(Over::Closed(failure)) => {
                    (failure.error(driver.url()), failure.place())
                }
                Event::Over(Over::Failed(failed)) => {
                    (failed.error(driver.url()), failed.failure().and_then(Failure::place))
                }
                _ => continue,
            };
            let name = place.map_or_else(|| "session".to_owned(), |place| step_name(place, None));
            report.push(name, started.elapsed(), StepOutcome::Failed(error));
            return false;
        }
    }

    /// Pings, waits for what is wanted, and performs the close handshake.
    async fn probe(&self, mut driver: Driver, wanted: CheckProfile, report: &mut CheckReport) {
        let feed = wanted == CheckProfile::Feed;
        let started = Instant::now();
        let count = self.settings.greeting.len();
        if count > 0 {
            let _ = poll_fn(|cx| Poll::Ready(driver.poll_flush(cx))).await;
            let sent = StepOutcome::Passed(counted(count, "message") + " sent");
            let name = if feed { "subscribe" } else { "connect messages" };
            report.push(name, started.elapsed(), sent);
        }
        let mut seen = Seen::default();
        if self.talks && !self.hold_session(&mut driver, &mut seen, started, report).await {
            return end(driver).await;
        }
        driver.barrier(BARRIER);
        let watched = timeout(PATIENCE, seen.watch(&mut driver, started, feed)).await;
        let lost = watched.ok().and_then(Result::err);
        let still_up = lost.is_none();
        if feed {
            match seen.frame {
                Some((took, bytes)) => {
                    report.push("first frame", took, StepOutcome::Passed(counted(bytes, "byte")));
                }
                None if still_up => {
                    let why = "none yet: a quiet feed, or a subscription is missing".to_owned();
                    report.push("first frame", started.elapsed(), StepOutcome::Skipped(why));
                }
                None => {}
            }
        }
        match seen.pong {
            Some(took) => report.push("ping", took, StepOutcome::Passed("round trip".into())),
            None if still_up => {
                let outcome = match wanted {
                    CheckProfile::Feed | CheckProfile::Receiver => {
                        StepOutcome::Skipped(NO_PONG.to_owned())
                    }
                    CheckProfile::PongingReceiver => {
                        StepOutcome::Failed(never_ponged(driver.url()))
                    }
                };
                report.push("ping", started.elapsed(), outcome);
            }
            None => {}
        }
        if let Some(error) = lost {
            report.push("read", started.elapsed(), StepOutcome::Failed(error));
        }
        end(driver).await;
    }
}

/// Performs the close handshake.
async fn end(mut driver: Driver) {
    driver.leave();
    while !matches!(poll_fn(|cx| driver.poll_event(cx, None)).await, Event::Over(_)) {}
}

/// The name of a step of the session: `session[0] send`, `subscribe`; of one that failed: `session[0]`.
fn step_name(place: Place, verb: Option<&'static str>) -> String {
    match place {
        Place::Step(_) => verb.map_or_else(|| place.to_string(), |verb| format!("{place} {verb}")),
        Place::Subscribe => "subscribe".to_owned(),
        Place::Program => "session program".to_owned(),
        _ => "messages".to_owned(),
    }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// The mark of the only Ping.
const BARRIER: u64 = 1;

/// What has been seen, and how long it took.
#[derive(Default)]
struct Seen {
    frame: Option<(Duration, usize)>,
    pong: Option<Duration>,
}

impl Seen {
    /// Notes the first message.
    fn message(&mut self, driver: &mut Driver, spans: &mut Vec<Span>, started: Instant) {
        driver.take(spans);
        let bytes = spans.first().map_or(0, |span| span.len as usize);
        self.frame.get_or_insert((started.elapsed(), bytes));
    }

    /// Waits until everything was seen, or the connection has ended.
    async fn watch(
        &mut self,
        driver: &mut Driver,
        started: Instant,
        feed: bool,
    ) -> Result<(), Error> {
        let mut spans = Vec::new();
        while self.pong.is_none() || (feed && self.frame.is_none()) {
            match poll_fn(|cx| driver.poll_event(cx, None)).await {
                Event::Messages => self.message(driver, &mut spans, started),
                Event::Acked { upto: BARRIER, .. } => self.pong = Some(started.elapsed()),
                Event::Lost { failure, .. } | Event::Over(Over::Closed(failure)) => {
                    return Err(failure.error(driver.url()));
                }
                Event::Over(Over::Failed(failed)) => return Err(failed.error(driver.url())),
                _ => {}
            }
        }
        Ok(())
    }
}
