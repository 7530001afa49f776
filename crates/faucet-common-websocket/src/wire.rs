//! The byte stream under a WebSocket: buffered adaptively, stamped at each read, and watched for
//! what tungstenite does not tell.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use faucet_connect::Io;
use faucet_core::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::scan::{CloseSeen, FrameScan};

const SMALLEST: usize = 16 * 1024;
const LARGEST: usize = 256 * 1024;

/// How large the read buffer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBuffer {
    /// Starts at 16 KiB and doubles up to 256 KiB while reads come back full.
    Adaptive,
    /// This many bytes.
    Fixed(usize),
}

/// When bytes were last read from the socket.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// By the clock that drives timers.
    pub instant: Instant,
    /// By the system clock.
    pub timestamp: Timestamp,
}

impl Stamp {
    pub(crate) fn now() -> Self {
        Self { instant: Instant::now(), timestamp: Timestamp::now() }
    }
}

/// The stream under the WebSocket.
pub(crate) struct Wire {
    io: Box<dyn Io>,
    buffer: Vec<u8>,
    filled: usize,
    taken: usize,
    sizing: ReadBuffer,
    stamp: Stamp,
    scan: FrameScan,
    /// Bytes that the transport took.
    written: u64,
    /// Set when only what was read already may still come out.
    shut: bool,
    /// Writing has failed. What arrived before is still read; then the error is told.
    deaf: bool,
    write_error: Option<io::Error>,
}

impl Wire {
    /// `leftover` came in behind the upgrade's answer.
    pub(crate) fn new(io: Box<dyn Io>, leftover: Vec<u8>, sizing: ReadBuffer) -> Self {
        let size = match sizing {
            ReadBuffer::Adaptive => SMALLEST,
            ReadBuffer::Fixed(size) => size,
        };
        let filled = leftover.len();
        let mut buffer = leftover;
        buffer.resize(size.max(filled), 0);
        let (stamp, scan) = (Stamp::now(), FrameScan::default());
        Self {
            io,
            buffer,
            filled,
            taken: 0,
            sizing,
            stamp,
            scan,
            written: 0,
            shut: false,
            deaf: false,
            write_error: None,
        }
    }

    /// When the bytes of the latest frame were read.
    pub(crate) fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The Close frame that went past, as the peer wrote it.
    pub(crate) fn close_seen(&self) -> Option<&CloseSeen> {
        self.scan.close_seen()
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn is_mid_message(&self) -> bool {
        self.scan.is_mid_message()
    }

    /// How many bytes the transport took.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Whether writing has failed: what is written now goes nowhere.
    pub(crate) fn is_deaf(&self) -> bool {
        self.deaf
    }

    /// From now on only what was read already comes out.
    pub(crate) fn shut(&mut self, shut: bool) {
        self.shut = shut;
    }

    /// tungstenite writes a queued Pong before it reads, and gives up on everything that it has
    /// read when that fails: the failure must wait.
    fn fall_deaf(&mut self, error: io::Error) {
        self.deaf = true;
        self.write_error = Some(error);
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.shut {
            return Poll::Pending;
        }
        let mut read = ReadBuf::new(&mut self.buffer);
        match Pin::new(&mut self.io).poll_read(cx, &mut read) {
            Poll::Ready(result) => result?,
            Poll::Pending => match self.write_error.take() {
                Some(error) => return Poll::Ready(Err(error)),
                None => return Poll::Pending,
            },
        }
        (self.taken, self.filled) = (0, read.filled().len());
        self.stamp = Stamp::now();
        let full = self.filled == self.buffer.len();
        if full && self.sizing == ReadBuffer::Adaptive && self.filled < LARGEST {
            self.buffer.resize(self.filled * 2, 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.taken == this.filled {
            ready!(this.poll_fill(cx))?;
        }
        let take = (this.filled - this.taken).min(out.remaining());
        out.put_slice(&this.buffer[this.taken..this.taken + take]);
        this.taken += take;
        // The copy has just come through the cache: looking at it costs a fraction of looking at the
        // buffer that the kernel filled.
        let copy = &out.filled()[out.filled().len() - take..];
        this.scan.watch(copy).map_err(io::Error::other)?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.deaf {
            return Poll::Ready(Ok(bytes.len()));
        }
        match ready!(Pin::new(&mut self.io).poll_write(cx, bytes)) {
            Ok(written) if written > 0 => {
                self.written += written as u64;
                Poll::Ready(Ok(written))
            }
            Ok(_) => {
                self.fall_deaf(io::ErrorKind::WriteZero.into());
                Poll::Ready(Ok(bytes.len()))
            }
            Err(error) => {
                self.fall_deaf(error);
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.deaf
            && let Err(error) = ready!(Pin::new(&mut self.io).poll_flush(cx))
        {
            self.fall_deaf(error);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn the_buffer_grows_while_reads_come_back_full_and_a_number_fixes_it() {
        for (sizing, expected) in [(ReadBuffer::Adaptive, LARGEST), (ReadBuffer::Fixed(5000), 5000)]
        {
            let (mut far, near) = tokio::io::duplex(1 << 20);
            // One binary frame of 1 MB, less the header.
            let mut frame = vec![0x82, 127, 0, 0, 0, 0, 0, 15, 0, 0];
            frame.resize(1 << 20, 7);
            far.write_all(&frame).await.unwrap();
            let mut wire = Wire::new(Box::new(near), Vec::new(), sizing);
            let mut out = vec![0; 1 << 20];
            wire.read_exact(&mut out[..983_050]).await.unwrap();
            assert_eq!(out[..983_050], frame[..983_050]);
            assert_eq!(wire.buffer.len(), expected);
        }
    }

    #[tokio::test]
    async fn a_shut_wire_gives_what_it_has_and_no_more() {
        let (mut far, near) = tokio::io::duplex(100);
        let mut wire = Wire::new(Box::new(near), vec![0x82, 1, b'a'], ReadBuffer::Adaptive);
        far.write_all(&[0x82, 1, b'b']).await.unwrap();
        wire.shut(true);
        let mut out = [0; 3];
        wire.read_exact(&mut out).await.unwrap();
        assert_eq!(out[2], b'a');
        let blocked = futures_util::poll!(std::pin::pin!(wire.read_u8()));
        assert!(blocked.is_pending());
        wire.shut(false);
        wire.read_exact(&mut out).await.unwrap();
        assert_eq!(out[2], b'b');
    }

    /// Reads what is given and cannot be written to.
    struct Broken(io::Cursor<Vec<u8>>);

    impl AsyncRead for Broken {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            out: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            if self.0.position() as usize == self.0.get_ref().len() {
                return Poll::Pending;
            }
            Pin::new(&mut self.0).poll_read(cx, out)
        }
    }

    impl AsyncWrite for Broken {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_failed_write_is_told_only_when_everything_was_read() {
        let io = Broken(io::Cursor::new(b"what arrived".to_vec()));
        let mut wire = Wire::new(Box::new(io), Vec::new(), ReadBuffer::Fixed(5));
        wire.write_all(b"pong").await.unwrap();
        wire.flush().await.unwrap();
        let mut out = [0; 12];
        wire.read_exact(&mut out).await.unwrap();
        assert_eq!(&out, b"what arrived");
        let error = wire.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
