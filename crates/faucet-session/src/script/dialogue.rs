//! The part of a conversation on one connection.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faucet_connect::{Quote, Secrets};
use faucet_core::select::Match;

use crate::keys::{BeatWhen, FirstBeat, Handover, Interval};
use crate::names::{Blocked, Book, MessageNames};
use crate::place::Place;
use crate::plan::{MatchTemplate, Outgoing, Plan, Sent};
use crate::script::acks::Acks;
use crate::script::beat::{Beat, LONGEST, SHORTEST};
use crate::script::effect::{Effect, Note};
use crate::script::hidden::Hidden;
use crate::script::moment::{At, Entropy};
use crate::script::outlet::{Origin, Outlet};
use crate::script::running::Running;
use crate::script::session_end::{PlannedBy, SessionEnd};
use crate::template::{Placeholder, Token, Unfilled};

/// Where a dialogue is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// The session program is not ready.
    Program,
    /// At this step of the script.
    Steps { at: usize, awaited: Option<Awaited> },
    /// The topics from this one on are subscribed to next.
    Subscribe { next: usize },
    /// The answers are awaited.
    Acks,
    /// The message of this number is sent next.
    Greeting { next: usize },
    /// The session is complete.
    Up,
    /// The connection is left.
    Ended,
}

/// A message that a step awaits.
#[derive(Debug)]
pub(crate) struct Awaited {
    pub(crate) matches: Match,
    pub(crate) fail: Option<Match>,
    pub(crate) left: u32,
    pub(crate) since: Instant,
}

/// The moments from which the time limits of a dialogue count.
#[derive(Debug)]
pub(crate) struct Moments {
    /// The session must be complete by then.
    pub(crate) until: Option<Instant>,
    /// The step before was done.
    pub(crate) step: Instant,
    /// A message came in, or a part of one.
    pub(crate) heard: Instant,
    /// The planned reconnect.
    pub(crate) rotate: Option<Instant>,
}

/// Why a message is not filled.
pub(crate) enum Halt {
    /// An errand is out.
    Busy,
    End(SessionEnd),
}

impl From<SessionEnd> for Halt {
    fn from(end: SessionEnd) -> Self {
        Self::End(end)
    }
}

/// A call that is out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out {
    /// Where its value is used.
    pub(crate) place: Place,
    /// Whether a heartbeat waits for it.
    pub(crate) holds_beat: bool,
}

/// The part of a conversation on one connection. Pure.
#[derive(Debug)]
pub(crate) struct Dialogue {
    pub(crate) plan: Arc<Plan>,
    pub(crate) book: Book,
    /// The topics that are subscribed to.
    pub(crate) topics: Arc<[Token]>,
    pub(crate) hidden: Hidden,
    pub(crate) stage: Stage,
    /// The session program, where there is one.
    pub(crate) program: Option<Running>,
    /// The call that is out.
    pub(crate) out: Option<Out>,
    /// Whether a session is resumed.
    pub(crate) resumes: bool,
    pub(crate) outlet: Outlet,
    pub(crate) acks: Acks,
    pub(crate) beat: Option<Beat>,
    pub(crate) moments: Moments,
    pub(crate) effects: VecDeque<Effect>,
}

/// A filled message, and its number if it has one.
pub(crate) struct Numbered {
    pub(crate) sent: Option<Sent>,
    pub(crate) seq: u64,
}

impl Dialogue {
    /// The connection stands. The script begins with [`advance`](Self::advance).
    pub(crate) fn new(
        plan: Arc<Plan>,
        (book, topics): (Book, Arc<[Token]>),
        secrets: &Secrets,
        resumes: bool,
        at: At,
        entropy: &mut Entropy,
    ) -> Self {
        let hidden = Hidden::new(secrets, &book);
        let limit = plan.watch.send_limit;
        let any = plan.script.subscribe.as_ref().map(|s| s.any.clone()).unwrap_or_default();
        // Up to 5 % earlier, so that many connections do not rotate at once.
        let earlier = 1.0 - 0.05 * entropy.share();
        let rotate = plan.watch.rotate_after.map(|after| after.mul_f64(earlier));
        let moments = Moments {
            until: at.now.checked_add(plan.script.timeout),
            step: at.now,
            heard: at.now,
            rotate: rotate.and_then(|after| at.now.checked_add(after)),
        };
        Self {
            plan,
            book,
            topics,
            hidden,
            stage: Stage::Steps { at: 0, awaited: None },
            program: None,
            out: None,
            resumes,
            outlet: Outlet::new(limit),
            acks: Acks::new(any),
            beat: None,
            moments,
            effects: VecDeque::new(),
        }
    }

    /// Whether the session is complete.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up)
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }

    /// The connection is left: nothing is sent any more.
    pub(crate) fn leave(&mut self) {
        self.stage = Stage::Ended;
        self.outlet.clear();
    }

    /// A planned end did not come about.
    pub(crate) fn go_on(&mut self, after: Duration, now: Instant) {
        self.moments.rotate = now.checked_add(after);
    }

    /// A reconnect is planned. The connection goes on meanwhile where the configuration wants that.
    pub(crate) fn plan_end(&mut self, by: PlannedBy, delay: Option<Duration>) {
        if self.plan.continuity.handover == Handover::Overlap && self.is_up() {
            self.moments.rotate = None;
            self.effects.push_back(Effect::HandOver { delay });
        } else {
            self.end(SessionEnd::Planned { by, delay });
        }
    }

    /// The last messages of a run, if the session is complete.
    pub(crate) fn goodbye(&mut self, at: At, entropy: &mut Entropy) -> Vec<Sent> {
        if !self.is_up() {
            return Vec::new();
        }
        let plan = Arc::clone(&self.plan);
        let fill = |message| {
            let filled = self.fill(message, Place::Goodbye, (&[], None), at, entropy);
            filled.ok().and_then(|filled| filled.sent)
        };
        plan.script.goodbye.iter().filter_map(fill).collect()
    }

    /// Leaves the connection.
    pub(crate) fn end(&mut self, end: SessionEnd) {
        if !self.is_over() {
            self.stage = Stage::Ended;
            self.outlet.clear();
            self.effects.push_back(Effect::End(end));
        }
    }

    /// The beginning of a message of the server, fit to print.
    pub(crate) fn quote(&self, message: &[u8]) -> Quote {
        // Far more than is shown, since secrets are struck out first: half of one at the end must not
        // come into view.
        let start = &message[..message.len().min(64 << 10)];
        Quote::new(&String::from_utf8_lossy(start), &self.hidden.all())
    }

    /// A step is done.
    pub(crate) fn done(&mut self, place: Place, verb: &'static str, now: Instant) {
        let took = now.saturating_duration_since(self.moments.step);
        self.moments.step = now;
        self.effects.push_back(Effect::Note(Note::Done { place, verb, took }));
    }

    /// Makes the values that stand in `placeholders`.
    pub(crate) fn make(
        &mut self,
        placeholders: &[&Placeholder],
        place: Place,
        at: At,
        entropy: &mut Entropy,
    ) -> Result<(), Halt> {
        let before = self.book.made();
        let made = self.book.make(placeholders.iter().copied(), &mut entropy.moment(at));
        if self.book.made() > before {
            self.hidden.learn(&self.book);
        }
        match made {
            Ok(()) => Ok(()),
            // One errand at a time.
            Err(Blocked::Errand(_)) if self.out.is_some() => Err(Halt::Busy),
            Err(Blocked::Errand(errand)) => {
                self.out = Some(Out { place, holds_beat: false });
                self.effects.push_back(Effect::Errand(errand));
                Err(Halt::Busy)
            }
            Err(Blocked::Failed(why)) => Err(SessionEnd::Value { place, why }.into()),
        }
    }

    /// Fills a message.
    pub(crate) fn fill(
        &mut self,
        outgoing: &Outgoing,
        place: Place,
        around: (&[Token], Option<&[u8]>),
        at: At,
        entropy: &mut Entropy,
    ) -> Result<Numbered, Halt> {
        let placeholders = outgoing.placeholders();
        self.make(&placeholders, place, at, entropy)?;
        let (topics, answered) = around;
        let uses_seq = uses_seq(&placeholders, &self.book);
        let seq = self.outlet.seq + u64::from(uses_seq);
        let mut names = MessageNames::new(&self.book).with_seq(seq).with_topics(topics);
        if let Some(answered) = answered {
            names = names.answering(answered);
        }
        let value = |why| SessionEnd::Value { place, why };
        names.make(placeholders.iter().copied(), &mut entropy.moment(at)).map_err(value)?;
        let sent = outgoing.fill(&names).map_err(|why| SessionEnd::Unfilled { place, why })?;
        self.hidden.note(names.secrets());
        if sent.is_some() {
            self.outlet.seq = seq;
        }
        Ok(Numbered { sent, seq })
    }

    /// Fills a match about the answer to the message number `seq`.
    pub(crate) fn fill_match(
        &mut self,
        template: &MatchTemplate,
        place: Place,
        around: (u64, &[Token]),
        at: At,
        entropy: &mut Entropy,
    ) -> Result<Match, Halt> {
        if let Some(fixed) = template.as_fixed() {
            return Ok(fixed.clone());
        }
        let placeholders = template.placeholders();
        let placeholders: Vec<&Placeholder> = placeholders.iter().collect();
        self.make(&placeholders, place, at, entropy)?;
        let (seq, topics) = around;
        let mut names = MessageNames::new(&self.book).with_seq(seq).with_topics(topics);
        let value = |why| SessionEnd::Value { place, why };
        names.make(placeholders, &mut entropy.moment(at)).map_err(value)?;
        template.fill(&names).map_err(|why| SessionEnd::Unfilled { place, why }.into())
    }

    /// Sends what the limit allows.
    pub(crate) fn flush(&mut self, now: Instant) {
        while let Some((sent, origin)) = self.outlet.pop(now) {
            self.effects.push_back(Effect::Send(sent));
            match origin {
                Origin::Reply | Origin::Program => {}
                Origin::Beat => self.beat.iter_mut().for_each(|beat| beat.left(now)),
                Origin::Script => {
                    self.acks.sent(now);
                    if let Stage::Steps { awaited: Some(awaited), .. } = &mut self.stage {
                        awaited.since = now;
                    }
                }
            }
        }
        // The time that the limit takes is none of the server's.
        let waited = self.outlet.take_wait(now);
        self.moments.until = self.moments.until.map(|until| until + waited);
    }

    /// A rule took values: begins the heartbeat, if nothing else than its interval was missing.
    pub(crate) fn begin_beat_early(
        &mut self,
        now: Instant,
        entropy: &mut Entropy,
    ) -> Result<(), SessionEnd> {
        let may_begin = self.is_up() || self.plan.beat.as_ref().is_some_and(|b| b.during_session);
        if may_begin { self.begin_beat(now, entropy) } else { Ok(()) }
    }

    /// Begins the heartbeat, if its interval is known.
    pub(crate) fn begin_beat(
        &mut self,
        now: Instant,
        entropy: &mut Entropy,
    ) -> Result<(), SessionEnd> {
        let plan = Arc::clone(&self.plan);
        let Some(beat) = plan.beat.as_ref().filter(|_| self.beat.is_none()) else { return Ok(()) };
        let Some(interval) = self.interval(&beat.interval)? else { return Ok(()) };
        let timeout = match &beat.timeout {
            None => interval,
            Some(timeout) => match self.interval(timeout)? {
                Some(timeout) => timeout,
                None => return Ok(()),
            },
        };
        let first = match beat.first {
            FirstBeat::Random if beat.when == BeatWhen::Always => interval.mul_f64(entropy.share()),
            _ => interval,
        };
        self.beat = Some(Beat::new(interval, timeout, beat.when, first, now));
        Ok(())
    }

    /// The duration of an interval; `None` while its name has no value.
    fn interval(&mut self, interval: &Interval) -> Result<Option<Duration>, SessionEnd> {
        let (name, unit) = match interval {
            Interval::Fixed(duration) => return Ok(Some(*duration)),
            Interval::Named { name, unit } => (name, *unit),
        };
        let Some(token) = self.book.token(name) else { return Ok(None) };
        let units = token.words().parse::<f64>().ok().filter(|units| units.is_finite());
        let Some(units) = units else {
            let why = Unfilled::NotANumber(format!("{{{name}}}"));
            return Err(SessionEnd::Unfilled { place: Place::Heartbeat, why });
        };
        let seconds = units * unit.as_secs_f64();
        let kept =
            Duration::from_secs_f64(seconds.clamp(SHORTEST.as_secs_f64(), LONGEST.as_secs_f64()));
        if !(SHORTEST.as_secs_f64()..=LONGEST.as_secs_f64()).contains(&seconds) {
            self.effects.push_back(Effect::Note(Note::Clamped { interval: kept }));
        }
        Ok(Some(kept))
    }
}

/// Whether a message has a number.
fn uses_seq(placeholders: &[&Placeholder], book: &Book) -> bool {
    placeholders.iter().filter_map(|placeholder| placeholder.name()).any(|name| {
        &**name == "seq"
            || book.plan_for_message(name).is_some_and(|plan| uses_seq(&plan.placeholders(), book))
    })
}
