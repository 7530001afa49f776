//! The end of a connection: close handshakes, and the decision that follows.

use std::sync::Arc;
use std::time::Instant;

use faucet_connect::Retry;
use faucet_session::keys::{CloseAction, CloseRule};
use faucet_session::script::SessionEnd;

use crate::connect_failed::{ConnectFailed, RuledAnswer};
use crate::machine::class::Verdict;
use crate::machine::close::{CLOSE_TIMEOUT, code};
use crate::machine::end::{Discarded, End, GaveUp};
use crate::machine::event::{Event, Over};
use crate::machine::failure::Failure;
use crate::machine::lifecycle::{LONGEST_WAIT, Step};
use crate::machine::machine::{Machine, Next, State};
use crate::machine::outbox::Outbox;
use crate::machine::output::Output;
use crate::machine::run_failed::RunFailed;
use crate::upgrade_failed::UpgradeFailed;

impl Machine {
    /// The connection has ended.
    pub(crate) fn end(&mut self, end: End, now: Instant) {
        let Some(line) = &mut self.line else { return };
        let half = match end.is_at_a_frame() {
            true => line.inbox.is_mid_fragments(),
            false => line.inbox.is_mid_message(),
        };
        let partial = half.then_some(Discarded::PartialFrame);
        if let Some(reason) = end.discards().or(partial) {
            self.events.push_back(Event::Discarded(reason, 1));
        }
        let end = self.ruled(end);
        let Some(line) = &mut self.line else { return };
        let listens = matches!(end, End::GaveUp(_) | End::Session(_));
        let answer = end.answer().filter(|_| !line.write_failed);
        if let Some(code) = answer {
            line.outbox.close(code);
        }
        if matches!(
            end,
            End::Session(SessionEnd::Restart { .. })
                | End::Ruled { action: CloseAction::Restart, .. }
        ) && let Some(talk) = &mut self.conversation
        {
            talk.forget();
        }
        let next = self.decide(end.into(), now);
        match answer {
            Some(_) => self.state = State::Closing { until: now + CLOSE_TIMEOUT, listens, next },
            None => self.leave(next),
        }
    }

    /// The end, as a rule of the configuration decides about it.
    fn ruled(&self, end: End) -> End {
        let rules = self.close_rules();
        let End::Closed { code, reason } = end else { return end };
        let matches = |rule: &&CloseRule| {
            rule.status.is_none()
                && (rule.codes.is_empty()
                    || code.is_some_and(|code| rule.codes.iter().any(|range| range.contains(code))))
                && rule.contains.as_ref().is_none_or(|text| reason.contains(text))
        };
        match rules.iter().find(matches) {
            Some(rule) => End::Ruled { code, reason, action: rule.action, delay: rule.delay },
            None => End::Closed { code, reason },
        }
    }

    /// The failed attempt, as a rule of the configuration decides about the answer to the upgrade.
    fn ruled_answer(&self, failed: ConnectFailed) -> ConnectFailed {
        let ConnectFailed::Upgrade(UpgradeFailed::Refused(refusal)) = &failed else {
            return failed;
        };
        let matches = |rule: &&CloseRule| {
            rule.codes.is_empty()
                && rule.status.is_none_or(|status| status == refusal.status)
                && rule.contains.as_ref().is_none_or(|text| refusal.body.contains(text))
        };
        let rule = self.close_rules().iter().find(matches).map(|rule| (rule.action, rule.delay));
        match (rule, failed) {
            (Some((action, delay)), ConnectFailed::Upgrade(failed)) => {
                ConnectFailed::Ruled(RuledAnswer { failed, action, delay })
            }
            (_, failed) => failed,
        }
    }

    fn close_rules(&self) -> &[CloseRule] {
        self.conversation.as_ref().map_or(&[], |talk| talk.close_rules())
    }

    /// The attempt to connect has failed.
    pub(crate) fn dial_failed(&mut self, failed: ConnectFailed, now: Instant) {
        let failed = self.ruled_answer(failed);
        if let (
            ConnectFailed::Ruled(RuledAnswer { action: CloseAction::Restart, .. }),
            Some(talk),
        ) = (&failed, &mut self.conversation)
        {
            talk.forget();
        }
        let next = self.decide(failed.into(), now);
        self.leave(next);
    }

    /// Drops a connection whose peer does not do its part.
    pub(crate) fn abandon(&mut self, why: GaveUp, now: Instant) {
        if self.is_up() {
            self.end(End::GaveUp(why), now);
        }
    }

    /// The life cycle's decision after a failure.
    pub(crate) fn decide(&mut self, failure: Failure, now: Instant) -> Next {
        self.clocks.disconnected(now);
        let Verdict { class, wait_at_least } = failure.verdict();
        let failure = Arc::new(failure);
        match self.life.failed(class, wait_at_least, now, fastrand::f64()) {
            Step::Retry(Retry { wait, attempt }) => {
                self.last_failure = Some(Arc::clone(&failure));
                self.events.push_back(Event::Lost { failure, wait, attempt });
                Next::Wait(now + wait.min(LONGEST_WAIT))
            }
            Step::Finish => Next::Over(Over::Closed(failure)),
            Step::GiveUp(why) => {
                let before = self.last_failure.clone();
                Next::Over(Over::Failed(RunFailed::After { failure, why, before }))
            }
        }
    }

    /// The close handshake is over.
    pub(crate) fn closed(&mut self) {
        if let State::Closing { next, .. } = std::mem::replace(&mut self.state, State::Over) {
            self.leave(next);
        }
    }

    /// Leaves the connection or the attempt behind.
    pub(crate) fn leave(&mut self, next: Next) {
        let mut line = self.line.take();
        if let Some(talk) = &mut self.conversation {
            talk.disconnected();
        }
        self.outputs.push_back(Output::HangUp);
        let peer_close = line.as_mut().and_then(|line| line.peer_close.take());
        self.last = line.filter(|line| line.has_news());
        match next {
            Next::Wait(until) => {
                self.state = State::Waiting(until);
                self.events.push_back(Event::Waiting);
            }
            Next::Over(over) => {
                self.state = State::Over;
                let over = match (over, peer_close) {
                    (Over::Left(None), Some(end)) => Over::Left(Some(Arc::new(end.into()))),
                    (over, _) => over,
                };
                self.events.push_back(Event::Over(over));
            }
        }
    }

    /// The owner leaves: performs the close handshake with code 1000, which takes at most a second.
    /// The last event follows.
    pub(crate) fn close(&mut self, now: Instant) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Up => {
                self.say_goodbye(now);
                let code = if self.keeps_session() { code::COMING_BACK } else { code::NORMAL };
                self.close_up(now, |outbox| outbox.close(Some(code)));
            }
            State::Closing { until, listens, next } => {
                // The owner takes no more messages. The driver reads the peer's end only behind those that wait.
                self.line.iter_mut().for_each(|line| line.inbox.discard());
                let next = match next {
                    Next::Wait(_) => Next::Over(Over::Left(None)),
                    over @ Next::Over(_) => over,
                };
                self.state = State::Closing { until, listens, next };
            }
            State::Leaving { until, .. } => {
                self.line.iter_mut().for_each(|line| line.inbox.discard());
                let next = Next::Over(Over::Left(None));
                self.state = State::Closing { until, listens: true, next };
            }
            State::Dialing | State::Waiting(_) => self.leave(Next::Over(Over::Left(None))),
            State::Over => self.events.push_back(Event::Over(Over::Left(None))),
        }
    }

    /// Begins the close handshake with the code and the reason of the owner. Without a connection the machine
    /// sends no Close frame.
    pub(crate) fn close_with(&mut self, code: u16, reason: &str, now: Instant) {
        if !self.is_up() {
            return self.close(now);
        }
        self.close_up(now, |outbox| outbox.close_with(code, reason));
    }

    fn close_up(&mut self, now: Instant, close: impl FnOnce(&mut Outbox)) {
        let Some(line) = &mut self.line else { return };
        if line.inbox.is_mid_message() {
            self.events.push_back(Event::Discarded(Discarded::PartialFrame, 1));
        }
        line.inbox.discard();
        // After a failed write the peer's Close may still wait to be read.
        if !line.write_failed {
            close(&mut line.outbox);
        }
        let next = Next::Over(Over::Left(None));
        self.state = State::Closing { until: now + CLOSE_TIMEOUT, listens: true, next };
    }
}

#[cfg(test)]
mod tests;
