//! Points in a file, and their text in a state file.

use faucet_core::Position;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A point between two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Point {
    /// The bytes in front of the point.
    pub(crate) offset: u64,
    /// The lines in front of the point; empty and skipped lines count.
    pub(crate) line: u64,
}

/// A point in one of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file's name. A name is no secret.
    pub(crate) file: String,
    pub(crate) point: Point,
}

/// Why a run cannot begin at a saved position.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum PositionError {
    #[error("the saved position is not a position of this source")]
    Malformed,
    #[error("the saved position belongs to the file {file:?}")]
    OtherFile { file: String },
    #[error("the saved position is a point in a regular file, and this is a pipe or a device")]
    NotRegular,
    #[error("the saved position is at byte {offset}, and the file has only {length} bytes")]
    BehindEnd { offset: u64, length: u64 },
    #[error("the saved position at byte {offset} is no longer the end of a line")]
    InsideLine { offset: u64 },
}

/// The text of a position: an object, so that a person can read it.
#[derive(Serialize, Deserialize)]
struct Saved {
    file: String,
    offset: u64,
    line: u64,
}

impl Place {
    /// The position of this place.
    pub(crate) fn to_position(&self) -> Position {
        let Point { offset, line } = self.point;
        let saved = Saved { file: self.file.clone(), offset, line };
        Position::new(serde_json::to_string(&saved).expect("names and numbers can be written"))
    }

    /// The place that `position` says.
    pub(crate) fn of(position: &Position) -> Result<Self, PositionError> {
        let saved: Saved =
            serde_json::from_str(position.as_str()).map_err(|_| PositionError::Malformed)?;
        let Saved { file, offset, line } = saved;
        // Every line has a byte: its line break, or something before the end of the file.
        if line > offset || (line == 0 && offset > 0) {
            return Err(PositionError::Malformed);
        }
        Ok(Self { file, point: Point { offset, line } })
    }
}

impl Point {
    /// Where a run begins that resumes here. `around` has the byte in front of the point and the two
    /// behind it, as far as the file has them. A last line without a line break may have got one
    /// since.
    pub(crate) fn resumed(self, around: &[u8]) -> Result<Self, PositionError> {
        let line_break = match around {
            [b'\n', ..] | [_] => 0,
            [_, b'\n', ..] | [_, b'\r'] => 1,
            [_, b'\r', b'\n'] => 2,
            _ => return Err(PositionError::InsideLine { offset: self.offset }),
        };
        Ok(Self { offset: self.offset + line_break, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_can_be_read_by_people_and_by_the_source() {
        let point = Point { offset: 1234, line: 57 };
        let place = Place { file: "a \"b\".jsonl".into(), point };
        let position = place.to_position();
        assert_eq!(position.as_str(), r#"{"file":"a \"b\".jsonl","offset":1234,"line":57}"#);
        assert_eq!(Place::of(&position), Ok(place));
        let start = Place { file: "f".into(), point: Point::default() };
        assert_eq!(Place::of(&start.to_position()), Ok(start));
    }

    #[test]
    fn other_texts_are_no_positions() {
        for text in [
            "",
            "7",
            "{}",
            "{\"file\":\"f\"}",
            "{\"file\":\"f\",\"offset\":-1,\"line\":0}",
            "{\"file\":\"f\",\"offset\":1.5,\"line\":1}",
            "{\"file\":\"f\",\"offset\":3,\"line\":4}",
            "{\"file\":\"f\",\"offset\":3,\"line\":0}",
            "{\"file\":7,\"offset\":3,\"line\":1}",
        ] {
            assert_eq!(Place::of(&Position::new(text)), Err(PositionError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_run_resumes_between_two_lines_only() {
        let point = Point { offset: 7, line: 2 };
        for (around, expected) in [
            ("\n", Some(7)),
            ("\n{", Some(7)),
            ("\n\n\n", Some(7)),
            ("}", Some(7)),
            ("}\n", Some(8)),
            ("}\n{", Some(8)),
            ("}\r\n", Some(9)),
            ("}\r", Some(8)),
            ("\r\n{", Some(8)),
            ("}{", None),
            ("12", None),
            ("}\r{", None),
            ("", None),
        ] {
            let resumed = point.resumed(around.as_bytes());
            let expected = expected
                .map(|offset| Point { offset, line: 2 })
                .ok_or(PositionError::InsideLine { offset: 7 });
            assert_eq!(resumed, expected, "{around:?}");
        }
    }
}
