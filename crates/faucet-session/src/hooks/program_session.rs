//! The session, as a program sees it.

use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use faucet_core::MessageKind;

use crate::hooks::work::Work;
use crate::plan::Sent;

/// Something that a program wants.
#[derive(Debug)]
pub(crate) enum Act {
    Send(Sent),
    Ready,
    Work(Work),
    Wake(Duration),
    Hide(String),
    End(ProgramEnd),
}

/// Why a program ends its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramEnd {
    /// A planned end: connect again after `delay`, and at once without one. With `handover: overlap` the
    /// connection goes on until the next one is up.
    Reconnect {
        /// The wait before the next connect.
        delay: Option<Duration>,
    },
    /// The connection is of no use: connect again, with backoff. Counts for `max_reconnect_attempts`.
    GiveUp(String),
    /// The server refuses the login, in these words. The program is tried once more, then the run ends.
    Refused(String),
    /// The run ends with an error.
    Failed(String),
    /// The run ends well.
    Finished,
}

/// The session, as a program sees it. Wishes are fulfilled in their order, once the program returns.
///
/// `A` is the [`Answer`](crate::hooks::SessionProgram::Answer) of the program.
pub struct ProgramSession<A> {
    acts: Vec<Act>,
    now: Instant,
    wall: SystemTime,
    answer: PhantomData<fn(A)>,
}

impl<A: Send + 'static> ProgramSession<A> {
    pub(crate) fn new(now: Instant, wall: SystemTime) -> Self {
        Self { acts: Vec::new(), now, wall, answer: PhantomData }
    }

    pub(crate) fn into_acts(self) -> Vec<Act> {
        self.acts
    }

    /// The time, on a clock that never goes back.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The time of day, for messages and signatures.
    pub fn wall(&self) -> SystemTime {
        self.wall
    }

    /// Sends a text message, as soon as `send_limit` allows it.
    pub fn send_text(&mut self, text: impl Into<String>) {
        let payload = Bytes::from(text.into());
        self.acts.push(Act::Send(Sent { kind: MessageKind::Text, payload }));
    }

    /// Sends a binary message, as soon as `send_limit` allows it.
    pub fn send_binary(&mut self, payload: impl Into<Bytes>) {
        let payload = payload.into();
        self.acts.push(Act::Send(Sent { kind: MessageKind::Binary, payload }));
    }

    /// Lets `session`, `subscribe` and the messages behind them begin. Until then they wait, at most for
    /// `session_timeout`.
    pub fn ready(&mut self) {
        self.acts.push(Act::Ready);
    }

    /// Does work outside of the session and calls
    /// [`answered`](crate::hooks::SessionProgram::answered) with its result. Messages go on coming in
    /// meanwhile. Several pieces of work are done one after the other; a piece is dropped with its
    /// connection.
    pub fn work(&mut self, work: impl Future<Output = A> + Send + 'static) {
        self.acts.push(Act::Work(Work::new(work)));
    }

    /// Calls [`woken`](crate::hooks::SessionProgram::woken) after this time. A later call replaces the
    /// time.
    pub fn wake_after(&mut self, time: Duration) {
        self.acts.push(Act::Wake(time));
    }

    /// Strikes `secret` out of errors and logs of this connection, also where the server repeats it.
    pub fn hide(&mut self, secret: impl Into<String>) {
        self.acts.push(Act::Hide(secret.into()));
    }

    /// Ends the connection. Secrets are struck out of the words, which are cut to 256 characters.
    pub fn end(&mut self, end: ProgramEnd) {
        self.acts.push(Act::End(end));
    }
}

impl<A> fmt::Debug for ProgramSession<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProgramSession({} wishes)", self.acts.len())
    }
}
