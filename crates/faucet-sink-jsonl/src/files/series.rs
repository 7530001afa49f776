//! Writes the records of a run to one file after the other.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use faucet_core::{StreamPage, Timestamp};

use crate::compress::Compress;
use crate::error::JsonlError;
use crate::files::committed::{Committed, CommittedError};
use crate::files::file::{self, FileOptions, directory_of};
use crate::files::journal::Journal;
use crate::files::name::FileName;
use crate::files::open_file::OpenFile;
use crate::files::plan::{SeriesPlan, mend};
use crate::files::watch::{Remedy, Watch};
use crate::fsync::Moment;
use crate::output::Output;
use crate::write_mode::WriteMode;

/// The files of a run, one after the other.
pub(crate) struct Series {
    plan: SeriesPlan,
    current: Option<OpenFile>,
    journal: Option<Journal>,
    watch: Watch,
    /// What the last flush has saved.
    saved: Option<Committed>,
}

impl Series {
    /// Begins a run, which goes on behind `committed`.
    pub(crate) fn begin(
        plan: SeriesPlan,
        committed: Option<Committed>,
        is_abandoned: &dyn Fn() -> bool,
    ) -> Result<Self, JsonlError> {
        let watch = Watch::new(Instant::now());
        let mut series = Self { plan, current: None, journal: None, watch, saved: None };
        if !series.plan.varies() {
            let path = PathBuf::from(series.plan.name.fixed_start());
            let committed = committed.map(|committed| committed.length);
            let options = series.plan.options(committed);
            let opened = file::open(&path, options, is_abandoned)?;
            series.current = Some(OpenFile::new(&series.plan, path, opened, Timestamp::now())?);
            return Ok(series);
        }
        check_directory(&series.plan.name)?;
        let committed = committed.filter(|saved| saved.file != series.plan.name.shown());
        let mut last = None;
        if series.plan.keeps_state || series.plan.compress != Compress::None {
            let (journal, begun) =
                mend(&series.plan, committed.as_ref().map(|saved| &*saved.file))?;
            (series.journal, last) = (Some(journal), begun);
        }
        match committed {
            // Where all files stay, one that was begun behind the commit is the last.
            Some(saved)
                if series.plan.is_live
                    && last.is_some_and(|last| last != Path::new(&saved.file)) =>
            {
                series.saved = Some(saved);
            }
            Some(saved) => series.go_on(saved, is_abandoned)?,
            None => {}
        }
        Ok(series)
    }

    /// Goes on with a file that an earlier run has committed.
    fn go_on(
        &mut self,
        committed: Committed,
        is_abandoned: &dyn Fn() -> bool,
    ) -> Result<(), JsonlError> {
        let path = PathBuf::from(&committed.file);
        let begun = committed.begun.map_or_else(Timestamp::now, Timestamp::from_unix_millis);
        let options = self.plan.options(Some(committed.length));
        if self.plan.is_live && !path.exists() {
            tracing::warn!("{}: is gone; a new file follows", path.display());
            return Ok(());
        }
        match file::open(&path, options, is_abandoned) {
            Ok(opened) => self.current = Some(OpenFile::new(&self.plan, path, opened, begun)?),
            // Files that are full are taken away by others, to an archive or for good.
            Err(JsonlError::Committed(CommittedError::Missing { .. })) => {
                tracing::warn!("{}: is gone; a new file follows", path.display());
            }
            Err(why) => return Err(why.at(&path)),
        }
        self.saved = Some(committed);
        Ok(())
    }

    /// Sees to it that the file of a record of `at` is open.
    fn ready(&mut self, at: Timestamp) -> Result<&mut OpenFile, JsonlError> {
        if self.watch.is_due(Instant::now()) {
            self.look()?;
        }
        if let Some(current) = self.current.as_ref().filter(|_| self.plan.varies()) {
            let ends = self.plan.slot(current.begun) != self.plan.slot(at)
                || self
                    .plan
                    .rotate
                    .is_some_and(|rotate| current.size().is_some_and(|size| rotate.is_full(size)));
            if ends {
                self.secure()?;
                self.current = None;
            }
        }
        if self.current.is_none() {
            self.current = Some(self.open(at)?);
        }
        self.current.as_mut().ok_or(JsonlError::Closed)
    }

    /// Opens the file of a record of `at`.
    fn open(&self, at: Timestamp) -> Result<OpenFile, JsonlError> {
        let mut path = match self.plan.rotate {
            Some(_) => self.plan.name.stamped(at),
            None => self.plan.name.at(at),
        };
        if let Some(directory) = path.parent().filter(|_| !self.plan.name.is_fixed()) {
            fs::create_dir_all(directory).map_err(|cause| JsonlError::Open(cause).at(&path))?;
        }
        let mut options = self.plan.options(None);
        if self.plan.rotate.is_some() {
            // Another file may have begun in the same millisecond.
            options.mode = WriteMode::Refuse;
            let mut millis = at.as_unix_millis();
            while path.exists() {
                millis += 1;
                path = self.plan.name.stamped(Timestamp::from_unix_millis(millis));
            }
        }
        self.open_at(path, options, at)
    }

    fn open_at(
        &self,
        path: PathBuf,
        options: FileOptions,
        begun: Timestamp,
    ) -> Result<OpenFile, JsonlError> {
        if let Some(journal) = &self.journal {
            let length = path.metadata().map_or(0, |found| found.len());
            journal.note(&path.to_string_lossy(), length).map_err(JsonlError::Journal)?;
        }
        let opened = file::open(&path, options, &|| false).map_err(|why| why.at(&path))?;
        OpenFile::new(&self.plan, path, opened, begun)
    }

    /// Ends the frame of the open file, and looks whether the file is still at its path. A file that is gone
    /// is followed by a new one.
    fn look(&mut self) -> Result<(), JsonlError> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let Some(remedy) = self.watch.look(current, &self.plan, Instant::now())? else {
            return Ok(());
        };
        let Some(mut old) = self.current.take() else { return Ok(()) };
        let path = old.path.clone();
        match remedy {
            Remedy::LeaveIt { anew } => {
                self.plan.fsync.settle(&mut old.lines, Moment::Flush)?;
                if anew {
                    self.begin_anew(path)?;
                }
            }
            Remedy::Rescue => old.rescue_into(self.begin_anew(path)?)?,
            Remedy::LetGo => {}
        }
        Ok(())
    }

    /// Opens a file at a path from which the last one was taken.
    fn begin_anew(&mut self, path: PathBuf) -> Result<&mut OpenFile, JsonlError> {
        let directory = directory_of(&path);
        fs::create_dir_all(directory).map_err(|cause| JsonlError::Open(cause).at(&path))?;
        let begun = self.saved.as_ref().and_then(|saved| saved.begun);
        let begun = begun.map_or_else(Timestamp::now, Timestamp::from_unix_millis);
        let mut current = self.open_at(path, self.plan.options(None), begun)?;
        current.keep();
        Ok(self.current.insert(current))
    }

    /// Everything that was written is in a file that a path leads to, and with the disk where the
    /// configuration says so.
    fn secure(&mut self) -> Result<(), JsonlError> {
        self.look()?;
        let Some(current) = &mut self.current else { return Ok(()) };
        self.plan.fsync.settle(&mut current.lines, Moment::Flush)?;
        current.is_flushed()
    }

    fn write_range(
        &mut self,
        page: &StreamPage,
        range: Range<usize>,
        at: Timestamp,
    ) -> Result<(), JsonlError> {
        let (records, before) = (page.len(), range.start);
        let varies = self.plan.varies();
        let current = self.ready(at).map_err(|why| why.behind(before))?;
        current.keep();
        current.lines.write_page(page, range).map_err(|mut partial| {
            partial.written += before;
            let reader_gone = partial.cause.kind() == io::ErrorKind::BrokenPipe;
            let why = match reader_gone {
                true => JsonlError::ReaderGone(partial),
                false => JsonlError::Page { partial, records },
            };
            if varies { why.at(&current.path) } else { why }
        })?;
        if self.plan.fsync.awaits(Moment::Page) {
            self.secure().map_err(|why| why.behind(before))?;
        }
        Ok(())
    }
}

impl Output for Series {
    fn write_page(&mut self, page: &StreamPage) -> Result<(), JsonlError> {
        let arrival = |n: usize| {
            page.range(n..n + 1).next().map_or_else(Timestamp::now, |record| record.received_at())
        };
        if page.is_empty() {
            return Ok(());
        }
        if !self.plan.varies() {
            return self.write_range(page, 0..page.len(), arrival(0));
        }
        let mut from = 0;
        while from < page.len() {
            let at = arrival(from);
            let slot = self.plan.slot(at);
            let rest = page.range(from..page.len());
            let stretch =
                rest.take_while(|record| self.plan.slot(record.received_at()) == slot).count();
            let to = from + stretch.max(1);
            self.write_range(page, from..to, at)?;
            from = to;
        }
        Ok(())
    }

    fn write_gap(&mut self, line: &[u8], at: Timestamp) -> Result<(), JsonlError> {
        let current = self.ready(at)?;
        current.keep();
        current.lines.write_line(line).map_err(JsonlError::Gap)
    }

    fn flush(&mut self) -> Result<Option<Committed>, JsonlError> {
        self.secure()?;
        if !self.plan.keeps_state {
            return Ok(None);
        }
        if let Some(current) = &self.current {
            let length = current.lines.whole_length().map_err(JsonlError::Length)?;
            self.saved = length.map(|length| Committed {
                file: current.path.to_string_lossy().into_owned(),
                length,
                begun: self.plan.varies().then(|| current.begun.as_unix_millis()),
            });
        }
        // The next run must know that this one has begun: its files are not committed.
        let nothing = || Committed { file: self.plan.name.shown(), length: 0, begun: None };
        Ok(self.saved.clone().or_else(|| self.plan.varies().then(nothing)))
    }

    fn close(&mut self) {
        self.current = None;
        if let Some(journal) = self.journal.as_ref().filter(|_| !self.plan.keeps_state) {
            journal.clear();
        }
    }
}

/// The directory whose name does not change must exist: a mistake in it would make a tree of directories.
fn check_directory(name: &FileName) -> Result<(), JsonlError> {
    let directory = name.fixed_directory();
    directory.metadata().map(drop).map_err(|cause| JsonlError::Open(cause).at(directory))
}
