//! Frames that clients send, counted and thrown away as fast as they come in.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::wire::frame::{BINARY, CLOSE, DEFLATED, Header, PING, PONG, TEXT, mask, push_frame};

/// Large enough that reading is not what holds a sender back.
const BUFFER: usize = 256 << 10;

/// Reads what a client sends.
pub(crate) struct ClientFrames {
    buffer: Vec<u8>,
    filled: usize,
    /// So much of a payload is still to come.
    skip: usize,
    /// Messages so far.
    pub(crate) messages: u64,
}

/// What a read brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// The Pongs for the Pings in it.
    pub(crate) answers: Vec<u8>,
    /// The client has said Close, or is gone.
    pub(crate) over: bool,
}

impl ClientFrames {
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; BUFFER], filled: 0, skip: 0, messages: 0 }
    }

    /// Reads once.
    pub(crate) async fn read(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<Arrived> {
        let n = from.read(&mut self.buffer[self.filled..]).await?;
        self.filled += n;
        let mut arrived = Arrived { over: n == 0, ..Arrived::default() };
        self.take(&mut arrived)?;
        Ok(arrived)
    }

    /// Takes what was read by somebody else.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> io::Result<Arrived> {
        let mut arrived = Arrived::default();
        while !bytes.is_empty() {
            let space = &mut self.buffer[self.filled..];
            let n = bytes.len().min(space.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.filled += n;
            bytes = &bytes[n..];
            self.take(&mut arrived)?;
        }
        Ok(arrived)
    }

    /// Reads until the client says Close or is gone, and answers nothing.
    pub(crate) async fn read_to_end(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<()> {
        while !self.read(from).await?.over {}
        Ok(())
    }

    fn take(&mut self, arrived: &mut Arrived) -> io::Result<()> {
        let mut at = self.skip.min(self.filled);
        self.skip -= at;
        while let Some(header) = Header::read(&self.buffer[at..self.filled]) {
            let (start, end) = (at + header.start, at + header.end());
            match header.first {
                TEXT | BINARY | DEFLATED => self.messages += 1,
                PING | PONG | CLOSE if end > self.filled => break,
                PING => {
                    let payload = &mut self.buffer[start..end];
                    mask(payload, header.mask.unwrap_or_default());
                    push_frame(&mut arrived.answers, PONG, payload);
                }
                PONG => {}
                CLOSE => arrived.over = true,
                first => return Err(io::Error::other(format!("a frame begins with {first:#x}"))),
            }
            self.skip = end.saturating_sub(self.filled);
            at = end.min(self.filled);
        }
        self.buffer.copy_within(at..self.filled, 0);
        self.filled -= at;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::tests::push_masked;

    #[tokio::test]
    async fn messages_are_counted_and_pings_answered_however_the_bytes_come() {
        let mut sent = Vec::new();
        let mut pongs = Vec::new();
        for n in 0..40u8 {
            push_masked(&mut sent, TEXT, &vec![b'x'; usize::from(n) * 20], [n, 2, 3, 4]);
            push_masked(&mut sent, PING, &[n; 8], [4, 3, 2, n]);
            push_frame(&mut pongs, PONG, &[n; 8]);
        }
        push_masked(&mut sent, CLOSE, &1000u16.to_be_bytes(), [1; 4]);
        for step in [1, 7, 1000, sent.len()] {
            let (mut frames, mut answers, mut over) = (ClientFrames::new(), Vec::new(), false);
            for mut piece in sent.chunks(step) {
                let arrived = frames.read(&mut piece).await.unwrap();
                answers.extend(arrived.answers);
                over = arrived.over;
            }
            let (mut pushed, mut pushed_answers) = (ClientFrames::new(), Vec::new());
            for piece in sent.chunks(step) {
                pushed_answers.extend(pushed.push(piece).unwrap().answers);
            }
            assert_eq!((pushed.messages, pushed_answers), (40, pongs.clone()), "{step}");
            assert_eq!((frames.messages, over), (40, true), "{step}");
            assert_eq!(answers, pongs, "{step}");
        }
    }

    #[tokio::test]
    async fn an_end_without_a_close_is_an_end() {
        assert!(ClientFrames::new().read(&mut &b""[..]).await.unwrap().over);
        assert!(ClientFrames::new().read(&mut &b"\x83\x80\0\0\0\0"[..]).await.is_err());
    }
}
