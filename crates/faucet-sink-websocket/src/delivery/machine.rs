//! Everything that the sink decides, without I/O and clock.

use std::time::{Duration, Instant};

use faucet_common_websocket::{Class, Event, GaveUp, Over, never_ponged};
use faucet_core::{Error, Flushed, Result};

use crate::command::Task;
use crate::delivery::connection_lost::LostHow;
use crate::delivery::delivery_mode::DeliveryMode;
use crate::delivery::in_flight::{Outgoing, Room};
use crate::delivery::policy::DeliveryPolicy;
use crate::delivery::verdict::{Found, Line, Verdicts};

/// After so many connections without a Pong the sink stops: the peer does not answer Pings.
const MUTE_CONNECTIONS: u32 = 2;
/// Connections shorter than this do not count.
const MUTE: Duration = Duration::from_secs(5);

/// A socket that does not take what it is given.
#[derive(Debug)]
struct Stuck {
    since: Instant,
    written: u64,
}

/// Whether the peer answers Pings at all.
#[derive(Debug, Default)]
struct Answers {
    /// On this connection.
    ponged: bool,
    mute_connections: u32,
}

/// Something that the owner of the connection does for the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A connection was made after the one that ended so.
    Reconnected(Class),
    /// Records were confirmed: failures before no longer count.
    Progressed,
    /// The last failure is explained and will not be caused again.
    Explained,
    /// The peer refused a record, which is not sent again.
    Refused,
}

/// Decides what is sent, when a call of the writer is done, and when the peer is given up.
#[derive(Debug)]
pub(crate) struct SinkMachine {
    policy: DeliveryPolicy,
    /// The redacted URL of the peer.
    url: String,
    pub(crate) verdicts: Verdicts,
    /// The call that is being worked on.
    task: Option<Task>,
    /// Whether there is a connection, and whether the socket has taken everything.
    line: Line,
    stuck: Option<Stuck>,
    answers: Answers,
    effects: Vec<Effect>,
    /// Why the last connection ended, while there is none.
    ended_by: Option<Class>,
}

impl SinkMachine {
    /// A run whose connection was just made.
    pub(crate) fn new(policy: DeliveryPolicy, url: &str) -> Self {
        Self {
            policy,
            url: url.to_owned(),
            verdicts: Verdicts::new(policy, url),
            task: None,
            line: Line { up: true, flushed: true },
            stuck: None,
            answers: Answers::default(),
            effects: Vec::new(),
            ended_by: None,
        }
    }

    /// Begins a call.
    pub(crate) fn begin(&mut self, task: Task) {
        self.task = Some(task);
    }

    /// Returns the records or the Ping that go out next on the connection.
    pub(crate) fn next(&mut self, now: Instant, room: Room) -> Option<Outgoing<'_>> {
        if self.verdicts.is_lost() || !self.line.up {
            return None;
        }
        if let Some(Task::Write { left, .. }) = &mut self.task
            && !left.is_empty()
        {
            self.verdicts.in_flight.accept(left);
        }
        self.verdicts.in_flight.next(now, room)
    }

    /// The state of the socket after a write: whether it has taken everything, and how many bytes it
    /// has taken on this connection.
    pub(crate) fn wrote(&mut self, flushed: bool, written: u64, now: Instant) {
        if !self.line.up {
            return;
        }
        if flushed && !self.line.flushed {
            self.verdicts.in_flight.flushed(now);
        }
        self.line.flushed = flushed;
        match &self.stuck {
            _ if flushed => self.stuck = None,
            Some(stuck) if stuck.written == written => {}
            _ => self.stuck = Some(Stuck { since: now, written }),
        }
    }

    /// There is no connection any more; an event will say why, at the latest when the close handshake
    /// is over.
    pub(crate) fn hung_up(&mut self) {
        self.line.up = false;
    }

    /// The end of the call that is being worked on, if it has come.
    pub(crate) fn answer(&mut self) -> Option<(Task, Result<Flushed>)> {
        let answer = match self.task.as_ref()? {
            Task::Flush => self.verdicts.flush(self.line)?,
            Task::Write { all, left } => {
                let left = left.len() as u64;
                self.verdicts.write(*all, left, self.line)?.map(|()| Flushed::ALL)
            }
            Task::Close => self.verdicts.close(self.line)?.map(|()| Flushed::ALL),
        };
        self.task.take().map(|task| (task, answer))
    }

    /// Whether a lost connection is wanted back.
    pub(crate) fn wants_connection(&self) -> bool {
        let left = self.task.as_ref().map_or(0, Task::left);
        self.verdicts.wants_connection(left)
    }

    /// Whether the connection is lost for good.
    pub(crate) fn is_lost(&self) -> bool {
        self.verdicts.is_lost()
    }

    /// Something happened to the connection.
    pub(crate) fn event(&mut self, event: Event, now: Instant) {
        match event {
            // `open` made the first connection.
            Event::Up { again: false } => {}
            Event::Up { again: true } => {
                self.answers.ponged = false;
                self.line = Line { up: true, flushed: true };
                self.verdicts.reconnected();
                let ended_by = self.ended_by.take().unwrap_or(Class::Transient);
                self.effects.push(Effect::Reconnected(ended_by));
            }
            Event::Acked { upto, latest } => {
                self.answers = Answers { ponged: true, mute_connections: 0 };
                let in_flight = &mut self.verdicts.in_flight;
                if in_flight.read(upto, latest, now) {
                    self.effects.push(Effect::Progressed);
                }
                if !in_flight.is_quarantined() {
                    self.verdicts.rejections.unexplained();
                }
            }
            Event::Lost { failure, .. } => {
                // The attempts that fail behind a lost connection are not what ended it.
                self.ended_by.get_or_insert(failure.class());
                match failure.class() {
                    Class::Refusal => self.rejected(&failure.error(&self.url)),
                    Class::Silent => self.verdicts.in_flight.pong_missing(),
                    _ if failure.refuses_client() => {
                        self.verdicts.refused(failure.error(&self.url));
                    }
                    _ => {}
                }
                self.lost(now);
                if self.answers.mute_connections >= MUTE_CONNECTIONS {
                    self.lost_for_good(LostHow::Otherwise, never_ponged(&self.url));
                }
            }
            Event::Over(Over::Closed(failure)) => {
                self.lost_for_good(LostHow::ClosedCleanly, failure.error(&self.url));
            }
            Event::Over(Over::Failed(failed)) => {
                let error = failed.error(&self.url);
                if failed.class() == Class::Refusal {
                    self.rejected(&error);
                }
                let refused = failed.refuses_client();
                let how = if refused { LostHow::Refused } else { LostHow::Otherwise };
                self.lost_for_good(how, error);
            }
            Event::Messages
            | Event::Discarded(..)
            | Event::Waiting
            | Event::Idle
            | Event::Ping(_)
            | Event::Pong(_)
            | Event::Due
            | Event::Unmatched(_)
            | Event::Note(_)
            | Event::HandOver { .. }
            | Event::Over(Over::Left(_)) => {}
        }
    }

    fn lost(&mut self, now: Instant) {
        let due = self.verdicts.in_flight.pong_due(MUTE.min(self.policy.ack_timeout));
        // A peer that does not read is stuck. It is not known to answer no Pings.
        let mute = self.policy.mode == DeliveryMode::AtLeastOnce
            && !self.answers.ponged
            && self.line.flushed
            && due.is_some_and(|due| due <= now);
        self.answers.mute_connections += u32::from(mute);
        self.verdicts.in_flight.lost();
        self.down();
    }

    /// There is no connection. Unflushed records are counted as lost or queued again: nothing
    /// remains to flush.
    fn down(&mut self) {
        self.stuck = None;
        self.line = Line { up: false, flushed: true };
    }

    /// The peer closed because of a message that it received.
    fn rejected(&mut self, close: &Error) {
        match self.verdicts.rejected(close) {
            Found::Record => {
                tracing::warn!("{close}; the record that it refused is not sent again");
                self.effects.push(Effect::Refused);
            }
            Found::HandedBack => {
                tracing::warn!("{close}; the record that it refused goes to the dead letters");
                // One record less to send: the run goes on, though the next may be refused as well.
                self.effects.push(Effect::Progressed);
            }
            Found::Suspects => self.effects.push(Effect::Explained),
            Found::Nothing => {}
        }
    }

    fn lost_for_good(&mut self, how: LostHow, cause: Error) {
        self.verdicts.lost_for_good(how, cause);
        self.down();
    }

    /// The close handshake is over. An answer to our Close proves that the peer has read all records.
    ///
    /// # Errors
    /// The peer rejected a record, or refused the sink.
    pub(crate) fn closed(&mut self, over: Over) -> Result<()> {
        if let Some(error) = over.refusal(&self.url) {
            self.verdicts.refused(error);
        }
        match over {
            Over::Left(Some(failure)) if failure.class() == Class::Refusal => {
                self.verdicts.closed(false, Some(&failure.error(&self.url)))
            }
            Over::Failed(failed) if failed.class() == Class::Refusal => {
                self.verdicts.closed(false, Some(&failed.error(&self.url)))
            }
            Over::Left(Some(failure)) if failure.class() == Class::Clean => {
                self.verdicts.closed(true, None)
            }
            _ => self.verdicts.closed(false, None),
        }
    }

    /// Why the connection is given up at `next_timeout`, and when that is.
    fn limits(&self) -> [Option<(Instant, GaveUp)>; 2] {
        if self.verdicts.is_lost() || !self.line.up {
            return [None, None];
        }
        let DeliveryPolicy { mode, ack_timeout, write_timeout, .. } = self.policy;
        let stuck = self.stuck.as_ref().and_then(|stuck| stuck.since.checked_add(write_timeout));
        // A Ping that the socket has not taken yet cannot be answered.
        let expected = mode == DeliveryMode::AtLeastOnce && self.line.flushed;
        let pong = self.verdicts.in_flight.pong_due(ack_timeout).filter(|_| expected);
        [
            stuck.map(|at| (at, GaveUp::Stuck(write_timeout))),
            pong.map(|at| (at, GaveUp::NotAcked(ack_timeout))),
        ]
    }

    /// When the machine wants to be asked, if nothing happens before.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.limits().into_iter().flatten().map(|(at, _)| at).min()
    }

    /// Why the connection is given up at `now`, if a limit is reached.
    pub(crate) fn give_up(&self, now: Instant) -> Option<GaveUp> {
        self.limits().into_iter().flatten().find(|(at, _)| *at <= now).map(|(_, why)| why)
    }

    /// Takes the effects since the last call.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}

#[cfg(test)]
mod tests;
