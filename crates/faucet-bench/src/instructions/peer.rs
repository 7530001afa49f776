//! A WebSocket peer in memory. It does nothing by chance: the same reads and writes in every run.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use faucet_connect::{Destination, Dial, DialFailure, Io, StepLog};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::servers::feed::Feed;
use crate::wire::client_frames::ClientFrames;
use crate::wire::frame::{CLOSE, push_frame};
use crate::wire::upgrade::{Request, answer};

const NORMAL_CLOSE: [u8; 2] = 1000u16.to_be_bytes();

/// Dials peers that send so many messages of a feed, or none, and discard what they get.
pub(super) struct MemoryDial {
    feed: Arc<Feed>,
    messages: u64,
}

impl MemoryDial {
    /// The peer sends `messages` and says Close.
    pub(super) fn feed(feed: Arc<Feed>, messages: u64) -> Arc<Self> {
        Arc::new(Self { feed, messages })
    }

    /// The peer only reads. It answers Pings and Close.
    pub(super) fn black_hole(feed: Arc<Feed>) -> Arc<Self> {
        Arc::new(Self { feed, messages: 0 })
    }
}

#[async_trait]
impl Dial for MemoryDial {
    async fn dial(&self, _: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        log.begin("tcp");
        log.done("memory");
        Ok(Box::new(Peer::new(Arc::clone(&self.feed), self.messages)))
    }
}

/// The end of the client, with the peer behind it.
struct Peer {
    feed: Arc<Feed>,
    /// Bytes of the feed that were read, and all that there are.
    sent: u64,
    size: u64,
    /// What the client reads before the feed goes on.
    answers: Vec<u8>,
    /// The request, until it is whole.
    request: Option<Vec<u8>>,
    frames: ClientFrames,
    /// Close was said: the end comes once it is read.
    over: bool,
    reader: Option<Waker>,
}

impl Peer {
    fn new(feed: Arc<Feed>, messages: u64) -> Self {
        let size = feed.size(messages);
        Self {
            feed,
            sent: 0,
            size,
            answers: Vec::new(),
            request: Some(Vec::new()),
            frames: ClientFrames::new(),
            over: false,
            reader: None,
        }
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(request) = &mut self.request {
            request.extend_from_slice(bytes);
            if !request.ends_with(b"\r\n\r\n") {
                return Ok(());
            }
            let head = String::from_utf8_lossy(request);
            let request = Request::parse(&head).map_err(io::Error::other)?;
            self.answers = answer(&request, None).into_bytes();
            self.request = None;
            return Ok(());
        }
        let arrived = self.frames.push(bytes)?;
        self.answers.extend_from_slice(&arrived.answers);
        if arrived.over && !self.over {
            self.close();
        }
        Ok(())
    }

    fn close(&mut self) {
        push_frame(&mut self.answers, CLOSE, &NORMAL_CLOSE);
        self.over = true;
    }

    /// Gives the client what is there for it; `false` when there is nothing yet.
    fn give(&mut self, out: &mut ReadBuf<'_>) -> bool {
        if self.answers.is_empty() && self.sent < self.size && self.request.is_none() {
            let piece = self.feed.piece(self.sent, self.size);
            let n = piece.len().min(out.remaining());
            out.put_slice(&piece[..n]);
            self.sent += n as u64;
            if self.sent == self.size && !self.over {
                self.close();
            }
            return true;
        }
        let n = self.answers.len().min(out.remaining());
        out.put_slice(&self.answers[..n]);
        self.answers.drain(..n);
        // Nothing behind a Close is the end of the stream.
        n > 0 || self.over
    }
}

impl AsyncRead for Peer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.give(out) {
            return Poll::Ready(Ok(()));
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl AsyncWrite for Peer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.take(bytes)?;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
