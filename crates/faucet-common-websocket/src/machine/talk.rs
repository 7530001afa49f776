//! The conversation on a connection.

use std::time::{Duration, Instant, SystemTime};

use faucet_session::connect::{CallFailed, Dialing, Taken};
use faucet_session::hooks::WorkDone;
use faucet_session::names::ValueFailed;
use faucet_session::script::{At, Conversation, Effect};
use faucet_session::template::Token;

use crate::machine::end::End;
use crate::machine::event::Event;
use crate::machine::machine::{Machine, State};
use crate::machine::output::Output;
use crate::machine::stamp::Stamp;

impl Machine {
    /// The time of a step of the conversation. The wall clock is that of the last stamp, moved on by the
    /// monotonic clock.
    fn at(&self, now: Instant) -> At {
        let Stamp { instant, timestamp } = self.anchor;
        let passed = now.saturating_duration_since(instant);
        let wall = Duration::from_millis(timestamp.as_unix_millis()) + passed;
        At { now, wall: SystemTime::UNIX_EPOCH + wall }
    }

    /// The values for the next connect, where there is a conversation.
    pub(crate) fn dialing(&mut self) -> Option<Dialing> {
        self.conversation.as_mut().map(|talk| talk.dialing())
    }

    /// The conversation begins on a new connection.
    pub(crate) fn converse(&mut self, dialing: Dialing, at: Stamp) {
        let at = self.at(at.instant);
        if let (Some(talk), Some(line)) = (&mut self.conversation, &self.line) {
            talk.connected(dialing, &line.secrets, at);
        }
        self.obey(at.now);
    }

    /// Shows the messages that wait to the conversation, which takes out whatever is no data. Returns
    /// whether the bytes that came in count as data.
    pub(crate) fn look(&mut self, seen: bool, stamp: Stamp) -> bool {
        let at = self.at(stamp.instant);
        let (Some(line), Some(talk)) = (&mut self.line, &mut self.conversation) else {
            return seen;
        };
        if !line.inbox.has_messages() {
            if seen {
                talk.heard(at.now);
            }
            return seen;
        }
        let (bytes, spans) = line.inbox.messages();
        let mut batch = talk.look(bytes, spans, at);
        let is_data = !spans.is_empty();
        if let Some(made) = batch.made.take() {
            line.inbox.replace(made);
        }
        if !is_data {
            line.inbox.discard();
        }
        if let Some(before) = line.batch.take() {
            // The owner has not heard yet of messages that came before, and that were no records.
            batch.follow(before.marks);
        }
        if batch.unmatched > 0 {
            self.events.push_back(Event::Unmatched(batch.unmatched));
        }
        line.batch = Some(batch);
        is_data || line.inbox.is_mid_message()
    }

    /// Does what the conversation wants.
    pub(crate) fn obey(&mut self, now: Instant) {
        while let Some(effect) = self.conversation.as_mut().and_then(|talk| talk.poll_effect()) {
            match effect {
                Effect::Send(sent) => {
                    if let Some(line) = self.line.as_mut().filter(|line| !line.write_failed) {
                        line.outbox.message(sent.kind, &sent.payload);
                    }
                }
                Effect::Errand(errand) => self.outputs.push_back(Output::Errand(errand)),
                Effect::Call { step, call } => {
                    self.outputs.push_back(Output::Call { step, call });
                }
                Effect::Work(work) => self.outputs.push_back(Output::Work(work)),
                Effect::Complete => self.up(now),
                Effect::Note(note) => self.events.push_back(Event::Note(note)),
                Effect::End(end) if !matches!(self.state, State::Up) => drop(end),
                Effect::HandOver { delay } => self.events.push_back(Event::HandOver { delay }),
                Effect::End(end) if Self::is_planned(&end) => {
                    self.leave_by_plan(Some(Box::new(End::Session(end))), now);
                }
                Effect::End(end) => self.end(End::Session(end), now),
                _ => {}
            }
        }
    }

    /// An errand brought a value, or none.
    pub(crate) fn errand_done(
        &mut self,
        name: std::sync::Arc<str>,
        brought: Result<Token, ValueFailed>,
        at: Stamp,
    ) {
        self.anchor = at;
        let at = self.at(at.instant);
        if let Some(talk) = &mut self.conversation {
            talk.errand_done(name, brought, at);
        }
        self.obey(at.now);
    }

    /// The HTTP call of a step brought values, or none.
    pub(crate) fn call_done(&mut self, step: usize, brought: Result<Taken, CallFailed>, at: Stamp) {
        self.anchor = at;
        let at = self.at(at.instant);
        if let Some(talk) = &mut self.conversation {
            talk.call_done(step, brought, at);
        }
        self.obey(at.now);
    }

    /// The work of the session program is done.
    pub(crate) fn work_done(&mut self, done: WorkDone, at: Stamp) {
        self.anchor = at;
        let at = self.at(at.instant);
        if let Some(talk) = &mut self.conversation {
            talk.work_done(done, at);
        }
        self.obey(at.now);
    }

    /// Pings or Pongs were sent, which count for `send_limit`.
    pub(crate) fn count_frames(&mut self, frames: u32, now: Instant) {
        let Some(talk) = &mut self.conversation else { return };
        for _ in 0..frames {
            talk.frame_sent(now);
        }
    }

    /// When the conversation wants to be called.
    pub(crate) fn talk_due(&self) -> Option<Instant> {
        let reads = !self.clocks.is_paused();
        let talk = self.conversation.as_ref().filter(|_| self.is_up())?;
        talk.next_timeout(reads)
    }

    /// The conversation acts on its time limits.
    pub(crate) fn talk_timeout(&mut self, now: Instant) {
        let (at, reads) = (self.at(now), !self.clocks.is_paused());
        if let Some(talk) = &mut self.conversation {
            talk.handle_timeout(at, reads);
        }
        self.obey(now);
    }

    /// Sends an answer that had to wait.
    pub(crate) fn reply(&mut self, reply: faucet_session::plan::Sent, now: Instant) {
        if let Some(talk) = &mut self.conversation {
            talk.reply(reply, now);
        }
        self.obey(now);
    }

    /// Sends the last messages before our Close.
    pub(crate) fn say_goodbye(&mut self, now: Instant) {
        let at = self.at(now);
        let Some(talk) = &mut self.conversation else { return };
        let sent = talk.goodbye(at);
        let line = self.line.as_mut().filter(|line| !line.write_failed);
        if let Some(line) = line {
            sent.iter().for_each(|sent| line.outbox.message(sent.kind, &sent.payload));
        }
    }

    /// The texts that no message may show.
    pub(crate) fn secrets(&self) -> faucet_connect::Secrets {
        self.conversation.as_ref().map(|talk| talk.secrets()).unwrap_or_default()
    }

    /// Whether our Close must not end the session of the server.
    pub(crate) fn keeps_session(&self) -> bool {
        self.conversation.as_deref().is_some_and(Conversation::keeps_session)
    }
}
