//! The thread that writes, and the run that talks to it.
//!
//! A thread of its own and none of the runtime's pool: a runtime waits for its pool when it ends,
//! and a pipe that nobody empties would then keep the process from ending.

use std::io;
use std::sync::mpsc;
use std::thread;

use async_trait::async_trait;
use faucet_core::{Error, ErrorKind, PageWriter, Result, RunContext, StreamPage};
use tokio::sync::oneshot;

use crate::pen::{Cut, Medium, Pen};

type Job = (StreamPage, oneshot::Sender<Result<()>>);

/// One run of a sink.
pub(crate) struct Writer {
    name: String,
    /// `None` once closed.
    jobs: Option<mpsc::Sender<Job>>,
    /// The page that the thread is at. It outlives a dropped `write_page`: its end is awaited, and
    /// its error returned, by the next call.
    pending: Option<oneshot::Receiver<Result<()>>>,
}

impl Writer {
    /// Starts the thread, which opens the medium first. `name` begins the errors. Returns what
    /// `open` did beside the pen; if this future is dropped, that is dropped as well.
    pub(crate) async fn start<M: Medium, T: Send + 'static>(
        name: String,
        run: RunContext,
        open: impl FnOnce() -> Result<(Pen<M>, T)> + Send + 'static,
    ) -> Result<(Self, T)> {
        let (ready, opened) = oneshot::channel();
        let (jobs, queue) = mpsc::channel();
        let of_thread = name.clone();
        spawn(&name, move || match open() {
            Ok((pen, beside)) => {
                if ready.send(Ok(beside)).is_ok() {
                    work(&of_thread, pen, &queue, &run);
                }
            }
            Err(error) => {
                // A dropped `start` does not care.
                let _ = ready.send(Err(error));
            }
        })?;
        let beside = opened.await.unwrap_or_else(|_| Err(ended(&name)))?;
        Ok((Self { name, jobs: Some(jobs), pending: None }, beside))
    }

    /// Waits for the page that the thread is at.
    async fn settle(&mut self) -> Result<()> {
        let Some(pending) = &mut self.pending else { return Ok(()) };
        let answer = pending.await;
        self.pending = None;
        answer.unwrap_or_else(|_| Err(ended(&self.name)))
    }
}

#[async_trait]
impl PageWriter for Writer {
    /// Returns when the page is with the operating system. A page whose future is dropped is
    /// written all the same, unless the one before it is still being written: then it is not begun.
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.settle().await?;
        let (done, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(|| ended(&self.name))?;
        jobs.send((page, done)).map_err(|_| ended(&self.name))?;
        self.pending = Some(answer);
        self.settle().await
    }

    async fn flush(&mut self) -> Result<()> {
        self.settle().await
    }

    async fn close(&mut self) -> Result<()> {
        let settled = self.settle().await;
        self.jobs = None;
        settled
    }
}

/// Writes pages until nobody can send more.
fn work<M: Medium>(name: &str, mut pen: Pen<M>, queue: &mpsc::Receiver<Job>, run: &RunContext) {
    while let Ok((page, done)) = queue.recv() {
        let outcome = pen.write_page(&page);
        let written = outcome.as_ref().map_or_else(|cut| cut.written, |()| page.len());
        run.meter().add_delivered(written as u64);
        // Whoever dropped `write_page` may have dropped the writer as well.
        let _ = done.send(outcome.map_err(|cut| failed(name, &page, cut)));
    }
}

/// Runs `task` on a thread of its own and waits for what it returns.
pub(crate) async fn off_thread<T: Send + 'static>(
    name: &str,
    task: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (done, answer) = oneshot::channel();
    spawn(name, move || {
        // Whoever asked may be gone.
        let _ = done.send(task());
    })?;
    answer.await.map_err(|_| ended(name))
}

fn spawn(name: &str, task: impl FnOnce() + Send + 'static) -> Result<()> {
    thread::Builder::new().name("faucet jsonl".into()).spawn(task).map(|_| ()).map_err(|error| {
        Error::new(ErrorKind::Sink, format!("{name}: no thread could be started"))
            .with_source(error)
    })
}

fn ended(name: &str) -> Error {
    Error::new(ErrorKind::Sink, format!("{name}: is closed"))
}

fn failed(name: &str, page: &StreamPage, cut: Cut) -> Error {
    let kind = match cut.cause.kind() {
        // The reader of a pipe went away.
        io::ErrorKind::BrokenPipe => ErrorKind::Cancelled,
        _ => ErrorKind::Sink,
    };
    let hint = match cut.cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded if cut.torn => {
            Some("make room; the last line is incomplete")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("make room; what was written ends with a whole record and can be appended to")
        }
        io::ErrorKind::BrokenPipe => None,
        _ if cut.torn => Some("the last line is incomplete"),
        _ => None,
    };
    let (written, all) = (cut.written, page.len());
    let message = format!("{name}: only {written} of {all} records of the page were written");
    let error = Error::new(kind, message).with_source(cut.cause);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}
