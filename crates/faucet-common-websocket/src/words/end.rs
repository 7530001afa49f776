//! The words for a connection that stood and has ended.

use faucet_core::{Error, ErrorKind};

use crate::machine::{Class, End, GaveUp, Violation};
use crate::words::explanation::Explanation;

/// The error about the endpoint `url`, without its cause.
pub(super) fn error(end: &End, url: &str) -> Error {
    let message = match end {
        End::Violation(violation) if !violation.is_of_a_limit() => {
            format!("WebSocket {url}: protocol violation: {end}")
        }
        _ => format!("WebSocket {url}: {end}"),
    };
    let class = end.verdict().class;
    let retryable = !matches!(class, Class::Complaint | Class::Refusal | Class::Fatal);
    let (kind, hint) = match end {
        End::Closed { .. } => (kind_of_close(class), hint_of_close(class)),
        End::Dropped(_) => (ErrorKind::Closed, ""),
        End::Violation(violation) => of_violation(*violation),
        End::GaveUp(why) => (ErrorKind::Timeout, hint_of_gave_up(*why)),
    };
    Explanation::new(kind, "read", hint).error(url, message).retryable(retryable)
}

fn kind_of_close(class: Class) -> ErrorKind {
    match class {
        Class::Credentials => ErrorKind::Auth,
        Class::Violation | Class::Complaint | Class::Refusal => ErrorKind::Protocol,
        _ => ErrorKind::Closed,
    }
}

fn hint_of_close(class: Class) -> &'static str {
    match class {
        Class::Credentials => "check auth and what the account may read",
        Class::Complaint | Class::Refusal => {
            "the server refused what it was sent: check the messages that are sent"
        }
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
        _ => (
            ErrorKind::Protocol,
            "the server or a proxy violates RFC 6455; report this to its operator",
        ),
    }
}

fn hint_of_gave_up(why: GaveUp) -> &'static str {
    match why {
        GaveUp::NoPong => "raise pong_timeout if the peer is only slow, or set reconnect: true",
        GaveUp::Stale(_) => "raise stale_timeout if the feed is quiet, or set reconnect: true",
        GaveUp::Stuck(_) => "raise write_timeout if the peer reads slowly, or set reconnect: true",
        GaveUp::NotAcked(_) => "raise ack_timeout if the peer is only slow, or set reconnect: true",
    }
}
