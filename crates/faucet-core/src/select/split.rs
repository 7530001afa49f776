//! One message cut into several, without a copy.

use std::ops::Range;

use super::cursor::Cursor;
use super::pointer::Pointer;
use super::value::{Kind, is_json, kind};

/// How one message becomes several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Split {
    /// Each element of the array at this place.
    Elements(Pointer),
    /// Each line that is not blank, without its line end.
    Lines,
    /// Each element of the array at this place of the JSON text in each line that is not blank.
    ElementsOfLines(Pointer),
}

/// Why a message could not be cut, and in which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct SplitError {
    line: Option<usize>,
    problem: SplitProblem,
}

/// What is wrong with a message that could not be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitProblem {
    /// The text is not JSON.
    #[error("the text is not JSON")]
    NotJson,
    /// The place is not there.
    #[error("the place of the array is not there")]
    Absent,
    /// The value at the place is no array.
    #[error("the value at the place of the array is of type {}", .0.name())]
    NotAnArray(Kind),
}

impl SplitError {
    /// The line, from 1, where the message is cut into lines.
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong there.
    pub fn problem(&self) -> SplitProblem {
        self.problem
    }
}

impl Split {
    /// The way for the elements `at` a place, for `lines`, or for both; `None` for neither.
    pub fn new(at: Option<Pointer>, lines: bool) -> Option<Self> {
        match (at, lines) {
            (Some(at), false) => Some(Self::Elements(at)),
            (Some(at), true) => Some(Self::ElementsOfLines(at)),
            (None, true) => Some(Self::Lines),
            (None, false) => None,
        }
    }

    /// The pieces of `message` in their order, as ranges of its bytes. The first error is the last
    /// item, and pieces may come before it. A place is not looked for inside of strings.
    ///
    /// [`Elements`](Self::Elements) needs a message that is known to be JSON; see [`Pointer::find`].
    /// Lines are checked.
    pub fn pieces<'a>(&'a self, message: &'a [u8]) -> Pieces<'a> {
        let (at, lines) = match self {
            Self::Elements(at) => (Some(at), None),
            Self::Lines => (None, Some(Lines { next: Some(0), number: 0 })),
            Self::ElementsOfLines(at) => (Some(at), Some(Lines { next: Some(0), number: 0 })),
        };
        Pieces { at, message, lines, elements: None, started: false }
    }

    /// Appends the pieces of `message` to `out`, all or, where there is an error, none.
    ///
    /// # Errors
    /// There is no array at the place.
    pub fn split_into(
        &self,
        message: &[u8],
        out: &mut Vec<Range<usize>>,
    ) -> Result<(), SplitError> {
        let from = out.len();
        for piece in self.pieces(message) {
            match piece {
                Ok(piece) => out.push(piece),
                Err(error) => {
                    out.truncate(from);
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

/// The pieces of a message; see [`Split::pieces`].
#[derive(Debug)]
pub struct Pieces<'a> {
    at: Option<&'a Pointer>,
    message: &'a [u8],
    lines: Option<Lines>,
    /// Stands in front of an element.
    elements: Option<Cursor<'a>>,
    started: bool,
}

#[derive(Debug)]
struct Lines {
    /// Where the next line begins.
    next: Option<usize>,
    /// How many lines were read.
    number: usize,
}

impl Lines {
    fn next(&mut self, message: &[u8]) -> Option<Range<usize>> {
        loop {
            let from = self.next?;
            let rest = message.get(from..)?;
            let length = memchr::memchr(b'\n', rest);
            self.next = length.map(|length| from + length + 1);
            self.number += 1;
            let line = &rest[..length.unwrap_or(rest.len())];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.trim_ascii().is_empty() {
                return Some(from..from + line.len());
            }
        }
    }
}

impl Pieces<'_> {
    fn fail(&mut self, problem: SplitProblem) -> Option<Result<Range<usize>, SplitError>> {
        let line = self.lines.take().map(|lines| lines.number);
        self.elements = None;
        self.started = true;
        Some(Err(SplitError { line, problem }))
    }

    /// The next line, or once the whole message.
    fn text(&mut self) -> Option<Range<usize>> {
        match &mut self.lines {
            Some(lines) => lines.next(self.message),
            None if self.started => None,
            None => Some(0..self.message.len()),
        }
    }

    /// Stands in front of the first element of the array in `text`.
    fn enter(&mut self, at: &Pointer, text: Range<usize>) -> Result<(), SplitProblem> {
        // The text ends with the line, and its offsets are those of the message.
        let before = self.message.get(..text.end).unwrap_or_default();
        let bytes = before.get(text.start..).unwrap_or_default();
        let whole = kind(bytes).ok_or(SplitProblem::NotJson)?;
        if self.lines.is_some() && !is_json(bytes) {
            return Err(SplitProblem::NotJson);
        }
        let mut cursor = Cursor::new_at(before, text.start);
        let found = if at.is_whole() {
            // The elements themselves lead to the end of the text.
            whole
        } else {
            let array = at.find_range(&mut cursor).ok_or(SplitProblem::Absent)?;
            cursor.back_to(array.start);
            before.get(array).and_then(kind).ok_or(SplitProblem::NotJson)?
        };
        if !cursor.take(b'[') {
            return Err(SplitProblem::NotAnArray(found));
        }
        if cursor.take(b']') {
            return leave(&mut cursor, at);
        }
        self.elements = Some(cursor);
        Ok(())
    }
}

/// Behind the array at `at`: where the array is the whole value, nothing may follow.
fn leave(cursor: &mut Cursor<'_>, at: &Pointer) -> Result<(), SplitProblem> {
    if at.is_whole() && cursor.end().is_err() { Err(SplitProblem::NotJson) } else { Ok(()) }
}

impl Iterator for Pieces<'_> {
    type Item = Result<Range<usize>, SplitError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.at;
            if let (Some(elements), Some(at)) = (&mut self.elements, at) {
                let element = elements.value();
                let problem = match (element, elements.more(b']')) {
                    (Ok(element), Ok(true)) => return Some(Ok(element)),
                    (Ok(element), Ok(false)) => match leave(elements, at) {
                        Ok(()) => {
                            self.elements = None;
                            return Some(Ok(element));
                        }
                        Err(problem) => problem,
                    },
                    _ => SplitProblem::NotJson,
                };
                return self.fail(problem);
            }
            let text = self.text()?;
            self.started = true;
            let Some(at) = at else { return Some(Ok(text)) };
            if let Err(problem) = self.enter(at, text) {
                return self.fail(problem);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(split: &Split, message: &str) -> Result<Vec<String>, String> {
        let mut ranges = Vec::new();
        ranges.push(7..7);
        let done = split.split_into(message.as_bytes(), &mut ranges);
        assert_eq!(ranges[0], 7..7);
        assert!(done.is_ok() || ranges.len() == 1, "an error leaves nothing behind");
        done.map_err(|error| error.to_string())?;
        Ok(ranges.into_iter().skip(1).map(|range| message[range].to_owned()).collect())
    }

    #[test]
    fn cuts() {
        let at = |text: &str| Some(Pointer::parse(text).unwrap());
        for (place, lines, message, expected) in [
            (
                at(""),
                false,
                " [1.0 , {\"a\" : [2]},\n\"x,]\"] ",
                Ok(&["1.0", "{\"a\" : [2]}", "\"x,]\""][..]),
            ),
            (at("/d"), false, r#"{"d":[[],[1]],"e":0}"#, Ok(&["[]", "[1]"])),
            (at("/d"), false, r#"{"d":[ ]}"#, Ok(&[])),
            (at("/d/-1"), false, r#"{"d":[[1],[2,3]]}"#, Ok(&["2", "3"])),
            (at("/e"), false, r#"{"d":[]}"#, Err("the place of the array is not there")),
            (
                at("/d"),
                false,
                r#"{"d":{}}"#,
                Err("the value at the place of the array is of type object"),
            ),
            (at(""), false, "ping", Err("the text is not JSON")),
            (at(""), false, "[1,2", Err("the text is not JSON")),
            (at(""), false, "[1,2] 3", Err("the text is not JSON")),
            (at(""), false, "[] 3", Err("the text is not JSON")),
            (at(""), false, "{}", Err("the value at the place of the array is of type object")),
            (at("/d"), false, r#"{"d":[1]"#, Err("the place of the array is not there")),
            (None, true, "a\r\n\n  \n b \nc", Ok(&["a", " b ", "c"])),
            (None, true, "\n", Ok(&[])),
            (None, true, "", Ok(&[])),
            (at(""), true, "[1,2]\n[]\n\n[3]\n", Ok(&["1", "2", "3"])),
            (at("/a"), true, "{\"a\":[1]}\n\n{\"a\":[1]", Err("line 3: the text is not JSON")),
            (at("/a"), true, "{\"a\":[1]}\n{}", Err("line 2: the place of the array is not there")),
        ] {
            let split = Split::new(place, lines).unwrap();
            let expected = match expected {
                Ok(pieces) => Ok(pieces.iter().map(|piece| (*piece).to_owned()).collect()),
                Err(error) => Err(error.to_owned()),
            };
            assert_eq!(pieces(&split, message), expected, "{message:?}");
        }
        assert_eq!(Split::new(None, false), None);
    }

    #[test]
    fn an_error_is_the_last_item() {
        let split = Split::new(Some(Pointer::default()), true).unwrap();
        let mut pieces = split.pieces(b"[1]\n7\n[2]");
        assert_eq!(pieces.next(), Some(Ok(1..2)));
        let error = pieces.next().unwrap().unwrap_err();
        assert_eq!(error.line(), Some(2));
        assert_eq!(error.problem(), SplitProblem::NotAnArray(Kind::Number));
        assert_eq!(pieces.next(), None);
    }
}
