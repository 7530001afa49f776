//! One WebSocket connection, from the upgrade to the close handshake.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use faucet_connect::Secrets;
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::close::code;
use crate::error::ErrorContext;
use crate::frame::Frame;
use crate::keepalive::PingPayload;
use crate::lifecycle::Failure;
use crate::scan::TooManyFragments;
use crate::wire::{Stamp, Wire};

/// How long the peer may take to answer our Close, or to hang up after its own.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// tungstenite's own buffer: the wire's is the one that grows.
const READ_BUFFER: usize = 16 * 1024;
/// So much is collected before it is written without being flushed.
const WRITE_BUFFER: usize = 128 * 1024;
/// Room for control frames, however little else may wait for the socket.
const CONTROL_BUFFER: usize = 4 * 1024;
/// The longest header of a frame (RFC 6455 §5.2).
const LONGEST_HEADER: usize = 14;

/// What came in.
#[derive(Debug)]
pub(crate) enum Inbound {
    Message(Frame),
    /// It is answered already.
    Ping,
    Pong(Bytes),
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The peer sent a Close frame.
    Closed {
        code: Option<u16>,
        reason: String,
    },
    /// The stream ended without one.
    Dropped(Option<io::Error>),
    Violation(String),
    /// A text message, or the reason of a Close.
    NotUtf8 {
        close: bool,
    },
    TooLarge {
        size: usize,
        max: usize,
    },
    TooManyFragments,
}

impl End {
    pub(crate) fn failure(&self, context: ErrorContext<'_>) -> Failure {
        match self {
            Self::Closed { code, reason } => context.closed(*code, reason),
            Self::Dropped(error) => context.dropped(error.as_ref().map(copy_of)),
            Self::Violation(what) => context.violation(what),
            Self::NotUtf8 { close: false } => context.violation("a text message is not UTF-8"),
            Self::NotUtf8 { close: true } => {
                context.violation("the reason of a Close is not UTF-8")
            }
            Self::TooLarge { size, max } => context.too_large(&format!(
                "a message of {size} bytes is over the limit of {max} bytes (max_message_bytes)"
            )),
            Self::TooManyFragments => context.too_many_fragments(),
        }
    }

    /// Why the message that was coming in will never be handed over, if there was one.
    pub(crate) fn discards(&self, mid_message: bool) -> Option<&'static str> {
        match self {
            Self::Dropped(_) if mid_message => Some("partial_frame"),
            Self::NotUtf8 { close: false } => Some("not_utf8"),
            Self::TooLarge { .. } | Self::TooManyFragments => Some("too_large"),
            Self::NotUtf8 { close: true }
            | Self::Closed { .. }
            | Self::Dropped(_)
            | Self::Violation(_) => None,
        }
    }

    /// The code of our Close; `None` where only what is queued is sent.
    pub(crate) fn close_code(&self) -> Option<u16> {
        match self {
            Self::Closed { .. } | Self::Dropped(_) => None,
            Self::Violation(_) => Some(code::PROTOCOL),
            Self::NotUtf8 { .. } => Some(code::INVALID),
            Self::TooLarge { .. } => Some(code::TOO_BIG),
            Self::TooManyFragments => Some(code::POLICY),
        }
    }
}

/// A frame as it stands: that text is UTF-8 is not checked once more.
pub(crate) fn message(frame: Frame) -> Message {
    let (bytes, kind) = match frame {
        Frame::Text(bytes) => (bytes, Data::Text),
        Frame::Binary(bytes) => (bytes, Data::Binary),
    };
    Message::Frame(RawFrame::message(bytes, OpCode::Data(kind), true))
}

pub(crate) fn ping(payload: PingPayload) -> Message {
    Message::Ping(Bytes::copy_from_slice(&payload))
}

fn copy_of(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

pub(crate) struct Connection {
    secrets: Secrets,
    ws: WebSocketStream<Wire>,
    outbox: VecDeque<Message>,
    unflushed: bool,
    /// Bytes that the socket had taken when it was last looked whether it takes any.
    taken: u64,
    ping: PingPlace,
}

/// Where the last Ping of the keepalive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PingPlace {
    /// Behind what the socket has not taken yet.
    Queued,
    /// The socket took it then.
    Taken(Instant),
    /// The acceptance was reported; nothing changes any more.
    Reported,
}

impl Connection {
    /// `largest_sent` bounds the messages that will be sent, and what waits for the socket.
    pub(crate) fn new(
        wire: Wire,
        secrets: Secrets,
        max_message_bytes: usize,
        largest_sent: usize,
    ) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(largest_sent.clamp(CONTROL_BUFFER, WRITE_BUFFER))
            // A peer that pings and does not read must not fill the memory with Pongs: when the
            // buffer is full only the latest is kept (RFC 6455 §5.5.3).
            .max_write_buffer_size(largest_sent.max(CONTROL_BUFFER).saturating_add(LONGEST_HEADER))
            .max_message_size(Some(max_message_bytes))
            .max_frame_size(Some(max_message_bytes));
        // Nothing to wait for: with the upgrade done this only wraps the stream.
        let ws = WebSocketStream::from_raw_socket(wire, Role::Client, Some(config));
        let ws = futures_util::FutureExt::now_or_never(ws).expect("wrapping a stream does no I/O");
        Self {
            secrets,
            ws,
            outbox: VecDeque::new(),
            unflushed: false,
            taken: 0,
            ping: PingPlace::Reported,
        }
    }

    pub(crate) fn context<'a>(&'a self, url: &'a str) -> ErrorContext<'a> {
        ErrorContext { url, secrets: &self.secrets }
    }

    pub(crate) fn stamp(&self) -> Stamp {
        self.ws.get_ref().stamp()
    }

    /// From now on only what was read already comes out.
    pub(crate) fn shut(&mut self, shut: bool) {
        self.ws.get_mut().shut(shut);
    }

    /// How many bytes the transport took.
    pub(crate) fn written(&self) -> u64 {
        self.ws.get_ref().written()
    }

    pub(crate) fn queue(&mut self, frames: impl IntoIterator<Item = Frame>) {
        self.outbox.extend(frames.into_iter().map(message));
    }

    pub(crate) fn queue_ping(&mut self, payload: PingPayload) {
        self.taken = self.written();
        self.ping = PingPlace::Queued;
        self.outbox.push_back(ping(payload));
    }

    pub(crate) fn queue_pong(&mut self, payload: Bytes) {
        self.outbox.push_back(Message::Pong(payload));
    }

    /// Whether a message has begun to come in and not ended.
    pub(crate) fn is_mid_message(&self) -> bool {
        self.ws.get_ref().is_mid_message()
    }

    /// The instant at which the pong timeout starts. Until the socket has accepted the Ping this is
    /// `now` whenever bytes were written since the last call; afterwards it is the moment of
    /// acceptance. `None` if it did not change.
    pub(crate) fn ping_counts_from(&mut self, now: Instant) -> Option<Instant> {
        let (before, taken) = (self.taken, self.written());
        self.taken = taken;
        match self.ping {
            PingPlace::Queued => (before < taken).then_some(now),
            PingPlace::Taken(at) => {
                self.ping = PingPlace::Reported;
                Some(at)
            }
            PingPlace::Reported => None,
        }
    }

    /// Writes what is queued as far as the socket takes it. An error shows at the next read.
    #[inline]
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) {
        if self.unflushed || !self.outbox.is_empty() {
            let _ = self.poll_feed(cx, || None);
        }
    }

    /// Writes what is queued, then what `next` gives, and flushes once `next` has no more; ready
    /// when that is done. Asks `next` only while the socket takes what it gives. An error shows at
    /// the next read; until then nothing more is asked for.
    pub(crate) fn poll_feed(
        &mut self,
        cx: &mut Context<'_>,
        mut next: impl FnMut() -> Option<Message>,
    ) -> Poll<()> {
        loop {
            match ready!(self.ws.poll_ready_unpin(cx)) {
                Ok(()) if !self.ws.get_ref().is_deaf() => {}
                _ => {
                    self.outbox.clear();
                    return Poll::Pending;
                }
            }
            let Some(message) = self.outbox.pop_front().or_else(&mut next) else { break };
            match self.ws.start_send_unpin(message) {
                Err(WsError::WriteBufferFull(message)) => {
                    self.outbox.push_front(*message);
                    if ready!(self.ws.poll_flush_unpin(cx)).is_err() {
                        self.outbox.clear();
                        return Poll::Pending;
                    }
                }
                sent => self.unflushed |= sent.is_ok(),
            }
        }
        if self.unflushed {
            let _ = ready!(self.ws.poll_flush_unpin(cx));
            self.unflushed = false;
            if self.ping == PingPlace::Queued {
                self.ping = PingPlace::Taken(Instant::now());
            }
        }
        Poll::Ready(())
    }

    /// The same, and the answer to a Ping that the last read brought.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) {
        self.unflushed = true;
        self.poll_write(cx);
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Inbound, End>> {
        loop {
            let inbound = match ready!(self.ws.poll_next_unpin(cx)) {
                Some(Ok(Message::Text(text))) => Inbound::Message(Frame::Text(text.into())),
                Some(Ok(Message::Binary(bytes))) => Inbound::Message(Frame::Binary(bytes)),
                Some(Ok(Message::Ping(_))) => Inbound::Ping,
                Some(Ok(Message::Pong(payload))) => Inbound::Pong(payload),
                Some(Ok(Message::Close(_))) => return Poll::Ready(Err(self.closed())),
                // tungstenite hands out raw frames only to who asks for them.
                Some(Ok(Message::Frame(_))) => continue,
                Some(Err(error)) => return Poll::Ready(Err(self.classify(error))),
                None => return Poll::Ready(Err(End::Dropped(None))),
            };
            return Poll::Ready(Ok(inbound));
        }
    }

    fn classify(&self, error: WsError) -> End {
        match error {
            WsError::ConnectionClosed | WsError::AlreadyClosed => End::Dropped(None),
            WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Dropped(None),
            WsError::Io(error) => {
                match error.get_ref().map(|inner| inner.is::<TooManyFragments>()) {
                    Some(true) => End::TooManyFragments,
                    _ => End::Dropped(Some(error)),
                }
            }
            WsError::Utf8(_) => End::NotUtf8 { close: self.ws.get_ref().close_seen().is_some() },
            WsError::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
                End::TooLarge { size, max: max_size }
            }
            other => End::Violation(other.to_string()),
        }
    }

    /// What the peer's Close said, before tungstenite replaced codes that it does not know.
    fn closed(&self) -> End {
        let seen = self.ws.get_ref().close_seen();
        End::Closed {
            code: seen.and_then(|seen| seen.code()),
            reason: seen.map(|seen| seen.reason()).unwrap_or_default(),
        }
    }

    /// Sends Close with `code`, or only what is queued, and waits for the peer to hang up, at most a
    /// second. The last call on a connection. Returns the Close of the peer, if one came.
    pub(crate) async fn close_handshake(&mut self, code: Option<u16>) -> Option<End> {
        let handshake = async {
            self.shut(false);
            let sent = match code {
                Some(code) => {
                    let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
                    // Where the peer's Close came first, the answer to it is queued.
                    match self.ws.close(Some(frame)).await {
                        Err(_) => self.ws.flush().await,
                        sent => sent,
                    }
                }
                None => self.ws.flush().await,
            };
            if sent.is_err() {
                return;
            }
            // A socket that is dropped with unread bytes resets the connection, and the reset may
            // overtake our Close.
            let mut rest = vec![0; READ_BUFFER];
            while self.ws.get_mut().read(&mut rest).await.is_ok_and(|n| n > 0) {}
        };
        // A peer that does not answer is dropped.
        let _ = timeout(CLOSE_TIMEOUT, handshake).await;
        self.ws.get_ref().close_seen().is_some().then(|| self.closed())
    }
}
