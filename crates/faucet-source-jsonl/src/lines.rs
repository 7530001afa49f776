//! Reads a file line by line, and knows where it is.

use std::io::SeekFrom;
use std::path::Path;

use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, BufReader};

use crate::error::JsonlError;
use crate::position::{Point, PositionError};

/// The size of the read buffer. Each refill is a hop to another thread: a large buffer makes them
/// few.
const BUFFER: usize = 256 << 10;

/// The lines of a file behind a point.
#[derive(Debug)]
pub(crate) struct LineReader {
    file: BufReader<File>,
    /// Whether the file is regular: only then a later run finds the same bytes at an offset.
    regular: bool,
    /// The current line without its line break, or the beginning of it after a dropped read.
    line: Vec<u8>,
    /// The length of the current line with its line break.
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
        let mut file = File::open(path).await.map_err(JsonlError::Open)?;
        let metadata = file.metadata().await.map_err(JsonlError::Open)?;
        let regular = metadata.is_file();
        let at = match resume {
            None => Point::default(),
            Some(_) if !regular => return Err(JsonlError::Position(PositionError::NotRegular)),
            Some(point) => seek(&mut file, point, metadata.len()).await?,
        };
        let file = BufReader::with_capacity(BUFFER, file);
        Ok(Self { file, regular, line: Vec::new(), length: 0, limit, at })
    }

    /// Reads the next line. `false` at the end of the file. Cancel safe: the next call reads on.
    pub(crate) async fn read(&mut self) -> Result<bool, JsonlError> {
        // Room for a line break of two bytes; a longer read shows that the line is too long.
        let room = self.limit.saturating_add(2).saturating_sub(self.line.len()) as u64;
        let number = self.number();
        let read = (&mut self.file).take(room).read_until(b'\n', &mut self.line).await;
        read.map_err(|source| JsonlError::Read { line: number, source })?;
        if self.line.is_empty() {
            return Ok(false);
        }
        self.length = self.line.len();
        if self.line.ends_with(b"\n") {
            self.line.pop();
        }
        if self.line.ends_with(b"\r") {
            self.line.pop();
        }
        if self.line.len() > self.limit {
            return Err(JsonlError::TooLong { line: number, limit: self.limit });
        }
        Ok(true)
    }

    /// The line that was read.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The number of that line, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.at.line + 1
    }

    /// Goes behind the line that was read.
    pub(crate) fn accept(&mut self) {
        self.at.line += 1;
        self.at.offset += self.length as u64;
        self.line.clear();
    }

    /// The point behind the last line that was accepted.
    pub(crate) fn at(&self) -> Point {
        self.at
    }

    /// Whether a later run can begin at such a point.
    pub(crate) fn is_resumable(&self) -> bool {
        self.regular
    }
}

/// Goes to `point` in a file of `length` bytes.
async fn seek(file: &mut File, point: Point, length: u64) -> Result<Point, JsonlError> {
    let Point { offset, .. } = point;
    if offset > length {
        return Err(JsonlError::Position(PositionError::BehindEnd { offset, length }));
    }
    if offset == 0 {
        return Ok(point);
    }
    file.seek(SeekFrom::Start(offset - 1)).await.map_err(JsonlError::Open)?;
    let mut around = Vec::with_capacity(3);
    (&mut *file).take(3).read_to_end(&mut around).await.map_err(JsonlError::Open)?;
    let resumed = point.resumed(&around).map_err(JsonlError::Position)?;
    file.seek(SeekFrom::Start(resumed.offset)).await.map_err(JsonlError::Open)?;
    Ok(resumed)
}
