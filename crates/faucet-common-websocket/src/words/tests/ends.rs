//! Ends of connections.

use super::*;
use crate::machine::control::PeerClose;
use crate::machine::{GaveUp, Violation};
use ErrorKind::{Auth, Closed, Protocol, Timeout, TooLarge};

fn closed(code: Option<u16>, reason: &str) -> End {
    End::closed(&PeerClose { code, reason: reason.into() }, Secrets::NONE)
}

#[test]
fn each_end_of_a_connection() {
    let closes = |kind, again| (kind, "read", again);
    let sent = "check the messages that are sent";
    check(
        "WebSocket ws://h/?k=***: ",
        [
            (
                closed(None, ""),
                Class::Clean,
                closes(Closed, true),
                "closed by the server without a code",
                "",
            ),
            (
                closed(Some(1013), "later\n"),
                Class::Transient,
                closes(Closed, true),
                "closed by the server: 1013 try again later, \"later\\n\"",
                "",
            ),
            (
                closed(Some(1008), ""),
                Class::Credentials,
                closes(Auth, true),
                "closed by the server: 1008 policy violation",
                "check auth",
            ),
            (
                closed(Some(1002), ""),
                Class::Complaint,
                closes(Protocol, false),
                "closed by the server: 1002 protocol error",
                sent,
            ),
            (
                closed(Some(1010), ""),
                Class::Complaint,
                closes(Protocol, false),
                "closed by the server: 1010 mandatory extension",
                "compression: deflate",
            ),
            (
                closed(Some(1003), ""),
                Class::Refusal,
                closes(Protocol, false),
                "closed by the server: 1003 unsupported data",
                sent,
            ),
            (
                closed(Some(4000), ""),
                Class::Application(4000),
                closes(Closed, true),
                "closed by the server: 4000 application",
                "the documentation of the server",
            ),
            (
                closed(Some(1005), ""),
                Class::Violation,
                closes(Protocol, true),
                "protocol violation: closed by the server: 1005 not allowed on the wire",
                "RFC 6455",
            ),
            (
                End::Dropped(None),
                Class::Transient,
                closes(Closed, true),
                "connection lost without a Close frame (1006)",
                "",
            ),
            (
                End::Dropped(Some(eof())),
                Class::Transient,
                closes(Closed, true),
                "connection lost without a Close frame: early end",
                "",
            ),
        ],
    );
}

#[test]
fn each_violation_and_each_reason_to_give_up() {
    let limit = (TooLarge, "read", false);
    let protocol = (Protocol, "read", true);
    let silent = |why: GaveUp, words, key| {
        (End::from(why), Class::Silent, (Timeout, "read", true), words, key)
    };
    check(
        "WebSocket ws://h/?k=***: ",
        [
            (
                Violation::TooLarge { size: 9, max: 8 }.into(),
                Class::Fatal,
                limit,
                "a message of 9 bytes is over the limit of 8 bytes (max_message_bytes)",
                "raise max_message_bytes",
            ),
            (
                Violation::InflatesTooLarge { max: 8 }.into(),
                Class::Fatal,
                limit,
                "a compressed message inflates to more than 8 bytes (max_message_bytes)",
                "raise max_message_bytes",
            ),
            (
                Violation::TooManyFragments { max: 3 }.into(),
                Class::Fatal,
                limit,
                "a message of more than 3 fragments",
                "larger fragments",
            ),
            (
                Violation::Corrupt.into(),
                Class::Violation,
                protocol,
                "protocol violation: a compressed message cannot be inflated",
                "RFC 7692",
            ),
            (
                Violation::NotUtf8.into(),
                Class::Violation,
                protocol,
                "protocol violation: a text message is not UTF-8",
                "invalid_utf8: skip",
            ),
            (
                Violation::Masked.into(),
                Class::Violation,
                protocol,
                "protocol violation: a frame of the server is masked",
                "RFC 6455",
            ),
            silent(GaveUp::NoPong(S(4)), "no Pong for 4s (pong_timeout)", "raise pong_timeout"),
            silent(GaveUp::Stale(S(1)), "no data for 1s (stale_timeout)", "raise stale_timeout"),
            silent(
                GaveUp::Stuck(S(1)),
                "the socket took nothing for 1s (write_timeout)",
                "raise write_timeout",
            ),
            silent(GaveUp::NotAcked(S(1)), "no Pong for 1s (ack_timeout)", "raise ack_timeout"),
        ],
    );
}
