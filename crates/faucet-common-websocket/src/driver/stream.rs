//! The byte stream of a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use faucet_connect::{Io, Secrets};
use faucet_session::connect::Dialing;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::machine::deflate::Agreed;
use crate::machine::{Machine, Stamp};
use crate::made::Made;

/// A byte stream whose upgrade has succeeded.
pub(crate) struct Upgraded {
    pub(crate) io: Box<dyn Io>,
    /// The bytes behind the answer: frames already.
    pub(crate) leftover: Vec<u8>,
    pub(crate) secrets: Secrets,
    /// The compression that was agreed.
    pub(crate) deflate: Option<Agreed>,
    /// The values that were made and taken before the connect, where there is a conversation.
    pub(crate) dialing: Option<Dialing>,
    pub(crate) made: Made,
}

/// The byte stream of a connection.
pub(crate) struct Stream {
    io: Box<dyn Io>,
    /// Whether bytes were written that a layer below may still hold back.
    unflushed: bool,
    /// Whether the last read said that nothing is left in a layer below.
    dry: bool,
    /// How the stream has ended, when bytes came in right before: they are looked at first.
    end: Option<ReadRound>,
}

/// How a round of reading ended.
#[derive(Debug)]
pub(crate) enum ReadRound {
    /// Bytes came in.
    Some,
    /// The stream has ended, or reading has failed.
    Ended(Option<io::Error>),
}

impl Stream {
    pub(crate) fn new(io: Box<dyn Io>) -> Self {
        Self { io, unflushed: false, dry: false, end: None }
    }

    /// Reads what is there, as far as there is room. Pending when nothing is.
    ///
    /// Readiness comes first: the machine borrows a buffer only when there is something to read.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        machine: &mut Machine,
        stamp: impl Fn() -> Stamp,
    ) -> Poll<ReadRound> {
        if let Some(end) = self.end.take() {
            return Poll::Ready(end);
        }
        // A TLS layer may hold plaintext although its socket is not readable.
        if self.dry || self.io.as_ref().is_direct() {
            ready!(self.io.as_ref().poll_read_ready(cx));
        }
        let mut total = 0;
        loop {
            let Some(space) = machine.space() else { return Poll::Pending };
            let room = space.len();
            let mut read = ReadBuf::new(space);
            let polled = Pin::new(&mut self.io).poll_read(cx, &mut read);
            let n = read.filled().len();
            let round = match polled {
                Poll::Pending if total == 0 => {
                    self.dry = true;
                    return Poll::Pending;
                }
                Poll::Pending => {
                    self.dry = true;
                    Some(ReadRound::Some)
                }
                Poll::Ready(Err(error)) => Some(ReadRound::Ended(Some(error))),
                Poll::Ready(Ok(())) if n == 0 => Some(ReadRound::Ended(None)),
                Poll::Ready(Ok(())) => {
                    self.dry = false;
                    total += n;
                    machine.filled(n, stamp());
                    // A short read of a socket leaves nothing behind. A layer like TLS gives small
                    // pieces: they are collected while there is room for another.
                    let more = !self.io.as_ref().is_direct() && room - n >= LARGEST_PIECE;
                    (!more).then_some(ReadRound::Some)
                }
            };
            let Some(round) = round else { continue };
            if total == 0 {
                return Poll::Ready(round);
            }
            machine.received(stamp());
            if matches!(round, ReadRound::Ended(_)) {
                self.end = Some(round);
            }
            return Poll::Ready(ReadRound::Some);
        }
    }

    /// Writes what the machine has, and flushes it. Ready when all of it was taken.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        machine: &mut Machine,
        now: impl Fn() -> Instant,
    ) -> Poll<()> {
        while !machine.pending().is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(cx, machine.pending())) {
                Ok(n) if n > 0 => {
                    self.unflushed = true;
                    machine.wrote(n, now());
                }
                Ok(_) => machine.write_failed(io::ErrorKind::WriteZero.into()),
                Err(error) => machine.write_failed(error),
            }
        }
        if self.unflushed {
            if let Err(error) = ready!(Pin::new(&mut self.io).poll_flush(cx)) {
                machine.write_failed(error);
            }
            self.unflushed = false;
        }
        Poll::Ready(())
    }
}

/// The most bytes that a TLS layer gives at a time (RFC 8446 §5.1).
const LARGEST_PIECE: usize = 16 * 1024;
