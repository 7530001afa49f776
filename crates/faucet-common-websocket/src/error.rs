//! What the user is told when a connection fails.

use std::any::Any;
use std::io;
use std::time::Duration;

use faucet_connect::{CertificateFault, Secrets, TlsFailure};
use faucet_core::{Error, ErrorKind};

use crate::machine::close;
use crate::machine::control::PeerClose;
use crate::machine::lifecycle::{Class, Failure, Why, kind_of};
use crate::machine::{End, GaveUp, Violation};
use crate::url::WsUrl;

/// The longest text of a peer that is shown.
const LONGEST_QUOTE: usize = 256;

/// Text from the peer: cut, and with its control characters escaped.
fn quote(text: &str) -> String {
    let mut cut: String = text.chars().take(LONGEST_QUOTE).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut.escape_debug().to_string()
}

/// An I/O error's words without the operating system's number.
pub(crate) fn io_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Builds the errors of one endpoint, whose URL is redacted.
pub(crate) struct ErrorContext<'a> {
    pub(crate) url: &'a str,
    /// What the peer's words must not show.
    pub(crate) secrets: &'a Secrets,
}

impl<'a> ErrorContext<'a> {
    /// For where the peer has not said anything yet.
    pub(crate) fn of(url: &'a WsUrl) -> Self {
        Self { url: url.redacted(), secrets: Secrets::NONE }
    }

    /// Text from the peer: without our secrets, cut, and with its control characters escaped.
    pub(crate) fn quote(&self, text: &str) -> String {
        quote(&self.secrets.scrub(text))
    }

    /// `Failed to connect to WebSocket <url>: <what>`.
    pub(crate) fn connect(&self, kind: ErrorKind, phase: &'static str, what: &str) -> Error {
        Error::new(kind, format!("Failed to connect to WebSocket {}: {what}", self.url))
            .with_phase(phase)
            .with_endpoint(self.url)
    }

    /// A connection that ended after the upgrade.
    fn lost(&self, kind: ErrorKind, what: &str) -> Error {
        Error::new(kind, format!("WebSocket {}: {what}", self.url))
            .with_phase("read")
            .with_endpoint(self.url)
    }

    pub(crate) fn timed_out(&self, phase: &'static str, budget: Duration) -> Failure {
        let seconds = budget.as_secs_f64();
        let unit = if budget == Duration::from_secs(1) { "second" } else { "seconds" };
        let message =
            format!("Connection to WebSocket {} timed out after {seconds} {unit}", self.url);
        let hint = match phase {
            "upgrade" => {
                "the port is open but nothing answered the upgrade: is it a WebSocket \
                          server, and does it want wss://?"
            }
            "proxy" => {
                "the proxy did not open the connection in time: check proxy (or the variable that \
                 names it), or raise connect_timeout"
            }
            "tls" => "the port is open but nothing answered the TLS handshake: does it want ws://?",
            _ => "check the host, the network and the firewall, or raise connect_timeout",
        };
        let error = Error::new(ErrorKind::Timeout, message)
            .with_phase(phase)
            .with_endpoint(self.url)
            .with_hint(hint)
            .retryable(true);
        Failure::new(Class::Transient, error)
    }

    /// DNS or TCP trouble, or the end of the stream in the middle of a handshake.
    pub(crate) fn network(&self, phase: &'static str, error: io::Error) -> Failure {
        let (what, hint) = match (error.kind(), phase) {
            (_, "dns") => (
                format!("dns: {}", io_words(&error)),
                "check the host name and the DNS configuration",
            ),
            (io::ErrorKind::ConnectionRefused, _) => {
                ("Connection refused".into(), "is the server running, and is the port right?")
            }
            (
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe,
                "tls" | "upgrade",
            ) => (
                format!("closed during handshake ({})", io_words(&error)),
                match phase {
                    "tls" => "the server hung up: does the port speak TLS, or does it want ws://?",
                    _ => "the server hung up: does the port speak WebSocket, or want wss://?",
                },
            ),
            _ => (io_words(&error), "check the host, the port and the network"),
        };
        let error = self
            .connect(ErrorKind::Connect, phase, &what)
            .with_hint(hint)
            .with_source(error)
            .retryable(true);
        Failure::new(Class::Transient, error)
    }

    /// A TLS handshake that failed. `phase` is the step during which the stream below it ended, if it
    /// did: a TLS 1.3 server judges the client's certificate only when the upgrade is asked for.
    pub(crate) fn tls(&self, phase: &'static str, failure: TlsFailure) -> Failure {
        let hint = match &failure {
            TlsFailure::Certificate { fault: CertificateFault::SelfSigned, .. } => {
                "make it with `openssl req -addext basicConstraints=critical,CA:FALSE`, and give it \
                 as tls.ca_file"
            }
            TlsFailure::Certificate { fault: CertificateFault::VersionOne, .. } => {
                "the server needs a certificate of version 3: `openssl x509 -req` makes one with \
                 `-extfile FILE`, where FILE has a line such as subjectAltName=DNS:feed.example; on \
                 a network that you trust, tls.insecure_skip_verify takes it as it is"
            }
            TlsFailure::Certificate { .. } => {
                "for a private CA give tls.ca_file; for another name tls.server_name"
            }
            TlsFailure::NotTls(_) => "the endpoint speaks plain text, use ws://",
            _ => {
                "check the TLS version of the server, and whether it wants a client certificate \
                 (tls.client_cert_file, tls.client_key_file)"
            }
        };
        let what = failure.to_string();
        let cause = match failure {
            TlsFailure::Io(error) => return self.network(phase, error),
            TlsFailure::Certificate { error, .. }
            | TlsFailure::NotTls(error)
            | TlsFailure::Refused { error, .. } => error,
            other => io::Error::other(other),
        };
        let error = self.connect(ErrorKind::Tls, "tls", &what).with_hint(hint).with_source(cause);
        Failure::new(Class::Certificate, error)
    }

    /// The answer to the upgrade was no proper one.
    pub(crate) fn handshake(&self, what: &str, hint: &str) -> Failure {
        let mut error = self.connect(ErrorKind::Protocol, "upgrade", what);
        if !hint.is_empty() {
            error = error.with_hint(hint);
        }
        Failure::new(Class::Handshake, error)
    }

    /// A connection that stood has ended.
    pub(crate) fn ended(&self, end: End) -> Failure {
        match end {
            End::Closed(close) => self.closed(&close),
            End::Dropped(error) => self.dropped(error),
            End::Violation(violation) => self.violation(violation),
            End::GaveUp(why) => self.gave_up(why),
        }
    }

    /// The server closed the connection with a Close frame.
    fn closed(&self, PeerClose { code, reason }: &PeerClose) -> Failure {
        let verdict = close::verdict(*code);
        let said = match (*code, reason.as_str()) {
            (None, _) => "closed by the server without a code".to_owned(),
            (Some(code), "") => format!("closed by the server: {code} {}", close::name(code)),
            (Some(code), reason) => {
                let name = close::name(code);
                format!("closed by the server: {code} {name}, \"{}\"", self.quote(reason))
            }
        };
        let mut error = self.lost(kind_of(verdict.class), &said);
        error = match verdict.class {
            Class::Credentials => error.with_hint("check auth and what the account may read"),
            Class::Complaint | Class::Refusal => error
                .with_hint("the server refused what it was sent: check the messages that are sent"),
            _ => error,
        };
        let retryable = !matches!(verdict.class, Class::Complaint | Class::Refusal);
        Failure {
            class: verdict.class,
            wait_at_least: verdict.wait_at_least,
            error: error.retryable(retryable),
        }
    }

    /// The stream ended without a Close frame.
    fn dropped(&self, error: Option<io::Error>) -> Failure {
        let what = match &error {
            Some(error) => format!("connection lost without a Close frame: {}", io_words(error)),
            None => "connection lost without a Close frame (1006)".to_owned(),
        };
        let mut lost = self.lost(ErrorKind::Closed, &what).retryable(true);
        if let Some(error) = error {
            lost = lost.with_source(error);
        }
        Failure::new(Class::Transient, lost)
    }

    /// We gave up on a connection that still stood.
    fn gave_up(&self, why: GaveUp) -> Failure {
        let hint = match why {
            GaveUp::NoPong => "raise pong_timeout if the peer is only slow, or set reconnect: true",
            GaveUp::Stale(_) => "raise stale_timeout if the feed is quiet, or set reconnect: true",
            GaveUp::Stuck(_) => {
                "raise write_timeout if the peer reads slowly, or set reconnect: true"
            }
            GaveUp::NotAcked(_) => {
                "raise ack_timeout if the peer is only slow, or set reconnect: true"
            }
        };
        let error = self
            .lost(ErrorKind::Timeout, &why.to_string())
            .with_hint(hint)
            .with_source(why)
            .retryable(true);
        Failure::new(Class::Silent, error)
    }

    /// The peer broke the protocol, or a limit that the same feed would break again.
    fn violation(&self, violation: Violation) -> Failure {
        let said = violation.to_string();
        let (class, error) = match violation {
            Violation::TooLarge { .. } | Violation::InflatesTooLarge { .. } => {
                let hint = "raise max_message_bytes if such messages are expected";
                (Class::Fatal, self.lost(ErrorKind::TooLarge, &said).with_hint(hint))
            }
            Violation::TooManyFragments { .. } => {
                let hint = "the limit is fixed: the server must send larger fragments";
                (Class::Fatal, self.lost(ErrorKind::TooLarge, &said).with_hint(hint))
            }
            _ => {
                let hint = match violation {
                    Violation::Corrupt => {
                        "the server or a proxy violates RFC 7692; report this to its operator, or set \
                         compression: none"
                    }
                    _ => "the server or a proxy violates RFC 6455; report this to its operator",
                };
                let what = format!("protocol violation: {said}");
                let error = self.lost(ErrorKind::Protocol, &what).with_hint(hint);
                (Class::Violation, error.retryable(true))
            }
        };
        Failure::new(class, error.with_source(violation))
    }
}

/// The error of a run after which no attempt follows; `before` are the words of the end before it.
pub(crate) fn no_attempt(error: Error, why: Why, before: Option<&str>) -> Error {
    match why {
        Why::Final => error,
        Why::Attempts(max) => error.with_attempt(max, Some(max)),
        Why::ReconnectOff if error.hint().is_some() => error,
        Why::ReconnectOff => error.with_hint("set reconnect: true to reconnect after such ends"),
        Why::NoProgress { times, within } => {
            let last = error.to_string();
            // A whole number of seconds, at least one.
            let since = Duration::from_secs(within.as_secs().max(1));
            let mut what =
                format!("{last}; {times} such ends within {since:?} without a record between");
            if let Some(before) = before.filter(|before| *before != last) {
                what.push_str(&format!("; the one before: {before}"));
            }
            error.with_message(what)
        }
    }
}

/// A dialer or a provider of credentials, which are not ours, has panicked.
pub(crate) fn panicked(url: &str, panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let said = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    let what = format!("Failed to connect to WebSocket {url}: a plugin panicked: {said}");
    let error = Error::new(ErrorKind::Panic, what)
        .with_phase("connect")
        .with_endpoint(url)
        .with_hint("this is a fault of the dialer or the auth provider; report it to its author");
    Failure::new(Class::Fatal, error)
}

/// There was no connection for as long as `max_outage`; `before` is how the last attempt ended.
pub(crate) fn outage(url: &str, limit: Duration, before: Option<&str>) -> Error {
    let mut what = format!("WebSocket {url}: no connection for {limit:?} (max_outage)");
    if let Some(before) = before {
        what.push_str(&format!("; the last attempt: {before}"));
    }
    Error::new(ErrorKind::Connect, what)
        .with_phase("connect")
        .with_endpoint(url)
        .with_hint("raise max_outage if longer outages are expected")
        .retryable(true)
}

/// The peer of a sink that needs Pongs has not sent any.
pub fn never_ponged(url: &str) -> Error {
    let what = format!(
        "WebSocket {url}: the peer answers no Pings, so nothing can be known to have arrived \
         (delivery: at_least_once)"
    );
    Error::new(ErrorKind::Protocol, what).with_phase("ping").with_endpoint(url).with_hint(
        "fix the peer so that it answers Pings (RFC 6455 §5.5.2), or use delivery: at_most_once",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_cut_and_escaped() {
        assert_eq!(quote("\x1b[31m\r\n"), "\\u{1b}[31m\\r\\n");
        assert_eq!(quote(&"x".repeat(999)).chars().count(), LONGEST_QUOTE + 1);
    }

    #[test]
    fn the_words_users_look_for() {
        let context = ErrorContext { url: "ws://h/", secrets: Secrets::NONE };
        let refused = context.network("tcp", io::ErrorKind::ConnectionRefused.into());
        assert_eq!(
            refused.error.to_string(),
            "Failed to connect to WebSocket ws://h/: Connection refused"
        );
        let second = Duration::from_secs(1);
        for (why, key) in [
            (GaveUp::NoPong, "pong_timeout"),
            (GaveUp::Stale(second), "stale_timeout"),
            (GaveUp::Stuck(second), "write_timeout"),
            (GaveUp::NotAcked(second), "ack_timeout"),
        ] {
            let error = context.gave_up(why).error;
            assert!(error.hint().is_some_and(|hint| hint.contains(key)), "{error}");
            assert!(error.to_string().contains(key), "{error}");
        }
        let timed_out = context.timed_out("upgrade", Duration::from_secs(10));
        assert_eq!(
            timed_out.error.to_string(),
            "Connection to WebSocket ws://h/ timed out after 10 seconds"
        );
        assert_eq!(
            context
                .closed(&PeerClose { code: Some(1013), reason: "later\n".into() })
                .error
                .to_string(),
            "WebSocket ws://h/: closed by the server: 1013 try again later, \"later\\n\""
        );
    }
}
