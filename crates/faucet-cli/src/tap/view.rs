//! How a message looks: on a terminal, and in a pipe. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_core::{MessageKind, Timestamp, json};
use jiff::tz::TimeZone;

use crate::tap::hex;
use crate::tap::json_tokens::{many_lines, one_line};
use crate::tap::pen::{Ink, Paper, Pen};

/// Which end sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Received,
    Sent,
}

/// The form of messages on a terminal.
#[derive(Debug, Clone)]
pub(crate) struct Screen {
    pub(crate) paper: Paper,
    pub(crate) zone: TimeZone,
    pub(crate) pretty: bool,
    pub(crate) hex: bool,
}

/// The form of binary messages in a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Base64,
    Hex,
    /// The bytes, with nothing around them.
    Raw,
}

const BASE64_MARK: &str = "binary:";
const HEX_MARK: &str = "hex:";

impl Screen {
    /// Appends the lines of a message.
    pub(crate) fn message(
        &self,
        at: Timestamp,
        direction: Direction,
        (kind, bytes): (MessageKind, &[u8]),
        out: &mut Vec<u8>,
    ) {
        let mut pen = Pen::new(self.paper);
        self.begin(at, direction, &mut pen);
        let text = std::str::from_utf8(bytes);
        match (kind, text) {
            (MessageKind::Text, Ok(text)) => self.text(text, &mut pen),
            _ => self.binary(bytes, text.ok(), &mut pen),
        }
        pen.end_line();
        out.extend_from_slice(pen.into_text().as_bytes());
    }

    /// Appends a line about the connection, such as a Ping.
    pub(crate) fn note(&self, at: Timestamp, direction: Direction, words: &str, out: &mut Vec<u8>) {
        let mut pen = Pen::new(self.paper);
        self.begin(at, direction, &mut pen);
        pen.put(Ink::Dim, words);
        pen.end_line();
        out.extend_from_slice(pen.into_text().as_bytes());
    }

    /// Begins a line.
    fn begin(&self, at: Timestamp, direction: Direction, pen: &mut Pen) {
        pen.put(Ink::Dim, &clock(at, &self.zone));
        match direction {
            Direction::Received => pen.put(Ink::Received, " < "),
            Direction::Sent => pen.put(Ink::Sent, " > "),
        }
    }

    fn text(&self, text: &str, pen: &mut Pen) {
        if json::check(text.as_bytes()).is_err() {
            pen.put(Ink::Plain, text);
        } else if self.pretty {
            many_lines(text, pen);
        } else {
            one_line(text, pen);
        }
    }

    fn binary(&self, bytes: &[u8], text: Option<&str>, pen: &mut Pen) {
        pen.put(Ink::Dim, &format!("binary, {} B", bytes.len()));
        match text {
            _ if self.hex => {
                for row in hex::rows(bytes, self.paper.width.unwrap_or(80)) {
                    pen.end_line();
                    pen.put(Ink::Plain, &row);
                }
            }
            Some(text) if !text.contains(char::is_control) => {
                pen.put(Ink::Dim, ": ");
                pen.put(Ink::Plain, text);
            }
            _ => {
                pen.put(Ink::Dim, ", base64: ");
                pen.put(Ink::Plain, &STANDARD.encode(bytes));
            }
        }
    }
}

/// Appends a message to a pipe. Returns whether it is a text that looks like the mark of a binary one.
pub(crate) fn to_pipe(kind: MessageKind, bytes: &[u8], form: Binary, out: &mut Vec<u8>) -> bool {
    let mark = match form {
        Binary::Base64 => BASE64_MARK,
        Binary::Hex => HEX_MARK,
        Binary::Raw => "",
    };
    match (kind, form) {
        (MessageKind::Text, _) => {
            out.extend_from_slice(bytes);
            out.push(b'\n');
            return form != Binary::Raw && bytes.starts_with(mark.as_bytes());
        }
        (MessageKind::Binary, Binary::Raw) => out.extend_from_slice(bytes),
        (MessageKind::Binary, _) => {
            let body = match form {
                Binary::Hex => hex::digits(bytes),
                _ => STANDARD.encode(bytes),
            };
            out.extend_from_slice(mark.as_bytes());
            out.extend_from_slice(body.as_bytes());
            out.push(b'\n');
        }
    }
    false
}

/// Appends a message to a recording: `{"at": …, "kind": …, "data": …}`.
pub(crate) fn to_recording(at: Timestamp, kind: MessageKind, bytes: &[u8], out: &mut Vec<u8>) {
    let (kind, data) = match (kind, std::str::from_utf8(bytes)) {
        (MessageKind::Text, Ok(text)) => ("text", serde_json::Value::from(text)),
        _ => ("binary", STANDARD.encode(bytes).into()),
    };
    let at = at.as_unix_millis();
    let line = format!("{{\"at\":{at},\"kind\":\"{kind}\",\"data\":{data}}}\n");
    out.extend_from_slice(line.as_bytes());
}

/// The time of the day.
fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let millis = i64::try_from(at.as_unix_millis()).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    moment.to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests;
