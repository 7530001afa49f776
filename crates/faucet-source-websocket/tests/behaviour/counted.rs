//! A peer in memory, and what its clients have received from it.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use faucet_common_websocket::{Destination, Dial, DialFailure, Io, StepLog};
use faucet_testkit::{Chaos, Script, ScriptedPeer};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::support::refused;

/// The bytes that were read from one connection.
type Bytes = Arc<Mutex<Vec<u8>>>;

/// A peer in memory. It notes what its clients read.
pub(crate) struct Counted {
    peer: ScriptedPeer,
    read: Mutex<Vec<Bytes>>,
    chaos: Chaos,
}

impl Counted {
    pub(crate) fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self { peer: ScriptedPeer::new(scripts), read: Mutex::default(), chaos: Chaos::none() }
    }

    /// Each dial is two steps at which a run may be killed.
    pub(crate) fn killed_by(mut self, chaos: Chaos) -> Self {
        self.chaos = chaos;
        self
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.peer.connections().iter().any(|seen| seen.end.is_none())
    }

    /// The payloads of the messages that have arrived whole.
    pub(crate) fn received(&self) -> Vec<Vec<u8>> {
        let all = self.read.lock().unwrap();
        all.iter().flat_map(|bytes| messages(&bytes.lock().unwrap())).collect()
    }
}

/// The messages behind the answer to an upgrade. All frames are short.
fn messages(bytes: &[u8]) -> Vec<Vec<u8>> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let mut rest = end.map_or(&[][..], |end| &bytes[end + 4..]);
    let (mut messages, mut message) = (Vec::new(), Vec::new());
    while let [first, length, ..] = *rest {
        let Some(payload) = rest.get(2..2 + usize::from(length)) else { break };
        rest = &rest[2 + payload.len()..];
        let is_control = first & 0x08 != 0;
        if !is_control {
            message.extend_from_slice(payload);
            if first & 0x80 != 0 {
                messages.push(std::mem::take(&mut message));
            }
        }
    }
    messages
}

#[async_trait]
impl Dial for Counted {
    async fn dial(&self, to: &Destination, log: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        log.begin("tcp");
        self.chaos.step().await;
        let stream = self.peer.connect().map_err(|_| refused(to))?;
        self.chaos.step().await;
        let read = Bytes::default();
        self.read.lock().unwrap().push(Arc::clone(&read));
        Ok(Box::new(Noted { stream, read }))
    }
}

/// A stream whose bytes are noted when they are read.
struct Noted {
    stream: DuplexStream,
    read: Bytes,
}

impl AsyncRead for Noted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.read.lock().unwrap().extend_from_slice(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Noted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
