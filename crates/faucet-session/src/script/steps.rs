//! The script of a dialogue, step by step.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use faucet_connect::Quote;
use faucet_core::select::Message;

use crate::keys::{AckPer, AnswerIs, OnFail, Only};
use crate::place::Place;
use crate::plan::{Expect, Plan, Takes, Verb};
use crate::script::acks::Answer;
use crate::script::dialogue::{Awaited, Dialogue, Halt, Numbered, Out, Stage};
use crate::script::effect::{Effect, Note};
use crate::script::memory::Memory;
use crate::script::moment::{At, Entropy};
use crate::script::outlet::Origin;
use crate::script::session_end::SessionEnd;
use crate::template::{Placeholder, Token};

/// The meaning of a message for the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaits {
    /// Nothing.
    Not,
    /// An answer.
    Answer(AnswerIs),
}

impl Dialogue {
    /// Goes on as far as nothing is awaited.
    pub(crate) fn advance(&mut self, at: At, entropy: &mut Entropy) {
        while self.out.is_none() {
            match self.step(at, entropy) {
                Ok(true) => {}
                Ok(false) | Err(Halt::Busy) => break,
                Err(Halt::End(end)) => self.end(end),
            }
        }
        self.flush(at.now);
    }

    /// Takes one step. `false`: something is awaited, or nothing is left.
    fn step(&mut self, at: At, entropy: &mut Entropy) -> Result<bool, Halt> {
        let plan = Arc::clone(&self.plan);
        match self.stage {
            Stage::Steps { awaited: Some(_), .. } | Stage::Up | Stage::Ended => Ok(false),
            Stage::Program => {
                self.prepare(&plan, at, entropy)?;
                Ok(false)
            }
            Stage::Steps { at: index, awaited: None } => {
                if index == 0 {
                    self.prepare(&plan, at, entropy)?;
                } else if plan.beat.as_ref().is_some_and(|beat| beat.during_session) {
                    self.begin_beat(at.now, entropy)?;
                }
                let Some(step) = plan.script.steps.get(index) else {
                    self.stage = Stage::Subscribe { next: 0 };
                    return Ok(true);
                };
                let taken = match step.only {
                    None => true,
                    Some(Only::Fresh) => !self.resumes,
                    Some(Only::Resume) => self.resumes,
                };
                if !taken {
                    self.stage = Stage::Steps { at: index + 1, awaited: None };
                    return Ok(true);
                }
                self.take_step(&step.verb, index, at, entropy)
            }
            Stage::Subscribe { next } => self.subscribe(&plan, next, at, entropy),
            Stage::Acks => {
                if !self.acks.is_done() {
                    return Ok(false);
                }
                if plan.script.subscribe.is_some() {
                    self.done(Place::Subscribe, "subscribe", at.now);
                }
                self.stage = Stage::Greeting { next: 0 };
                Ok(true)
            }
            Stage::Greeting { next } => self.greet(&plan, next, at, entropy),
        }
    }

    /// Rules and a heartbeat that begins in the session act from the first message on.
    fn prepare(&mut self, plan: &Plan, at: At, entropy: &mut Entropy) -> Result<(), Halt> {
        self.call_for_replies(plan, at, entropy)?;
        if plan.beat.as_ref().is_some_and(|beat| beat.during_session) {
            self.begin_beat(at.now, entropy)?;
        }
        Ok(())
    }

    fn take_step(
        &mut self,
        verb: &Verb,
        index: usize,
        at: At,
        entropy: &mut Entropy,
    ) -> Result<bool, Halt> {
        let place = Place::Step(index);
        match verb {
            Verb::Send(message) => {
                let filled = self.fill(message, place, (&[], None), at, entropy)?;
                self.send(filled);
                self.done(place, "send", at.now);
                self.stage = Stage::Steps { at: index + 1, awaited: None };
            }
            Verb::Expect(expect) => {
                let seq = self.outlet.seq;
                let matches = self.fill_match(&expect.matches, place, (seq, &[]), at, entropy)?;
                let fail = match &expect.fail {
                    Some(fail) => Some(self.fill_match(fail, place, (seq, &[]), at, entropy)?),
                    None => None,
                };
                let awaited = Awaited { matches, fail, left: expect.count, since: at.now };
                self.stage = Stage::Steps { at: index, awaited: Some(awaited) };
            }
            Verb::Request(call) => {
                self.make(&call.placeholders(), place, at, entropy)?;
                let ready = call.fill(&self.book);
                let ready = ready.map_err(|why| SessionEnd::Unfilled { place, why })?;
                self.out = Some(Out { place, holds_beat: false });
                self.effects.push_back(Effect::Call { step: index, call: Box::new(ready) });
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Puts a message of the script on its way.
    fn send(&mut self, filled: Numbered) {
        filled.sent.into_iter().for_each(|sent| self.outlet.push(sent, Origin::Script));
    }

    /// The call of a step was made.
    pub(crate) fn next_step(&mut self, index: usize, now: Instant) {
        // The connection may be left meanwhile.
        if self.is_over() {
            return;
        }
        self.done(Place::Step(index), "request", now);
        self.stage = Stage::Steps { at: index + 1, awaited: None };
    }

    fn subscribe(
        &mut self,
        plan: &Plan,
        next: usize,
        at: At,
        entropy: &mut Entropy,
    ) -> Result<bool, Halt> {
        let Some(subscribe) = plan.script.subscribe.as_ref() else {
            self.stage = Stage::Acks;
            return Ok(true);
        };
        let all = Arc::clone(&self.topics);
        let end = (next + subscribe.batch).min(all.len());
        let topics = &all[next..end];
        if topics.is_empty() {
            self.stage = Stage::Acks;
            return Ok(true);
        }
        let place = Place::Subscribe;
        let filled = self.fill(&subscribe.message, place, (topics, None), at, entropy)?;
        if let Some(ack) = subscribe.ack.as_ref().filter(|_| filled.sent.is_some()) {
            let around = (filled.seq, topics);
            let ack = self.fill_match(ack, place, around, at, entropy)?;
            let fail = match &subscribe.fail {
                Some(fail) => Some(self.fill_match(fail, place, around, at, entropy)?),
                None => None,
            };
            let answers = match subscribe.ack_per {
                AckPer::Message => 1,
                AckPer::Topic => topics.len() as u32,
            };
            self.acks.expect(ack, fail, answers, next..end);
        }
        self.send(filled);
        self.stage = Stage::Subscribe { next: end };
        Ok(true)
    }

    /// Sends the messages behind the subscriptions, and then the session is complete.
    fn greet(
        &mut self,
        plan: &Plan,
        next: usize,
        at: At,
        entropy: &mut Entropy,
    ) -> Result<bool, Halt> {
        if let Some(message) = plan.script.greeting.get(next) {
            let filled = self.fill(message, Place::Greeting, (&[], None), at, entropy)?;
            self.send(filled);
            self.stage = Stage::Greeting { next: next + 1 };
            return Ok(true);
        }
        self.make_for_later(plan, at, entropy)?;
        self.flush(at.now);
        if self.outlet.holds(Origin::Script) {
            return Ok(false);
        }
        if !plan.script.greeting.is_empty() {
            self.done(Place::Greeting, "send", at.now);
        }
        self.begin_beat(at.now, entropy)?;
        self.stage = Stage::Up;
        self.moments.until = None;
        self.effects.push_back(Effect::Complete);
        Ok(false)
    }

    /// Asks for the values of answers that must not wait for a program or a file.
    fn call_for_replies(&mut self, plan: &Plan, at: At, entropy: &mut Entropy) -> Result<(), Halt> {
        for (index, rule) in plan.rules.rules.iter().enumerate() {
            let Some(reply) = &rule.reply else { continue };
            let called = self.book.called(&reply.placeholders());
            let called: Vec<&Placeholder> = called.iter().collect();
            match self.make(&called, Place::Control(index), at, entropy) {
                Err(Halt::Busy) => return Err(Halt::Busy),
                // A name that is taken later has no value yet.
                Ok(()) | Err(Halt::End(_)) => {}
            }
        }
        Ok(())
    }

    /// Makes the values of messages that must not wait for a program or a file.
    fn make_for_later(&mut self, plan: &Plan, at: At, entropy: &mut Entropy) -> Result<(), Halt> {
        let beat = plan.beat.iter().map(|beat| &beat.message);
        let replies = plan.rules.rules.iter().filter_map(|rule| rule.reply.as_ref());
        for message in beat.chain(replies).chain(&plan.script.goodbye) {
            match self.make(&message.placeholders(), Place::Heartbeat, at, entropy) {
                Err(Halt::Busy) => return Err(Halt::Busy),
                // A name that is taken later has no value yet.
                Ok(()) | Err(Halt::End(_)) => {}
            }
        }
        Ok(())
    }

    /// Looks whether a message is awaited by a step or a subscription.
    pub(crate) fn look_for_answer(
        &mut self,
        plan: &Plan,
        message: Message<'_>,
        raw: &[u8],
        memory: &mut Memory,
        now: Instant,
    ) -> Awaits {
        if self.is_up() {
            return Awaits::Not;
        }
        if let Stage::Steps { at, awaited: Some(awaited) } = &mut self.stage {
            let index = *at;
            let Some(Verb::Expect(expect)) = plan.script.steps.get(index).map(|step| &step.verb)
            else {
                return Awaits::Not;
            };
            if awaited.fail.as_ref().is_some_and(|fail| fail.matches(message)) {
                let words = self.quote(raw);
                self.end(SessionEnd::Refused { place: Place::Step(index), words });
                return Awaits::Answer(AnswerIs::Control);
            }
            if !awaited.matches.matches(message) {
                return Awaits::Not;
            }
            awaited.left -= 1;
            let is_last = awaited.left == 0;
            self.answered(expect, index, raw, is_last, memory, now);
            return Awaits::Answer(expect.is);
        }
        let Some(subscribe) = plan.script.subscribe.as_ref() else { return Awaits::Not };
        match self.acks.look(message) {
            Answer::None => return Awaits::Not,
            Answer::Yes => {}
            Answer::No { .. } if self.is_over() => {}
            Answer::No { topics, one, left } => {
                let words = self.quote(raw);
                match subscribe.on_fail {
                    OnFail::Fail => self.end(SessionEnd::TopicRefused { words }),
                    OnFail::Skip => {
                        self.effects.extend(self.refused(topics, (one, left), words, memory));
                    }
                }
            }
        }
        Awaits::Answer(subscribe.ack_is)
    }

    /// The note about refused topics. A topic that every connection refuses is counted and shown once.
    fn refused(
        &self,
        topics: Range<usize>,
        (one, left): (bool, u32),
        words: Quote,
        memory: &mut Memory,
    ) -> Option<Effect> {
        let mut topics: Vec<String> =
            self.topics[topics].iter().map(|topic| topic.words().to_owned()).collect();
        if one {
            // The server does not say which of them: refusals are told apart by their number.
            let is_new = memory.refused.insert(format!("{left} of {}", topics.join(" ")));
            topics.retain(|_| is_new);
        } else {
            topics.retain(|topic| memory.refused.insert(topic.clone()));
        }
        let count = if one { 1 } else { topics.len() };
        (!topics.is_empty()).then(|| Effect::Note(Note::TopicsRefused { topics, count, words }))
    }

    /// The awaited message of a step has come.
    fn answered(
        &mut self,
        expect: &Expect,
        index: usize,
        raw: &[u8],
        is_last: bool,
        memory: &mut Memory,
        now: Instant,
    ) {
        let place = Place::Step(index);
        if let Err(end) = self.take(&expect.take, place, raw, memory) {
            return self.end(end);
        }
        if is_last {
            self.done(place, "expect", now);
            self.stage = Stage::Steps { at: index + 1, awaited: None };
        }
    }

    /// Takes values out of a message.
    pub(crate) fn take(
        &mut self,
        takes: &Takes,
        place: Place,
        raw: &[u8],
        memory: &mut Memory,
    ) -> Result<(), SessionEnd> {
        if takes.is_empty() {
            return Ok(());
        }
        // A prefix in front of the JSON belongs to the match; the JSON begins behind it.
        let json = json_in(raw);
        for (name, pointer) in takes {
            let value = json.and_then(|json| pointer.read(json));
            let token = value.and_then(|value| Token::of_json(&value));
            let Some(token) = token.filter(|token| !token.is_null()) else {
                let (wanted, pointer) = ("value", pointer.clone());
                return Err(SessionEnd::NotTaken { place, wanted, pointer });
            };
            self.bring(Arc::clone(name), token, memory);
        }
        Ok(())
    }

    /// Notes a taken value, also for later connections where it is to be kept.
    pub(crate) fn bring(&mut self, name: Arc<str>, token: Token, memory: &mut Memory) {
        if self.plan.continuity.keep.contains(&name) {
            memory.keep(Arc::clone(&name), token.clone());
        }
        let is_secret = token.is_secret();
        self.book.take(name, token);
        if is_secret {
            self.hidden.learn(&self.book);
        }
    }
}

/// The JSON of a message, which may begin behind a prefix of digits or letters (`0{…}`, `42[…]`).
pub(crate) fn json_in(raw: &[u8]) -> Option<&[u8]> {
    let is_json = |text: &[u8]| faucet_core::json::check(text).is_ok();
    if is_json(raw) {
        return Some(raw);
    }
    let from = raw.iter().position(|byte| matches!(byte, b'{' | b'['))?;
    Some(&raw[from..]).filter(|rest| is_json(rest))
}
