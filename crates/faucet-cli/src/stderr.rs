//! Stderr behind a queue: a reader that does not read costs lines, and never records or signals.

use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

/// The most lines that wait for the reader.
const MOST_LINES: usize = 1000;

/// How often a full queue is tried while its end is waited for.
const STEP: Duration = Duration::from_millis(5);

/// The queue of this process. Without one, lines are written where they are made.
static QUEUE: OnceLock<SyncSender<Item>> = OnceLock::new();

/// The live line that lines must not tear.
static LIVE: OnceLock<ProgressBar> = OnceLock::new();

/// Something for the writer.
enum Item {
    Lines(Vec<u8>),
    /// Everything before this is written.
    Mark(SyncSender<()>),
}

/// Lines that had no room in the queue.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Puts the writer between this process and stderr, once.
pub(crate) fn install() {
    let (items, received) = sync_channel(MOST_LINES);
    let writer = thread::Builder::new().name("stderr".to_owned());
    if writer.spawn(move || write_all(&received)).is_ok() {
        // A program that embeds the command may run it twice: the second writer ends with its sender.
        let _ = QUEUE.set(items);
    }
}

/// Makes lines go around `bar`.
pub(crate) fn share_with(bar: &ProgressBar) {
    // A process draws one live line: a second one would find the first finished.
    let _ = LIVE.set(bar.clone());
}

/// Writes whole lines, without waiting for the reader.
pub(crate) fn write(lines: Vec<u8>) {
    match QUEUE.get() {
        None => now(&lines),
        Some(items) => {
            if items.try_send(Item::Lines(lines)).is_err() {
                LOST.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// Waits until everything that was written before has left, at most for `limit`.
#[expect(
    clippy::disallowed_methods,
    reason = "the end of a command waits here, and no task of a run"
)]
pub(crate) fn flush(limit: Duration) {
    let Some(items) = QUEUE.get() else { return };
    let until = Instant::now() + limit;
    let (done, is_done) = sync_channel(1);
    let mut mark = Item::Mark(done);
    loop {
        match items.try_send(mark) {
            Ok(()) => break,
            Err(TrySendError::Full(back)) if Instant::now() < until => {
                mark = back;
                thread::sleep(STEP);
            }
            Err(_) => return,
        }
    }
    let _ = is_done.recv_timeout(until.saturating_duration_since(Instant::now()));
}

/// The writer: the only part of the process that waits for the reader of stderr.
fn write_all(items: &Receiver<Item>) {
    while let Ok(item) = items.recv() {
        match item {
            Item::Lines(lines) => now(&lines),
            Item::Mark(done) => drop(done.try_send(())),
        }
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(
                lost,
                "nobody read this log for a while: {lost} lines are missing before here"
            );
        }
    }
}

fn now(lines: &[u8]) {
    // There is nowhere to say that stderr is gone.
    let write = || drop(io::stderr().write_all(lines));
    match LIVE.get() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}
