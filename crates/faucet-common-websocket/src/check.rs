//! Reaches an endpoint step by step.

use std::future::poll_fn;
use std::time::Duration;

use faucet_connect::StepLog;
use faucet_core::{CheckReport, Scope, StepOutcome};
use tokio::time::{Instant, timeout};

use crate::close::code;
use crate::connection::{Connection, End, Inbound};
use crate::endpoint::Endpoint;
use crate::error::never_ponged;
use crate::keepalive::PingPayload;

/// How long a pong, and a feed's first frame, are waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const NO_PONG: &str =
    "the peer did not answer a Ping within 5 s; with ping_interval set it would be disconnected";
const PING: PingPayload = *b"faucet check: round trip";

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
        report.target = target.url.redacted().to_owned();
        let mut log = StepLog::new();
        let connected = target.connect(&mut log).await;
        let (phase, took) = (log.phase(), log.elapsed());
        for (name, took, detail) in log.into_steps() {
            report.push(name, took, StepOutcome::Passed(detail));
        }
        match connected {
            Ok(connection) => {
                let probe = Probe { connection: Box::new(connection), url: target.url.redacted() };
                probe.run(self, wanted, &mut report).await;
            }
            Err(failure) => report.push(phase, took, StepOutcome::Failed(failure.error)),
        }
        report
    }
}

/// An open connection under examination.
struct Probe<'a> {
    connection: Box<Connection>,
    url: &'a str,
}

/// What has been seen, and how long it took.
#[derive(Default)]
struct Seen {
    frame: Option<(Duration, usize)>,
    pong: Option<Duration>,
}

impl Probe<'_> {
    async fn run(mut self, endpoint: &Endpoint, wanted: CheckProfile, report: &mut CheckReport) {
        let feed = wanted == CheckProfile::Feed;
        let started = Instant::now();
        if !endpoint.policy.greeting.is_empty() {
            self.connection.queue(endpoint.policy.greeting.iter().cloned());
            let count = endpoint.policy.greeting.len();
            poll_fn(|cx| {
                self.connection.poll_write(cx);
                std::task::Poll::Ready(())
            })
            .await;
            let sent = StepOutcome::Passed(format!("{count} messages sent"));
            let name = if feed { "subscribe" } else { "connect messages" };
            report.push(name, started.elapsed(), sent);
        }
        self.connection.queue_ping(PING);
        let mut seen = Seen::default();
        let watched = timeout(PATIENCE, self.watch(started, feed, &mut seen)).await;
        let ended = watched.ok().and_then(Result::err);
        let lost = ended.as_ref().map(|end| end.failure(self.connection.context(self.url)).error);
        if feed {
            match seen.frame {
                Some((took, bytes)) => {
                    report.push("first frame", took, StepOutcome::Passed(format!("{bytes} bytes")));
                }
                None if lost.is_none() => {
                    let why = "none yet: a quiet feed, or a subscription is missing".to_owned();
                    report.push("first frame", started.elapsed(), StepOutcome::Skipped(why));
                }
                None => {}
            }
        }
        match seen.pong {
            Some(took) => report.push("ping", took, StepOutcome::Passed("round trip".into())),
            None if lost.is_none() => {
                let outcome = match wanted {
                    CheckProfile::Feed | CheckProfile::Receiver => {
                        StepOutcome::Skipped(NO_PONG.to_owned())
                    }
                    CheckProfile::PongingReceiver => StepOutcome::Failed(never_ponged(self.url)),
                };
                report.push("ping", started.elapsed(), outcome);
            }
            None => {}
        }
        if let Some(error) = lost {
            report.push("read", started.elapsed(), StepOutcome::Failed(error));
        }
        let code = ended.map_or(Some(code::NORMAL), |end| end.close_code());
        self.connection.close_handshake(code).await;
    }

    async fn watch(&mut self, started: Instant, feed: bool, seen: &mut Seen) -> Result<(), End> {
        while seen.pong.is_none() || (feed && seen.frame.is_none()) {
            let inbound = poll_fn(|cx| {
                self.connection.poll_write(cx);
                self.connection.poll_next(cx)
            });
            match inbound.await? {
                Inbound::Message(frame) => {
                    seen.frame.get_or_insert((started.elapsed(), frame.as_bytes().len()));
                }
                Inbound::Pong(payload) if *payload == PING => seen.pong = Some(started.elapsed()),
                Inbound::Ping | Inbound::Pong(_) => {}
            }
        }
        Ok(())
    }
}
