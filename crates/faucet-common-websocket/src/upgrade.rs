//! The HTTP upgrade (RFC 6455 §4), checked strictly where the upgrade depends on it.
//!
//! tungstenite's own client accepts extensions that were not offered and rejects
//! `Connection: keep-alive, Upgrade`, so the request is written and the answer judged here.

use std::time::{Duration, SystemTime};

use faucet_connect::{Io, Secrets, USER_AGENT};
use http::HeaderMap;
use http::header::{self, HOST};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::answer::{Answer, BadHead};
use crate::compression::Compression;
use crate::connect_failed::{ConnectFailed, Handshake};
use crate::extensions;
use crate::machine::deflate::Agreed;
use crate::refusal::Refusal;
use crate::upgrade_failed::UpgradeFailed;
use crate::url::WsUrl;
use faucet_connect::Quote;

/// How long a refusal's body is waited for: it only decorates the message.
const BODY_WAIT: Duration = Duration::from_millis(250);
/// So much is shown of an answer that is not HTTP.
const LONGEST_START: usize = 64;

/// The request of an upgrade.
pub(crate) struct Request<'a> {
    pub(crate) url: &'a WsUrl,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) subprotocols: &'a [String],
    pub(crate) compression: Compression,
    pub(crate) secrets: &'a Secrets,
}

/// The result of an upgrade.
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
    pub(crate) async fn send(&self, io: &mut dyn Io) -> Result<Upgraded, ConnectFailed> {
        let key = generate_key();
        // A TLS 1.3 server judges the client's certificate only now.
        let network =
            |error: std::io::Error| ConnectFailed::handshake(Handshake::Upgrade, error.into());
        io.write_all(&self.head(&key)).await.map_err(network)?;
        io.flush().await.map_err(network)?;
        let mut read = Vec::with_capacity(2048);
        loop {
            if let Some((answer, length)) = self.parse(&read)? {
                let rest = read.split_off(length);
                if !answer.is_interim() {
                    return Ok(self.judge(answer, &key, rest, io).await?);
                }
                read = rest;
            } else if io.read_buf(&mut read).await.map_err(network)? == 0 {
                return Err(network(std::io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    fn quote(&self, text: &str) -> Quote {
        Quote::new(text, self.secrets)
    }

    /// The head of the answer and its length, once it is complete.
    pub(crate) fn parse(&self, read: &[u8]) -> Result<Option<(Answer, usize)>, UpgradeFailed> {
        Answer::parse(read).map_err(|bad| match bad {
            BadHead::NotHttp => self.judge_garbage(read),
            BadHead::Header(name) => UpgradeFailed::Malformed(self.quote(&name)),
            BadHead::TooLong => UpgradeFailed::TooLong,
            BadHead::TooManyHeaders => UpgradeFailed::TooManyHeaders,
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

    fn judge_garbage(&self, read: &[u8]) -> UpgradeFailed {
        // A TLS record begins with 21 (alert) or 22 (handshake) and the version (RFC 8446 §5.1).
        if matches!(read, [0x15 | 0x16, 3, ..]) && !self.url.is_tls() {
            return UpgradeFailed::SpeaksTls;
        }
        let text = String::from_utf8_lossy(read);
        UpgradeFailed::NotHttp(Quote::start(&text, self.secrets, LONGEST_START))
    }

    async fn judge(
        &self,
        answer: Answer,
        key: &str,
        mut rest: Vec<u8>,
        io: &mut dyn Io,
    ) -> Result<Upgraded, UpgradeFailed> {
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
    pub(crate) fn judge_switch(&self, answer: &Answer, key: &str) -> Result<(), UpgradeFailed> {
        if !answer.http11 {
            return Err(UpgradeFailed::OldHttp);
        }
        if let Some(name) = answer.malformed {
            return Err(UpgradeFailed::Malformed(self.quote(name)));
        }
        if !answer.has_token("upgrade", "websocket") {
            return Err(UpgradeFailed::NoUpgrade);
        }
        if !answer.has_token("connection", "upgrade") {
            return Err(UpgradeFailed::NoConnection);
        }
        match answer.header("sec-websocket-accept") {
            Some(accept) if accept == derive_accept_key(key.as_bytes()) => {}
            Some(_) => return Err(UpgradeFailed::WrongAccept),
            None => return Err(UpgradeFailed::NoAccept),
        }
        for name in ["Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"] {
            if answer.all(&name.to_ascii_lowercase()).count() > 1 {
                return Err(UpgradeFailed::Repeated(name));
            }
        }
        Ok(())
    }

    pub(crate) fn judge_extensions(
        &self,
        answer: &Answer,
    ) -> Result<Option<Agreed>, UpgradeFailed> {
        let chosen = answer.all("sec-websocket-extensions");
        Ok(extensions::judge(self.compression, chosen, self.secrets)?)
    }

    /// The subprotocol that the server chose.
    pub(crate) fn judge_subprotocol(
        &self,
        answer: &Answer,
    ) -> Result<Option<String>, UpgradeFailed> {
        let offered = self.subprotocols.len();
        match answer.header("sec-websocket-protocol") {
            None if offered == 0 => Ok(None),
            None => Err(UpgradeFailed::Subprotocol { chosen: None, offered }),
            Some(chosen) if self.subprotocols.iter().any(|p| p == chosen) => {
                Ok(Some(chosen.to_owned()))
            }
            Some(other) => {
                Err(UpgradeFailed::Subprotocol { chosen: Some(self.quote(other)), offered })
            }
        }
    }

    pub(crate) fn judge_refusal(&self, answer: &Answer, body: &[u8]) -> UpgradeFailed {
        let refusal = Refusal::new(answer, body, self.secrets, SystemTime::now());
        UpgradeFailed::Refused(Box::new(refusal))
    }
}
