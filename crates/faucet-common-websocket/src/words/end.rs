//! The words for a connection that stood and has ended.

use faucet_core::{Error, ErrorKind};
use faucet_session::keys::CloseAction;

use crate::machine::close::{code, verdict};
use crate::machine::{Class, End, GaveUp, Violation};
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
    let (kind, hint) = match end {
        End::Closed { code, .. } => (kind_of_close(class), hint_of_close(*code, class)),
        End::Ruled { code, action, .. } => of_rule(*code, *action),
        End::Session(end) => session::of_end(end),
        End::Dropped(_) => (ErrorKind::Closed, ""),
        End::Violation(violation) => of_violation(*violation),
        End::GaveUp(why) => (ErrorKind::Timeout, hint_of_gave_up(*why)),
    };
    Explanation::new(kind, "read", hint).error(url, message).retryable(retryable)
}

/// The words for a Close that a rule of `close_rules` decides about: the rule says who may try again, and
/// the code may still say that the credentials are refused.
fn of_rule(code: Option<u16>, action: CloseAction) -> (ErrorKind, &'static str) {
    let kind = match action {
        CloseAction::Refuse => ErrorKind::Auth,
        _ => kind_of_close(verdict(code).class),
    };
    match kind {
        ErrorKind::Auth => (
            kind,
            "check the credentials and what the account may read; close_rules has a rule for this Close",
        ),
        _ => (ErrorKind::Closed, "a rule of close_rules decides about this Close"),
    }
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

fn hint_of_close(code: Option<u16>, class: Class) -> &'static str {
    match class {
        Class::Credentials => "check auth and what the account may read",
        Class::Complaint if code == Some(code::EXTENSION) => {
            "the server wants an extension: try compression: deflate"
        }
        Class::Complaint | Class::Refusal => {
            "the server refused what it was sent: check the messages that are sent \
             (subscribe_messages of a source, connect_messages and the records of a sink)"
        }
        Class::Application(_) => {
            "the server gives this code a meaning of its own: see the documentation of the server"
        }
        Class::Violation => NOT_RFC_6455,
        _ => "",
    }
}

fn of_violation(violation: Violation) -> (ErrorKind, &'static str) {
    match violation {
        Violation::TooLarge { .. } | Violation::InflatesTooLarge { .. } => {
            (ErrorKind::TooLarge, "raise max_message_bytes if such messages are expected")
        }
        Violation::TooManyFragments { .. } => {
            (ErrorKind::TooLarge, "the limit is fixed: the server must send larger fragments")
        }
        Violation::Corrupt => (
            ErrorKind::Protocol,
            "the server or a proxy violates RFC 7692; report this to its operator, or set \
             compression: none",
        ),
        Violation::NotUtf8 => (
            ErrorKind::Protocol,
            "the server violates RFC 6455; report this to its operator, or give a source \
             invalid_utf8: skip or, with message_format: binary, invalid_utf8: binary",
        ),
        _ => (ErrorKind::Protocol, NOT_RFC_6455),
    }
}

fn hint_of_gave_up(why: GaveUp) -> &'static str {
    match why {
        GaveUp::NoPong(_) => "raise pong_timeout if the peer is only slow",
        GaveUp::Stale(_) => "raise stale_timeout if the feed is quiet",
        GaveUp::Stuck(_) => "raise write_timeout if the peer reads slowly",
        GaveUp::Hole => "",
        GaveUp::NotAcked(_) => "raise ack_timeout if the peer is only slow",
    }
}
