//! The HTTP upgrade (RFC 6455 §4), checked strictly where the upgrade depends on it.
//!
//! tungstenite's own client accepts extensions that were not offered and rejects
//! `Connection: keep-alive, Upgrade`, so the request is written and the answer judged here.

use std::time::{Duration, SystemTime};

use faucet_connect::{Io, Secrets, USER_AGENT};
use faucet_core::ErrorKind;
use http::header::{self, HOST};
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::answer::{Answer, BadHead, MOST_HEADERS};
use crate::compression::Compression;
use crate::error::ErrorContext;
use crate::extensions;
use crate::machine::deflate::Agreed;
use crate::machine::{Class, Failure};
use crate::url::WsUrl;

/// How long a refusal's body is waited for: it only decorates the message.
const BODY_WAIT: Duration = Duration::from_millis(250);
/// A longer `Retry-After` ends the run.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);

/// So much is shown of an answer that is not HTTP.
const LONGEST_START: usize = 64;

const NOT_RFC_6455: &str = "the server's upgrade is not RFC 6455";

fn malformed(name: &str) -> String {
    format!("the header {name} of the answer is malformed")
}

/// What an upgrade asks for.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a WsUrl,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) subprotocols: &'a [String],
    pub(crate) compression: Compression,
    pub(crate) secrets: &'a Secrets,
}

/// What an upgrade brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Upgraded {
    /// The subprotocol that the server chose.
    pub(crate) subprotocol: Option<String>,
    /// The parameters of permessage-deflate, if the server chose it.
    pub(crate) deflate: Option<Agreed>,
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
    pub(crate) fn parse(&self, read: &[u8]) -> Result<Option<(Answer, usize)>, Failure> {
        let context = self.context();
        Answer::parse(read).map_err(|bad| match bad {
            BadHead::NotHttp => self.judge_garbage(read),
            BadHead::Header(name) => {
                context.handshake(&malformed(&context.quote(&name)), NOT_RFC_6455)
            }
            BadHead::TooLong => context.handshake("the headers of the answer exceed 64 KiB", ""),
            BadHead::TooManyHeaders => {
                context.handshake(&format!("the answer has more than {MOST_HEADERS} headers"), "")
            }
        })
    }

    fn head(&self, key: &str) -> Vec<u8> {
        let mut head = Vec::with_capacity(512);
        let mut line = |name: &str, value: &[u8]| {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        };
        line("GET ", format!("{} HTTP/1.1", self.url.resource()).as_bytes());
        match self.headers.get(HOST) {
            Some(host) => line("Host: ", host.as_bytes()),
            None => line("Host: ", self.url.host_header().as_bytes()),
        }
        line("Upgrade: ", b"websocket");
        line("Connection: ", b"Upgrade");
        line("Sec-WebSocket-Key: ", key.as_bytes());
        line("Sec-WebSocket-Version: ", b"13");
        if !self.subprotocols.is_empty() {
            line("Sec-WebSocket-Protocol: ", self.subprotocols.join(", ").as_bytes());
        }
        if let Some(offer) = extensions::offer(self.compression) {
            line(&format!("{}: ", extensions::HEADER), offer.as_bytes());
        }
        if !self.headers.contains_key(header::USER_AGENT) {
            line("User-Agent: ", USER_AGENT.as_bytes());
        }
        for (name, value) in self.headers {
            // An empty User-Agent asks for a request without one.
            if *name != HOST && !(*name == header::USER_AGENT && value.is_empty()) {
                line(&format!("{name}: "), value.as_bytes());
            }
        }
        line("", b"");
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
        // Secrets are hidden before the text is cut: half of one is one, too.
        let start: String =
            context.quote(&String::from_utf8_lossy(read)).chars().take(LONGEST_START).collect();
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
        self.judge_switch(&answer, key)?;
        let deflate = self.judge_extensions(&answer)?;
        let subprotocol = self.judge_subprotocol(&answer)?;
        Ok(Upgraded { subprotocol, deflate, leftover: rest })
    }

    /// The headers that an answer must have, and those of which there may be one.
    pub(crate) fn judge_switch(&self, answer: &Answer, key: &str) -> Result<(), Failure> {
        let context = self.context();
        let bad = |what: &str| Err(context.handshake(what, NOT_RFC_6455));
        if !answer.http11 {
            return bad("the answer is HTTP/1.0, not HTTP/1.1");
        }
        if let Some(name) = answer.malformed {
            return bad(&malformed(name));
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
            if answer.all(&name.to_ascii_lowercase()).count() > 1 {
                return bad(&format!("the answer has {name} more than once"));
            }
        }
        Ok(())
    }

    pub(crate) fn judge_extensions(&self, answer: &Answer) -> Result<Option<Agreed>, Failure> {
        let context = self.context();
        let chosen = answer.all("sec-websocket-extensions");
        extensions::judge(self.compression, chosen)
            .map_err(|bad| context.handshake(&context.quote(&bad.to_string()), NOT_RFC_6455))
    }

    /// The subprotocol that the server chose.
    pub(crate) fn judge_subprotocol(&self, answer: &Answer) -> Result<Option<String>, Failure> {
        let context = self.context();
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

    pub(crate) fn judge_refusal(&self, answer: &Answer, body: &[u8]) -> Failure {
        let context = self.context();
        let status = answer.status;
        let name = StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason());
        let mut what = format!("{status} {}", name.unwrap_or(&context.quote(&answer.reason)));
        let busy = matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504);
        let retry_after = if busy { answer.retry_after(SystemTime::now()) } else { None };
        let (class, kind, hint) = match status {
            401 => (
                Class::Credentials,
                ErrorKind::Auth,
                "check auth: the token, the user, the headers",
            ),
            403 => (
                Class::Credentials,
                ErrorKind::Auth,
                "the server does not let this client in: check the path of url, what the account \
                 may do, and the headers that it wants (Origin, User-Agent, Host)",
            ),
            407 => (
                Class::Credentials,
                ErrorKind::Auth,
                "a proxy on the way wants credentials: give them as the user and password of proxy",
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
