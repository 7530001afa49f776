//! The thread that writes, and the run that talks to it.
//!
//! A thread of its own and none of the runtime's pool: a runtime waits for its pool when it ends,
//! and a pipe that nobody empties would then keep the process from ending.

use std::sync::mpsc;
use std::thread;

use faucet_core::{Result, StreamPage, Timestamp};
use tokio::sync::oneshot;

use crate::error::JsonlError;
use crate::files::Committed;
use crate::output::Output;

/// A job for the thread.
enum Job {
    Page(StreamPage),
    /// The line of a gap, without its line break, and the end of the gap.
    Gap(Vec<u8>, Timestamp),
    Flush,
    Close,
}

type Jobs = mpsc::Sender<(Job, oneshot::Sender<Answer>)>;

/// A flush answers with the place behind which a later run goes on; other jobs answer `None`.
type Answer = Result<Option<Committed>, JsonlError>;

/// One run of a sink.
pub(crate) struct Writer {
    name: String,
    /// `None` once closed.
    jobs: Option<Jobs>,
    /// The answer to the job that the thread is at. It outlives a dropped call: the next call waits
    /// for it, and returns its error.
    pending: Option<oneshot::Receiver<Answer>>,
}

impl Writer {
    /// Starts the thread, which opens the output first. `name` begins the errors. If this future is dropped,
    /// the output is dropped as well. `open` gets a function that says whether this future was dropped.
    pub(crate) async fn start<O: Output>(
        name: String,
        open: impl FnOnce(&dyn Fn() -> bool) -> Result<O, JsonlError> + Send + 'static,
    ) -> Result<Self> {
        let (ready, opened) = oneshot::channel();
        let (jobs, queue): (Jobs, _) = mpsc::channel();
        let spawned = spawn(move || match open(&|| ready.is_closed()) {
            Ok(mut output) => {
                if ready.send(Ok(())).is_ok() {
                    while let Ok((job, done)) = queue.recv() {
                        // The caller may have dropped the call, and the writer as well.
                        let _ = done.send(work(&mut output, job));
                    }
                }
            }
            Err(error) => {
                // The caller may have dropped `start`.
                let _ = ready.send(Err(error));
            }
        });
        let opened = match spawned {
            Ok(()) => opened.await.unwrap_or(Err(JsonlError::Closed)),
            Err(error) => Err(error),
        };
        match opened {
            Ok(()) => Ok(Self { name, jobs: Some(jobs), pending: None }),
            Err(error) => Err(error.about(&name)),
        }
    }

    /// Returns when the page is with the operating system. A page whose future is dropped is
    /// written all the same, unless the thread is still at the job before it: then it is not begun.
    pub(crate) async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.run(Job::Page(page)).await.map(|_| ())
    }

    /// Writes the line of a gap; as [`write_page`](Self::write_page).
    pub(crate) async fn write_gap(&mut self, line: Vec<u8>, at: Timestamp) -> Result<()> {
        self.run(Job::Gap(line, at)).await.map(|_| ())
    }

    /// Returns when everything is with the operating system, and with the disk where the sink is
    /// configured so; and the place behind which a later run goes on.
    pub(crate) async fn flush(&mut self) -> Result<Option<Committed>> {
        self.run(Job::Flush).await
    }

    /// Waits for the job that the thread is at, and ends the thread.
    pub(crate) async fn close(&mut self) -> Result<()> {
        let settled = match self.settle().await {
            Ok(_) if self.jobs.is_some() => self.send(Job::Close).await,
            settled => settled,
        };
        self.jobs = None;
        settled.map(|_| ()).map_err(|error| error.about(&self.name))
    }

    async fn run(&mut self, job: Job) -> Result<Option<Committed>> {
        let answer = match self.settle().await {
            Ok(_) => self.send(job).await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| error.about(&self.name))
    }

    async fn send(&mut self, job: Job) -> Answer {
        let (done, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(JsonlError::Closed)?;
        jobs.send((job, done)).map_err(|_| JsonlError::Closed)?;
        self.pending = Some(answer);
        self.settle().await
    }

    /// Waits for the answer to the job that the thread is at.
    async fn settle(&mut self) -> Answer {
        let Some(pending) = &mut self.pending else { return Ok(None) };
        let answer = pending.await;
        self.pending = None;
        answer.unwrap_or(Err(JsonlError::Closed))
    }
}

fn work(output: &mut impl Output, job: Job) -> Answer {
    match job {
        Job::Page(page) => output.write_page(&page)?,
        Job::Gap(line, at) => output.write_gap(&line, at)?,
        Job::Flush => return output.flush(),
        Job::Close => output.close(),
    }
    Ok(None)
}

/// Runs `task` on a thread of its own and waits for what it returns.
pub(crate) async fn off_thread<T: Send + 'static>(
    task: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JsonlError> {
    let (done, answer) = oneshot::channel();
    spawn(move || {
        // The caller may have dropped the call.
        let _ = done.send(task());
    })?;
    answer.await.map_err(|_| JsonlError::Closed)
}

fn spawn(task: impl FnOnce() + Send + 'static) -> Result<(), JsonlError> {
    let thread = thread::Builder::new().name("faucet jsonl".into());
    thread.spawn(task).map(|_| ()).map_err(JsonlError::Thread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    use faucet_core::{ErrorKind, Payload, Record};

    /// Notes each call.
    #[derive(Clone, Default)]
    struct Journal {
        calls: Arc<Mutex<Vec<&'static str>>>,
        is_full: bool,
    }

    impl Journal {
        fn note(&self, what: &'static str) {
            self.calls.lock().unwrap().push(what);
        }

        fn take(&self) -> String {
            std::mem::take(&mut *self.calls.lock().unwrap()).join(" ")
        }
    }

    impl Output for Journal {
        fn write_page(&mut self, _: &StreamPage) -> Result<(), JsonlError> {
            self.note("page");
            Ok(())
        }

        fn write_gap(&mut self, line: &[u8], _: Timestamp) -> Result<(), JsonlError> {
            assert_eq!(line, b"{}");
            self.note("gap");
            Ok(())
        }

        fn flush(&mut self) -> Result<Option<Committed>, JsonlError> {
            self.note("flush");
            match self.is_full {
                true => Err(JsonlError::Sync(io::ErrorKind::StorageFull.into())),
                false => Ok(Some(Committed { file: "f".into(), length: 7, begun: None })),
            }
        }

        fn close(&mut self) {
            self.note("close");
        }
    }

    async fn start(is_full: bool) -> (Writer, Journal) {
        let journal = Journal { is_full, ..Journal::default() };
        let output = journal.clone();
        let writer = Writer::start("sink f".into(), move |_| Ok(output)).await.unwrap();
        (writer, journal)
    }

    fn page() -> StreamPage {
        let at = Timestamp::from_unix_millis(0);
        StreamPage::new(vec![Record::new(Payload::Text("x".into()), at)])
    }

    #[tokio::test]
    async fn the_thread_does_one_job_after_the_other() {
        let (mut writer, journal) = start(false).await;
        writer.write_page(page()).await.unwrap();
        writer.write_gap(b"{}".to_vec(), Timestamp::from_unix_millis(0)).await.unwrap();
        let committed = writer.flush().await.unwrap().unwrap();
        assert_eq!((committed.length, journal.take().as_str()), (7, "page gap flush"));
        writer.close().await.unwrap();
        assert_eq!(journal.take(), "close");
    }

    #[tokio::test]
    async fn a_job_that_fails_is_the_error_of_its_call() {
        let (mut writer, _) = start(true).await;
        writer.write_page(page()).await.unwrap();
        let error = writer.flush().await.unwrap_err();
        assert_eq!(error.to_string(), "sink f: cannot be synced to the disk");
        assert_eq!((error.kind(), error.hint()), (ErrorKind::Sink, Some("make room")));
        writer.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_closed_writer_says_so() {
        let (mut writer, _) = start(false).await;
        writer.close().await.unwrap();
        for error in
            [writer.write_page(page()).await.unwrap_err(), writer.flush().await.unwrap_err()]
        {
            assert_eq!(error.to_string(), "sink f: is closed");
            assert_eq!((error.kind(), error.written()), (ErrorKind::Sink, None));
        }
    }
}
