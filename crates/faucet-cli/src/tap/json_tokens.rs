//! The tokens of a JSON text, for eyes. Numbers and texts stay as they were written. Pure.

use crate::tap::pen::{Ink, Pen};

/// Writes a text that is known to be JSON on one line.
pub(crate) fn one_line(json: &str, pen: &mut Pen) {
    for token in tokens(json) {
        if pen.is_full() {
            return;
        }
        match token {
            Token::Key(text) => pen.put(Ink::Key, text),
            Token::Scalar(ink, text) => pen.put(ink, text),
            Token::Open(text) | Token::Close(text) => pen.put(Ink::Plain, text),
            Token::Comma => pen.put(Ink::Plain, ", "),
            Token::Colon => pen.put(Ink::Plain, ": "),
        }
    }
}

/// Writes a text that is known to be JSON over several lines. The line in hand has the first one.
pub(crate) fn many_lines(json: &str, pen: &mut Pen) {
    let mut depth = 0_usize;
    let mut after_open = false;
    let break_line = |pen: &mut Pen, depth: usize| {
        pen.end_line();
        pen.put(Ink::Plain, &"  ".repeat(depth));
    };
    for token in tokens(json) {
        let closes = matches!(token, Token::Close(_));
        if closes {
            depth = depth.saturating_sub(1);
        }
        if after_open != closes && (after_open || closes) {
            break_line(pen, depth);
        }
        after_open = matches!(token, Token::Open(_));
        match token {
            Token::Key(text) => pen.put(Ink::Key, text),
            Token::Scalar(ink, text) => pen.put(ink, text),
            Token::Open(text) => {
                depth += 1;
                pen.put(Ink::Plain, text);
            }
            Token::Close(text) => pen.put(Ink::Plain, text),
            Token::Comma => {
                pen.put(Ink::Plain, ",");
                break_line(pen, depth);
            }
            Token::Colon => pen.put(Ink::Plain, ": "),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// With its quotes.
    Key(&'a str),
    Scalar(Ink, &'a str),
    Open(&'a str),
    Close(&'a str),
    Comma,
    Colon,
}

fn tokens(json: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = *rest.as_bytes().first()?;
        let length = match first {
            b'"' => end_of_string(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => rest
                .find(|c: char| c.is_ascii_whitespace() || ",:]}".contains(c))
                .unwrap_or(rest.len()),
        };
        let (text, behind) = rest.split_at(length);
        rest = behind;
        Some(match first {
            b'"' if behind.trim_start().starts_with(':') => Token::Key(text),
            b'"' => Token::Scalar(Ink::Text, text),
            b'{' | b'[' => Token::Open(text),
            b'}' | b']' => Token::Close(text),
            b',' => Token::Comma,
            b':' => Token::Colon,
            b'-' | b'0'..=b'9' => Token::Scalar(Ink::Number, text),
            _ => Token::Scalar(Ink::Word, text),
        })
    })
}

/// The length of the string at the beginning, with its quotes.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::pen::Paper;

    const PLAIN: Paper = Paper { width: None, colors: false };

    fn lines(json: &str) -> (String, String) {
        let (mut one, mut many) = (Pen::new(PLAIN), Pen::new(PLAIN));
        one_line(json, &mut one);
        many_lines(json, &mut many);
        (one.into_text(), many.into_text())
    }

    #[test]
    fn texts_and_numbers_stay_as_they_were_written() {
        let json = "{\"a\":1.50e3,\n \"b\\\"}\":[true,null , \"x,\\\\\"],\"c\":{},\"d\":[]}";
        let (one, many) = lines(json);
        assert_eq!(
            one,
            "{\"a\": 1.50e3, \"b\\\"}\": [true, null, \"x,\\\\\"], \"c\": {}, \"d\": []}"
        );
        assert_eq!(
            many,
            "{\n  \"a\": 1.50e3,\n  \"b\\\"}\": [\n    true,\n    null,\n    \"x,\\\\\"\n  ],\n  \"c\": {},\n  \
             \"d\": []\n}"
        );
        for scalar in ["1", "\"a b\"", "null"] {
            assert_eq!(lines(scalar), (scalar.to_owned(), scalar.to_owned()));
        }
    }

    #[test]
    fn each_kind_has_its_colour() {
        let mut pen = Pen::new(Paper { width: None, colors: true });
        one_line("{\"a\":[1,\"b\",true]}", &mut pen);
        pen.end_line();
        assert_eq!(
            pen.into_text(),
            "{\x1b[1;34m\"a\"\x1b[0m: [\x1b[33m1\x1b[0m, \x1b[32m\"b\"\x1b[0m, \x1b[35mtrue\x1b[0m]}\n"
        );
    }
}
