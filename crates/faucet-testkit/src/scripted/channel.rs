//! The frames of a stream: reads and sorts those of the client, answers its pings and what a
//! conversation answers at once, and writes.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};

use super::arrived::Arrived;
use super::conversation::Talk;
use super::deflate::Inflater;
use super::line::{Line, Turn};
use super::log::Entry;
use super::seen::{End, Seen};
use super::wire::{Frame, ReceivedFrame, opcode, take_frame};

pub(crate) struct Channel<S> {
    pub(crate) line: Line<S>,
    pub(crate) entry: Entry<Seen>,
    pub(crate) arrived: Arrived,
    pub(crate) talk: Talk,
    /// Whether what comes are frames.
    pub(crate) upgraded: bool,
    pub(crate) inflater: Option<Inflater>,
    pub(crate) pongs: bool,
    /// The text message behind which pings are not answered.
    pub(crate) last: Option<String>,
    pub(crate) close_sent: bool,
    pub(crate) pace: Option<Duration>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Channel<S> {
    pub(crate) fn new(line: Line<S>, entry: Entry<Seen>, talk: Talk) -> Self {
        Self {
            line,
            entry,
            arrived: Arrived::default(),
            talk,
            upgraded: false,
            inflater: None,
            pongs: true,
            last: None,
            close_sent: false,
            pace: None,
        }
    }

    pub(crate) fn put_close(&mut self, payload: &Bytes) {
        self.close_sent = true;
        Frame::new(opcode::CLOSE, payload.clone()).write(&mut self.line.out);
    }

    /// Reads until the client's FIN: closing a socket that has unread bytes would reset it and take
    /// from the client what it has not read yet.
    pub(crate) async fn drain(&mut self, patience: Duration) {
        self.pongs = false;
        self.talk.fall_silent();
        let _ = timeout(patience, async { while self.turn().await.is_ok() {} }).await;
    }

    /// Writes all of `out`, reading meanwhile.
    pub(crate) async fn flush(&mut self) -> Result<(), End> {
        if let Some(every) = self.pace {
            self.line.pacing = true;
            for byte in std::mem::take(&mut self.line.out) {
                self.line.out.push(byte);
                self.write_out().await?;
                sleep(every).await;
            }
            self.line.pacing = false;
        }
        self.write_out().await
    }

    async fn write_out(&mut self) -> Result<(), End> {
        while !self.line.is_written() {
            self.turn().await?;
        }
        Ok(())
    }

    pub(crate) async fn turn(&mut self) -> Result<(), End> {
        match self.line.turn().await {
            Ok(Turn::Read) => self.digest(),
            Ok(Turn::Wrote) => Ok(()),
            Ok(Turn::Over) => Err(End::ClientLeft),
            Err(error) => Err(End::Broken(error.to_string())),
        }
    }

    /// The first whole frame of `inbox`, inflated; or the rule that it breaks.
    fn take_frame(&mut self) -> Result<Option<ReceivedFrame>, String> {
        let taken = take_frame(&mut self.line.inbox, self.inflater.is_some())?;
        let Some(mut frame) = taken else { return Ok(None) };
        if let Some(inflater) = self.inflater.as_mut().filter(|_| frame.compressed) {
            let message = inflater.inflate(&frame.payload);
            frame.payload = message.ok_or("a compressed message that is corrupt")?.into();
        }
        Ok(Some(frame))
    }

    /// Takes the whole frames out of `inbox`. Before the upgrade they are the request's business.
    pub(crate) fn digest(&mut self) -> Result<(), End> {
        let mut frames = Vec::new();
        let broken = loop {
            match self.upgraded.then(|| self.take_frame()) {
                Some(Ok(Some(frame))) => frames.push(frame),
                Some(Err(rule)) => break Some(rule),
                Some(Ok(None)) | None => break None,
            }
        };
        let mut failure = None;
        for frame in &frames {
            if frame.opcode == opcode::PING && self.pongs {
                Frame::new(opcode::PONG, frame.payload.clone()).write(&mut self.line.answers);
            }
            let before = self.arrived.waiting();
            self.arrived.take(frame);
            match self.talk.answer_at_once(&mut self.arrived, before) {
                Ok(answer) if self.close_sent => drop(answer),
                Ok(answer) => self.line.answers.extend(answer),
                Err(why) => failure = failure.or(Some(why)),
            }
            if self.last.as_ref().is_some_and(|last| frame.payload == last.as_bytes()) {
                self.last = None;
                self.pongs = false;
            }
        }
        if !frames.is_empty() {
            self.entry.update(|seen| seen.frames.extend(frames));
        }
        let broken = broken.map(|rule| format!("the client sent {rule}"));
        match failure.or(broken) {
            Some(failure) => Err(End::Failure(failure)),
            None => Ok(()),
        }
    }
}
