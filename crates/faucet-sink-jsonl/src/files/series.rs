//! Writes the records of a run to one file after the other.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use faucet_core::{StreamPage, Timestamp};

use crate::compress::{Compress, Encoder, Pack};
use crate::error::JsonlError;
use crate::files::committed::{Committed, CommittedError};
use crate::files::file::{self, Created, FileOptions, Opened, directory_of};
use crate::files::journal::Journal;
use crate::files::name::FileName;
use crate::files::place::{Place, place};
use crate::files::plan::{SeriesPlan, mend};
use crate::fsync::Moment;
use crate::line_writer::LineWriter;
use crate::medium::Medium;
use crate::output::Output;
use crate::write_mode::WriteMode;

/// How often the sink looks whether a file is still at its path, while pages come.
const LOOK: Duration = Duration::from_secs(1);

/// The file that is open.
struct Current {
    path: PathBuf,
    lines: LineWriter<Pack>,
    /// The file, if this run created it and has written nothing to it.
    created: Option<Created>,
    begun: Timestamp,
    /// How many of its bytes the last flush has vouched for.
    secured: u64,
}

impl Current {
    fn keep(&mut self) {
        if let Some(created) = self.created.take() {
            created.keep();
        }
    }

    fn length(&self) -> Result<u64, JsonlError> {
        self.lines.whole_length().map(Option::unwrap_or_default).map_err(JsonlError::Length)
    }

    fn place(&self) -> Result<Place, JsonlError> {
        let target = &self.lines.medium().target;
        match target.regular {
            true => place(&target.file, &self.path).map_err(JsonlError::Inspect),
            false => Ok(Place::There),
        }
    }
}

/// The files of a run, one after the other.
pub(crate) struct Series {
    plan: SeriesPlan,
    current: Option<Current>,
    journal: Option<Journal>,
    looked: Instant,
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
        let looked = Instant::now();
        let mut series = Self { plan, current: None, journal: None, looked, saved: None };
        if !series.plan.varies() {
            let path = PathBuf::from(series.plan.name.fixed_start());
            let committed = committed.map(|committed| committed.length);
            let options = series.plan.options(committed);
            let opened = file::open(&path, options, is_abandoned)?;
            series.current = Some(series.current(path, opened, Timestamp::now())?);
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
            Ok(opened) => self.current = Some(self.current(path, opened, begun)?),
            // Files that are full are taken away by others, to an archive or for good.
            Err(JsonlError::Committed(CommittedError::Missing { .. })) => {
                tracing::warn!("{}: is gone; a new file follows", path.display());
            }
            Err(why) => return Err(why.at(&path)),
        }
        self.saved = Some(committed);
        Ok(())
    }

    fn current(
        &self,
        path: PathBuf,
        opened: Opened,
        begun: Timestamp,
    ) -> Result<Current, JsonlError> {
        let Opened { target, unfinished, created } = opened;
        let secured = target.length().map_err(JsonlError::Length)?.unwrap_or_default();
        let encoder = Encoder::new(self.plan.compress, self.plan.level);
        let lines = LineWriter::new(Pack::new(target, encoder), unfinished, self.plan.rendering);
        Ok(Current { path, lines, created: Some(created), begun, secured })
    }

    /// Sees to it that the file of a record of `at` is open.
    fn ready(&mut self, at: Timestamp) -> Result<&mut Current, JsonlError> {
        if self.looked.elapsed() >= LOOK {
            self.look()?;
        }
        if let Some(current) = self.current.as_ref().filter(|_| self.plan.varies()) {
            let ends = self.plan.slot(current.begun) != self.plan.slot(at)
                || self.plan.rotate.is_some_and(|rotate| {
                    current
                        .lines
                        .medium()
                        .target
                        .length()
                        .is_ok_and(|length| length.is_some_and(|length| rotate.is_full(length)))
                });
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
    fn open(&self, at: Timestamp) -> Result<Current, JsonlError> {
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
    ) -> Result<Current, JsonlError> {
        if let Some(journal) = &self.journal {
            let length = path.metadata().map_or(0, |found| found.len());
            journal.note(&path.to_string_lossy(), length).map_err(JsonlError::Journal)?;
        }
        let opened = file::open(&path, options, &|| false).map_err(|why| why.at(&path))?;
        self.current(path, opened, begun)
    }

    /// Ends the frame of the open file, and looks whether the file is still at its path. A file that is gone
    /// is followed by a new one; records that no path leads to any more are copied to it.
    pub(crate) fn look(&mut self) -> Result<(), JsonlError> {
        self.looked = Instant::now();
        let Some(current) = &mut self.current else { return Ok(()) };
        current.lines.finish().map_err(JsonlError::Frame)?;
        let place = current.place()?;
        if place == Place::There {
            return Ok(());
        }
        let path = current.path.clone();
        if self.plan.mode == WriteMode::Create {
            return Err(JsonlError::TakenAway(place).at(&path));
        }
        let how = if place == Place::Moved { "moved or replaced" } else { "deleted" };
        tracing::warn!("{}: the file was {how}; a new file follows", path.display());
        let Some(mut old) = self.current.take() else { return Ok(()) };
        if place == Place::Moved {
            self.plan.fsync.settle(&mut old.lines, Moment::Flush)?;
            // A state says where the next run goes on: its file must be there.
            return if self.plan.keeps_state { self.begin_anew(path).map(drop) } else { Ok(()) };
        }
        let end = old.length()?;
        if end > old.secured || self.plan.keeps_state {
            let begun = self.begin_anew(path)?;
            copy(&old, end, begun)?;
        }
        Ok(())
    }

    /// Opens a file at a path from which the last one was taken.
    fn begin_anew(&mut self, path: PathBuf) -> Result<&mut Current, JsonlError> {
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
        current.secured = current.length()?;
        Ok(())
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

/// Copies the bytes that no flush has vouched for. After an error none of them is in the new file.
fn copy(old: &Current, end: u64, new: &mut Current) -> Result<(), JsonlError> {
    let mut from = &old.lines.medium().target.file;
    from.seek(SeekFrom::Start(old.secured)).map_err(JsonlError::Rescue)?;
    let mut bytes = from.take(end.saturating_sub(old.secured));
    let target = &mut new.lines.medium_mut().target;
    let before = target.length().map_err(JsonlError::Rescue)?.unwrap_or_default();
    if let Err(cause) = io::copy(&mut bytes, &mut target.file) {
        let after = target.length().ok().flatten().unwrap_or(before);
        target.take_back(after.saturating_sub(before)).map_err(JsonlError::Rescue)?;
        return Err(JsonlError::Rescue(cause));
    }
    Ok(())
}

/// The directory whose name does not change must exist: a mistake in it would make a tree of directories.
fn check_directory(name: &FileName) -> Result<(), JsonlError> {
    let directory = name.fixed_directory();
    directory.metadata().map(drop).map_err(|cause| JsonlError::Open(cause).at(directory))
}

/// The length of a file that `look` at a run must respect.
pub(crate) fn committed_of(
    saved: Option<&[u8]>,
    plan: &SeriesPlan,
) -> Result<Option<Committed>, CommittedError> {
    let is_stamped = plan.rotate.is_some();
    let read = |saved| Committed::read(saved, |file| plan.name.may_be(file, is_stamped));
    saved.map(read).transpose()
}
