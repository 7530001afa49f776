//! Child processes: this program once more, with a job.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::endpoint::Listening;
use crate::job::Job;
use crate::result::Result;
use crate::sample::Sample;
use crate::work::Work;

/// A measurement that takes longer has failed.
const LONGEST: Duration = Duration::from_secs(120);

/// A child process. It ends when it is dropped.
struct Process(Child);

impl Process {
    fn start(job: &Job) -> Result<Self> {
        let child = Command::new(std::env::current_exe()?)
            .args(["--child", &serde_json::to_string(job)?])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(child))
    }

    /// The line that the child prints.
    ///
    /// # Errors
    /// The child ended without it, or took too long.
    fn line<T: DeserializeOwned>(&mut self) -> Result<T> {
        let out = self.0.stdout.take().ok_or("the output of a child was read before")?;
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(out).read_line(&mut line);
            // Nobody waits for it any more if it took too long.
            let _ = sender.send(read.map(|_| line));
        });
        let line = receiver.recv_timeout(LONGEST).map_err(|_| "it took too long")??;
        if line.is_empty() {
            return Err("it failed".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server in a process of its own. It ends when this is dropped.
pub(crate) struct Server {
    _process: Process,
    pub(crate) listening: Listening,
}

impl Server {
    pub(crate) fn start(job: &Job) -> Result<Self> {
        let mut process = Process::start(job)?;
        let listening = process.line()?;
        Ok(Self { _process: process, listening })
    }
}

/// Measures in a process of its own.
///
/// # Errors
/// The measurement failed; the process has said why.
pub(crate) fn measure(work: Work) -> Result<Sample> {
    Process::start(&Job::Measure(work))?.line()
}
