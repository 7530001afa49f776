//! What the scripted peer saw.

use std::fmt;

use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use super::conversation::shown;
use super::log::{Entry, Logged};
use super::wire::{ReceivedFrame, opcode};

/// The client's HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET /path?query HTTP/1.1`
    pub line: String,
    /// Names in lower case, values without the space around them, in the order received.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// `GET`
    pub fn method(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }

    /// Path and query as they were sent.
    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// The first value of a header; the name's case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a comma-separated header has `token`, in any case.
    pub(crate) fn has_token(&self, name: &str, token: &str) -> bool {
        let mut values = self.headers.iter().filter(|(key, _)| key == name);
        values.any(|(_, value)| value.split(',').any(|t| t.trim().eq_ignore_ascii_case(token)))
    }
}

/// How a connection ended, seen from the scripted peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The script said so, and a Close it sent was answered.
    Script,
    /// The script's Close was not answered within two seconds.
    CloseUnanswered,
    /// The client sent a Close frame.
    ClientClosed,
    /// The client ended the stream without a Close frame.
    ClientLeft,
    /// The client's stream broke; usually a reset.
    Broken(String),
    /// The TLS handshake failed.
    Tls(String),
    /// The client did not do what the script or RFC 6455 asks for.
    Failure(String),
}

/// One connection as the scripted peer saw it so far.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When it was accepted, on tokio's clock.
    pub accepted_at: Instant,
    /// The client's request, once it is complete.
    pub request: Option<Request>,
    /// Every frame the client sent, in order. A script that stalls reads none.
    pub frames: Vec<ReceivedFrame>,
    /// How it ended; `None` while it goes on.
    pub end: Option<End>,
    /// What the script does at the moment.
    pub(crate) doing: String,
    /// Which messages the current step has passed over, for a failure.
    pub(crate) passed: String,
    /// Whether the script will not do anything more by itself.
    pub(crate) resting: bool,
}

impl Seen {
    /// A connection that was accepted now.
    pub(crate) fn accepted() -> Self {
        Self {
            accepted_at: Instant::now(),
            request: None,
            frames: Vec::new(),
            end: None,
            doing: "accepted".into(),
            passed: String::new(),
            resting: false,
        }
    }

    /// Path and query of the request; empty before it came.
    pub fn path(&self) -> &str {
        self.request.as_ref().map_or("", Request::path)
    }

    /// A header of the request; the name's case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.as_ref()?.header(name)
    }

    /// The payloads of the frames with `opcode`.
    pub fn payloads(&self, opcode: u8) -> Vec<Bytes> {
        let frames = self.frames.iter().filter(|frame| frame.opcode == opcode);
        frames.map(|frame| frame.payload.clone()).collect()
    }

    /// The text frames. What is not UTF-8 is shown with U+FFFD.
    pub fn texts(&self) -> Vec<String> {
        let texts = self.payloads(opcode::TEXT);
        texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }

    /// The data messages with their opcodes: fragments are put together, and one that is not complete
    /// yet is left out.
    pub fn messages(&self) -> Vec<(u8, Bytes)> {
        let mut messages = Vec::new();
        let mut partial = None;
        for frame in &self.frames {
            let (opcode, mut whole) = match frame.opcode {
                opcode::TEXT | opcode::BINARY => (frame.opcode, Vec::new()),
                opcode::CONTINUATION => partial.take().unwrap_or_default(),
                _ => continue,
            };
            whole.extend_from_slice(&frame.payload);
            match frame.fin {
                true => messages.push((opcode, whole.into())),
                false => partial = Some((opcode, whole)),
            }
        }
        messages
    }

    /// The data messages as JSON, text and binary ones.
    ///
    /// # Panics
    /// When one is not JSON; the panic shows which.
    #[track_caller]
    pub fn json_messages(&self) -> Vec<Value> {
        let mut values = Vec::new();
        for (number, (_, message)) in self.messages().iter().enumerate() {
            match serde_json::from_slice(message) {
                Ok(value) => values.push(value),
                Err(error) => {
                    let message = shown(message);
                    panic!("the client's message {number} is not JSON ({error}): {message}")
                }
            }
        }
        values
    }

    /// The code and reason of the client's Close frame: `None` before it came, code `None` when it
    /// carried none.
    pub fn close(&self) -> Option<(Option<u16>, String)> {
        self.payloads(opcode::CLOSE).first().map(|payload| parse_close(payload))
    }

    /// The code of the client's Close frame.
    pub fn close_code(&self) -> Option<u16> {
        self.close()?.0
    }

    /// The mistake of the client.
    pub fn failure(&self) -> Option<&str> {
        match &self.end {
            Some(End::Failure(why)) => Some(why),
            _ => None,
        }
    }
}

/// Code and reason of a Close payload.
pub(crate) fn parse_close(payload: &[u8]) -> (Option<u16>, String) {
    match payload {
        [high, low, reason @ ..] => {
            (Some(u16::from_be_bytes([*high, *low])), String::from_utf8_lossy(reason).into_owned())
        }
        _ => (None, String::new()),
    }
}

impl Logged for Seen {
    fn waits_for(&self) -> Option<String> {
        (!self.resting).then(|| format!("{}{}", self.doing, self.passed))
    }

    fn failure(&self) -> Option<&str> {
        self.failure()
    }
}

impl Entry<Seen> {
    pub(crate) fn doing(&self, what: impl fmt::Display) {
        self.update(|seen| {
            seen.doing = what.to_string();
            seen.passed.clear();
        });
    }

    pub(crate) fn passed_over(&self, passed: String) {
        self.update(|seen| seen.passed = passed);
    }

    pub(crate) fn resting(&self, what: &str) {
        self.update(|seen| {
            what.clone_into(&mut seen.doing);
            seen.resting = true;
        });
    }

    pub(crate) fn end(&self, end: End) {
        self.update(|seen| {
            seen.end = Some(end);
            seen.resting = true;
        });
    }
}
