//! The tasks of a machine for its driver.

use faucet_session::hooks::Work;
use faucet_session::names::Errand;
use faucet_session::plan::ReadyCall;

/// A task for the driver.
#[derive(Debug)]
pub(crate) enum Output {
    /// Connect, and hand over the result.
    Dial,
    /// Drop the connection, or the dial in flight.
    HangUp,
    /// Make the call that a value waits for, and hand over the result.
    Errand(Box<Errand>),
    /// Make the HTTP call of a step, and hand over the result.
    Call {
        /// The step, from 0.
        step: usize,
        /// The call.
        call: Box<ReadyCall>,
    },
    /// Do the work of the session program, and hand over the result.
    Work(Work),
}

/// Calls have no values of their own to compare.
#[cfg(test)]
impl PartialEq for Output {
    fn eq(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Dial, Self::Dial) | (Self::HangUp, Self::HangUp))
    }
}
