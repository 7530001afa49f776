//! Each failure in a table: its class, its words, its cause.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use faucet_connect::{
    CertificateFault, DialFailure, ProxyFailure, ProxyFault, Secrets, SocksRefusal, TlsFailure,
};
use faucet_core::{Error, ErrorKind};

use crate::connect_failed::{ConnectFailed, Handshake};
use crate::extensions::BadChoice;
use crate::machine::control::PeerClose;
use crate::machine::{Class, End, Failure, GaveUp, Violation};
use crate::quote::Quote;
use crate::upgrade_failed::UpgradeFailed;
use ErrorKind::{Auth, Closed, Connect, Panic, Protocol, Timeout, Tls, TooLarge};

const URL: &str = "ws://h/?k=***";
const S: fn(u64) -> Duration = Duration::from_secs;

/// The kind and the step of an error, and whether another attempt may help.
type Place = (ErrorKind, &'static str, bool);

/// A failure with its class, the place, its words, and a part of its hint.
type Row<F> = (F, Class, Place, &'static str, &'static str);

/// Checks the rows. `begin` stands in front of the words.
fn check<F: Into<Failure>>(begin: &str, rows: impl IntoIterator<Item = Row<F>>) {
    for (failure, class, place, words, hint) in rows {
        let failure = Arc::new(failure.into());
        assert_eq!(failure.class(), class, "{failure}");
        let error = failure.error(URL);
        assert_eq!(error.to_string(), format!("{begin}{words}"));
        assert_eq!((error.kind(), error.phase().unwrap(), error.is_retryable()), place, "{error}");
        assert_eq!(error.endpoint(), Some(URL), "{error}");
        let told = error.hint().unwrap_or_default();
        assert!(told.contains(hint) && told.is_empty() == hint.is_empty(), "{error}: {told}");
        let cause = error.source().and_then(|cause| cause.downcast_ref::<Failure>()).unwrap();
        assert!(std::ptr::eq(cause, &raw const *failure), "{error}");
        assert!(words.contains(&cause.to_string()), "the message has all words: {error:#}");
    }
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "Connection refused (os error 111)")
}

fn other() -> io::Error {
    io::Error::other("no route")
}

fn eof() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "early end")
}

fn certificate(fault: CertificateFault) -> ConnectFailed {
    ConnectFailed::Tls(TlsFailure::Certificate { reason: "expired".into(), fault, error: other() })
}

fn quote(text: &str) -> Quote {
    Quote::new(text, Secrets::NONE)
}

#[test]
fn each_failed_attempt_to_connect() {
    use Class::{Certificate, Fatal, Transient};
    use ConnectFailed::{Broken, Dns, Panicked, Tcp};
    let again = |phase| (Connect, phase, true);
    let expired = "certificate verify failed: expired";
    let tls = (Tls, "tls", false);
    let broken = |during, error| Broken { during, error };
    let rejected = TlsFailure::Refused { reason: "a fatal alert".into(), error: other() };
    check(
        "Failed to connect to WebSocket ws://h/?k=***: ",
        [
            (Dns(other()), Transient, again("dns"), "dns: no route", "host name"),
            (Tcp(refused()), Transient, again("tcp"), "Connection refused", "server running"),
            (Tcp(other()), Transient, again("tcp"), "no route", "the network"),
            (
                broken(Handshake::Tls, eof()),
                Transient,
                again("tls"),
                "closed during handshake (early end)",
                "does it want ws://?",
            ),
            (
                broken(Handshake::Upgrade, eof()),
                Transient,
                again("upgrade"),
                "closed during handshake (early end)",
                "want wss://?",
            ),
            (broken(Handshake::Upgrade, other()), Transient, again("upgrade"), "no route", "port"),
            (certificate(CertificateFault::SelfSigned), Certificate, tls, expired, "CA:FALSE"),
            (certificate(CertificateFault::VersionOne), Certificate, tls, expired, "-extfile"),
            (certificate(CertificateFault::Other), Certificate, tls, expired, "tls.ca_file"),
            (
                ConnectFailed::Tls(TlsFailure::NotTls(other())),
                Certificate,
                tls,
                "TLS handshake failed: the server does not speak TLS",
                "use ws://",
            ),
            (
                ConnectFailed::Tls(rejected),
                Certificate,
                tls,
                "TLS handshake failed: a fatal alert",
                "client certificate",
            ),
            (
                Panicked(quote("oh\nno")),
                Fatal,
                (Panic, "connect", false),
                "a plugin panicked: oh\\nno",
                "report it",
            ),
        ],
    );
}

#[test]
fn each_fault_of_a_proxy() {
    use Class::{Answer, Certificate, Credentials, Handshake, Transient};
    let again = (Connect, "proxy", true);
    let final_ = |kind| (kind, "proxy", false);
    let rows = [
        (ProxyFault::Dns(other()), Transient, again, "dns: no route", "proxy's host name"),
        (ProxyFault::Unreachable(refused()), Transient, again, "Connection refused", "running"),
        (ProxyFault::Unreachable(other()), Transient, again, "no route", "proxy's host"),
        (
            ProxyFault::Lost(eof()),
            Transient,
            again,
            "closed before it answered (early end)",
            "scheme and",
        ),
        (ProxyFault::FarEnd(other()), Transient, again, "dns: no route", "host of url"),
        (
            ProxyFault::Tls(TlsFailure::Io(eof())),
            Transient,
            again,
            "closed during the TLS handshake (early end)",
            "http:// proxy?",
        ),
        (
            ProxyFault::Tls(TlsFailure::NotTls(other())),
            Certificate,
            final_(Tls),
            "TLS handshake failed: the server does not speak TLS",
            "use http://",
        ),
        (
            ProxyFault::Tls(TlsFailure::Refused { reason: "an alert".into(), error: other() }),
            Certificate,
            final_(Tls),
            "TLS handshake failed: an alert",
            "tls.ca_file",
        ),
        (
            ProxyFault::NotAProxy,
            Handshake,
            final_(Protocol),
            "the answer is not that of a proxy of this kind",
            "scheme and the port",
        ),
        (
            ProxyFault::Credentials,
            Credentials,
            final_(Auth),
            "the user and password are refused or missing",
            "user:password@",
        ),
        (
            ProxyFault::Status(407),
            Credentials,
            final_(Auth),
            "407 Proxy Authentication Required",
            "user:password@",
        ),
        (ProxyFault::Status(502), Transient, again, "502 Bad Gateway", "may recover"),
        (ProxyFault::Status(403), Answer(403), final_(Connect), "403 Forbidden", "allow CONNECT"),
        (
            ProxyFault::Socks(SocksRefusal::NotAllowed),
            Handshake,
            final_(Connect),
            "not allowed by its rules",
            "operator",
        ),
        (
            ProxyFault::Socks(SocksRefusal::HostUnreachable),
            Transient,
            again,
            "host unreachable",
            "cannot reach",
        ),
    ];
    for (fault, class, place, words, hint) in rows {
        let failure = Arc::new(Failure::from(ConnectFailed::from(DialFailure::Proxy(
            ProxyFailure::new("http://p:1", fault),
        ))));
        let error = failure.error(URL);
        assert_eq!(failure.class(), class, "{failure}");
        assert_eq!((error.kind(), error.phase().unwrap(), error.is_retryable()), place, "{error}");
        let begin = "Failed to connect to WebSocket ws://h/?k=***: proxy http://p:1: ";
        assert_eq!(error.to_string(), format!("{begin}{words}"));
        assert!(error.hint().is_some_and(|told| told.contains(hint)), "{error:#}");
        assert_eq!(error.causes().count(), 0, "nothing is said twice: {error:#}");
    }
}

#[test]
fn each_answer_that_is_no_proper_one() {
    let upgrade = (Protocol, "upgrade", false);
    let rfc = "not RFC 6455";
    check(
        "Failed to connect to WebSocket ws://h/?k=***: ",
        [
            (
                UpgradeFailed::SpeaksTls,
                "not a WebSocket/HTTP answer: the server speaks TLS",
                "use wss://",
            ),
            (
                UpgradeFailed::NotHttp(quote("SSH-2.0\r")),
                "not a WebSocket/HTTP answer: \"SSH-2.0\\r\"",
                "check the port",
            ),
            (
                UpgradeFailed::Malformed(quote("Upgrade")),
                "the header Upgrade of the answer is malformed",
                rfc,
            ),
            (UpgradeFailed::TooLong, "the headers of the answer exceed 64 KiB", ""),
            (UpgradeFailed::TooManyHeaders, "the answer has more than 128 headers", ""),
            (UpgradeFailed::OldHttp, "the answer is HTTP/1.0, not HTTP/1.1", rfc),
            (UpgradeFailed::NoUpgrade, "the answer lacks the header Upgrade: websocket", rfc),
            (UpgradeFailed::NoConnection, "the answer lacks the header Connection: Upgrade", rfc),
            (UpgradeFailed::NoAccept, "the answer lacks Sec-WebSocket-Accept", rfc),
            (UpgradeFailed::WrongAccept, "Sec-WebSocket-Accept does not match the key", rfc),
            (
                UpgradeFailed::Repeated("Sec-WebSocket-Accept"),
                "the answer has Sec-WebSocket-Accept more than once",
                rfc,
            ),
            (
                BadChoice::NotOffered(quote("x; a=\"b\"")).into(),
                "the server chose an extension that was not offered: x; a=\\\"b\\\"",
                rfc,
            ),
            (
                UpgradeFailed::Subprotocol { chosen: None, offered: 2 },
                "subprotocol not supported: the server chose none of those offered",
                "2 were offered",
            ),
            (
                UpgradeFailed::Subprotocol { chosen: Some(quote("v9")), offered: 0 },
                "subprotocol not supported: the server chose \"v9\"",
                "0 were offered",
            ),
        ]
        .map(|(failed, words, hint)| {
            (ConnectFailed::from(failed), Class::Handshake, upgrade, words, hint)
        }),
    );
}

#[test]
fn each_step_that_takes_too_long() {
    for (phase, hint) in [
        ("auth", "raise connect_timeout"),
        ("tcp", "the firewall"),
        ("proxy", "the proxy did not open"),
        ("tls", "does it want ws://?"),
        ("upgrade", "does it want wss://?"),
        ("a step of the dialer's own", "raise connect_timeout"),
    ] {
        let place = (Timeout, phase, true);
        let failed = |limit| ConnectFailed::TimedOut { phase, limit };
        check(
            "Connection to WebSocket ws://h/?k=*** ",
            [
                (failed(S(10)), Class::Transient, place, "timed out after 10 seconds", hint),
                (failed(S(1)), Class::Transient, place, "timed out after 1 second", hint),
                (
                    failed(Duration::from_millis(50)),
                    Class::Transient,
                    place,
                    "timed out after 0.05 seconds",
                    hint,
                ),
            ],
        );
    }
}

#[test]
fn the_error_of_a_plugin_stays_as_it_is() {
    let own = |again| {
        Error::new(Auth, "the vault is sealed")
            .with_phase("vault")
            .with_hint("unseal it")
            .with_source(other())
            .retryable(again)
    };
    for (failed, class) in [
        (ConnectFailed::Credentials(own(false)), Class::Credentials),
        (ConnectFailed::Credentials(own(true)), Class::Transient),
        (ConnectFailed::from(DialFailure::Other(own(false))), Class::Fatal),
        (ConnectFailed::from(DialFailure::Other(own(true))), Class::Transient),
    ] {
        let again = class == Class::Transient;
        let failure = Arc::new(Failure::from(failed));
        assert_eq!(failure.class(), class);
        let error = failure.error(URL);
        assert_eq!(format!("{error:?}"), format!("{:?}", own(again)));
        assert_eq!(error.is_retryable(), again);
        assert!(error.source().is_some_and(|cause| cause.is::<io::Error>()));
    }
}

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
                "",
            ),
            (
                closed(Some(1005), ""),
                Class::Violation,
                closes(Protocol, true),
                "closed by the server: 1005 not allowed on the wire",
                "",
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
                Violation::Masked.into(),
                Class::Violation,
                protocol,
                "protocol violation: a frame of the server is masked",
                "RFC 6455",
            ),
            silent(
                GaveUp::NoPong,
                "no pong in pong_timeout: the peer is dead",
                "raise pong_timeout",
            ),
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

#[test]
fn the_causes_lead_to_the_error_of_the_operating_system() {
    let proxy = ProxyFailure::new("http://p:1", ProxyFault::Unreachable(refused()));
    for failure in [
        Failure::from(ConnectFailed::Dns(refused())),
        ConnectFailed::Tcp(refused()).into(),
        ConnectFailed::Broken { during: Handshake::Upgrade, error: refused() }.into(),
        ConnectFailed::Proxy(proxy).into(),
        ConnectFailed::Tls(TlsFailure::NotTls(refused())).into(),
        End::Dropped(Some(refused())).into(),
    ] {
        let error = Arc::new(failure).error(URL);
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let io = causes.find_map(|cause| cause.downcast_ref::<io::Error>());
        let kind = io.map(io::Error::kind);
        assert_eq!(kind, Some(io::ErrorKind::ConnectionRefused), "{error}");
    }
}
