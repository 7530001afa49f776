//! The thread that writes, and the run that talks to it.
//!
//! A thread of its own and none of the runtime's pool: a runtime waits for its pool when it ends,
//! and a pipe that nobody empties would then keep the process from ending.

use std::sync::mpsc;
use std::thread;

use faucet_core::{Result, StreamPage};
use tokio::sync::oneshot;

use crate::error::JsonlError;
use crate::fsync::Fsync;
use crate::line_writer::LineWriter;
use crate::medium::Medium;

/// A job for the thread.
enum Job {
    Page(StreamPage),
    /// The line of a gap, without its line break.
    Gap(Vec<u8>),
    Flush,
}

type Jobs = mpsc::Sender<(Job, oneshot::Sender<Answer>)>;

/// A flush answers with the length that a later run can cut the medium back to; other jobs answer
/// `None`.
type Answer = Result<Option<u64>, JsonlError>;

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
    /// Starts the thread, which opens the medium first. `name` begins the errors. Returns what
    /// `open` made beside the lines; if this future is dropped, that is dropped as well. `open` gets a
    /// function that says whether this future was dropped.
    pub(crate) async fn start<M: Medium, T: Send + 'static>(
        name: String,
        fsync: Fsync,
        open: impl FnOnce(&dyn Fn() -> bool) -> Result<(LineWriter<M>, T), JsonlError> + Send + 'static,
    ) -> Result<(Self, T)> {
        let (ready, opened) = oneshot::channel();
        let (jobs, queue): (Jobs, _) = mpsc::channel();
        let spawned = spawn(move || match open(&|| ready.is_closed()) {
            Ok((mut lines, beside)) => {
                if ready.send(Ok(beside)).is_ok() {
                    while let Ok((job, done)) = queue.recv() {
                        // The caller may have dropped the call, and the writer as well.
                        let _ = done.send(work(&mut lines, fsync, job));
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
            Ok(beside) => Ok((Self { name, jobs: Some(jobs), pending: None }, beside)),
            Err(error) => Err(error.about(&name)),
        }
    }

    /// Returns when the page is with the operating system. A page whose future is dropped is
    /// written all the same, unless the thread is still at the job before it: then it is not begun.
    pub(crate) async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.run(Job::Page(page)).await.map(|_| ())
    }

    /// Writes the line of a gap; as [`write_page`](Self::write_page).
    pub(crate) async fn write_gap(&mut self, line: Vec<u8>) -> Result<()> {
        self.run(Job::Gap(line)).await.map(|_| ())
    }

    /// Returns when everything is with the operating system, and with the disk where the sink is
    /// configured so; and the length to which a later run can cut the medium back.
    pub(crate) async fn flush(&mut self) -> Result<Option<u64>> {
        self.run(Job::Flush).await
    }

    /// Waits for the job that the thread is at, and ends the thread.
    pub(crate) async fn close(&mut self) -> Result<()> {
        let settled = self.settle().await;
        self.jobs = None;
        settled.map(|_| ()).map_err(|error| error.about(&self.name))
    }

    async fn run(&mut self, job: Job) -> Result<Option<u64>> {
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

fn work<M: Medium>(lines: &mut LineWriter<M>, fsync: Fsync, job: Job) -> Answer {
    let is_flush = matches!(job, Job::Flush);
    match job {
        Job::Page(page) => lines
            .write_page(&page)
            .map_err(|partial| JsonlError::Page { partial, records: page.len() })?,
        Job::Gap(line) => lines.write_line(&line).map_err(JsonlError::Gap)?,
        Job::Flush => {}
    }
    if fsync == Fsync::Page || (fsync == Fsync::Flush && is_flush) {
        lines.sync().map_err(JsonlError::Sync)?;
    }
    match is_flush {
        true => lines.whole_length().map_err(JsonlError::Length),
        false => Ok(None),
    }
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

    use faucet_core::{ErrorKind, Payload, Record, Timestamp};

    /// Notes each call.
    #[derive(Clone, Default)]
    struct Journal(Arc<Mutex<Vec<&'static str>>>, bool);

    impl Journal {
        fn note(&self, what: &'static str) {
            self.0.lock().unwrap().push(what);
        }

        fn take(&self) -> String {
            std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
        }
    }

    impl Medium for Journal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.note(if bytes.starts_with(b"{") { "gap" } else { "page" });
            Ok(bytes.len())
        }

        fn take_back(&mut self, _: u64) -> io::Result<()> {
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            self.note("sync");
            if self.1 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn length(&self) -> io::Result<Option<u64>> {
            self.note("length");
            Ok(Some(7))
        }
    }

    async fn start(fsync: Fsync, fails: bool) -> (Writer, Journal) {
        let journal = Journal(Arc::default(), fails);
        let medium = journal.clone();
        let open = move |_: &dyn Fn() -> bool| Ok((LineWriter::new(medium, false), ()));
        let (writer, ()) = Writer::start("sink f".into(), fsync, open).await.unwrap();
        (writer, journal)
    }

    fn page() -> StreamPage {
        let at = Timestamp::from_unix_millis(0);
        StreamPage::new(vec![Record::new(Payload::Text("x".into()), at)])
    }

    #[tokio::test]
    async fn the_disk_is_awaited_when_the_configuration_says_so() {
        for (fsync, expected) in [
            (Fsync::Never, ["page page gap length", "length", "page length"]),
            (Fsync::Flush, ["page page gap sync length", "length", "page sync length"]),
            (Fsync::Page, ["page sync page sync gap sync length", "length", "page sync length"]),
        ] {
            let (mut writer, journal) = start(fsync, false).await;
            writer.write_page(page()).await.unwrap();
            writer.write_page(page()).await.unwrap();
            writer.write_gap(b"{}".to_vec()).await.unwrap();
            assert_eq!(writer.flush().await.unwrap(), Some(7));
            assert_eq!(journal.take(), expected[0], "{fsync:?}");
            writer.flush().await.unwrap();
            assert_eq!(journal.take(), expected[1], "{fsync:?}");
            writer.write_page(page()).await.unwrap();
            writer.flush().await.unwrap();
            assert_eq!(journal.take(), expected[2], "{fsync:?}");
            writer.close().await.unwrap();
            assert_eq!(journal.take(), "", "{fsync:?}");
        }
    }

    #[tokio::test]
    async fn a_sync_that_fails_is_the_error_of_its_call() {
        let (mut writer, _) = start(Fsync::Page, true).await;
        let error = writer.write_page(page()).await.unwrap_err();
        assert_eq!((error.kind(), error.written()), (ErrorKind::Sink, None));

        let (mut writer, _) = start(Fsync::Flush, true).await;
        writer.write_page(page()).await.unwrap();
        let error = writer.flush().await.unwrap_err();
        assert_eq!(error.to_string(), "sink f: cannot be synced to the disk");
        assert_eq!(error.hint(), Some("make room"));
        // The records are still not on the disk.
        assert!(writer.flush().await.is_err());
        writer.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_closed_writer_says_so() {
        let (mut writer, _) = start(Fsync::Never, false).await;
        writer.close().await.unwrap();
        for error in
            [writer.write_page(page()).await.unwrap_err(), writer.flush().await.unwrap_err()]
        {
            assert_eq!(error.to_string(), "sink f: is closed");
            assert_eq!((error.kind(), error.written()), (ErrorKind::Sink, None));
        }
    }
}
