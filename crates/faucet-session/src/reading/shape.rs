//! The messages in a text, and the records in a message.

use std::ops::Range;

use faucet_core::select::{Pieces, Pointer, Split};

use crate::reading::unwrap::{Part, is_array};

/// How a text holds messages, and a message holds records.
#[derive(Debug, Clone)]
pub struct Shape {
    data_prefix: Option<Box<[u8]>>,
    split_arrays: bool,
    explode: bool,
    /// The elements of an array.
    elements: Split,
}

impl Shape {
    /// `data_prefix` begins each text with data and is cut off. With `split_arrays` the elements of
    /// an array at the top are messages, with `explode` the elements of an unwrapped array are
    /// records.
    pub fn new(data_prefix: Option<&str>, split_arrays: bool, explode: bool) -> Self {
        Self {
            data_prefix: data_prefix.map(|prefix| prefix.as_bytes().into()),
            split_arrays,
            explode,
            elements: Split::Elements(Pointer::default()),
        }
    }

    /// The messages in `text`. A text without the prefix is one message that is not data, and no
    /// array is taken apart there. Text that is not JSON is one message. An empty array has none.
    pub fn messages<'a>(&'a self, text: &'a [u8]) -> Messages<'a> {
        let prefix = self.data_prefix.as_deref();
        let is_data = prefix.is_none_or(|prefix| text.starts_with(prefix));
        let from = prefix.filter(|_| is_data).map_or(0, <[u8]>::len);
        let split = is_data && self.split_arrays;
        Messages { cut: self.cut(text, from..text.len(), split), is_data }
    }

    /// The records in the value `value` of `message`, which [`value`](crate::reading::value) found
    /// and may have put into `made`. A value that is no array is one record. An empty array has none.
    pub fn records<'a>(&'a self, message: &'a [u8], value: Part, made: &'a [u8]) -> Records<'a> {
        let (text, range, is_made) = match value {
            Part::Slice(range) => (message, range, false),
            Part::Made(range) => (made, range, true),
        };
        Records { cut: self.cut(text, range, self.explode), is_made }
    }

    /// The elements of the array at `range` of `text` where `apart` holds; otherwise all of the range.
    fn cut<'a>(&'a self, text: &'a [u8], range: Range<usize>, apart: bool) -> Cut<'a> {
        match text.get(range.clone()) {
            Some(array) if apart && is_array(array) => {
                Cut::Elements { pieces: self.elements.pieces(array), from: range.start }
            }
            _ => Cut::Whole(Some(range)),
        }
    }
}

/// A message of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its bytes in the text, without the prefix.
    pub range: Range<usize>,
    /// Whether it may hold records: its text begins with the prefix, or there is no prefix.
    pub is_data: bool,
}

/// The messages of a text; see [`Shape::messages`].
#[derive(Debug)]
pub struct Messages<'a> {
    cut: Cut<'a>,
    is_data: bool,
}

impl Iterator for Messages<'_> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.cut.next().map(|range| Message { range, is_data: self.is_data })
    }
}

/// The records of a message; see [`Shape::records`].
#[derive(Debug)]
pub struct Records<'a> {
    cut: Cut<'a>,
    is_made: bool,
}

impl Iterator for Records<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        self.cut.next().map(if self.is_made { Part::Made } else { Part::Slice })
    }
}

#[derive(Debug)]
enum Cut<'a> {
    Whole(Option<Range<usize>>),
    Elements { pieces: Pieces<'a>, from: usize },
}

impl Cut<'_> {
    fn next(&mut self) -> Option<Range<usize>> {
        match self {
            Self::Whole(range) => range.take(),
            Self::Elements { pieces, from } => {
                let piece = pieces.next()?;
                let piece = piece.expect("a JSON array has elements to its end");
                Some(*from + piece.start..*from + piece.end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::unwrap::{Unwrapped, value};

    #[test]
    fn messages() {
        for (prefix, split, text, expected, is_data) in [
            (None, false, "[1]", &["[1]"][..], true),
            (None, true, " [1.50 , {\"a\" : [2]}] ", &["1.50", "{\"a\" : [2]}"], true),
            (None, true, "[]", &[], true),
            (None, true, "{\"a\":[1]}", &["{\"a\":[1]}"], true),
            (None, true, "[1,2", &["[1,2"], true),
            (None, true, "[1,two]", &["[1,two]"], true),
            (None, true, "ping", &["ping"], true),
            (None, true, "", &[""], true),
            (Some("42"), false, "42[\"e\",1]", &["[\"e\",1]"], true),
            (Some("42"), true, "42[\"e\", 1]", &["\"e\"", "1"], true),
            (Some("42"), true, "42", &[""], true),
            (Some("42"), true, "[1,2]", &["[1,2]"], false),
            (Some("42"), false, "4", &["4"], false),
        ] {
            let shape = Shape::new(prefix, split, false);
            let found: Vec<Message> = shape.messages(text.as_bytes()).collect();
            let texts: Vec<&str> = found.iter().map(|one| &text[one.range.clone()]).collect();
            assert_eq!(texts, expected, "{prefix:?} {text}");
            assert!(found.iter().all(|one| one.is_data == is_data), "{prefix:?} {text}");
        }
    }

    #[test]
    fn records() {
        let message = br#"{"d":[1.50, [] ,"x"],"e":[],"s":"[\"a\", 2e1]","t":"[3, 4]"}"#;
        let place = |member: &[u8]| {
            let at = message.windows(member.len()).position(|w| w == member).unwrap();
            Unwrapped::At(at..at + member.len())
        };
        for (unwrapped, explode, expected) in [
            (place(b"[1.50, [] ,\"x\"]"), true, &["1.50", "[]", "\"x\""][..]),
            (place(b"[1.50, [] ,\"x\"]"), false, &["[1.50, [] ,\"x\"]"]),
            (place(b"[]"), true, &[]),
            (place(b"\"[3, 4]\""), true, &["3", "4"]),
            (place(br#""[\"a\", 2e1]""#), true, &["\"a\"", "2e1"]),
            (place(br#""[\"a\", 2e1]""#), false, &["[\"a\", 2e1]"]),
            (place(b"1.50"), true, &["1.50"]),
            (Unwrapped::Inside(b"[7,8]".to_vec()), true, &["7", "8"]),
            (Unwrapped::Absent, true, &[std::str::from_utf8(message).unwrap()]),
        ] {
            let shape = Shape::new(None, false, explode);
            let mut made = b"[before]".to_vec();
            let part = value(message, unwrapped, &mut made);
            let records: Vec<&[u8]> = shape
                .records(message, part, &made)
                .map(|record| record.bytes(message, &made))
                .collect();
            let expected: Vec<&[u8]> = expected.iter().map(|text| text.as_bytes()).collect();
            assert_eq!(records, expected);
        }
    }

    #[test]
    fn a_whole_message_is_taken_apart_only_where_it_is_an_array() {
        let shape = Shape::new(None, false, true);
        for (message, expected) in [
            ("[1, 2]", &["1", "2"][..]),
            ("[1, 2", &["[1, 2"]),
            ("[1, two]", &["[1, two]"]),
            ("pong", &["pong"]),
        ] {
            let whole = Part::Slice(0..message.len());
            let message = message.as_bytes();
            let records = shape.records(message, whole, b"");
            let records: Vec<&[u8]> = records.map(|record| record.bytes(message, b"")).collect();
            let expected: Vec<&[u8]> = expected.iter().map(|text| text.as_bytes()).collect();
            assert_eq!(records, expected);
        }
    }
}
