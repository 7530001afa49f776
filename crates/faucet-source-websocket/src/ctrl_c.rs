//! Ctrl-C, for programs that read a source by themselves.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll};
use std::thread;

use faucet_core::{Cancel, Error, ErrorKind, Result};

/// The exit code of a process that Ctrl-C ends.
const INTERRUPTED: i32 = 130;

static INTERRUPTS: Mutex<Interrupts> = Mutex::new(Interrupts::new());

fn interrupts() -> MutexGuard<'static, Interrupts> {
    INTERRUPTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The effect of a Ctrl-C.
#[derive(Debug)]
enum Effect {
    /// Stops these runs.
    Stop(BTreeMap<u64, Cancel>),
    /// Ends the process, as it does where nobody listens.
    EndProcess,
}

/// The runs of a process that Ctrl-C stops. Pure.
#[derive(Debug)]
struct Interrupts {
    runs: BTreeMap<u64, Cancel>,
    /// The number of runs so far.
    begun: u64,
    /// Whether a Ctrl-C has stopped a run.
    heard: bool,
    /// Whether the process has a thread that waits for Ctrl-C.
    listens: bool,
}

impl Interrupts {
    const fn new() -> Self {
        Self { runs: BTreeMap::new(), begun: 0, heard: false, listens: false }
    }

    fn begin(&mut self) -> (u64, Cancel) {
        self.begun += 1;
        let cancel = Cancel::new();
        self.runs.insert(self.begun, cancel.clone());
        (self.begun, cancel)
    }

    fn end(&mut self, number: u64) {
        self.runs.remove(&number);
    }

    /// Only the first Ctrl-C stops runs, so that a second one always ends the process.
    fn interrupted(&mut self) -> Effect {
        let runs = std::mem::take(&mut self.runs);
        if self.heard || runs.is_empty() {
            return Effect::EndProcess;
        }
        self.heard = true;
        Effect::Stop(runs)
    }
}

/// One run that Ctrl-C stops, until it is dropped.
pub(crate) struct CtrlC {
    number: u64,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl CtrlC {
    /// Listens from now on.
    ///
    /// # Errors
    /// The operating system has no thread or no signal handler for it.
    pub(crate) fn listen() -> Result<Self> {
        let mut interrupts = interrupts();
        if !interrupts.listens {
            start_thread().map_err(|cause| {
                let what = "stop_on_ctrl_c: the process cannot listen to Ctrl-C";
                Error::new(ErrorKind::Other, what).with_source(cause)
            })?;
            interrupts.listens = true;
        }
        let (number, cancel) = interrupts.begin();
        Ok(Self { number, stopped: Box::pin(cancel.cancelled().wait()) })
    }

    /// Ready once Ctrl-C was heard. Not to be polled again then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.stopped.as_mut().poll(cx)
    }
}

impl Drop for CtrlC {
    fn drop(&mut self) {
        interrupts().end(self.number);
    }
}

impl fmt::Debug for CtrlC {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CtrlC({})", self.number)
    }
}

/// Starts the thread that waits for Ctrl-C as long as the process lives.
///
/// Once a process has listened to a signal, the operating system no longer acts on it. A task on the
/// runtime of a run would end with that runtime, and Ctrl-C would do nothing any more.
fn start_thread() -> io::Result<()> {
    let (ready, is_ready) = mpsc::channel();
    let listen = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let arrivals = runtime.and_then(|runtime| {
            let arrivals = runtime.block_on(async { Arrivals::new() })?;
            Ok((runtime, arrivals))
        });
        match arrivals {
            Ok((runtime, arrivals)) => {
                // The receiver waits for this word.
                let _ = ready.send(Ok(()));
                runtime.block_on(wait(arrivals));
            }
            Err(error) => drop(ready.send(Err(error))),
        }
    };
    thread::Builder::new().name("ctrl-c".into()).spawn(listen)?;
    is_ready.recv().unwrap_or_else(|_| Err(io::Error::other("the thread has ended")))
}

async fn wait(mut arrivals: Arrivals) {
    loop {
        arrivals.next().await;
        let effect = interrupts().interrupted();
        match effect {
            Effect::Stop(runs) => {
                tracing::info!("Ctrl-C: stopping; once more ends the process at once");
                runs.values().for_each(Cancel::cancel);
            }
            Effect::EndProcess => std::process::exit(INTERRUPTED),
        }
    }
}

#[cfg(unix)]
struct Arrivals(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Arrivals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::interrupt()).map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An event in a story; runs are numbered from 1.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        Begin,
        End(u64),
        CtrlC,
    }
    use Event::{Begin, CtrlC, End};

    /// The runs that each Ctrl-C stops; `None` ends the process.
    fn stopped(story: &[Event]) -> Vec<Option<Vec<u64>>> {
        let (mut interrupts, mut effects) = (Interrupts::new(), Vec::new());
        for event in story {
            match event {
                Begin => drop(interrupts.begin()),
                End(number) => interrupts.end(*number),
                CtrlC => effects.push(match interrupts.interrupted() {
                    Effect::Stop(runs) => Some(runs.into_keys().collect()),
                    Effect::EndProcess => None,
                }),
            }
        }
        effects
    }

    #[test]
    fn the_first_stops_all_runs_and_every_other_ends_the_process() {
        for (story, effects) in [
            (vec![CtrlC], vec![None]),
            (vec![Begin, CtrlC], vec![Some(vec![1])]),
            (vec![Begin, Begin, End(1), Begin, CtrlC], vec![Some(vec![2, 3])]),
            (vec![Begin, CtrlC, CtrlC], vec![Some(vec![1]), None]),
            (vec![Begin, CtrlC, End(1), CtrlC], vec![Some(vec![1]), None]),
            (vec![Begin, CtrlC, End(1), Begin, CtrlC], vec![Some(vec![1]), None]),
            (vec![Begin, End(1), CtrlC], vec![None]),
        ] {
            assert_eq!(stopped(&story), effects, "{story:?}");
        }
    }
}
