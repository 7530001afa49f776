//! The words for the ends of a conversation.

use faucet_core::ErrorKind;
use faucet_session::connect::{CallFailed, DialingFailed};
use faucet_session::reading::DecompressFailed;
use faucet_session::script::SessionEnd;

use crate::words::advice::Advice;
use crate::words::explanation::Explanation;

/// The kind of error that an end of a conversation is, and the remedy.
pub(super) fn of_end(end: &SessionEnd) -> (ErrorKind, Option<Advice>) {
    let (kind, hint) = match end {
        SessionEnd::Refused { .. } => (
            ErrorKind::Auth,
            "check the credentials of the session and what the account may read; the clock of this \
             machine counts too where a message is signed",
        ),
        SessionEnd::TopicRefused { .. } => {
            (ErrorKind::Protocol, "check topics; subscribe.on_fail: skip leaves refused ones out")
        }
        SessionEnd::NoAnswer { .. } => (
            ErrorKind::Timeout,
            "check what the server answers: faucet tap shows it; raise timeout if it is only slow",
        ),
        SessionEnd::TooLong(_) => {
            (ErrorKind::Timeout, "raise session_timeout if the server is only slow")
        }
        SessionEnd::NoBeat(_) => (
            ErrorKind::Timeout,
            "check heartbeat.reply; raise heartbeat.timeout if the server is only slow",
        ),
        SessionEnd::Silent(_) => (ErrorKind::Timeout, "raise silence_timeout if the feed is quiet"),
        SessionEnd::NotTaken { .. } => {
            (ErrorKind::Protocol, "check the place: the message may have another shape")
        }
        SessionEnd::Value { .. } => (ErrorKind::Auth, "check the file or the command of the value"),
        SessionEnd::Call { why, .. } => of_call(why),
        SessionEnd::Failed { .. } => (ErrorKind::Closed, "the rule has action: fail"),
        SessionEnd::ProgramFailed(_) => {
            (ErrorKind::Closed, "the program that the source or sink was given decides so")
        }
        SessionEnd::HookPanicked(_) => (
            ErrorKind::Panic,
            "this is a fault of the program or the decoder; report it to its author",
        ),
        SessionEnd::Flood(_) => (
            ErrorKind::Protocol,
            "set send_limit if the server may ask so often, else check the match of the rule",
        ),
        SessionEnd::Compressed(DecompressFailed::TooLarge { .. }) => {
            (ErrorKind::TooLarge, "raise max_message_bytes if such messages are expected")
        }
        SessionEnd::Compressed(_) => (ErrorKind::Protocol, "check decompress"),
        SessionEnd::Dictionary(_) => (ErrorKind::Config, "check decompress_dictionary"),
        _ => return (ErrorKind::Closed, None),
    };
    (kind, Some(Advice::InFile(hint)))
}

fn of_call(failed: &CallFailed) -> (ErrorKind, &'static str) {
    match failed {
        CallFailed::Status { status: 401 | 403 | 407, .. } | CallFailed::Refused(_) => {
            (ErrorKind::Auth, "check the credentials of the call")
        }
        CallFailed::Status { status: 429, .. } => {
            (ErrorKind::Connect, "the server limits calls: set connect_limit")
        }
        CallFailed::NotTaken(_) => {
            (ErrorKind::Protocol, "check the place: the answer may have another shape")
        }
        _ => (ErrorKind::Connect, "check the URL and the network"),
    }
}

/// The explanation of a connect that could not be prepared.
pub(super) fn of_dialing(failed: &DialingFailed) -> Explanation {
    let (kind, hint) = match failed {
        DialingFailed::Call { why, .. } => of_call(why),
        DialingFailed::Value(_) => (ErrorKind::Auth, "check the file or the command of the value"),
        DialingFailed::Dictionary(_) => (ErrorKind::Config, "check decompress_dictionary"),
        DialingFailed::Url { .. } => {
            (ErrorKind::Config, "add the host to url_hosts if it may be trusted with the session")
        }
        _ => (ErrorKind::Config, "check the names in url, query and headers"),
    };
    Explanation::new(kind, "before_connect", Advice::InFile(hint))
}
