//! Failed attempts to connect.

use std::time::Duration;

use faucet_connect::{CertificateFault, SocksRefusal};

use super::*;
use crate::extensions::BadChoice;
use crate::upgrade_failed::UpgradeFailed;
use ErrorKind::{Auth, Connect, Panic, Protocol, Timeout, Tls};
use faucet_connect::Quote;

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
        assert!(error.hint().is_some_and(|given| given.contains(hint)), "{error:#}");
        let once = error.causes().all(|words| words == "no route");
        assert!(once, "nothing is said twice: {error:#}");
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
            (UpgradeFailed::TooLong, "the headers of the answer exceed 64 KiB", "fewer headers"),
            (
                UpgradeFailed::TooManyHeaders,
                "the answer has more than 128 headers",
                "fewer headers",
            ),
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
        ("tls", "raise connect_timeout"),
        ("upgrade", "raise connect_timeout"),
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
