//! Signals of the process: those that end it, and the one that asks how it is.
//!
//! On a Unix, TERM, INT, QUIT and HUP ask for an orderly end, and the second of them ends the process at
//! once. USR1 asks for the state. On Windows there is Ctrl-C.

use std::future::Future;
use std::io;

use tokio::sync::watch;

/// What a process exits with that was interrupted before it had an answer.
pub(crate) const INTERRUPTED: u8 = 130;

/// Listens for signals from now on.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    ends: watch::Receiver<bool>,
    /// How often the state was asked for.
    asks: watch::Receiver<u64>,
}

impl Signals {
    /// Installs the handlers, once a process.
    pub(crate) fn install() -> io::Result<Self> {
        let (end, ends) = watch::channel(false);
        let (ask, asks) = watch::channel(0);
        let mut arrivals = Arrivals::new()?;
        let mut questions = Questions::new()?;
        tokio::spawn(async move {
            arrivals.next().await;
            end.send_replace(true);
            arrivals.next().await;
            std::process::exit(INTERRUPTED.into());
        });
        tokio::spawn(async move {
            loop {
                questions.next().await;
                ask.send_modify(|asked| *asked += 1);
            }
        });
        Ok(Self { ends, asks })
    }

    /// Completes when an orderly end was asked for.
    pub(crate) fn asked(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut receiver = self.ends.clone();
        async move {
            if receiver.wait_for(|asked| *asked).await.is_err() {
                // The handlers live as long as the runtime: without them nothing can ask.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Completes when the state was asked for since the last call.
    pub(crate) async fn asked_for_state(&mut self) {
        if self.asks.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The signals that ask for an end.
    pub(super) struct Arrivals {
        interrupt: Signal,
        terminate: Signal,
        quit: Signal,
        /// `None`: it was ignored when the process began (`nohup`), and stays ignored.
        hang_up: Option<Signal>,
        /// A file that is too large is an error of the write: without a handler it kills the process.
        _too_large: Option<Signal>,
    }

    impl Arrivals {
        pub(super) fn new() -> io::Result<Self> {
            let stays_ignored = is_ignored(SignalKind::hangup());
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                quit: signal(SignalKind::quit())?,
                hang_up: (!stays_ignored).then(|| signal(SignalKind::hangup())).transpose()?,
                _too_large: signal(SignalKind::from_raw(TOO_LARGE)).ok(),
            })
        }

        pub(super) async fn next(&mut self) {
            let hang_up = async {
                match &mut self.hang_up {
                    Some(signal) => drop(signal.recv().await),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                _ = self.quit.recv() => {}
                () = hang_up => {}
            }
        }
    }

    /// SIGXFSZ.
    const TOO_LARGE: i32 = rustix::process::Signal::XFSZ.as_raw();

    /// Whether the process was started with this signal ignored. Only Linux tells that without unsafe code;
    /// elsewhere the answer is no.
    fn is_ignored(kind: SignalKind) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        ignored(&status, kind.as_raw_value())
    }

    /// Reads the mask of ignored signals in the text of `/proc/self/status`.
    pub(super) fn ignored(status: &str, number: i32) -> bool {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        let bit = u32::try_from(number - 1).ok().and_then(|bit| 1_u64.checked_shl(bit));
        bit.is_some_and(|bit| mask & bit != 0)
    }

    /// The signal that asks for the state.
    pub(super) struct Questions(Signal);

    impl Questions {
        pub(super) fn new() -> io::Result<Self> {
            signal(SignalKind::user_defined1()).map(Self)
        }

        pub(super) async fn next(&mut self) {
            self.0.recv().await;
        }
    }
}

#[cfg(unix)]
use unix::{Arrivals, Questions};

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

#[cfg(windows)]
struct Questions;

#[cfg(windows)]
impl Questions {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::unix::ignored;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        let status = "Name:\tfaucet\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n";
        for (number, expected) in [(1, true), (13, true), (2, false), (15, false), (64, false)] {
            assert_eq!(ignored(status, number), expected, "{number}");
        }
        for odd in ["", "SigIgn:\tnothing\n", "SigIgn:"] {
            assert!(!ignored(odd, 1));
        }
    }
}
