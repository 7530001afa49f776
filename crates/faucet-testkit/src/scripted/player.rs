//! Plays a script over a stream.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};

use super::Script;
use super::arrived::Arrived;
use super::deflate::Inflater;
use super::line::{Below, Ending, Line, Turn};
use super::seen::{End, Entry, parse_close};
use super::step::{Expected, Make, Opening, Step};
use super::upgrade::{Response, broken_rule, take_request};
use super::wire::{Frame, ReceivedFrame, opcode, take_frame};

/// How long a Close may stay unanswered, and how long a stream is drained after its FIN.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// A burst is written in pieces of this size.
const PIECE: usize = 64 * 1024;

pub(crate) struct Player<S> {
    line: Line<S>,
    entry: Entry,
    arrived: Arrived,
    upgraded: bool,
    inflater: Option<Inflater>,
    pongs: bool,
    /// The text message behind which pings are not answered.
    last: Option<String>,
    heeds_close: bool,
    close_sent: bool,
    echoed: bool,
    pace: Option<Duration>,
    ending: Ending,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Player<S> {
    pub(crate) fn new(stream: S, below: Below<S>, entry: Entry) -> Self {
        Self {
            line: Line::new(stream, below),
            entry,
            arrived: Arrived::default(),
            upgraded: false,
            inflater: None,
            pongs: true,
            last: None,
            heeds_close: true,
            close_sent: false,
            echoed: false,
            pace: None,
            ending: Ending::Fin,
        }
    }

    /// Plays the whole script and logs how it ended.
    pub(crate) async fn run(mut self, script: Script) {
        self.pace = script.pace;
        let end = match self.play(&script).await {
            Ok(end) | Err(end) => end,
        };
        // Before the ending: a client that has seen it finds the log complete.
        self.entry.end(end);
        self.line.end(self.ending, PATIENCE).await;
        if !matches!(self.ending, Ending::Reset) {
            self.drain().await;
        }
    }

    async fn play(&mut self, script: &Script) -> Result<End, End> {
        if let Some(end) = self.open(script).await.map_err(|end| self.early(end, &script.steps))? {
            return Ok(end);
        }
        let mut hold = script.early;
        for (index, step) in script.steps.iter().enumerate() {
            hold &= matches!(step, Step::Write(_) | Step::SendClose(_));
            self.entry.doing(format_args!("step {}: {step:?}", index + 1));
            let done = self.step(step, hold).await;
            if let Some(end) = done.map_err(|end| self.early(end, &script.steps[index..]))? {
                return Ok(end);
            }
        }
        self.flush().await?;
        if self.upgraded { self.rest().await } else { Ok(End::Script) }
    }

    /// How it ended when the client ended it with `steps` left: well, if they expect no more than
    /// what came.
    fn early(&mut self, end: End, steps: &[Step]) -> End {
        if !matches!(end, End::ClientLeft | End::Broken(_) | End::ClientClosed) {
            return end;
        }
        let how = match &self.arrived.close {
            Some(close) => format!("got Close {:?}", parse_close(close)),
            None => "the client left".to_owned(),
        };
        for step in steps {
            let Step::Expect(expected) = step else { continue };
            match self.arrived.meets(expected) {
                Ok(true) => {}
                Ok(false) => return End::Failure(format!("expected {expected:?}, {how}")),
                Err(end) => return end,
            }
        }
        end
    }

    async fn open(&mut self, script: &Script) -> Result<Option<End>, End> {
        self.entry.doing("reads the request");
        match &script.opening {
            Opening::Answer(response) => self.answer(response, script.early).await?,
            Opening::Garbage(bytes) => {
                self.turn().await?;
                self.line.out.extend_from_slice(bytes);
                self.flush().await?;
            }
            Opening::Silent => return self.rest().await.map(Some),
            Opening::HangUp => return self.request().await.map(|_| Some(End::Script)),
            Opening::Reset => {
                self.request().await?;
                self.ending = Ending::Reset;
                return Ok(Some(End::Script));
            }
        }
        Ok(None)
    }

    async fn answer(&mut self, response: &Response, early: bool) -> Result<(), End> {
        let request = self.request().await?;
        if let Some(rule) = response.is_upgrade().then(|| broken_rule(&request)).flatten() {
            self.line.out.extend_from_slice(&Response::new(400).to_bytes(&request));
            self.flush().await?;
            return Err(End::Failure(format!("the client sent {rule}")));
        }
        self.line.out.extend_from_slice(&response.to_bytes(&request));
        self.upgraded = response.is_upgrade();
        self.inflater = Inflater::agreed(response.extensions());
        // A client may have sent frames along with its request.
        self.digest()?;
        if early { Ok(()) } else { self.flush().await }
    }

    async fn request(&mut self) -> Result<super::Request, End> {
        loop {
            let taken = take_request(&mut self.line.inbox);
            match taken.map_err(|rule| End::Failure(format!("the client sent {rule}")))? {
                Some(request) => {
                    self.entry.update(|seen| seen.request = Some(request.clone()));
                    return Ok(request);
                }
                None => self.turn().await?,
            }
        }
    }

    /// Does one step; `Some` when it was the last. With `hold` nothing leaves yet.
    async fn step(&mut self, step: &Step, hold: bool) -> Result<Option<End>, End> {
        match step {
            Step::Write(bytes) => self.line.out.extend_from_slice(bytes),
            Step::SendClose(payload) => self.put_close(payload),
            _ => {}
        }
        if hold {
            return Ok(None);
        }
        self.flush().await?;
        match step {
            Step::Write(_) | Step::SendClose(_) => {}
            Step::Burst(n, make) => self.burst(*n, make).await?,
            Step::Expect(expected) => self.expect(expected).await?,
            Step::Wait(gate) => self.during(gate.pass()).await?,
            Step::Ignore(gate) => gate.pass().await,
            Step::Pause(time) => self.during(sleep(*time)).await?,
            Step::Close(payload) => return self.close(payload).await.map(Some),
            Step::HangUp => return Ok(Some(End::Script)),
            Step::Cut | Step::Reset => {
                let reset = matches!(step, Step::Reset);
                self.ending = if reset { Ending::Reset } else { Ending::Cut };
                return Ok(Some(End::Script));
            }
            Step::Stall => {
                self.entry.resting("stalls");
                std::future::pending::<()>().await;
            }
            Step::Pongs(on) => self.pongs = *on,
            Step::ReadTo(text) => {
                self.last = Some(text.clone());
                while self.last.is_some() {
                    self.mind_close().await?;
                    self.turn().await?;
                }
            }
            Step::CloseEcho(on) => self.heeds_close = *on,
            Step::Pace(every) => self.pace = Some(*every),
        }
        self.mind_close().await?;
        Ok(None)
    }

    async fn burst(&mut self, n: u64, make: &Make) -> Result<(), End> {
        for i in 0..n {
            Frame::text((make.0)(i)).write(&mut self.line.out);
            if self.line.out.len() >= PIECE {
                self.flush().await?;
                self.mind_close().await?;
            }
        }
        self.flush().await
    }

    async fn expect(&mut self, expected: &Expected) -> Result<(), End> {
        while !self.arrived.meets(expected)? {
            self.mind_close().await?;
            self.turn().await?;
        }
        if matches!(expected, Expected::Close(_)) && self.heeds_close && !self.close_sent {
            self.echo().await?;
        }
        Ok(())
    }

    /// Reads and answers until `enough` is ready.
    async fn during(&mut self, enough: impl Future<Output = ()>) -> Result<(), End> {
        let mut enough = pin!(enough);
        loop {
            tokio::select! {
                biased;
                () = &mut enough => return Ok(()),
                turned = self.turn() => turned?,
            }
            self.mind_close().await?;
        }
    }

    /// Reads and answers until the client leaves.
    async fn rest(&mut self) -> Result<End, End> {
        self.entry.resting("has nothing more to do");
        loop {
            if self.close_sent && self.heeds_close && self.arrived.close.is_some() {
                return Ok(if self.echoed { End::ClientClosed } else { End::Script });
            }
            self.mind_close().await?;
            self.turn().await?;
        }
    }

    /// Answers the client's Close, which ends the connection. The answer to the script's own Close
    /// lets the script go on.
    async fn mind_close(&mut self) -> Result<(), End> {
        if self.arrived.close.is_none() || self.close_sent || !self.heeds_close {
            return Ok(());
        }
        self.echo().await?;
        Err(End::ClientClosed)
    }

    async fn echo(&mut self) -> Result<(), End> {
        self.echoed = true;
        let payload = self.arrived.close.clone().unwrap_or_default();
        self.put_close(&payload.slice(..payload.len().min(2)));
        self.flush().await
    }

    fn put_close(&mut self, payload: &Bytes) {
        self.close_sent = true;
        Frame::new(opcode::CLOSE, payload.clone()).write(&mut self.line.out);
    }

    async fn close(&mut self, payload: &Bytes) -> Result<End, End> {
        let answered = timeout(PATIENCE, async {
            self.put_close(payload);
            self.flush().await?;
            while self.arrived.close.is_none() {
                self.turn().await?;
            }
            Ok(())
        });
        match answered.await {
            Ok(answered) => answered.map(|()| End::Script),
            Err(_) => Ok(End::CloseUnanswered),
        }
    }

    /// Reads until the client's FIN: closing a socket that has unread bytes would reset it and take
    /// from the client what it has not read yet.
    async fn drain(&mut self) {
        self.pongs = false;
        let _ = timeout(PATIENCE, async { while self.turn().await.is_ok() {} }).await;
    }

    /// Writes all of `out`, reading meanwhile.
    async fn flush(&mut self) -> Result<(), End> {
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

    async fn turn(&mut self) -> Result<(), End> {
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
    fn digest(&mut self) -> Result<(), End> {
        let mut frames = Vec::new();
        let broken = loop {
            match self.upgraded.then(|| self.take_frame()) {
                Some(Ok(Some(frame))) => frames.push(frame),
                Some(Err(rule)) => break Some(rule),
                Some(Ok(None)) | None => break None,
            }
        };
        for frame in &frames {
            if frame.opcode == opcode::PING && self.pongs {
                Frame::new(opcode::PONG, frame.payload.clone()).write(&mut self.line.answers);
            }
            self.arrived.take(frame);
            if self.last.as_ref().is_some_and(|last| frame.payload == last.as_bytes()) {
                self.last = None;
                self.pongs = false;
            }
        }
        if !frames.is_empty() {
            self.entry.update(|seen| seen.frames.extend(frames));
        }
        match broken {
            Some(rule) => Err(End::Failure(format!("the client sent {rule}"))),
            None => Ok(()),
        }
    }
}
