//! The sort of a message: an answer, control, or data.

use faucet_core::select::{Looked, Message};

use crate::keys::{AnswerIs, ControlAction, ReplyAfter};
use crate::place::Place;
use crate::plan::{Plan, Rule, Sent};
use crate::script::dialogue::{Dialogue, Halt};
use crate::script::effect::{Effect, Note};
use crate::script::memory::Memory;
use crate::script::moment::{At, Entropy};
use crate::script::outlet::{MOST_REPLIES, Origin};
use crate::script::session_end::{PlannedBy, SessionEnd};
use crate::script::steps::{Awaits, json_in};
use crate::template::Unfilled;

/// The verdict about a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Control: the message is dropped.
    Control,
    /// Data, unless the text lacks the prefix of data.
    Data,
    /// A record whatever its text.
    Record {
        /// Sent once the record is flushed.
        reply: Option<Sent>,
    },
}

/// A message in all the forms in which it is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a, 's> {
    pub(crate) message: Message<'a>,
    pub(crate) raw: &'a [u8],
    pub(crate) looked: &'a Looked<'s, 'a>,
}

impl Dialogue {
    /// Judges a message. At most one part of the conversation takes it.
    pub(crate) fn judge(
        &mut self,
        plan: &Plan,
        seen: Seen<'_, '_>,
        memory: &mut Memory,
        at: At,
        entropy: &mut Entropy,
    ) -> Verdict {
        if let Some(verdict) = self.ask_program(seen, at, entropy) {
            return verdict;
        }
        let rules = &plan.rules;
        let is_beat = rules.beat.is_some_and(|beat| seen.looked.matches(beat));
        let answers_beat = self.beat.as_mut().is_some_and(|beat| beat.look(seen.message));
        if is_beat || answers_beat {
            return Verdict::Control;
        }
        match self.look_for_answer(plan, seen.message, seen.raw, memory, at.now) {
            Awaits::Not => {}
            Awaits::Answer(AnswerIs::Control) => return Verdict::Control,
            Awaits::Answer(AnswerIs::Record) => return Verdict::Record { reply: None },
        }
        let rule = (0..rules.rules.len()).find(|index| seen.looked.matches(*index));
        let Some(index) = rule else { return Verdict::Data };
        self.obey(&rules.rules[index], index, seen.raw, memory, at, entropy)
    }

    /// Does what a control rule says.
    fn obey(
        &mut self,
        rule: &Rule,
        index: usize,
        raw: &[u8],
        memory: &mut Memory,
        at: At,
        entropy: &mut Entropy,
    ) -> Verdict {
        let keeps = rule.action == ControlAction::Keep;
        // On a connection that is left nothing is done any more.
        if self.is_over() {
            return if keeps { Verdict::Record { reply: None } } else { Verdict::Control };
        }
        if let Err(end) = self.take(&rule.take, Place::Control(index), raw, memory) {
            return self.leave_at(end, keeps);
        }
        if !rule.take.is_empty()
            && let Err(end) = self.begin_beat_early(at.now, entropy)
        {
            return self.leave_at(end, keeps);
        }
        let reply = match self.reply(rule, index, raw, at, entropy) {
            Ok(reply) => reply,
            Err(end) => return self.leave_at(end, keeps),
        };
        if keeps && rule.after == ReplyAfter::Flush {
            return Verdict::Record { reply };
        }
        if let Some(reply) = reply {
            self.outlet.push(reply, Origin::Reply);
            self.flush(at.now);
        }
        let end = match rule.action {
            ControlAction::Keep => return Verdict::Record { reply: None },
            ControlAction::Drop => return Verdict::Control,
            ControlAction::Warn => {
                let words = self.quote(raw);
                self.effects.push_back(Effect::Note(Note::Warned { rule: index, words }));
                return Verdict::Control;
            }
            ControlAction::Reconnect => {
                if let Some(url) = &rule.url {
                    match url.fill(&self.book) {
                        Ok(url) => memory.next_url = url,
                        Err(why) => {
                            let place = Place::Control(index);
                            self.end(SessionEnd::Unfilled { place, why });
                        }
                    }
                }
                if !self.is_over() {
                    self.plan_end(PlannedBy::Rule(index), rule.delay);
                }
                return Verdict::Control;
            }
            ControlAction::Restart => {
                SessionEnd::Restart { rule: index, words: self.quote(raw), delay: rule.delay }
            }
            ControlAction::Fail => SessionEnd::Failed { rule: index, words: self.quote(raw) },
            ControlAction::End => {
                let last = self.goodbye(at, entropy).into_iter();
                self.effects.extend(last.map(Effect::Send));
                SessionEnd::Finished(PlannedBy::Rule(index))
            }
        };
        self.end(end);
        Verdict::Control
    }

    /// Leaves the connection because of a message, which is still a record where the rule keeps it.
    fn leave_at(&mut self, end: SessionEnd, keeps: bool) -> Verdict {
        self.end(end);
        if keeps { Verdict::Record { reply: None } } else { Verdict::Control }
    }

    fn reply(
        &mut self,
        rule: &Rule,
        index: usize,
        raw: &[u8],
        at: At,
        entropy: &mut Entropy,
    ) -> Result<Option<Sent>, SessionEnd> {
        let Some(reply) = &rule.reply else { return Ok(None) };
        if !self.outlet.reply(at.now) {
            return Err(SessionEnd::Flood(MOST_REPLIES));
        }
        let place = Place::Control(index);
        // A text without JSON has none of the places.
        let answered = json_in(raw).unwrap_or(b"null");
        match self.fill(reply, place, (&[], Some(answered)), at, entropy) {
            Ok(filled) => Ok(filled.sent),
            Err(Halt::End(end)) => Err(end),
            // An answer cannot wait for a program. Values that could be made were made before.
            Err(Halt::Busy) => {
                let why = Unfilled::NoValue("a value of a program or a file".to_owned());
                Err(SessionEnd::Unfilled { place, why })
            }
        }
    }
}
