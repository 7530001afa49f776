//! Tells the service manager how the run is (`sd_notify`).

use std::convert::Infallible;

use faucet_pipeline::Progress;

/// Tells the manager that names a socket in `NOTIFY_SOCKET` that the run has begun, and that it lives. Without
/// such a manager nothing happens.
#[cfg(unix)]
pub(crate) async fn supervise(progress: &Progress) -> Infallible {
    use tokio::time::{MissedTickBehavior, interval};

    if !unix::is_there() {
        return std::future::pending().await;
    }
    let mut manager = unix::Manager::default();
    manager.tell(&[unix::Said::Ready]);
    let mut ticks = interval(unix::period(sd_notify::watchdog_enabled()));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        // The run and this timer share a thread: a run that stands still is not told to live.
        ticks.tick().await;
        manager.tell(&[unix::Said::Alive, unix::Said::Status(unix::status(progress))]);
    }
}

/// Tells the manager that the run stops. The run waits for it, and no longer than half a second: it may
/// be over at once.
#[cfg(unix)]
pub(crate) async fn stopping() {
    if unix::is_there() {
        let mut manager = unix::Manager::default();
        manager.tell(&[unix::Said::Stopping]);
        manager.told_within(std::time::Duration::from_millis(500)).await;
    }
}

#[cfg(not(unix))]
pub(crate) async fn stopping() {}

#[cfg(not(unix))]
pub(crate) async fn supervise(_: &Progress) -> Infallible {
    std::future::pending().await
}

#[cfg(unix)]
mod unix {
    use std::time::Duration;

    use faucet_core::{ComponentKind, ConnectionState};
    use faucet_pipeline::Progress;
    use sd_notify::NotifyState;
    use tokio::task::JoinHandle;

    use crate::output::{count, counted};

    /// How often the state is told where no watchdog wants it more often.
    const PERIOD: Duration = Duration::from_secs(10);

    /// Whether there is a service manager.
    pub(super) fn is_there() -> bool {
        std::env::var_os("NOTIFY_SOCKET").is_some()
    }

    /// How often the state is told: twice within the time after which the manager calls the run dead.
    pub(super) fn period(watchdog: Option<Duration>) -> Duration {
        watchdog.map_or(PERIOD, |limit| (limit / 2).min(PERIOD)).max(Duration::from_millis(1))
    }

    /// Something that the manager is told.
    #[derive(Debug, Clone)]
    pub(super) enum Said {
        Ready,
        Alive,
        Status(String),
        Stopping,
    }

    impl Said {
        fn as_state(&self) -> NotifyState<'_> {
            match self {
                Self::Ready => NotifyState::Ready,
                Self::Alive => NotifyState::Watchdog,
                Self::Status(text) => NotifyState::Status(text),
                Self::Stopping => NotifyState::Stopping,
            }
        }
    }

    /// The service manager.
    #[derive(Debug, Default)]
    pub(super) struct Manager {
        /// The last telling. A manager that does not read must not stop the run.
        telling: Option<JoinHandle<()>>,
    }

    impl Manager {
        /// Waits until the manager has taken the last telling, or until the time is over.
        pub(super) async fn told_within(&mut self, time: Duration) {
            if let Some(telling) = self.telling.take() {
                let _ = tokio::time::timeout(time, telling).await;
            }
        }

        /// Tells something. That the run lives is left out while the manager has not taken the last telling.
        pub(super) fn tell(&mut self, said: &[Said]) {
            let is_news = said.iter().any(|said| matches!(said, Said::Ready | Said::Stopping));
            if !is_news && self.telling.as_ref().is_some_and(|telling| !telling.is_finished()) {
                return;
            }
            let said = said.to_vec();
            self.telling = Some(tokio::task::spawn_blocking(move || {
                let states: Vec<NotifyState<'_>> = said.iter().map(Said::as_state).collect();
                if let Err(error) = sd_notify::notify(&states) {
                    tracing::debug!("the service manager is not told: {error}");
                }
            }));
        }
    }

    /// The state in a line, as `systemctl status` shows it.
    pub(super) fn status(progress: &Progress) -> String {
        let link = match progress.connection(ComponentKind::Source) {
            ConnectionState::Up => "up",
            ConnectionState::None => "running",
            _ => "down",
        };
        let records = counted(progress.records_read(), "record");
        let delivered = count(progress.delivered());
        let reconnects = counted(progress.reconnects(ComponentKind::Source), "reconnect");
        format!("{link} · {records} · {delivered} delivered · {reconnects}")
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_watchdog_is_told_twice_within_its_time() {
            let ms = Duration::from_millis;
            for (watchdog, expected) in [
                (None, PERIOD),
                (Some(ms(3000)), ms(1500)),
                (Some(ms(60_000)), PERIOD),
                (Some(ms(1)), ms(1)),
            ] {
                assert_eq!(period(watchdog), expected, "{watchdog:?}");
            }
        }
    }
}
