//! A program that holds a part of the conversation.

use std::time::{Instant, SystemTime};

use crate::hooks::inbound::InboundMessage;
use crate::hooks::program_session::{Act, ProgramSession};
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
/// an error; records that came in before it are handed over.
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

/// The time of a call.
pub(crate) type Clocks = (Instant, SystemTime);

/// A program, whatever its answers are.
pub(crate) trait AnyProgram: Send {
    fn connected(&mut self, at: Clocks) -> Vec<Act>;
    fn message(&mut self, message: InboundMessage<'_>, at: Clocks) -> (ProgramVerdict, Vec<Act>);
    fn answered(&mut self, answer: AnyAnswer, at: Clocks) -> Vec<Act>;
    fn woken(&mut self, at: Clocks) -> Vec<Act>;
}

impl<P: SessionProgram> AnyProgram for P {
    fn connected(&mut self, (now, wall): Clocks) -> Vec<Act> {
        let mut session = ProgramSession::new(now, wall);
        SessionProgram::connected(self, &mut session);
        session.into_acts()
    }

    fn message(
        &mut self,
        message: InboundMessage<'_>,
        (now, wall): Clocks,
    ) -> (ProgramVerdict, Vec<Act>) {
        let mut session = ProgramSession::new(now, wall);
        let verdict = SessionProgram::message(self, message, &mut session);
        (verdict, session.into_acts())
    }

    fn answered(&mut self, answer: AnyAnswer, (now, wall): Clocks) -> Vec<Act> {
        let mut session = ProgramSession::new(now, wall);
        // The program has made it.
        if let Ok(answer) = answer.downcast() {
            SessionProgram::answered(self, *answer, &mut session);
        }
        session.into_acts()
    }

    fn woken(&mut self, (now, wall): Clocks) -> Vec<Act> {
        let mut session = ProgramSession::new(now, wall);
        SessionProgram::woken(self, &mut session);
        session.into_acts()
    }
}
