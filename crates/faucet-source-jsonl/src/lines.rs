//! Reads a file line by line, and knows where it is.

use std::path::Path;

use memchr::memchr;

use crate::error::JsonlError;
use crate::input::{Input, More};
use crate::position::{Point, PositionError};

/// The bytes that are passed over at once on the way to a position in a compressed file.
const STEP: usize = 256 << 10;

/// The result of a look for the next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A line.
    Line,
    /// The last line, which has no line break.
    Unfinished,
    /// Nothing more is there now.
    Nothing,
}

/// The lines of a file behind a point.
#[derive(Debug)]
pub(crate) struct LineReader {
    input: Input,
    /// The text that was read; the lines before `from` were accepted.
    text: Vec<u8>,
    from: usize,
    /// How far behind `from` no line break stands.
    scanned: usize,
    /// The length of the current line, and with its line break.
    line: usize,
    length: usize,
    limit: usize,
    /// The point behind the last line that was accepted.
    at: Point,
}

impl LineReader {
    /// Opens the file at `path` for lines of at most `limit` bytes, and goes to `resume`.
    pub(crate) async fn open(
        path: &Path,
        limit: usize,
        resume: Option<Point>,
    ) -> Result<Self, JsonlError> {
        let input = Input::open(path).await.map_err(JsonlError::Open)?;
        let text = Vec::new();
        let (at, line, length) = (Point::default(), 0, 0);
        let mut lines = Self { input, text, from: 0, scanned: 0, line, length, limit, at };
        if let Some(point) = resume {
            if !lines.input.regular {
                return Err(JsonlError::Position(PositionError::NotRegular));
            }
            lines.go_to(point).await?;
        }
        Ok(lines)
    }

    /// Looks for the next line. Cancel safe: the next call goes on. Until [`accept`](Self::accept) each call
    /// finds the same line.
    pub(crate) async fn read(&mut self) -> Result<Found, JsonlError> {
        loop {
            let behind = &self.text[self.from..];
            if let Some(at) = memchr(b'\n', &behind[self.scanned..]) {
                let at = self.scanned + at;
                return self.found(at, at + 1, Found::Line);
            }
            self.scanned = behind.len();
            // A line break of two bytes may follow.
            if self.scanned > self.limit + 1 {
                return Err(JsonlError::TooLong { line: self.number(), limit: self.limit });
            }
            if self.from > 0 {
                self.text.drain(..self.from);
                self.from = 0;
            }
            match self.input.read(&mut self.text).await {
                Ok(More::Some) => {}
                Ok(More::End) if self.text.is_empty() => return Ok(Found::Nothing),
                Ok(More::End) => {
                    let end = self.text.len();
                    return self.found(end, end, Found::Unfinished);
                }
                Err(source) => return Err(JsonlError::Read { line: self.number(), source }),
            }
        }
    }

    fn found(&mut self, end: usize, length: usize, found: Found) -> Result<Found, JsonlError> {
        let line = &self.text[self.from..self.from + end];
        self.line = line.strip_suffix(b"\r").unwrap_or(line).len();
        self.length = length;
        if self.line > self.limit {
            return Err(JsonlError::TooLong { line: self.number(), limit: self.limit });
        }
        Ok(found)
    }

    /// The line that was found.
    pub(crate) fn line(&self) -> &[u8] {
        &self.text[self.from..self.from + self.line]
    }

    /// The number of that line, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.at.line + 1
    }

    /// Goes behind the line that was found.
    pub(crate) fn accept(&mut self) {
        self.at.line += 1;
        self.at.offset += self.length as u64;
        self.from += self.length;
        self.scanned = 0;
    }

    /// The point behind the last line that was accepted.
    pub(crate) fn at(&self) -> Point {
        self.at
    }

    /// The bytes that the file comes from.
    pub(crate) fn input(&mut self) -> &mut Input {
        &mut self.input
    }

    /// Whether a later run can begin at such a point.
    pub(crate) fn is_resumable(&self) -> bool {
        self.input.regular
    }

    /// Whether lines come at the pace of somebody who writes them.
    pub(crate) fn is_live(&self) -> bool {
        self.input.is_live
    }

    /// Goes to `point`. A compressed file is read up to there.
    async fn go_to(&mut self, point: Point) -> Result<(), JsonlError> {
        let Point { offset, line } = point;
        // The byte in front of the point and two behind it tell whether lines meet there.
        let begin = offset.saturating_sub(1);
        let mut passed = self.input.skip(begin).await.map_err(JsonlError::Open)?;
        let mut around = Vec::new();
        while around.len() < 3 || passed < begin {
            if passed < begin {
                let behind = usize::try_from(begin - passed).unwrap_or(usize::MAX);
                let taken = behind.min(around.len()).min(STEP);
                around.drain(..taken);
                passed += taken as u64;
                if taken > 0 {
                    continue;
                }
            }
            if self.input.read(&mut around).await.map_err(JsonlError::Open)? == More::End {
                break;
            }
        }
        let length = passed + around.len() as u64;
        if passed < begin || length < offset {
            return Err(JsonlError::Position(PositionError::BehindEnd { offset, length }));
        }
        if offset == 0 {
            (self.text, self.at) = (around, Point { offset, line });
            return Ok(());
        }
        let seen = &around[..around.len().min(3)];
        let resumed = point.resumed(seen).map_err(JsonlError::Position)?;
        let skipped = (resumed.offset - begin) as usize;
        (self.text, self.from) = (around, skipped);
        self.at = resumed;
        Ok(())
    }
}
