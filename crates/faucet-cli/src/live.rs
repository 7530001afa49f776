//! What a run shows while it goes on: a live line on a terminal, a log line elsewhere.

use std::future::Future;
use std::io::IsTerminal as _;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::line::{self, Part};
use crate::rate::{Flow, Rates};
use crate::{screen, stderr};

const REFRESH: Duration = Duration::from_millis(200);
const LOG_EVERY: Duration = Duration::from_secs(10);
/// How long the end of a run waits until the terminal has cleared the live line.
const CLEARED_WITHIN: Duration = Duration::from_millis(300);

/// Something whose progress can be shown.
pub(crate) trait Shown {
    /// Records and bytes.
    fn flows(&self) -> Vec<Flow>;

    /// The parts of a line, at `rate` a second.
    fn parts(&self, rate: f64) -> Vec<Part>;

    /// Writes the progress to the log.
    fn log(&self, rate: f64) {
        tracing::info!("{}", line::whole(&self.parts(rate)));
    }
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
        let mut rates = Rates::default();
        rates.see(Instant::now(), &progress.flows());
        let mut run = std::pin::pin!(run);
        loop {
            tokio::select! {
                result = &mut run => {
                    drop(live);
                    return result;
                }
                now = ticks.tick() => {
                    let rate = rates.see(now, &progress.flows()).iter().sum();
                    match &live {
                        Some(live) => live.show(line::fit(progress.parts(rate), screen::columns())),
                        None => progress.log(rate),
                    }
                }
            }
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
