//! The session program of a dialogue.

use faucet_connect::Quote;
use faucet_core::MessageKind;

use crate::hooks::{
    AnyProgram, Called, Circumstances, InboundMessage, ProgramEnd, ProgramVerdict, Wish, WorkDone,
};
use crate::place::Place;
use crate::script::dialogue::{Dialogue, Stage};
use crate::script::effect::Effect;
use crate::script::judge::{Seen, Verdict};
use crate::script::moment::{At, Entropy};
use crate::script::outlet::{MOST_OF_PROGRAM, Origin};
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
        if self.is_over() {
            return;
        }
        self.stage = Stage::Program;
        self.program = Some(Running::new(program));
        self.call_program(at, true, entropy, |program, at| program.connected(at));
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
            self.call_program(at, true, entropy, |program, at| program.message(message, at));
        match verdict {
            Some(ProgramVerdict::Pass) => None,
            Some(ProgramVerdict::Record) => Some(Verdict::Record { reply: None }),
            // Without the program nobody can tell control from data, and control is never data.
            Some(ProgramVerdict::Control) | None => Some(Verdict::Control),
        }
    }

    /// Work of the program is done.
    pub(crate) fn program_answered(&mut self, done: WorkDone, at: At, entropy: &mut Entropy) {
        if let Some(running) = &mut self.program {
            running.is_working = false;
        }
        match done.0 {
            Ok(answer) => {
                self.call_program(at, true, entropy, |program, at| program.answered(answer, at));
            }
            Err(words) => self.end(SessionEnd::HookPanicked(words)),
        }
        self.advance(at, entropy);
    }

    /// The time that the program has asked for has come.
    pub(crate) fn wake_program(&mut self, at: At, reads: bool, entropy: &mut Entropy) {
        if let Some(running) = &mut self.program {
            running.wake = None;
        }
        self.call_program(at, reads, entropy, |program, at| program.woken(at));
        self.advance(at, entropy);
    }

    /// Calls the program and does what it wants. `None`: it has panicked, now or before.
    fn call_program<T>(
        &mut self,
        at: At,
        is_reading: bool,
        entropy: &mut Entropy,
        call: impl FnOnce(&mut dyn AnyProgram, Circumstances) -> Called<T>,
    ) -> Option<T> {
        let program = self.program.as_mut()?.program.as_deref_mut()?;
        let At { now, wall } = at;
        let (wishes, result) = call(program, Circumstances { now, wall, is_reading });
        // Words of an end may have a secret that is hidden behind it.
        for wish in &wishes {
            if let Wish::Hide(secret) = wish {
                self.hidden.keep(secret);
            }
        }
        match result {
            Ok(result) => {
                wishes.into_iter().for_each(|wish| self.fulfil(wish, at, entropy));
                self.flush(at.now);
                self.begin_work();
                Some(result)
            }
            Err(panic) => {
                if let Some(running) = &mut self.program {
                    (running.program, running.wake) = (None, None);
                }
                let words = Quote::of_panic(&*panic, &self.hidden.all());
                self.end(SessionEnd::HookPanicked(words));
                None
            }
        }
    }

    /// Does what the program wants. On a connection that is left, nothing.
    fn fulfil(&mut self, wish: Wish, at: At, entropy: &mut Entropy) {
        if self.is_over() {
            return;
        }
        match wish {
            Wish::Send(_) if self.outlet.waiting(Origin::Program) >= MOST_OF_PROGRAM => {
                let words = format!("{MOST_OF_PROGRAM} of its messages wait for send_limit");
                self.end(SessionEnd::ProgramFailed(Quote::new(&words, &self.hidden.all())));
            }
            Wish::Send(sent) => {
                self.outlet.push(sent, Origin::Program);
                // An end behind it drops whatever waits.
                self.flush(at.now);
            }
            Wish::Ready if matches!(self.stage, Stage::Program) => {
                self.done(Place::Program, "ready", at.now);
                self.stage = Stage::Steps { at: 0, awaited: None };
            }
            Wish::Ready | Wish::Hide(_) => {}
            Wish::Work(work) => {
                if let Some(running) = &mut self.program {
                    running.works.push_back(work);
                }
            }
            Wish::WakeAfter(time) => {
                if let Some(running) = &mut self.program {
                    running.wake = at.now.checked_add(time);
                }
            }
            Wish::End(end) => self.end_for_program(end, at, entropy),
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

    /// Begins the next work of the program, beside the calls of the script.
    fn begin_work(&mut self) {
        if self.is_over() {
            return;
        }
        let work = self.program.as_mut().and_then(Running::next_work);
        self.effects.extend(work.map(Effect::Work));
    }
}
