//! Lines of stdin, on their way to the peer.

use std::io::{self, BufRead as _};
use std::task::{Context, Poll};
use std::thread;

use tokio::sync::mpsc;

/// So many lines wait for the connection.
const AHEAD: usize = 64;

/// Lines of stdin, without their ends.
#[derive(Debug)]
pub(crate) struct Input {
    lines: mpsc::Receiver<Vec<u8>>,
}

impl Input {
    /// Reads stdin from now on, in a thread of its own: nothing can end a read of stdin.
    pub(crate) fn read() -> io::Result<Self> {
        let (sender, lines) = mpsc::channel(AHEAD);
        thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            let mut stdin = io::stdin().lock();
            loop {
                let mut line = Vec::new();
                match stdin.read_until(b'\n', &mut line) {
                    Ok(1..) => {}
                    _ => return,
                }
                if line.last() == Some(&b'\n') {
                    line.pop();
                }
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { lines })
    }

    /// The next line; `None` at the end.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        self.lines.poll_recv(cx)
    }
}
