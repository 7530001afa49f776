//! The session, as a program sees it.

use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use faucet_core::MessageKind;

use crate::hooks::work::Work;
use crate::plan::Sent;

/// The shortest wait of [`ProgramSession::wake_after`].
const SHORTEST: Duration = Duration::from_millis(1);

/// Something that a program wants.
#[derive(Debug)]
#[non_exhaustive]
pub enum Wish {
    /// Send a message.
    Send(Sent),
    /// Let the script of the configuration begin.
    Ready,
    /// Do work outside of the session.
    Work(Work),
    /// Wake the program after this time.
    WakeAfter(Duration),
    /// Strike this text out of errors and logs.
    Hide(String),
    /// End the connection.
    End(ProgramEnd),
}

/// Why a program ends its connection. [`reconnect`](crate::keys) and the limits of attempts hold as for
/// other ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramEnd {
    /// A planned end: connect again after `delay`. Without one the next connect follows at once where the
    /// connection has brought a record, else with backoff. With `handover: overlap` a connection whose
    /// session is complete goes on until the next one is up.
    Reconnect {
        /// The wait before the next connect.
        delay: Option<Duration>,
    },
    /// The connection is of no use: connect again, with backoff. Counts for `max_reconnect_attempts`.
    GiveUp(String),
    /// The server refuses the login, in these words. Before the first complete session of the run this ends
    /// the run; later, one more try comes first.
    Refused(String),
    /// The run ends with an error.
    Failed(String),
    /// The run ends well.
    Finished,
}

/// The session, as a program sees it. Wishes are fulfilled in their order, once the program returns.
/// Wishes behind [`end`](Self::end) are dropped, but for [`hide`](Self::hide).
///
/// ```
/// use faucet_session::hooks::{ProgramSession, Wish};
///
/// // A test of a program needs neither a connection nor a server.
/// let mut session = ProgramSession::<()>::rehearsal();
/// session.send_text("hello");
/// session.ready();
/// let wishes = session.into_wishes();
/// assert!(matches!(&wishes[..], [Wish::Send(sent), Wish::Ready] if sent.payload == "hello"));
/// ```
///
/// `A` is the [`Answer`](crate::hooks::SessionProgram::Answer) of the program.
pub struct ProgramSession<A> {
    wishes: Vec<Wish>,
    now: Instant,
    wall: SystemTime,
    is_reading: bool,
    answer: PhantomData<fn(A)>,
}

impl<A: Send + 'static> ProgramSession<A> {
    pub(crate) fn new(now: Instant, wall: SystemTime, is_reading: bool) -> Self {
        Self { wishes: Vec::new(), now, wall, is_reading, answer: PhantomData }
    }

    /// A session without a connection, for a test of a program.
    pub fn rehearsal() -> Self {
        Self::new(Instant::now(), SystemTime::now(), true)
    }

    /// The wishes so far, in their order. For a test of a program.
    pub fn into_wishes(self) -> Vec<Wish> {
        self.wishes
    }

    /// The time, on a clock that never goes back.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The time of day, for messages and signatures.
    pub fn wall(&self) -> SystemTime {
        self.wall
    }

    /// Whether the source reads. While it does not, because its sinks are busy, an answer of the server
    /// may have come and is not seen yet.
    pub fn is_reading(&self) -> bool {
        self.is_reading
    }

    /// Sends a text message, as soon as `send_limit` allows it. At most 10,000 messages of a program wait for
    /// that: more end the run with an error.
    pub fn send_text(&mut self, text: impl Into<String>) {
        let payload = Bytes::from(text.into());
        self.wishes.push(Wish::Send(Sent { kind: MessageKind::Text, payload }));
    }

    /// Sends a binary message, as soon as `send_limit` allows it.
    pub fn send_binary(&mut self, payload: impl Into<Bytes>) {
        let payload = payload.into();
        self.wishes.push(Wish::Send(Sent { kind: MessageKind::Binary, payload }));
    }

    /// Lets `session`, `subscribe` and the messages behind them begin. Until then they wait, at most for
    /// `session_timeout`.
    pub fn ready(&mut self) {
        self.wishes.push(Wish::Ready);
    }

    /// Does work outside of the session and calls
    /// [`answered`](crate::hooks::SessionProgram::answered) with its result. Messages go on coming in
    /// meanwhile, and so does the script of the configuration. Several pieces of work are done one after
    /// the other; a piece is dropped with its connection.
    ///
    /// The future is polled where the connection is: work that blocks a thread belongs on another one
    /// (`tokio::task::spawn_blocking`).
    pub fn work(&mut self, work: impl Future<Output = A> + Send + 'static) {
        self.wishes.push(Wish::Work(Work::new(work)));
    }

    /// Calls [`woken`](crate::hooks::SessionProgram::woken) after this time, and not before a
    /// millisecond has passed. A later call replaces the time. The time goes on while the source does not
    /// read.
    pub fn wake_after(&mut self, time: Duration) {
        self.wishes.push(Wish::WakeAfter(time.max(SHORTEST)));
    }

    /// Strikes `secret` out of errors and logs of this connection from now on, also where the server
    /// repeats it. The last 64 such texts are remembered.
    pub fn hide(&mut self, secret: impl Into<String>) {
        self.wishes.push(Wish::Hide(secret.into()));
    }

    /// Ends the connection. Secrets are struck out of the words, which are cut to 256 characters.
    pub fn end(&mut self, end: ProgramEnd) {
        self.wishes.push(Wish::End(end));
    }
}

impl<A> fmt::Debug for ProgramSession<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProgramSession({} wishes)", self.wishes.len())
    }
}
