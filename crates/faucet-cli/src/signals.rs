//! Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends at once.

use std::future::Future;
use std::io;

use tokio::sync::watch;

/// What a process exits with that was interrupted before it had an answer.
pub(crate) const INTERRUPTED: u8 = 130;

/// Listens for signals from now on.
#[derive(Debug, Clone)]
pub(crate) struct Signals(watch::Receiver<bool>);

impl Signals {
    /// Installs the handlers, once a process.
    pub(crate) fn install() -> io::Result<Self> {
        let (asked, receiver) = watch::channel(false);
        let mut arrivals = Arrivals::new()?;
        tokio::spawn(async move {
            arrivals.next().await;
            asked.send_replace(true);
            arrivals.next().await;
            std::process::exit(INTERRUPTED.into());
        });
        Ok(Self(receiver))
    }

    /// Completes when an orderly end was asked for.
    pub(crate) fn asked(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut receiver = self.0.clone();
        async move {
            if receiver.wait_for(|asked| *asked).await.is_err() {
                // The handlers live as long as the runtime: without them nothing can ask.
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(unix)]
struct Arrivals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Arrivals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Arrivals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Arrivals {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
