//! The meaning of the ends of a conversation for the next attempt.

use std::time::Duration;

use faucet_session::connect::{CallFailed, DialingFailed};
use faucet_session::keys::CloseAction;
use faucet_session::reading::DecompressFailed;
use faucet_session::script::SessionEnd;

use crate::machine::class::{Class, Verdict};
use crate::machine::close::code;

/// The meaning of an end of a conversation.
pub(crate) fn session_verdict(end: &SessionEnd) -> Verdict {
    let class = match end {
        SessionEnd::Refused { .. } => Class::Credentials,
        SessionEnd::TopicRefused { .. } => Class::Refusal,
        SessionEnd::NoBeat(_) | SessionEnd::Silent(_) => Class::Silent,
        SessionEnd::Value { .. } => Class::Value,
        SessionEnd::Call { why, .. } => return call_verdict(why),
        SessionEnd::Planned { delay, .. } | SessionEnd::Restart { delay, .. } => {
            let wait_at_least = delay.unwrap_or_default();
            return Verdict { class: Class::Planned, wait_at_least };
        }
        SessionEnd::Failed { .. }
        | SessionEnd::Dictionary(_)
        | SessionEnd::ProgramFailed(_)
        | SessionEnd::HookPanicked(_) => Class::Fatal,
        SessionEnd::Finished(_) => Class::Finished,
        SessionEnd::Compressed(DecompressFailed::TooLarge { .. }) => Class::Fatal,
        SessionEnd::Compressed(_) | SessionEnd::Flood(_) => Class::Violation,
        _ => Class::Transient,
    };
    class.into()
}

/// The code of our Close.
pub(crate) fn session_code(end: &SessionEnd) -> u16 {
    if matches!(end, SessionEnd::NoAnswer { .. } | SessionEnd::TooLong(_)) {
        return code::GIVEN_UP;
    }
    match session_verdict(end).class {
        Class::Silent => code::GIVEN_UP,
        Class::Planned | Class::Transient => code::COMING_BACK,
        Class::Violation => code::POLICY,
        _ => code::NORMAL,
    }
}

/// The meaning of an HTTP call that brought nothing: as for the same answer to an upgrade.
fn call_verdict(failed: &CallFailed) -> Verdict {
    match failed {
        CallFailed::Status { status, retry_after, .. } => {
            let class = match status {
                401 | 403 | 407 => Class::Credentials,
                408 | 425 | 429 | 500 | 502..=504 => Class::Transient,
                status => Class::Answer(*status),
            };
            Verdict { class, wait_at_least: retry_after.unwrap_or_default() }
        }
        CallFailed::Refused(_) => Class::Credentials.into(),
        CallFailed::Unsendable(_) | CallFailed::NoClient => Class::Fatal.into(),
        _ => Class::Transient.into(),
    }
}

/// The meaning of a connect that could not be prepared.
pub(crate) fn dialing_verdict(failed: &DialingFailed) -> Verdict {
    match failed {
        DialingFailed::Call { why, .. } => call_verdict(why),
        DialingFailed::Value(_) | DialingFailed::Dictionary(_) => Class::Value.into(),
        DialingFailed::Url { .. } => Class::Fatal.into(),
        _ => Class::Transient.into(),
    }
}

/// The meaning of a Close, or of an answer to the upgrade, that a rule decides about.
pub(crate) fn ruled(action: CloseAction, delay: Option<Duration>) -> Verdict {
    let class = match action {
        CloseAction::Reconnect | CloseAction::Restart => Class::Transient,
        CloseAction::Fail => Class::Fatal,
        CloseAction::Refuse => Class::Credentials,
        CloseAction::End => Class::Finished,
    };
    Verdict { class, wait_at_least: delay.unwrap_or_default() }
}
