//! The HTTP upgrade (RFC 6455 §4), checked strictly.
//!
//! tungstenite's own client accepts extensions that were not offered and rejects
//! `Connection: keep-alive, Upgrade`, so the request is written and the answer judged here.

use std::time::{Duration, SystemTime};

use faucet_connect::{Io, Secrets};
use faucet_core::ErrorKind;
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::error::ErrorContext;
use crate::machine::{Class, Failure};
use crate::url::WsUrl;

const MOST_HEADERS: usize = 128;
const LONGEST_HEAD: usize = 64 * 1024;
/// How long a refusal's body is waited for: it only decorates the message.
const BODY_WAIT: Duration = Duration::from_millis(250);
/// A longer `Retry-After` ends the run.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);

/// What an upgrade asks for.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a WsUrl,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) subprotocols: &'a [String],
    pub(crate) secrets: &'a Secrets,
}

/// What an upgrade brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Upgraded {
    /// The subprotocol that the server chose.
    pub(crate) subprotocol: Option<String>,
    /// Bytes behind the answer: frames already.
    pub(crate) leftover: Vec<u8>,
}

impl Request<'_> {
    /// Asks for the upgrade and checks the answer. The caller bounds the time.
    pub(crate) async fn send(&self, io: &mut dyn Io) -> Result<Upgraded, Failure> {
        let context = self.context();
        let key = generate_key();
        // A TLS 1.3 server judges the client's certificate only now.
        let network = |error: std::io::Error| context.tls("upgrade", error.into());
        io.write_all(&self.head(&key)).await.map_err(network)?;
        io.flush().await.map_err(network)?;
        let mut read = Vec::with_capacity(2048);
        loop {
            if let Some((answer, length)) = self.parse(&read)? {
                let rest = read.split_off(length);
                if !answer.is_interim() {
                    return self.judge(answer, &key, rest, io).await;
                }
                read = rest;
            } else if io.read_buf(&mut read).await.map_err(network)? == 0 {
                return Err(network(std::io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    fn context(&self) -> ErrorContext<'_> {
        ErrorContext { url: self.url.redacted(), secrets: self.secrets }
    }

    /// The head of the answer and its length, once it is complete.
    fn parse(&self, read: &[u8]) -> Result<Option<(Answer, usize)>, Failure> {
        if !could_be_http(read) {
            return Err(self.judge_garbage(read));
        }
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let too_large = |what: &str| Err(self.context().handshake(what, ""));
        match response.parse(read) {
            Ok(httparse::Status::Complete(length)) if length <= LONGEST_HEAD => {
                Ok(Some((Answer::new(&response), length)))
            }
            Ok(_) if read.len() > LONGEST_HEAD => {
                too_large("the headers of the answer exceed 64 KiB")
            }
            Ok(_) => Ok(None),
            Err(httparse::Error::TooManyHeaders) => {
                too_large(&format!("the answer has more than {MOST_HEADERS} headers"))
            }
            Err(_) => Err(self.judge_garbage(read)),
        }
    }

    fn head(&self, key: &str) -> Vec<u8> {
        let mut head = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n",
            self.url.resource(),
            self.url.host_header(),
        )
        .into_bytes();
        if !self.subprotocols.is_empty() {
            let offered = self.subprotocols.join(", ");
            head.extend(format!("Sec-WebSocket-Protocol: {offered}\r\n").bytes());
        }
        for (name, value) in self.headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    fn judge_garbage(&self, read: &[u8]) -> Failure {
        let context = self.context();
        // A TLS record begins with 21 (alert) or 22 (handshake) and the version (RFC 8446 §5.1).
        if matches!(read, [0x15 | 0x16, 3, ..]) && !self.url.is_tls() {
            return context.handshake(
                "not a WebSocket/HTTP answer: the server speaks TLS",
                "the endpoint speaks TLS, use wss://",
            );
        }
        let start = context.quote(&String::from_utf8_lossy(&read[..read.len().min(64)]));
        context.handshake(
            &format!("not a WebSocket/HTTP answer: \"{start}\""),
            "check the port: something else than a WebSocket server answered",
        )
    }

    async fn judge(
        &self,
        answer: Answer,
        key: &str,
        mut rest: Vec<u8>,
        io: &mut dyn Io,
    ) -> Result<Upgraded, Failure> {
        if answer.status != 101 {
            let wanted = answer.body_length().min(1024);
            let more = async {
                while rest.len() < wanted && io.read_buf(&mut rest).await.unwrap_or(0) > 0 {}
            };
            // Whatever came of the body is shown; that it was cut short is no news.
            let _ = timeout(BODY_WAIT, more).await;
            return Err(self.judge_refusal(&answer, &rest));
        }
        let subprotocol = self.judge_switch(&answer, key)?;
        Ok(Upgraded { subprotocol, leftover: rest })
    }

    fn judge_switch(&self, answer: &Answer, key: &str) -> Result<Option<String>, Failure> {
        let context = self.context();
        let bad = |what: &str| Err(context.handshake(what, "the server's upgrade is not RFC 6455"));
        if !answer.http11 {
            return bad("the answer is HTTP/1.0, not HTTP/1.1");
        }
        if !answer.has_token("upgrade", "websocket") {
            return bad("the answer lacks the header Upgrade: websocket");
        }
        if !answer.has_token("connection", "upgrade") {
            return bad("the answer lacks the header Connection: Upgrade");
        }
        match answer.header("sec-websocket-accept") {
            Some(accept) if accept == derive_accept_key(key.as_bytes()) => {}
            Some(_) => return bad("Sec-WebSocket-Accept does not match the key"),
            None => return bad("the answer lacks Sec-WebSocket-Accept"),
        }
        for name in ["Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"] {
            if answer.count(&name.to_ascii_lowercase()) > 1 {
                return bad(&format!("the answer has {name} more than once"));
            }
        }
        if let Some(extension) = answer.header("sec-websocket-extensions") {
            let extension = context.quote(extension);
            return bad(&format!(
                "the server chose an extension that was not offered: {extension}"
            ));
        }
        let mismatch = |what: String| {
            let hint = format!("{} were offered; check subprotocols", self.subprotocols.len());
            Err(context.handshake(&format!("subprotocol not supported: {what}"), &hint))
        };
        match answer.header("sec-websocket-protocol") {
            None if self.subprotocols.is_empty() => Ok(None),
            None => mismatch("the server chose none of those offered".into()),
            Some(chosen) if self.subprotocols.iter().any(|p| p == chosen) => {
                Ok(Some(chosen.to_owned()))
            }
            Some(other) => mismatch(format!("the server chose \"{}\"", context.quote(other))),
        }
    }

    fn judge_refusal(&self, answer: &Answer, body: &[u8]) -> Failure {
        let context = self.context();
        let status = answer.status;
        let name = StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
        let mut what = format!("{status} {}", name.unwrap_or(&context.quote(&answer.reason)));
        let busy = matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504);
        let retry_after = if busy { answer.retry_after(SystemTime::now()) } else { None };
        let (class, kind, hint) = match status {
            401 | 403 | 407 => (
                Class::Credentials,
                ErrorKind::Auth,
                "check auth: the token, the user, the headers",
            ),
            _ if busy => match retry_after {
                Some(wait) if wait > LONGEST_RETRY_AFTER => {
                    (Class::Fatal, ErrorKind::Connect, "try again after that time")
                }
                _ => (Class::Transient, ErrorKind::Connect, "the server is busy; it may recover"),
            },
            404 => (Class::Answer(status), ErrorKind::Protocol, "check the path of url"),
            300..=399 => {
                (Class::Answer(status), ErrorKind::Protocol, "redirects are not followed; set url")
            }
            _ => (
                Class::Answer(status),
                ErrorKind::Protocol,
                "check url: is it a WebSocket endpoint?",
            ),
        };
        if let Some(wait) = retry_after {
            what.push_str(&format!(", retry after {}s", wait.as_secs()));
            if wait > LONGEST_RETRY_AFTER {
                what.push_str(" (more than 5 minutes)");
            }
        }
        if (300..400).contains(&status) {
            what.push_str(&format!(": redirect to {}", context.quote(&answer.redacted_location())));
        } else if status < 300 {
            what = format!("expected 101 Switching Protocols, got {what}");
        }
        if let Some(version) = answer.header("sec-websocket-version") {
            what.push_str(&format!(", Sec-WebSocket-Version: {}", context.quote(version)));
        }
        if !body.is_empty() {
            what.push_str(&format!(": \"{}\"", context.quote(&String::from_utf8_lossy(body))));
        }
        let error = context.connect(kind, "upgrade", &what).with_hint(hint);
        let retryable = class == Class::Transient;
        Failure {
            class,
            wait_at_least: retry_after.unwrap_or_default(),
            error: error.retryable(retryable),
        }
    }
}

/// Whether the bytes may still become `HTTP/`.
fn could_be_http(read: &[u8]) -> bool {
    let magic = b"HTTP/";
    let common = read.len().min(magic.len());
    read[..common] == magic[..common]
}

/// The head of an answer, owned.
#[derive(Debug)]
struct Answer {
    http11: bool,
    status: u16,
    reason: String,
    headers: Vec<(String, String)>,
}

impl Answer {
    fn new(response: &httparse::Response<'_, '_>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        Self {
            http11: response.version == Some(1),
            status: response.code.unwrap_or_default(),
            reason: response.reason.unwrap_or_default().to_owned(),
            headers: response
                .headers
                .iter()
                .map(|h| (h.name.to_ascii_lowercase(), text(h.value)))
                .collect(),
        }
    }

    /// Whether the real answer is still to come (RFC 9110 §15.2).
    fn is_interim(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }

    fn count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(known, _)| known == name).count()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a comma-separated header has the token, whatever its case.
    fn has_token(&self, name: &str, token: &str) -> bool {
        self.headers
            .iter()
            .filter(|(known, _)| known == name)
            .flat_map(|(_, value)| value.split(','))
            .any(|found| found.trim().eq_ignore_ascii_case(token))
    }

    fn body_length(&self) -> usize {
        match self.header("content-length").map(str::parse) {
            Some(Ok(length)) => length,
            _ => usize::MAX,
        }
    }

    /// Seconds or a date (RFC 9110 §10.2.3); anything else is ignored.
    fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let text = self.header("retry-after")?;
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let date = httpdate::parse_http_date(text).ok()?;
        Some(date.duration_since(now).unwrap_or_default())
    }

    fn redacted_location(&self) -> String {
        let location = self.header("location").unwrap_or("nowhere");
        let path = location.split(['?', '#']).next().unwrap_or_default();
        match path.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                let host = authority.rsplit('@').next().unwrap_or_default();
                format!("{scheme}://{host}/{path}")
            }
            None => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)]) -> Answer {
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Answer { http11: true, status: 429, reason: String::new(), headers }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_junk_is_ignored() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (text, seconds) in [
            ("2", Some(2)),
            ("999999", Some(999_999)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
        ] {
            let wait = answer(&[("retry-after", text)]).retry_after(now);
            assert_eq!(wait.map(|w| w.as_secs()), seconds, "{text}");
        }
    }

    #[test]
    fn tokens_are_found_in_lists_and_repeated_headers() {
        let answer = answer(&[("connection", "keep-alive, UPGRADE"), ("connection", "x")]);
        assert!(answer.has_token("connection", "upgrade"));
        assert!(answer.has_token("connection", "X"));
        assert!(!answer.has_token("connection", "up"));
    }

    #[test]
    fn a_location_is_shown_without_secrets() {
        for (location, shown) in [
            ("https://u:p@h/login?token=s", "https://h/login"),
            ("/login?token=s#f", "/login"),
            ("http://169.254.169.254/", "http://169.254.169.254/"),
        ] {
            assert_eq!(answer(&[("location", location)]).redacted_location(), shown);
        }
    }
}
