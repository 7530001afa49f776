//! What a run shows while it goes on: a live line on a terminal, a log line elsewhere.

use std::collections::VecDeque;
use std::future::Future;
use std::io::IsTerminal as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use faucet_core::{ComponentKind, ConnectionState};
use faucet_pipeline::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::output::{count, counted, nonzero, size, time};
use crate::stderr;

const REFRESH: Duration = Duration::from_millis(200);
const LOG_EVERY: Duration = Duration::from_secs(10);
/// How long the end of a run waits until the terminal has cleared the live line.
const CLEARED_WITHIN: Duration = Duration::from_millis(300);

/// Something whose progress can be shown.
pub(crate) trait Shown {
    /// What has come so far.
    fn amount(&self) -> u64;

    /// All of it in a line, at `rate` a second.
    fn line(&self, rate: f64) -> String;
}

/// Where the progress of a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    Live,
    Log,
    Nothing,
}

impl Show {
    /// A live line where somebody can see it.
    pub(crate) fn new(quiet: bool) -> Self {
        match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Self::Nothing,
            (false, true) => Self::Live,
            (false, false) => Self::Log,
        }
    }

    /// A live line where somebody can see it, and nothing elsewhere.
    pub(crate) fn on_terminal(quiet: bool) -> Self {
        match Self::new(quiet) {
            Self::Log => Self::Nothing,
            show => show,
        }
    }

    /// Runs `run` while showing `progress`.
    pub(crate) async fn during<T>(self, progress: impl Shown, run: impl Future<Output = T>) -> T {
        let period = match self {
            Self::Nothing => return run.await,
            Self::Live => REFRESH,
            Self::Log => LOG_EVERY,
        };
        let live = (self == Self::Live).then(LiveLine::draw);
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut rate = Rate::default();
        let mut run = std::pin::pin!(run);
        loop {
            tokio::select! {
                result = &mut run => {
                    drop(live);
                    return result;
                }
                now = ticks.tick() => {
                    let line = progress.line(rate.see(now, progress.amount()));
                    match &live {
                        Some(live) => live.show(line),
                        None => tracing::info!("{line}"),
                    }
                }
            }
        }
    }
}

/// Records a second over the last ticks: pages come in lumps.
#[derive(Debug, Default)]
struct Rate(VecDeque<(Instant, u64)>);

impl Rate {
    const TICKS: usize = 15;

    fn see(&mut self, now: Instant, records: u64) -> f64 {
        self.0.push_back((now, records));
        if self.0.len() > Self::TICKS {
            self.0.pop_front();
        }
        match self.0.front() {
            Some((then, before)) if *then < now => {
                (records - before) as f64 / (now - *then).as_secs_f64()
            }
            _ => 0.0,
        }
    }
}

/// A live line with a thread of its own: a terminal that stands still (Ctrl-S) stops no run.
struct LiveLine {
    /// `None`: the line is finished.
    lines: Option<SyncSender<String>>,
    /// Ready when the line is cleared.
    cleared: Receiver<()>,
}

impl LiveLine {
    fn draw() -> Self {
        let (lines, received) = sync_channel::<String>(1);
        let (done, cleared) = sync_channel(1);
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            bar.set_style(style);
        }
        stderr::share_with(&bar);
        // Without a thread there is no live line, which is none of the run's business.
        let _ = thread::Builder::new().name("live line".to_owned()).spawn(move || {
            while let Ok(line) = received.recv() {
                bar.set_message(line);
            }
            bar.finish_and_clear();
            let _ = done.try_send(());
        });
        Self { lines: Some(lines), cleared }
    }

    /// Shows a line, unless the terminal is still busy with the one before.
    fn show(&self, line: String) {
        if let Some(lines) = &self.lines {
            let _ = lines.try_send(line);
        }
    }
}

impl Drop for LiveLine {
    fn drop(&mut self) {
        self.lines = None;
        let _ = self.cleared.recv_timeout(CLEARED_WITHIN);
    }
}

impl Shown for Progress {
    fn amount(&self) -> u64 {
        self.records()
    }

    fn line(&self, rate: f64) -> String {
        use ComponentKind::{Sink, Source};
        let mut parts = vec![
            counted(self.records(), "record"),
            format!("{}/s", count(rate.round() as u64)),
            size(self.bytes()),
        ];
        match self.connection(Source) {
            ConnectionState::Connecting => parts.push("connecting".into()),
            ConnectionState::Up => parts.push("connected".into()),
            ConnectionState::Waiting => parts.push("reconnecting".into()),
            _ => {}
        }
        if let ConnectionState::Connecting | ConnectionState::Waiting = self.connection(Sink) {
            parts.push("sink reconnecting".into());
        }
        parts.push(crate::output::reconnects(self.reconnects(Source), self.reconnects(Sink)));
        let skipped = self.components().iter().flat_map(|c| c.counters.skipped.values()).sum();
        parts.extend(nonzero([(skipped, "skipped"), (self.unconfirmed(), "unconfirmed")]));
        if let Some(age) = self.age_of_last_record() {
            parts.push(format!("last {} ago", time(age)));
        }
        parts.join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lumps_are_smoothed_and_old_ticks_forgotten() {
        let start = Instant::now();
        let mut rate = Rate::default();
        let mut last = rate.see(start, 0);
        assert_eq!(last, 0.0);
        for tick in 1..=40u32 {
            let records = u64::from(tick.min(20) / 5 * 1000);
            last = rate.see(start + REFRESH * tick, records);
            if tick == 15 {
                assert!((900.0..=1100.0).contains(&last), "{last}");
            }
        }
        assert_eq!(last, 0.0);
    }
}
