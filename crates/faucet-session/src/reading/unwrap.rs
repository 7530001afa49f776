//! The value inside a message that holds the records.

use std::borrow::Cow;
use std::ops::Range;

use faucet_core::json;
use faucet_core::select::{Found, Kind, kind, unescape};

/// The value at the pointer of `unwrap`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwrapped {
    /// Nothing stands there, or there is no pointer.
    Absent,
    /// A value of the message, without whitespace around it.
    At(Range<usize>),
    /// A value of a JSON text that stands in a string of the message.
    Inside(Vec<u8>),
}

impl Unwrapped {
    /// The value at the pointer number `index`.
    pub fn find(found: &Found<'_, '_>, index: usize) -> Self {
        if let Some(range) = found.range(index) {
            return Self::At(range);
        }
        found.read(index).map_or(Self::Absent, |value| Self::Inside(value.into_owned()))
    }
}

/// Where a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// In the message.
    Slice(Range<usize>),
    /// In the buffer of made texts: the message has the text only with escapes.
    Made(Range<usize>),
}

impl Part {
    /// The bytes of the text; empty where the range lies outside.
    pub fn bytes<'a>(&self, message: &'a [u8], made: &'a [u8]) -> &'a [u8] {
        let (all, range) = match self {
            Self::Slice(range) => (message, range),
            Self::Made(range) => (made, range),
        };
        all.get(range.clone()).unwrap_or_default()
    }
}

/// The value of the message `message` that is its record, or that holds its records: what stands at
/// the pointer of `unwrap`, or the whole message where nothing stands there. A string that holds
/// JSON counts as that JSON; any other string stays a string.
///
/// A text that is no slice of the message is appended to `made`. It never has more bytes than the
/// message, as each escape is longer than its character. A message that is not JSON must have nothing
/// unwrapped; see [`faucet_core::select`].
pub fn value(message: &[u8], unwrapped: Unwrapped, made: &mut Vec<u8>) -> Part {
    let whole = Part::Slice(0..message.len());
    let make = |text: &[u8], made: &mut Vec<u8>| {
        let from = made.len();
        made.extend_from_slice(text);
        Part::Made(from..made.len())
    };
    match unwrapped {
        Unwrapped::Absent => whole,
        Unwrapped::At(range) => {
            let Some(value) = message.get(range.clone()) else { return whole };
            match held_json(value) {
                None => Part::Slice(range),
                Some(Cow::Borrowed(text)) => {
                    let padding = text.len() - text.trim_ascii_start().len();
                    // Behind the quote.
                    let from = range.start + 1 + padding;
                    Part::Slice(from..from + text.trim_ascii().len())
                }
                Some(Cow::Owned(text)) => make(text.trim_ascii().as_bytes(), made),
            }
        }
        Unwrapped::Inside(value) => match held_json(&value) {
            Some(text) => make(text.trim_ascii().as_bytes(), made),
            None => make(&value, made),
        },
    }
}

/// The content of the string `value`, where it is JSON.
fn held_json(value: &[u8]) -> Option<Cow<'_, str>> {
    if value.first() != Some(&b'"') {
        return None;
    }
    let text = unescape(value)?;
    json::check(text.as_bytes()).is_ok().then_some(text)
}

/// Whether `text` is a JSON array.
pub(super) fn is_array(text: &[u8]) -> bool {
    kind(text) == Some(Kind::Array) && json::check(text).is_ok()
}

#[cfg(test)]
mod tests {
    use faucet_core::select::{Pointer, Pointers};

    use super::*;

    /// The value at `at`, and whether it is made.
    fn unwrapped(message: &str, at: &str) -> (String, bool) {
        let message = message.as_bytes();
        let pointers = Pointers::new([Pointer::default(), Pointer::parse(at).unwrap()]);
        let place = pointers.find_all(message, |found| Unwrapped::find(found, 1));
        let mut made = b"before".to_vec();
        let part = value(message, place, &mut made);
        assert!(made.starts_with(b"before") && made.len() - 6 <= message.len());
        let text = String::from_utf8(part.bytes(message, &made).to_vec()).unwrap();
        (text, matches!(part, Part::Made(_)))
    }

    #[test]
    fn values() {
        for (message, at, expected, made) in [
            (r#"{"data": {"p":1.50} ,"e":1}"#, "/data", r#"{"p":1.50}"#, false),
            (r#"{"data":[1, 2]}"#, "/data", "[1, 2]", false),
            (r#"{"data":"plain text"}"#, "/data", r#""plain text""#, false),
            (r#"{"data":"a \" b"}"#, "/data", r#""a \" b""#, false),
            (r#"{"e":1}"#, "/data", r#"{"e":1}"#, false),
            (r#"["event",{"a":1}]"#, "/1", r#"{"a":1}"#, false),
            // A string that holds JSON.
            (
                r#"{"payload":"{\"a\":1.0,\"b\":\"\\n\u00e9\"}"}"#,
                "/payload",
                "{\"a\":1.0,\"b\":\"\\né\"}",
                true,
            ),
            (r#"{"payload":"\n{\"a\":1}\n"}"#, "/payload", r#"{"a":1}"#, true),
            (r#"{"payload":"103"}"#, "/payload", "103", false),
            (r#"{"payload":" [1,2] "}"#, "/payload", "[1,2]", false),
            (r#"{"payload":""}"#, "/payload", r#""""#, false),
            (r#"{"payload":"{\"a\":1"}"#, "/payload", r#""{\"a\":1""#, false),
            (r#"{"payload":"\ud800"}"#, "/payload", r#""\ud800""#, false),
            // A pointer that leads on through a string, and a string again at its end.
            (r#"{"data":"{\"id\":7,\"x\":\"[1]\"}"}"#, "/data/id", "7", true),
            (r#"{"data":"{\"id\":7,\"x\":\"[1]\"}"}"#, "/data/x", "[1]", true),
            (r#"{"data":"{\"id\":7}"}"#, "/data/no", r#"{"data":"{\"id\":7}"}"#, false),
            ("ping", "/data", "ping", false),
        ] {
            assert_eq!(unwrapped(message, at), (expected.to_owned(), made), "{message} {at}");
        }
    }

    #[test]
    fn a_range_outside_of_the_message_is_the_whole_message() {
        let mut made = Vec::new();
        assert_eq!(value(b"{}", Unwrapped::At(1..9), &mut made), Part::Slice(0..2));
        assert_eq!(Part::Made(1..2).bytes(b"{}", b""), b"");
    }
}
