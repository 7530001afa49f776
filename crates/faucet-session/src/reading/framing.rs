//! Several texts in one message.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const RECORD_SEPARATOR: u8 = 0x1e;

/// How one message holds several texts. A text of nothing but whitespace is skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// Each message is one text.
    #[default]
    Message,
    /// Each line is a text. A line ends with LF or CRLF; the last may have no end.
    Lines,
    /// The record separator, the byte 0x1E, ends each text; the last may have no end. The byte also
    /// ends each message that is sent, as SignalR wants.
    RecordSeparator,
}

impl Framing {
    /// The texts in `message`, as ranges of its bytes without what ends them.
    ///
    /// [`Message`](Self::Message) has one text even where the message is blank.
    pub fn parts(self, message: &[u8]) -> Parts<'_> {
        Parts { message, end: self.ends_texts(), next: Some(0) }
    }

    /// The byte that ends a message that is sent.
    pub fn end(self) -> Option<u8> {
        (self == Self::RecordSeparator).then_some(RECORD_SEPARATOR)
    }

    fn ends_texts(self) -> Option<u8> {
        match self {
            Self::Message => None,
            Self::Lines => Some(b'\n'),
            Self::RecordSeparator => Some(RECORD_SEPARATOR),
        }
    }
}

/// The texts in a message; see [`Framing::parts`].
#[derive(Debug, Clone)]
pub struct Parts<'a> {
    message: &'a [u8],
    /// The byte that ends each text.
    end: Option<u8>,
    /// Where the next text begins.
    next: Option<usize>,
}

impl Iterator for Parts<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let from = self.next.take()?;
            let Some(end) = self.end else { return Some(from..self.message.len()) };
            let rest = self.message.get(from..)?;
            let length = memchr::memchr(end, rest);
            self.next = length.map(|length| from + length + 1);
            let mut text = &rest[..length.unwrap_or(rest.len())];
            if end == b'\n' {
                text = text.strip_suffix(b"\r").unwrap_or(text);
            }
            if !text.trim_ascii().is_empty() {
                return Some(from..from + text.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        use Framing::{Lines, Message, RecordSeparator};
        for (framing, message, expected) in [
            (Message, "{}\n\x1e{}\n", &["{}\n\x1e{}\n"][..]),
            (Message, "", &[""]),
            (Lines, "{\"a\":1}\r\n\r\n \t\n {\"b\":2} \n[3]", &["{\"a\":1}", " {\"b\":2} ", "[3]"]),
            (Lines, "one\r", &["one"]),
            (Lines, "a\rb\x1ec\n", &["a\rb\x1ec"]),
            (Lines, "\n\r\n", &[]),
            (Lines, "", &[]),
            (RecordSeparator, "{}\x1e{\"type\":6}\x1e", &["{}", "{\"type\":6}"]),
            (RecordSeparator, "\x1e \x1e{}\r\n", &["{}\r\n"]),
            (RecordSeparator, "\x1e", &[]),
        ] {
            let texts: Vec<&str> =
                framing.parts(message.as_bytes()).map(|part| &message[part]).collect();
            assert_eq!(texts, expected, "{framing:?} {message:?}");
        }
    }

    #[test]
    fn only_the_record_separator_ends_what_is_sent() {
        let ends = [Framing::Message, Framing::Lines, Framing::RecordSeparator].map(Framing::end);
        assert_eq!(ends, [None, None, Some(0x1e)]);
    }
}
