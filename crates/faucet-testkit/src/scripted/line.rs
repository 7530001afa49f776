//! A stream that is read while it is written.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// What can be done to the socket below a stream.
pub(crate) struct Below<S> {
    /// Makes the coming drop a reset.
    pub(crate) reset: fn(&S),
    /// Sends a FIN past whatever lies between.
    #[cfg(feature = "server")]
    pub(crate) cut: fn(&S),
}

impl<S> Below<S> {
    /// For streams without a socket.
    #[cfg(feature = "server")]
    pub(crate) const NOTHING: Self = Self { reset: |_| {}, cut: |_| {} };
}

/// How a stream ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    Fin,
    #[cfg(feature = "server")]
    Cut,
    Reset,
}

/// What a turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Read,
    Wrote,
    /// The far end sends nothing any more.
    Over,
}

pub(crate) struct Line<S> {
    stream: S,
    below: Below<S>,
    /// To be written; bytes before `written` are.
    pub(crate) out: Vec<u8>,
    written: usize,
    unflushed: bool,
    /// Follows when `out` is written, so that it lands in no frame's middle; see `pacing`.
    pub(crate) answers: Vec<u8>,
    /// Whether `out` is a part of something that must not be interrupted.
    pub(crate) pacing: bool,
    scratch: Box<[u8]>,
    /// What was read.
    pub(crate) inbox: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    pub(crate) fn new(stream: S, below: Below<S>) -> Self {
        Self {
            stream,
            below,
            out: Vec::new(),
            written: 0,
            unflushed: false,
            answers: Vec::new(),
            pacing: false,
            scratch: vec![0; PIECE].into(),
            inbox: BytesMut::new(),
        }
    }

    /// Whether everything is written.
    pub(crate) fn is_written(&self) -> bool {
        self.out.is_empty() && !self.unflushed && !self.answers_due()
    }

    fn answers_due(&self) -> bool {
        !self.answers.is_empty() && !self.pacing
    }

    /// Writes from `out` and reads into `inbox` what is possible at once, waiting only when neither
    /// is. Cancel safe.
    pub(crate) async fn turn(&mut self) -> io::Result<Turn> {
        let read = poll_fn(|cx| {
            let mut progress = false;
            if self.out.is_empty() && self.answers_due() {
                std::mem::swap(&mut self.out, &mut self.answers);
            }
            if !self.out.is_empty() {
                let rest = &self.out[self.written..];
                if let Poll::Ready(n) = Pin::new(&mut self.stream).poll_write(cx, rest)? {
                    self.written += n;
                    (progress, self.unflushed) = (true, true);
                    if self.written == self.out.len() {
                        self.out.clear();
                        self.written = 0;
                    }
                }
            }
            if self.unflushed && Pin::new(&mut self.stream).poll_flush(cx)?.is_ready() {
                (progress, self.unflushed) = (true, false);
            }
            let mut buffer = ReadBuf::new(&mut self.scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer)? {
                Poll::Ready(()) => Poll::Ready(io::Result::Ok(Some(buffer.filled().len()))),
                Poll::Pending if progress => Poll::Ready(Ok(None)),
                Poll::Pending => Poll::Pending,
            }
        });
        Ok(match read.await? {
            Some(0) => Turn::Over,
            Some(n) => {
                self.inbox.extend_from_slice(&self.scratch[..n]);
                Turn::Read
            }
            None => Turn::Wrote,
        })
    }

    /// Ends the stream. What is not written by now is dropped.
    pub(crate) async fn end(&mut self, ending: Ending, patience: Duration) {
        match ending {
            Ending::Reset => (self.below.reset)(&self.stream),
            #[cfg(feature = "server")]
            Ending::Cut => (self.below.cut)(&self.stream),
            Ending::Fin => {
                // The far end may be gone, or not read.
                let _ = timeout(patience, self.stream.shutdown()).await;
            }
        }
        self.out.clear();
        self.answers.clear();
        self.written = 0;
    }
}
