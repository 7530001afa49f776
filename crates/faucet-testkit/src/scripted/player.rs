//! Plays a script over a stream.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};

use super::Script;
use super::channel::Channel;
use super::conversation::{Saying, Talk};
use super::deflate::Inflater;
use super::line::{Below, Ending, Line};
use super::log::Entry;
use super::seen::{End, Seen, parse_close};
use super::step::{Expected, Make, Opening, Step};
use super::upgrade::{Response, broken_rule, take_request};
use super::wire::Frame;

/// How long a Close may stay unanswered, and how long a stream is drained after its FIN.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// A burst is written in pieces of this size.
const PIECE: usize = 64 * 1024;

pub(crate) struct Player<S> {
    channel: Channel<S>,
    heeds_close: bool,
    echoed: bool,
    ending: Ending,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Player<S> {
    pub(crate) fn new(stream: S, below: Below<S>, entry: Entry<Seen>, talk: Talk) -> Self {
        let channel = Channel::new(Line::new(stream, below), entry, talk);
        Self { channel, heeds_close: true, echoed: false, ending: Ending::Fin }
    }

    /// Plays the whole script and logs how it ended.
    pub(crate) async fn run(mut self, script: Script) {
        self.channel.pace = script.pace;
        let end = match self.play(&script).await {
            Ok(end) | Err(end) => end,
        };
        // Before the ending: a client that has seen it finds the log complete.
        self.channel.entry.end(end);
        self.channel.line.end(self.ending, PATIENCE).await;
        if !matches!(self.ending, Ending::Reset) {
            self.channel.drain(PATIENCE).await;
        }
    }

    async fn play(&mut self, script: &Script) -> Result<End, End> {
        let opened = self.open(script).await;
        if let Some(end) = opened.map_err(|end| self.early(end, &script.steps, 0))? {
            return Ok(end);
        }
        let mut hold = script.early;
        for (index, step) in script.steps.iter().enumerate() {
            hold &= matches!(step, Step::Write(_) | Step::SendClose(_));
            self.channel.entry.doing(format_args!("step {}: {step:?}", index + 1));
            self.begin(step);
            let done = self.step(step, hold).await;
            if let Some(end) = done.map_err(|end| self.early(end, &script.steps[index..], 1))? {
                return Ok(end);
            }
            if !hold {
                // The step is done: a Close that came with its message is none of its business.
                let minded = self.mind_close().await;
                minded.map_err(|end| self.early(end, &script.steps[index + 1..], 0))?;
            }
        }
        self.channel.flush().await?;
        if self.channel.upgraded { self.rest().await } else { Ok(End::Script) }
    }

    /// The messages that a step waits for before any can meet it.
    fn begin(&mut self, step: &Step) {
        self.channel.arrived.begin_step();
        if let Step::Unordered(pairs) = step {
            self.channel.talk.open(pairs);
        }
    }

    /// How it ended when the client ended it with `steps` left, of which `begun` have begun: well,
    /// if they expect no more than what came.
    fn early(&mut self, end: End, steps: &[Step], begun: usize) -> End {
        if !matches!(end, End::ClientLeft | End::Broken(_) | End::ClientClosed) {
            return end;
        }
        let how = match &self.channel.arrived.close {
            Some(close) => format!("got Close {:?}", parse_close(close)),
            None => "the client left".to_owned(),
        };
        for (index, step) in steps.iter().enumerate() {
            if index >= begun {
                self.begin(step);
            }
            let missing = match self.missing(step) {
                Ok(missing) => missing,
                Err(end) => return end,
            };
            if let Some(missing) = missing {
                let passed = self.channel.arrived.passed_over();
                return End::Failure(format!("expected {missing}, {how}{passed}"));
            }
        }
        end
    }

    /// The part of a step's expectation that has not come; the part that came is taken.
    fn missing(&mut self, step: &Step) -> Result<Option<String>, End> {
        let Channel { arrived, talk, .. } = &mut self.channel;
        match step {
            Step::Expect(expected) => {
                let met = arrived.meets(expected)?;
                Ok((!met).then(|| format!("{expected:?}")))
            }
            Step::Unordered(_) => {
                while talk.is_open() && talk.answer_any(arrived).map_err(End::Failure)?.is_some() {}
                Ok(talk.still_open().map(|matching| format!("Unordered({matching:?})")))
            }
            // Its messages meet no other step, though nobody is there to read the answers.
            Step::Say(saying @ Saying::Whenever(..)) => {
                talk.say(saying, arrived).map(|_| None).map_err(End::Failure)
            }
            _ => Ok(None),
        }
    }

    async fn open(&mut self, script: &Script) -> Result<Option<End>, End> {
        self.channel.entry.doing("reads the request");
        match &script.opening {
            Opening::Answer(response) => self.answer(response, script.early).await?,
            Opening::Garbage(bytes) => {
                self.channel.turn().await?;
                self.channel.line.out.extend_from_slice(bytes);
                self.channel.flush().await?;
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
            self.channel.line.out.extend_from_slice(&Response::new(400).to_bytes(&request));
            self.channel.flush().await?;
            return Err(End::Failure(format!("the client sent {rule}")));
        }
        self.channel.line.out.extend_from_slice(&response.to_bytes(&request));
        self.channel.upgraded = response.is_upgrade();
        self.channel.inflater = Inflater::agreed(response.extensions());
        // A client may have sent frames along with its request.
        self.channel.digest()?;
        if early { Ok(()) } else { self.channel.flush().await }
    }

    async fn request(&mut self) -> Result<super::Request, End> {
        loop {
            let taken = take_request(&mut self.channel.line.inbox);
            match taken.map_err(|rule| End::Failure(format!("the client sent {rule}")))? {
                Some(request) => {
                    self.channel.entry.update(|seen| seen.request = Some(request.clone()));
                    return Ok(request);
                }
                None => self.channel.turn().await?,
            }
        }
    }

    /// Does one step; `Some` when it was the last. With `hold` nothing leaves yet.
    async fn step(&mut self, step: &Step, hold: bool) -> Result<Option<End>, End> {
        match step {
            Step::Write(bytes) => self.channel.line.out.extend_from_slice(bytes),
            Step::SendClose(payload) => self.channel.put_close(payload),
            Step::Say(saying) => {
                let said = self.channel.talk.say(saying, &mut self.channel.arrived);
                self.channel.line.out.extend(said.map_err(End::Failure)?);
            }
            _ => {}
        }
        if hold {
            return Ok(None);
        }
        self.channel.flush().await?;
        match step {
            Step::Write(_) | Step::SendClose(_) | Step::Say(_) => {}
            Step::Burst(n, make) => self.burst(*n, make).await?,
            Step::Expect(expected) => self.expect(expected).await?,
            Step::Unordered(_) => self.unordered().await?,
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
                self.channel.entry.resting("stalls");
                std::future::pending::<()>().await;
            }
            Step::Pongs(on) => self.channel.pongs = *on,
            Step::ReadTo(text) => {
                self.channel.last = Some(text.clone());
                while self.channel.last.is_some() {
                    self.mind_close().await?;
                    self.channel.turn().await?;
                }
            }
            Step::CloseEcho(on) => self.heeds_close = *on,
            Step::Pace(every) => self.channel.pace = Some(*every),
        }
        Ok(None)
    }

    async fn burst(&mut self, n: u64, make: &Make) -> Result<(), End> {
        for i in 0..n {
            Frame::text((make.0)(i)).write(&mut self.channel.line.out);
            if self.channel.line.out.len() >= PIECE {
                self.channel.flush().await?;
                self.mind_close().await?;
            }
        }
        self.channel.flush().await
    }

    async fn expect(&mut self, expected: &Expected) -> Result<(), End> {
        while !self.channel.arrived.meets(expected)? {
            self.note_passed_over();
            self.mind_close().await?;
            self.channel.turn().await?;
        }
        if matches!(expected, Expected::Close(_)) && self.heeds_close && !self.channel.close_sent {
            self.echo().await?;
        }
        Ok(())
    }

    async fn unordered(&mut self) -> Result<(), End> {
        while self.channel.talk.is_open() {
            let answer = self.channel.talk.answer_any(&mut self.channel.arrived);
            match answer.map_err(End::Failure)? {
                Some(bytes) => {
                    self.channel.line.out.extend(bytes);
                    self.channel.flush().await?;
                }
                None => {
                    self.note_passed_over();
                    self.mind_close().await?;
                    self.channel.turn().await?;
                }
            }
        }
        Ok(())
    }

    /// Says in the log which messages the current step does not take.
    fn note_passed_over(&self) {
        let passed = self.channel.arrived.passed_over();
        if !passed.is_empty() {
            self.channel.entry.passed_over(passed);
        }
    }

    /// Reads and answers until `enough` is ready.
    async fn during(&mut self, enough: impl Future<Output = ()>) -> Result<(), End> {
        let mut enough = pin!(enough);
        loop {
            tokio::select! {
                biased;
                () = &mut enough => return Ok(()),
                turned = self.channel.turn() => turned?,
            }
            self.mind_close().await?;
        }
    }

    /// Reads and answers until the client leaves.
    async fn rest(&mut self) -> Result<End, End> {
        self.channel.entry.resting("has nothing more to do");
        loop {
            if self.channel.close_sent && self.heeds_close && self.channel.arrived.close.is_some() {
                return Ok(if self.echoed { End::ClientClosed } else { End::Script });
            }
            self.mind_close().await?;
            self.channel.turn().await?;
        }
    }

    /// Answers the client's Close, which ends the connection. The answer to the script's own Close
    /// lets the script go on.
    async fn mind_close(&mut self) -> Result<(), End> {
        if self.channel.arrived.close.is_none() || self.channel.close_sent || !self.heeds_close {
            return Ok(());
        }
        self.echo().await?;
        Err(End::ClientClosed)
    }

    async fn echo(&mut self) -> Result<(), End> {
        self.echoed = true;
        let payload = self.channel.arrived.close.clone().unwrap_or_default();
        self.channel.put_close(&payload.slice(..payload.len().min(2)));
        self.channel.flush().await
    }

    async fn close(&mut self, payload: &Bytes) -> Result<End, End> {
        let answered = timeout(PATIENCE, async {
            self.channel.put_close(payload);
            self.channel.flush().await?;
            while self.channel.arrived.close.is_none() {
                self.channel.turn().await?;
            }
            Ok(())
        });
        match answered.await {
            Ok(answered) => answered.map(|()| End::Script),
            Err(_) => Ok(End::CloseUnanswered),
        }
    }
}
