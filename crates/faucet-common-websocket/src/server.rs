//! A small accepting side, for feeds that are served and sinks that are tried on loopback.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use faucet_core::{MessageKind, Span, Timestamp};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::config::{ConnectOptions, MAX_FRAGMENTS};
use crate::frame::Frame;
use crate::machine::{
    Control, FrameLimits, Frames, Inbound, Inbox, Outbox, PeerClose, Pool, Role, Stamp, Taken,
    Utf8Policy, Violation,
};
pub use crate::server_upgrade::NotAnUpgrade;
use crate::server_upgrade::accept;

/// The largest message that is taken from a client.
const LIMITS: FrameLimits = FrameLimits {
    max_message_bytes: ConnectOptions::MAX_MESSAGE_BYTES as u64,
    max_fragments: MAX_FRAGMENTS,
};

/// Accepts WebSocket connections.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl Listener {
    /// Listens on `address`; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
    }

    /// The address that clients reach.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The next TCP connection, before its upgrade. Cancel safe.
    pub async fn accept(&self) -> io::Result<Incoming> {
        let (stream, peer) = self.0.accept().await?;
        stream.set_nodelay(true)?;
        Ok(Incoming { stream, peer })
    }
}

/// A TCP connection that has not been upgraded yet.
#[derive(Debug)]
pub struct Incoming {
    stream: TcpStream,
    peer: SocketAddr,
}

impl Incoming {
    /// The client's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Answers the upgrade.
    ///
    /// # Errors
    /// The request is no upgrade to WebSocket ([`NotAnUpgrade`] is inside), or the connection broke.
    pub async fn upgrade(mut self) -> io::Result<Client> {
        let leftover = accept(&mut self.stream).await?;
        let now = stamp();
        let frames = Frames::new(Role::Server, LIMITS, Utf8Policy::Fail);
        let mut client = Client {
            stream: self.stream,
            inbox: Inbox::new(frames, Pool::shared(), now),
            outbox: Outbox::new(Role::Server, Pool::shared()),
            spans: Vec::new(),
            unwritten: VecDeque::new(),
            written: 0,
            received: VecDeque::new(),
            next: None,
            ended: None,
        };
        if !leftover.is_empty() {
            // The request's head is short, and so is what came along with it.
            client.inbox.space()[..leftover.len()].copy_from_slice(&leftover);
            client.inbox.filled(leftover.len(), now);
            client.look();
        }
        Ok(client)
    }
}

/// How a client's stream has ended.
#[derive(Debug, Clone)]
enum Ended {
    Closed,
    Broken(Violation),
}

/// A connected client.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    inbox: Inbox,
    outbox: Outbox,
    spans: Vec<Span>,
    /// Where the messages end that the socket has not taken, among the bytes of the connection.
    unwritten: VecDeque<u64>,
    written: u64,
    received: VecDeque<Frame>,
    /// The frame behind the received messages. A Pong confirms everything before its Ping, so the
    /// Ping is answered only when those messages were taken.
    next: Option<Result<Control, Violation>>,
    ended: Option<Ended>,
}

impl Client {
    /// Sends all frames and flushes once.
    ///
    /// # Errors
    /// The connection broke, or a text frame is not UTF-8.
    pub async fn send(&mut self, frames: impl IntoIterator<Item = Frame>) -> io::Result<()> {
        for frame in frames {
            self.queue(&frame)?;
            if self.waiting() > WRITE_AHEAD {
                self.flush().await?;
            }
        }
        self.flush().await
    }

    /// Encodes a frame behind the bytes that wait for the socket. [`write`](Self::write) writes some
    /// of them; `send`, `receive`, `drain` and `close` write all of them first.
    ///
    /// # Errors
    /// A text frame is not UTF-8.
    pub fn queue(&mut self, frame: &Frame) -> io::Result<()> {
        if let Frame::Text(text) = frame {
            std::str::from_utf8(text).map_err(io::Error::other)?;
        }
        self.outbox.data(frame);
        self.unwritten.push_back(self.outbox.encoded());
        Ok(())
    }

    /// The encoded bytes that the socket has not taken.
    pub fn waiting(&self) -> usize {
        self.outbox.pending().len()
    }

    /// Writes at most `most` of the bytes that wait, in one go. Cancel safe.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn write(&mut self, most: usize) -> io::Result<()> {
        let pending = self.outbox.pending();
        let some = &pending[..most.min(pending.len())];
        if some.is_empty() {
            return Ok(());
        }
        let n = match self.stream.write(some).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => n,
        };
        self.outbox.wrote(n);
        while self.unwritten.front().is_some_and(|end| *end <= self.outbox.written()) {
            self.unwritten.pop_front();
            self.written += 1;
        }
        Ok(())
    }

    /// Messages whose last byte the socket has taken. The client may lack the latest of them: the
    /// operating system drops bytes that are on their way when a connection breaks.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Drops the connection without a Close frame. With `reset` the operating system also drops the
    /// bytes that it has not sent, and the client sees a reset. Otherwise the client sees the end of
    /// the stream behind the last written byte, unless bytes of the client were not read.
    pub fn abort(self, reset: bool) {
        if reset {
            // Without the option the connection ends with the stream's end, which is an end too.
            let _ = self.stream.set_zero_linger();
        }
    }

    /// The next message; `None` after the client's Close. Reading answers the client's Pings.
    /// Cancel safe.
    ///
    /// # Errors
    /// The connection broke, or the client violates the protocol.
    pub async fn receive(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.received.pop_front() {
                return Ok(Some(frame));
            }
            if let Some(next) = self.next.take() {
                self.act(next);
                continue;
            }
            self.flush().await?;
            match &self.ended {
                Some(Ended::Closed) => return Ok(None),
                Some(Ended::Broken(why)) => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, *why));
                }
                None => self.read().await?,
            }
        }
    }

    /// Reads, which answers the client's Pings, and drops what it reads. Completes when the client
    /// is gone, with `Ok` if it closed cleanly. Cancel safe.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    pub async fn drain(&mut self) -> io::Result<()> {
        while self.receive().await?.is_some() {
            self.received.clear();
        }
        Ok(())
    }

    /// Sends Close and waits for the client's answer.
    pub async fn close(mut self, code: u16, reason: &'static str) {
        self.outbox.close_with(code, reason);
        if self.flush().await.is_ok() {
            let _ = self.drain().await;
        }
    }

    /// Reads once. Cancel safe.
    async fn read(&mut self) -> io::Result<()> {
        self.stream.readable().await?;
        match self.stream.try_read(self.inbox.space()) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                self.inbox.filled(n, stamp());
                self.look();
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.inbox.rest(),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Acts on a control frame or a violation, and looks at what is behind it.
    fn act(&mut self, next: Result<Control, Violation>) {
        match next {
            Ok(Control::Ping(payload)) => self.outbox.pong(payload),
            Ok(Control::Pong(_)) => {}
            Ok(Control::Close(PeerClose { code, .. })) => {
                self.outbox.close(code);
                self.ended = Some(Ended::Closed);
                return;
            }
            Err(violation) => {
                self.outbox.close(Some(violation.close_code()));
                self.ended = Some(Ended::Broken(violation));
                return;
            }
        }
        self.look();
    }

    /// Takes the messages up to the next control frame.
    fn look(&mut self) {
        self.next = match self.inbox.next() {
            // Without an extension a batch is never full.
            Ok(Inbound::More | Inbound::Full) => None,
            Ok(Inbound::Control(control)) => Some(Ok(control)),
            Err(violation) => Some(Err(violation)),
        };
        if !self.inbox.has_messages() {
            return;
        }
        let bytes = match self.inbox.take(&mut self.spans) {
            Taken::Shared(bytes) => bytes,
            Taken::Small(bytes) => Bytes::copy_from_slice(bytes),
        };
        self.received.extend(self.spans.iter().map(|span| {
            let payload = bytes.slice(span.range());
            match span.kind {
                MessageKind::Text => Frame::Text(payload),
                MessageKind::Binary => Frame::Binary(payload),
            }
        }));
    }

    /// Writes what waits. Cancel safe.
    async fn flush(&mut self) -> io::Result<()> {
        while self.waiting() > 0 {
            self.write(usize::MAX).await?;
        }
        Ok(())
    }
}

/// So many bytes are encoded before they are written.
const WRITE_AHEAD: usize = 128 * 1024;

fn stamp() -> Stamp {
    let instant = tokio::time::Instant::now().into_std();
    Stamp { instant, timestamp: Timestamp::now() }
}
