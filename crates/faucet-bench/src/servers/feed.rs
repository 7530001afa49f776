//! Messages that were encoded before.

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::payload::Payload;
use crate::result::Result;
use crate::wire::deflate::Deflater;
use crate::wire::frame::{DEFLATED, TEXT, push_frame};
use crate::work::Compression;

/// What the upgrade says of a compression.
pub(super) fn extensions(compression: Compression) -> Option<&'static str> {
    match compression {
        Compression::None => None,
        Compression::Takeover => Some("permessage-deflate"),
        Compression::Reset => Some("permessage-deflate; server_no_context_takeover"),
    }
}

/// The different messages of a kind, as frames one behind the other.
pub(crate) struct Feed {
    frames: Vec<u8>,
    ends: Vec<usize>,
}

impl Feed {
    pub(crate) fn new(payload: Payload, compression: Compression) -> Result<Self> {
        let mut deflater = Deflater::new(compression == Compression::Reset);
        let (mut frames, mut ends) = (Vec::new(), Vec::new());
        for message in payload.messages() {
            if compression == Compression::None {
                push_frame(&mut frames, TEXT, message.as_bytes());
            } else {
                push_frame(&mut frames, DEFLATED, &deflater.message(message.as_bytes())?);
            }
            ends.push(frames.len());
        }
        Ok(Self { frames, ends })
    }

    /// The size of so many messages on the wire.
    pub(crate) fn size(&self, messages: u64) -> u64 {
        let all = self.ends.len() as u64;
        let last = (messages % all).checked_sub(1).map_or(0, |last| self.ends[last as usize]);
        messages / all * self.frames.len() as u64 + last as u64
    }

    /// What comes behind the first `sent` bytes of `size`: as much as lies in one piece.
    pub(crate) fn piece(&self, sent: u64, size: u64) -> &[u8] {
        let all = self.frames.len() as u64;
        let begin = sent % all;
        let end = all.min(begin + size - sent);
        &self.frames[begin as usize..end as usize]
    }

    /// Sends so many messages as fast as the stream takes them.
    pub(super) async fn send(
        &self,
        messages: u64,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<()> {
        let (mut sent, size) = (0, self.size(messages));
        while sent < size {
            let piece = self.piece(sent, size);
            to.write_all(piece).await?;
            sent += piece.len() as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Header;

    #[tokio::test]
    async fn as_many_messages_are_sent_as_were_asked_for() {
        for compression in [Compression::None, Compression::Takeover, Compression::Reset] {
            let feed = Feed::new(Payload::Book, compression).unwrap();
            for messages in [0, 1, 127, 128, 300] {
                let mut out = Vec::new();
                feed.send(messages, &mut out).await.unwrap();
                let (mut at, mut seen) = (0, 0);
                while let Some(header) = Header::read(&out[at..]) {
                    (at, seen) = (at + header.end(), seen + 1);
                }
                assert_eq!((at, seen), (out.len(), messages), "{compression:?}");
            }
        }
    }
}
