//! The words for a connection that stood and has ended.

use faucet_core::{Error, ErrorKind};
use faucet_session::keys::CloseAction;

use crate::machine::close::{code, verdict};
use crate::machine::{Class, End, GaveUp, Violation};
use crate::words::advice::Advice;
use crate::words::explanation::Explanation;
use crate::words::session;

/// The error about the endpoint `url`, without its cause.
pub(super) fn error(end: &End, url: &str) -> Error {
    let class = end.verdict().class;
    let message = match class {
        Class::Violation => format!("WebSocket {url}: protocol violation: {end}"),
        _ => format!("WebSocket {url}: {end}"),
    };
    let retryable = !matches!(class, Class::Complaint | Class::Refusal | Class::Fatal);
    explanation(end).error(url, message).retryable(retryable)
}

pub(super) fn explanation(end: &End) -> Explanation {
    let (kind, advice) = match end {
        End::Closed { code, .. } => {
            let class = end.verdict().class;
            (kind_of_close(class), hint_of_close(*code, class))
        }
        End::Ruled { code, action, .. } => of_rule(*code, *action),
        End::Session(end) => session::of_end(end),
        End::Dropped(_) => (ErrorKind::Closed, None),
        End::Violation(violation) => of_violation(*violation),
        End::GaveUp(why) => (ErrorKind::Timeout, hint_of_gave_up(*why)),
    };
    Explanation::new(kind, "read", advice)
}

/// The words for a Close that a rule of `close_rules` decides about: the rule says who may try again, and
/// the code may still say that the credentials are refused.
fn of_rule(code: Option<u16>, action: CloseAction) -> (ErrorKind, Option<Advice>) {
    let kind = match action {
        CloseAction::Refuse => ErrorKind::Auth,
        _ => kind_of_close(verdict(code).class),
    };
    let (kind, hint) = match kind {
        ErrorKind::Auth => (
            kind,
            "check the credentials and what the account may read; close_rules has a rule for this Close",
        ),
        _ => (ErrorKind::Closed, "a rule of close_rules decides about this Close"),
    };
    (kind, Some(Advice::InFile(hint)))
}

/// 4401 and 4403 are HTTP 401 and 403 by a convention of many servers, such as those of
/// graphql-transport-ws.
fn kind_of_close(class: Class) -> ErrorKind {
    match class {
        Class::Credentials | Class::Application(4401 | 4403) => ErrorKind::Auth,
        Class::Violation | Class::Complaint | Class::Refusal => ErrorKind::Protocol,
        _ => ErrorKind::Closed,
    }
}

const NOT_RFC_6455: &str = "the server or a proxy violates RFC 6455; report this to its operator";

fn hint_of_close(code: Option<u16>, class: Class) -> Option<Advice> {
    Some(match class {
        Class::Credentials => Advice::CheckAccount,
        Class::Complaint if code == Some(code::EXTENSION) => Advice::WantsExtension,
        Class::Complaint | Class::Refusal => Advice::CheckMessages,
        Class::Application(_) => Advice::General(
            "the server gives this code a meaning of its own: see the documentation of the server",
        ),
        Class::Violation => Advice::General(NOT_RFC_6455),
        _ => return None,
    })
}

fn of_violation(violation: Violation) -> (ErrorKind, Option<Advice>) {
    let (kind, advice) = match violation {
        Violation::TooLarge { .. } | Violation::InflatesTooLarge { .. } => (
            ErrorKind::TooLarge,
            Advice::InFile("raise max_message_bytes if such messages are expected"),
        ),
        Violation::TooManyFragments { .. } => (
            ErrorKind::TooLarge,
            Advice::General("the limit is fixed: the server must send larger fragments"),
        ),
        Violation::Corrupt => (ErrorKind::Protocol, Advice::CannotInflate),
        Violation::NotUtf8 => (
            ErrorKind::Protocol,
            Advice::InFile(
                "the server violates RFC 6455; report this to its operator, or give a source \
                 invalid_utf8: skip or, with message_format: binary, invalid_utf8: binary",
            ),
        ),
        _ => (ErrorKind::Protocol, Advice::General(NOT_RFC_6455)),
    };
    (kind, Some(advice))
}

fn hint_of_gave_up(why: GaveUp) -> Option<Advice> {
    Some(match why {
        GaveUp::NoPong(_) => Advice::SlowPong,
        GaveUp::Stale(_) => Advice::InFile("raise stale_timeout if the feed is quiet"),
        GaveUp::Stuck(_) => Advice::InFile("raise write_timeout if the peer reads slowly"),
        GaveUp::Hole => return None,
        GaveUp::NotAcked(_) => Advice::InFile("raise ack_timeout if the peer is only slow"),
    })
}
