//! A program that runs, and that ends when it is dropped.

use std::io;
use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// A running program. Dropping it kills the program and the processes that the program started.
pub(super) struct Running {
    child: Child,
}

/// The streams of a program.
pub(super) struct Streams {
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

impl Running {
    /// Starts `program` without a shell. Its standard input is empty.
    pub(super) fn start<'a>(
        program: &str,
        arguments: impl Iterator<Item = &'a str>,
    ) -> io::Result<(Self, Streams)> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A group of its own: a script ends together with the programs that it waits for.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("the program has no pipe");
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        Ok((Self { child }, Streams { stdout, stderr }))
    }

    /// Waits for the end of the program. Cancel safe.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }
}

#[cfg(unix)]
impl Drop for Running {
    fn drop(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};

        // There is no number once the program was waited for: it may be another one's by now.
        let group = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            // The group is gone already when this fails.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
