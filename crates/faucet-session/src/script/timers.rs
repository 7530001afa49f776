//! The time limits of a dialogue.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::place::Place;
use crate::plan::Verb;
use crate::script::dialogue::{Dialogue, Halt, Stage};
use crate::script::moment::{At, Entropy};
use crate::script::outlet::Origin;
use crate::script::session_end::{PlannedBy, SessionEnd};

/// A time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// The limit lets the next message leave.
    Send,
    /// The session takes too long.
    Session,
    /// An awaited message does not come.
    Answer,
    /// A heartbeat was not answered.
    Reply,
    /// No message comes in.
    Silence,
    /// The connection is old.
    Rotate,
    /// A heartbeat is due.
    Beat,
    /// The session program wants to be called.
    Program,
}

const TIMERS: [Timer; 8] = [
    Timer::Send,
    Timer::Session,
    Timer::Answer,
    Timer::Reply,
    Timer::Silence,
    Timer::Rotate,
    Timer::Beat,
    Timer::Program,
];

impl Dialogue {
    /// When a limit is reached; `None` while it does not count. While the owner does not `read`, nothing
    /// is known about the server.
    fn deadline(&self, timer: Timer, reads: bool) -> Option<Instant> {
        if self.is_over() {
            return None;
        }
        match timer {
            Timer::Send => self.outlet.due(),
            Timer::Session => {
                self.moments.until.filter(|_| reads && !self.outlet.holds(Origin::Script))
            }
            Timer::Answer => self.answer().filter(|_| reads).map(|(_, _, due)| due),
            Timer::Reply => self.beat.as_ref().filter(|_| reads)?.reply_due(),
            Timer::Silence => {
                let limit = self.plan.watch.silence_timeout.filter(|_| reads)?;
                self.moments.heard.checked_add(limit)
            }
            Timer::Rotate => self.moments.rotate.filter(|_| reads && self.is_up()),
            Timer::Program => self.program.as_ref()?.wake,
            Timer::Beat => {
                let is_held =
                    self.out.is_some_and(|out| out.holds_beat) || self.outlet.holds(Origin::Beat);
                self.beat.as_ref().filter(|_| !is_held)?.due(self.moments.heard)
            }
        }
    }

    /// The awaited answer, its limit, and the moment at which the limit is reached.
    fn answer(&self) -> Option<(Place, Duration, Instant)> {
        if self.out.is_some() || self.outlet.holds(Origin::Script) {
            return None;
        }
        match &self.stage {
            Stage::Steps { at, awaited: Some(awaited) } => {
                let Verb::Expect(expect) = &self.plan.script.steps.get(*at)?.verb else {
                    return None;
                };
                let due = awaited.since.checked_add(expect.timeout)?;
                Some((Place::Step(*at), expect.timeout, due))
            }
            Stage::Acks => {
                let timeout = self.plan.script.subscribe.as_ref()?.timeout;
                Some((Place::Subscribe, timeout, self.acks.due(timeout)?))
            }
            _ => None,
        }
    }

    /// When the dialogue wants to be called, if nothing happens before.
    pub(crate) fn next_timeout(&self, reads: bool) -> Option<Instant> {
        TIMERS.into_iter().filter_map(|timer| self.deadline(timer, reads)).min()
    }

    /// Acts on every limit that is reached.
    pub(crate) fn handle_timeout(&mut self, at: At, reads: bool, entropy: &mut Entropy) {
        // The other limits depend on whatever the send limit lets leave: the script may have waited for it.
        self.advance(at, entropy);
        for timer in TIMERS {
            if self.deadline(timer, reads).is_some_and(|due| due <= at.now) {
                self.act(timer, at, reads, entropy);
            }
        }
    }

    fn act(&mut self, timer: Timer, at: At, reads: bool, entropy: &mut Entropy) {
        let end = match timer {
            Timer::Send => return,
            Timer::Session => SessionEnd::TooLong(self.plan.script.timeout),
            Timer::Answer => {
                let Some((place, limit, _)) = self.answer() else { return };
                SessionEnd::NoAnswer { place, limit }
            }
            Timer::Reply => {
                SessionEnd::NoBeat(self.beat.as_ref().map_or(Duration::ZERO, |b| b.timeout()))
            }
            Timer::Silence => {
                SessionEnd::Silent(self.plan.watch.silence_timeout.unwrap_or_default())
            }
            Timer::Rotate => return self.plan_end(PlannedBy::Age, None),
            Timer::Program => return self.wake_program(at, reads, entropy),
            Timer::Beat => match self.send_beat(at, entropy) {
                Ok(()) => return,
                Err(Halt::Busy) => {
                    self.out.iter_mut().for_each(|out| out.holds_beat = true);
                    return;
                }
                Err(Halt::End(end)) => end,
            },
        };
        self.end(end);
    }

    fn send_beat(&mut self, at: At, entropy: &mut Entropy) -> Result<(), Halt> {
        let plan = Arc::clone(&self.plan);
        let Some(beat) = plan.beat.as_ref() else { return Ok(()) };
        let place = Place::Heartbeat;
        let filled = self.fill(&beat.message, place, (&[], None), at, entropy)?;
        let reply = match &beat.reply {
            Some(reply) => Some(self.fill_match(reply, place, (filled.seq, &[]), at, entropy)?),
            None => None,
        };
        if let Some(beat) = &mut self.beat {
            beat.made(reply, at.now);
        }
        filled.sent.into_iter().for_each(|sent| self.outlet.push(sent, Origin::Beat));
        self.flush(at.now);
        Ok(())
    }

    /// Reading went on after a pause.
    pub(crate) fn resumed(&mut self, pause: Duration, now: Instant) {
        let moved = |moment: Instant| now.min(moment + pause);
        let moments = &mut self.moments;
        moments.heard = moved(moments.heard);
        moments.until = moments.until.map(|until| until + pause);
        self.acks.resumed(pause, now);
        if let Some(beat) = &mut self.beat {
            beat.resumed(pause, now);
        }
        if let Stage::Steps { awaited: Some(awaited), .. } = &mut self.stage {
            awaited.since = moved(awaited.since);
        }
    }
}
