//! Plays a script on one TCP connection.

use std::future::pending;
use std::time::Duration;

use bytes::Buf as _;
use tokio::net::TcpStream;

use super::address::reset;
use super::line::{Below, Ending, Line, Turn};
use super::tcp_script::{Step, TcpScript};
use super::tcp_seen::{TcpEnd, TcpEntry};

/// How long a client may take to read what is left, and to end its side.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) struct TcpPlayer {
    line: Line<TcpStream>,
    entry: TcpEntry,
}

impl TcpPlayer {
    pub(crate) fn new(tcp: TcpStream, entry: TcpEntry) -> Self {
        let below = Below {
            reset,
            #[cfg(feature = "server")]
            cut: super::address::cut,
        };
        Self { line: Line::new(tcp, below), entry }
    }

    pub(crate) async fn run(mut self, script: TcpScript) {
        for step in script.steps {
            self.entry.doing(format!("{step:?}"));
            let ends_the_stream = matches!(step, Step::Close | Step::Reset);
            if let Err(end) = self.step(step).await {
                self.entry.end(end);
                if !ends_the_stream {
                    self.line.end(Ending::Fin, PATIENCE).await;
                }
                return;
            }
        }
        self.entry.doing("read to the end".to_owned());
        self.entry.resting();
        let end = loop {
            match self.turn().await {
                Ok(true) => {}
                Ok(false) => break TcpEnd::ClientLeft,
                Err(end) => break end,
            }
        };
        self.entry.end(end);
    }

    /// Moves bytes; false when the client has ended its side.
    async fn turn(&mut self) -> Result<bool, TcpEnd> {
        let before = self.line.inbox.len();
        let turn = self.line.turn().await.map_err(|error| TcpEnd::Broken(error.to_string()))?;
        if turn == Turn::Read {
            let new = &self.line.inbox[before..];
            self.entry.update(|seen| seen.received.extend_from_slice(new));
        }
        Ok(turn != Turn::Over)
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), TcpEnd> {
        self.line.out.extend_from_slice(bytes);
        while !self.line.is_written() {
            // A client that has ended its side may still read.
            self.turn().await?;
        }
        Ok(())
    }

    /// Reads until `met` says how many bytes meet a step.
    async fn read(
        &mut self,
        what: &str,
        met: impl Fn(&[u8]) -> Result<Option<usize>, String>,
    ) -> Result<(), TcpEnd> {
        loop {
            if let Some(n) = met(&self.line.inbox).map_err(TcpEnd::Failure)? {
                self.line.inbox.advance(n);
                return Ok(());
            }
            if !self.turn().await? {
                let had = String::from_utf8_lossy(&self.line.inbox).into_owned();
                return Err(TcpEnd::Failure(format!("{what}: the client left behind {had:?}")));
            }
        }
    }

    /// Reads until `over` is.
    async fn read_while(&mut self, over: impl Future<Output = ()>) -> Result<(), TcpEnd> {
        let mut over = std::pin::pin!(over);
        let mut left = false;
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                turn = self.turn(), if !left => left = !turn?,
            }
        }
    }

    async fn step(&mut self, step: Step) -> Result<(), TcpEnd> {
        let what = format!("{step:?}");
        match step {
            Step::Expect(bytes) => {
                let met = |inbox: &[u8]| {
                    let n = inbox.len().min(bytes.len());
                    if inbox[..n] != bytes[..n] {
                        let had = String::from_utf8_lossy(inbox).into_owned();
                        return Err(format!("{what}: the client sent {had:?}"));
                    }
                    Ok((n == bytes.len()).then_some(n))
                };
                self.read(&what, met).await?;
            }
            Step::ReadTo(end) => {
                let met = |inbox: &[u8]| {
                    let at = inbox.windows(end.len().max(1)).position(|piece| piece == end);
                    Ok(at.map(|at| at + end.len()))
                };
                self.read(&what, met).await?;
            }
            Step::Send(bytes) => self.send(&bytes).await?,
            Step::Repeat(n, make) => {
                for n in 0..n {
                    self.send(make(n).as_bytes()).await?;
                }
            }
            Step::Wait(gate) => self.read_while(gate.pass()).await?,
            Step::Pause(time) => self.read_while(tokio::time::sleep(time)).await?,
            Step::Close => {
                self.line.end(Ending::Fin, PATIENCE).await;
                self.entry.resting();
                while self.turn().await? {}
                return Err(TcpEnd::Script);
            }
            Step::Reset => {
                self.line.end(Ending::Reset, PATIENCE).await;
                // The drop of the stream sends it.
                return Err(TcpEnd::Script);
            }
            Step::Stall => {
                self.entry.resting();
                pending::<()>().await;
            }
        }
        Ok(())
    }
}
