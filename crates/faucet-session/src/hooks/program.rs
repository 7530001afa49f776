//! A program that holds a part of the conversation.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Instant, SystemTime};

use crate::hooks::inbound::InboundMessage;
use crate::hooks::program_session::{ProgramSession, Wish};
use crate::hooks::work::AnyAnswer;

/// The verdict of a program about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramVerdict {
    /// The program has nothing to do with the message: the configuration decides.
    Pass,
    /// The message is control and goes no further.
    Control,
    /// The message is data, whatever the rules of the configuration say.
    Record,
}

/// A program that holds a part of the conversation: events in, messages out.
///
/// The program works inside of the conversation that the configuration describes. It has the connection
/// first: `session`, `subscribe` and `subscribe_messages` (sink: `connect_messages`) wait until it says
/// [`ready`](ProgramSession::ready). It sees each message before the configuration does, also later on,
/// behind `decompress`, a decoder, `framing` and `split_arrays`.
///
/// A program never waits: it says what it wants and returns. A signature that takes time is
/// [`work`](ProgramSession::work). Each connection has a program of its own. A panic ends the run with
/// an error: records that came in before it are handed over, and messages that come in with the one
/// that makes the program panic are not.
///
/// ```
/// use faucet_session::hooks::{
///     InboundMessage, ProgramEnd, ProgramSession, ProgramVerdict, SessionProgram,
/// };
///
/// /// Answers a number that the server asks with its square.
/// struct Squares;
///
/// impl SessionProgram for Squares {
///     /// No work is done outside.
///     type Answer = ();
///
///     fn message(
///         &mut self,
///         message: InboundMessage<'_>,
///         session: &mut ProgramSession<()>,
///     ) -> ProgramVerdict {
///         let asked = message.text().and_then(|text| text.strip_prefix("square "));
///         match asked.map(str::parse::<i64>) {
///             None => return ProgramVerdict::Pass,
///             Some(Ok(number)) => {
///                 session.send_text(format!("{}", number * number));
///                 session.ready();
///             }
///             Some(Err(_)) => session.end(ProgramEnd::GiveUp("no number was asked".to_owned())),
///         }
///         ProgramVerdict::Control
///     }
/// }
/// ```
pub trait SessionProgram: Send + 'static {
    /// The result of [`work`](ProgramSession::work); `()` for a program without.
    type Answer: Send + 'static;

    /// The connection stands. Does nothing where it is left out.
    fn connected(&mut self, session: &mut ProgramSession<Self::Answer>) {
        let _ = session;
    }

    /// A message came in.
    fn message(
        &mut self,
        message: InboundMessage<'_>,
        session: &mut ProgramSession<Self::Answer>,
    ) -> ProgramVerdict;

    /// Work is done. Does nothing where it is left out.
    fn answered(&mut self, answer: Self::Answer, session: &mut ProgramSession<Self::Answer>) {
        let _ = (answer, session);
    }

    /// The time of [`wake_after`](ProgramSession::wake_after) is over. Does nothing where it is left out.
    fn woken(&mut self, session: &mut ProgramSession<Self::Answer>) {
        let _ = session;
    }
}

/// The circumstances of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances {
    pub(crate) now: Instant,
    pub(crate) wall: SystemTime,
    pub(crate) is_reading: bool,
}

/// The wishes of a call, and its result or its panic.
pub(crate) type Called<T> = (Vec<Wish>, std::thread::Result<T>);

/// A program, whatever its answers are.
pub(crate) trait AnyProgram: Send {
    fn connected(&mut self, at: Circumstances) -> Called<()>;
    fn message(&mut self, message: InboundMessage<'_>, at: Circumstances)
    -> Called<ProgramVerdict>;
    fn answered(&mut self, answer: AnyAnswer, at: Circumstances) -> Called<()>;
    fn woken(&mut self, at: Circumstances) -> Called<()>;
}

/// Calls a program. Wishes of a call that panics are kept: texts to hide are among them.
fn call<A: Send + 'static, T>(
    at: Circumstances,
    call: impl FnOnce(&mut ProgramSession<A>) -> T,
) -> Called<T> {
    let Circumstances { now, wall, is_reading } = at;
    let mut session = ProgramSession::new(now, wall, is_reading);
    let result = catch_unwind(AssertUnwindSafe(|| call(&mut session)));
    (session.into_wishes(), result)
}

impl<P: SessionProgram> AnyProgram for P {
    fn connected(&mut self, at: Circumstances) -> Called<()> {
        call(at, |session| SessionProgram::connected(self, session))
    }

    fn message(
        &mut self,
        message: InboundMessage<'_>,
        at: Circumstances,
    ) -> Called<ProgramVerdict> {
        call(at, |session| SessionProgram::message(self, message, session))
    }

    fn answered(&mut self, answer: AnyAnswer, at: Circumstances) -> Called<()> {
        call(at, |session| {
            // The program has made it.
            if let Ok(answer) = answer.downcast() {
                SessionProgram::answered(self, *answer, session);
            }
        })
    }

    fn woken(&mut self, at: Circumstances) -> Called<()> {
        call(at, |session| SessionProgram::woken(self, session))
    }
}
