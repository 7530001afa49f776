//! An answer to the upgrade with another status than 101.

use std::fmt;
use std::time::{Duration, SystemTime};

use faucet_connect::Secrets;
use http::StatusCode;

use crate::answer::Answer;
use crate::machine::{Class, Verdict};
use faucet_connect::Quote;

/// A longer `Retry-After` ends the run.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);

/// An answer to the upgrade with another status than 101.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The words beside the status.
    pub reason: Quote,
    /// `Retry-After` of a server that is busy.
    pub retry_after: Option<Duration>,
    /// Where a redirect leads, without user info and query.
    pub location: Option<Quote>,
    /// `Sec-WebSocket-Version`: the versions that the server speaks.
    pub version: Option<Quote>,
    /// The beginning of the body.
    pub body: Quote,
}

impl Refusal {
    /// Reads the answer at `now`. `secrets` are those of the request, which the server may repeat.
    pub(crate) fn new(answer: &Answer, body: &[u8], secrets: &Secrets, now: SystemTime) -> Self {
        let quote = |text: &str| Quote::new(text, secrets);
        let status = answer.status;
        let redirects = (300..400).contains(&status);
        Self {
            status,
            reason: quote(&answer.reason),
            retry_after: answer.retry_after(now).filter(|_| is_busy(status)),
            location: redirects.then(|| quote(&answer.redacted_location())),
            version: answer.header("sec-websocket-version").map(quote),
            body: quote(&String::from_utf8_lossy(body)),
        }
    }

    /// Whether the server says that it can recover.
    pub fn is_busy(&self) -> bool {
        is_busy(self.status)
    }

    /// Whether the server asks for a longer wait than a run waits.
    pub(crate) fn asks_too_long(&self) -> bool {
        self.retry_after.is_some_and(|wait| wait > LONGEST_RETRY_AFTER)
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let class = match self.status {
            401 | 403 | 407 => Class::Credentials,
            _ if self.asks_too_long() => Class::Fatal,
            _ if self.is_busy() => Class::Transient,
            status => Class::Answer(status),
        };
        Verdict { class, wait_at_least: self.retry_after.unwrap_or_default() }
    }
}

fn is_busy(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, reason, retry_after, location, version, body } = self;
        if *status < 300 {
            f.write_str("expected 101 Switching Protocols, got ")?;
        }
        let name = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
        write!(f, "{status} {}", name.unwrap_or(reason.as_str()))?;
        if let Some(wait) = retry_after {
            write!(f, ", retry after {}s", wait.as_secs())?;
        }
        if self.asks_too_long() {
            f.write_str(" (more than 5 minutes)")?;
        }
        if let Some(location) = location {
            write!(f, ": redirect to {location}")?;
        }
        if let Some(version) = version {
            write!(f, ", Sec-WebSocket-Version: {version}")?;
        }
        if !body.is_empty() {
            write!(f, ": \"{body}\"")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use faucet_core::ErrorKind;
    use http::HeaderMap;

    use super::*;
    use crate::connect_failed::ConnectFailed;
    use crate::machine::Failure;
    use crate::upgrade_failed::UpgradeFailed;

    /// Reads an answer whose peer may repeat the secret `hunter22`.
    fn refusal(head: &str, body: &str) -> Refusal {
        let head = format!("HTTP/1.1 {head}\r\n\r\n");
        let (answer, _) = Answer::parse(head.as_bytes()).unwrap().unwrap();
        let secrets = Secrets::new(&HeaderMap::new(), vec!["hunter22".into()]);
        Refusal::new(&answer, body.as_bytes(), &secrets, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn each_status_has_a_class_a_wait_and_words() {
        use Class::{Answer, Credentials, Fatal, Transient};
        use ErrorKind::{Auth, Connect, Protocol};
        for (head, body, class, wait, kind, words, hint) in [
            ("401 No", "", Credentials, 0, Auth, "401 Unauthorized", "check auth"),
            ("403 No", "", Credentials, 0, Auth, "403 Forbidden", "Origin"),
            (
                "407 No",
                "",
                Credentials,
                0,
                Auth,
                "407 Proxy Authentication Required",
                "user and password of proxy",
            ),
            ("404 No", "", Answer(404), 0, Protocol, "404 Not Found", "check the path"),
            (
                "200 OK",
                "<html>",
                Answer(200),
                0,
                Protocol,
                "expected 101 Switching Protocols, got 200 OK: \"<html>\"",
                "WebSocket endpoint?",
            ),
            ("599 Odd\tone", "", Answer(599), 0, Protocol, "599 Odd\\tone", "WebSocket endpoint?"),
            (
                "302 x\r\nLocation: https://u:p@h/a?token=s",
                "",
                Answer(302),
                0,
                Protocol,
                "302 Found: redirect to https://h/a",
                "redirects are not followed",
            ),
            (
                "426 x\r\nSec-WebSocket-Version: 8, 7",
                "",
                Answer(426),
                0,
                Protocol,
                "426 Upgrade Required, Sec-WebSocket-Version: 8, 7",
                "WebSocket endpoint?",
            ),
            ("503 x", "", Transient, 0, Connect, "503 Service Unavailable", "may recover"),
            (
                "429 x\r\nRetry-After: 300",
                "slow\ndown, hunter22",
                Transient,
                300,
                Connect,
                "429 Too Many Requests, retry after 300s: \"slow\\ndown, ***\"",
                "may recover",
            ),
            (
                "503 x\r\nRetry-After: 301",
                "",
                Fatal,
                301,
                Connect,
                "503 Service Unavailable, retry after 301s (more than 5 minutes)",
                "try again after",
            ),
            // A status that says nothing about time has no wait.
            ("404 x\r\nRetry-After: 9", "", Answer(404), 0, Protocol, "404 Not Found", "path"),
        ] {
            let refusal = refusal(head, body);
            let verdict = Verdict { class, wait_at_least: Duration::from_secs(wait) };
            assert_eq!(refusal.verdict(), verdict, "{head}");
            assert_eq!(refusal.to_string(), words);
            let failed = UpgradeFailed::Refused(Box::new(refusal));
            let failure = Arc::new(Failure::from(ConnectFailed::from(failed)));
            assert_eq!(failure.verdict(), verdict, "{head}");
            let error = failure.error("ws://h/");
            assert_eq!(
                error.to_string(),
                format!("Failed to connect to WebSocket ws://h/: {words}")
            );
            assert_eq!((error.kind(), error.phase()), (kind, Some("upgrade")), "{error}");
            assert_eq!(error.is_retryable(), class == Transient, "{error}");
            assert!(error.hint().is_some_and(|given| given.contains(hint)), "{error:#}");
        }
    }

    #[test]
    fn no_text_of_the_answer_shows_a_secret() {
        let head = "302 hunter22\r\nLocation: /hunter22\r\nSec-WebSocket-Version: hunter22";
        let refusal = refusal(head, "hunter22");
        assert_eq!(refusal.reason.as_str(), "***");
        let shown = format!("{refusal} {refusal:?}");
        assert!(!shown.contains("hunter22") && shown.contains("/***"), "{shown}");
    }
}
