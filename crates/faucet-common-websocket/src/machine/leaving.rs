//! A planned end: our Close is sent, and whatever the peer sent before its own is still read.

use std::time::Instant;

use faucet_session::script::SessionEnd;

use crate::machine::close::CLOSE_TIMEOUT;
use crate::machine::close::code;
use crate::machine::end::{Discarded, End};
use crate::machine::event::{Event, Over};
use crate::machine::machine::{Machine, Next, State};

impl Machine {
    /// Leaves a connection by plan. Data goes on coming in until the peer answers our Close; then follows
    /// what the life cycle decides about `end`, and without one nothing.
    pub(crate) fn leave_by_plan(&mut self, end: Option<Box<End>>, now: Instant) {
        let Some(line) = &mut self.line else { return };
        if !line.write_failed {
            line.outbox.close(Some(code::COMING_BACK));
        }
        if let Some(talk) = &mut self.conversation {
            talk.leave();
        }
        self.state = State::Leaving { until: now + CLOSE_TIMEOUT, end };
    }

    /// Leaves a connection by plan for another one, which is up already.
    pub(crate) fn leave_for_successor(&mut self, now: Instant) {
        match self.state {
            State::Up => self.leave_by_plan(None, now),
            _ => self.close(now),
        }
    }

    /// The peer has answered our Close, or the time for that is over.
    pub(crate) fn left(&mut self, now: Instant) {
        let State::Leaving { end, .. } = std::mem::replace(&mut self.state, State::Over) else {
            return;
        };
        if self.line.as_ref().is_some_and(|line| line.inbox.is_mid_message()) {
            self.events.push_back(Event::Discarded(Discarded::PartialFrame, 1));
        }
        let next = match end {
            Some(end) => self.decide((*end).into(), now),
            None => Next::Over(Over::Left(None)),
        };
        self.leave(next);
    }

    /// Whether an end of the conversation lets the peer finish what it sends.
    pub(crate) fn is_planned(end: &SessionEnd) -> bool {
        matches!(end, SessionEnd::Planned { .. } | SessionEnd::Finished(_))
    }
}
