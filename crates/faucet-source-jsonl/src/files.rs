//! The files of a run, one after the other.

use std::path::{Path, PathBuf};

use faucet_core::Result;

use crate::error::JsonlError;
use crate::input::Paths;
use crate::lines::{Found, LineReader};
use crate::position::{Place, Point, PositionError};

/// What follows the end of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is more to read, in this file or another one.
    File,
    /// Nothing is there now.
    Later,
    /// Nothing follows.
    End,
}

/// An open file.
#[derive(Debug)]
struct Current {
    path: PathBuf,
    /// The name, in positions and errors.
    name: String,
    lines: LineReader,
    /// Another file follows, and what is read now is the rest.
    is_last_look: bool,
}

/// The files of a run, one after the other.
#[derive(Debug)]
pub(crate) struct Files {
    paths: Paths,
    current: Option<Current>,
    /// The name of the path, for errors without a file.
    name: String,
    limit: usize,
    follow: bool,
}

impl Files {
    /// Opens the first file, or the one in which an earlier run was.
    pub(crate) async fn open(
        path: &Path,
        limit: usize,
        follow: bool,
        resume: Option<Place>,
    ) -> Result<Self> {
        let name = path.display().to_string();
        let paths = Paths::new(path, follow).map_err(|why| JsonlError::Paths(why).about(&name))?;
        let mut files = Self { paths, current: None, name, limit, follow };
        let mut point = None;
        if let Some(place) = resume {
            if !files.paths.is_pattern() && place.file != files.name {
                let why = PositionError::OtherFile { file: place.file };
                return Err(JsonlError::Position(why).about(&files.name));
            }
            files.paths.go_on_at(Path::new(&place.file));
            point = Some(place);
        }
        if let Some(first) = files.paths.next() {
            // A file of the position that is gone was read by an earlier run.
            let point = point.filter(|place| Path::new(&place.file) == first);
            files.begin(first, point.map(|place| place.point)).await?;
        }
        Ok(files)
    }

    async fn begin(&mut self, path: PathBuf, resume: Option<Point>) -> Result<()> {
        let name = path.display().to_string();
        let lines = LineReader::open(&path, self.limit, resume).await;
        let lines = lines.map_err(|error| error.about(&name))?;
        self.current = Some(Current { path, name, lines, is_last_look: false });
        Ok(())
    }

    /// The lines of the open file.
    pub(crate) fn lines(&mut self) -> Option<&mut LineReader> {
        self.current.as_mut().map(|current| &mut current.lines)
    }

    /// The name of the open file.
    pub(crate) fn name(&self) -> &str {
        self.current.as_ref().map_or(&self.name, |current| &current.name)
    }

    /// The place behind the last accepted line. `None`: a later run cannot go on there.
    pub(crate) fn place(&self) -> Option<Place> {
        let current = self.current.as_ref().filter(|current| current.lines.is_resumable())?;
        Some(Place { file: current.name.clone(), point: current.lines.at() })
    }

    /// Whether lines come at the pace of somebody who writes them.
    pub(crate) fn is_live(&self) -> bool {
        self.follow || self.current.as_ref().is_some_and(|current| current.lines.is_live())
    }

    /// Whether the unfinished line at the end of the file may still grow.
    pub(crate) fn may_grow(&self) -> bool {
        let may_grow = |current: &Current| current.lines.is_resumable() && !current.is_last_look;
        self.follow && self.current.as_ref().is_none_or(may_grow)
    }

    /// Goes on behind the end of the open file. Cancel safe.
    pub(crate) async fn advance(&mut self) -> Result<Next> {
        let about = |name: &str| {
            let name = name.to_owned();
            move |why| JsonlError::Paths(why).about(&name)
        };
        self.paths.look().map_err(about(&self.name))?;
        if let Some(path) = self.paths.peek() {
            if self.looks_once_more() {
                return Ok(Next::File);
            }
            self.begin(path, None).await?;
            self.paths.next();
            return Ok(Next::File);
        }
        if !self.follow {
            return Ok(Next::End);
        }
        match &mut self.current {
            Some(current) if current.lines.is_resumable() => {
                if current.is_replaced().await {
                    let path = current.path.clone();
                    if self.looks_once_more() {
                        return Ok(Next::File);
                    }
                    tracing::info!("{}: another file has taken its place", path.display());
                    self.begin(path, None).await?;
                    return Ok(Next::File);
                }
                Ok(Next::Later)
            }
            // The writer of a pipe has gone.
            Some(_) => Ok(Next::End),
            None => Ok(Next::Later),
        }
    }

    /// Whether the end of the open file has to be looked for again. A writer may have appended to it behind the
    /// last look and before the other file was there.
    fn looks_once_more(&mut self) -> bool {
        let is_followed = self.may_grow();
        self.current.as_mut().is_some_and(|current| {
            is_followed && !std::mem::replace(&mut current.is_last_look, true)
        })
    }

    /// Whether the open file ends with a whole frame.
    pub(crate) fn is_whole(&mut self) -> bool {
        self.lines().is_none_or(|lines| lines.input().is_whole())
    }

    /// Looks for the next line.
    pub(crate) async fn read(&mut self) -> Result<Found> {
        let Some(current) = &mut self.current else { return Ok(Found::Nothing) };
        let found = current.lines.read().await;
        found.map_err(|error| error.about(&current.name))
    }
}

impl Current {
    /// Whether another file has taken the place of the open one, or the file was cut.
    #[cfg(unix)]
    async fn is_replaced(&mut self) -> bool {
        use std::os::unix::fs::MetadataExt;

        let at = self.lines.at();
        let Some(file) = self.lines.input().file() else { return false };
        let (Ok(open), Ok(found)) = (file.metadata().await, tokio::fs::metadata(&self.path).await)
        else {
            return false;
        };
        let is_same = (open.dev(), open.ino()) == (found.dev(), found.ino());
        !is_same || (found.len() < at.offset && !self.lines.input().is_packed())
    }

    #[cfg(not(unix))]
    async fn is_replaced(&mut self) -> bool {
        let at = self.lines.at();
        let found = tokio::fs::metadata(&self.path).await;
        found.is_ok_and(|found| found.len() < at.offset) && !self.lines.input().is_packed()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    async fn line(files: &mut Files) -> Option<String> {
        let Found::Line = files.read().await.expect("the file is readable") else { return None };
        let lines = files.lines()?;
        let line = String::from_utf8_lossy(lines.line()).into_owned();
        lines.accept();
        Some(line)
    }

    /// The writer appends and moves the file between the last look of the reader and the next one.
    #[tokio::test]
    async fn a_file_is_read_to_its_end_before_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "1\n").unwrap();
        let mut files = Files::open(&path, 100, true, None).await.unwrap();
        assert_eq!(line(&mut files).await.as_deref(), Some("1"));
        assert_eq!(line(&mut files).await, None);
        fs::write(&path, "1\n2\n").unwrap();
        fs::rename(&path, dir.path().join("f.1")).unwrap();
        fs::write(&path, "3\n").unwrap();
        let mut read = Vec::new();
        while read.len() < 2 {
            match line(&mut files).await {
                Some(line) => read.push(line),
                None => assert_eq!(files.advance().await.unwrap(), Next::File, "{read:?}"),
            }
        }
        assert_eq!(read, ["2", "3"]);
        assert_eq!(line(&mut files).await, None);
        assert_eq!(files.advance().await.unwrap(), Next::Later);
    }
}
