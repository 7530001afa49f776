//! The session program of a dialogue.

use std::panic::{AssertUnwindSafe, catch_unwind};

use faucet_connect::Quote;
use faucet_core::MessageKind;

use crate::hooks::{Act, AnyProgram, InboundMessage, ProgramEnd, ProgramVerdict, WorkDone};
use crate::place::Place;
use crate::script::dialogue::{Dialogue, Out, Stage};
use crate::script::effect::Effect;
use crate::script::judge::{Seen, Verdict};
use crate::script::moment::{At, Entropy};
use crate::script::outlet::Origin;
use crate::script::running::Running;
use crate::script::session_end::{PlannedBy, SessionEnd};

impl Dialogue {
    /// The program begins: it has the connection first.
    pub(crate) fn begin_program(
        &mut self,
        program: Box<dyn AnyProgram>,
        at: At,
        entropy: &mut Entropy,
    ) {
        self.stage = Stage::Program;
        self.program = Some(Running::new(program));
        self.call_program(at, entropy, |program| ((), program.connected((at.now, at.wall))));
    }

    /// Asks the program about a message. `None`: there is none, or it has nothing to do with the message.
    pub(crate) fn ask_program(
        &mut self,
        seen: Seen<'_, '_>,
        at: At,
        entropy: &mut Entropy,
    ) -> Option<Verdict> {
        self.program.as_ref()?;
        let kind = if seen.message.is_binary() { MessageKind::Binary } else { MessageKind::Text };
        let message = InboundMessage { kind, bytes: seen.raw };
        let verdict =
            self.call_program(at, entropy, |program| program.message(message, (at.now, at.wall)));
        match verdict? {
            ProgramVerdict::Pass => None,
            ProgramVerdict::Control => Some(Verdict::Control),
            ProgramVerdict::Record => Some(Verdict::Record { reply: None }),
        }
    }

    /// Work of the program is done.
    pub(crate) fn program_answered(&mut self, done: WorkDone, at: At, entropy: &mut Entropy) {
        self.out = None;
        match done.0 {
            Ok(answer) => {
                self.call_program(at, entropy, |program| {
                    ((), program.answered(answer, (at.now, at.wall)))
                });
            }
            Err(words) => self.end(SessionEnd::ProgramFailed(words)),
        }
        self.advance(at, entropy);
    }

    /// The time that the program has asked for has come.
    pub(crate) fn wake_program(&mut self, at: At, entropy: &mut Entropy) {
        if let Some(running) = &mut self.program {
            running.wake = None;
        }
        self.call_program(at, entropy, |program| ((), program.woken((at.now, at.wall))));
        self.advance(at, entropy);
    }

    /// Calls the program and does what it wants. `None`: it has panicked.
    fn call_program<T>(
        &mut self,
        at: At,
        entropy: &mut Entropy,
        call: impl FnOnce(&mut dyn AnyProgram) -> (T, Vec<Act>),
    ) -> Option<T> {
        let running = self.program.as_mut()?;
        let called = catch_unwind(AssertUnwindSafe(|| call(&mut *running.program)));
        match called {
            Ok((result, acts)) => {
                acts.into_iter().for_each(|act| self.act_for_program(act, at, entropy));
                self.flush(at.now);
                self.begin_work();
                Some(result)
            }
            Err(panic) => {
                // Its state may be half done: it is not called again.
                self.program = None;
                let words = Quote::of_panic(&*panic, &self.hidden.all());
                self.end(SessionEnd::ProgramFailed(words));
                None
            }
        }
    }

    /// Does what the program wants. On a connection that is left, nothing.
    fn act_for_program(&mut self, act: Act, at: At, entropy: &mut Entropy) {
        if self.is_over() {
            return;
        }
        match act {
            Act::Send(sent) => {
                let origin = if self.is_up() { Origin::Reply } else { Origin::Script };
                self.outlet.push(sent, origin);
            }
            Act::Ready if matches!(self.stage, Stage::Program) => {
                self.done(Place::Program, "ready", at.now);
                self.stage = Stage::Steps { at: 0, awaited: None };
            }
            Act::Ready => {}
            Act::Work(work) => {
                if let Some(running) = &mut self.program {
                    running.works.push_back(work);
                }
            }
            Act::Wake(time) => {
                if let Some(running) = &mut self.program {
                    running.wake = at.now.checked_add(time);
                }
            }
            Act::Hide(secret) => self.hidden.keep(&secret),
            Act::End(end) => self.end_for_program(end, at, entropy),
        }
    }

    fn end_for_program(&mut self, end: ProgramEnd, at: At, entropy: &mut Entropy) {
        let quote = |words: String| Quote::new(&words, &self.hidden.all());
        let end = match end {
            ProgramEnd::Reconnect { delay } => return self.plan_end(PlannedBy::Program, delay),
            ProgramEnd::GiveUp(words) => SessionEnd::ProgramGaveUp(quote(words)),
            ProgramEnd::Refused(words) => {
                SessionEnd::Refused { place: Place::Program, words: quote(words) }
            }
            ProgramEnd::Failed(words) => SessionEnd::ProgramFailed(quote(words)),
            ProgramEnd::Finished => {
                let last = self.goodbye(at, entropy).into_iter();
                self.effects.extend(last.map(Effect::Send));
                SessionEnd::Finished(PlannedBy::Program)
            }
        };
        self.end(end);
    }

    /// Begins the next work of the program, if no other call is out.
    pub(crate) fn begin_work(&mut self) {
        if self.out.is_some() || self.is_over() {
            return;
        }
        let Some(work) = self.program.as_mut().and_then(|running| running.works.pop_front()) else {
            return;
        };
        self.out = Some(Out { place: Place::Program, holds_beat: false });
        self.effects.push_back(Effect::Work(work));
    }
}
