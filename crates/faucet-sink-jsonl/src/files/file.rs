//! Opens the file of a run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::compress::{self, Compress};
use crate::error::JsonlError;
use crate::files::committed::{self, CommittedError};
use crate::files::lock;
use crate::files::place::{Place, place};
use crate::files::target::Target;
use crate::write_mode::WriteMode;

/// How a file is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileOptions {
    pub(crate) mode: WriteMode,
    /// The bytes that an earlier run has committed.
    pub(crate) committed: Option<u64>,
    pub(crate) compress: Compress,
    /// Whether the file has records of an earlier run of the state, and all of them stay.
    pub(crate) is_kept: bool,
    /// How long to wait for a run that ends.
    pub(crate) patience: Duration,
}

impl FileOptions {
    /// Whether the run may make the file. A run that received nothing leaves no file, and may have
    /// committed its length of 0.
    fn may_create(self) -> bool {
        self.committed.unwrap_or(0) == 0
    }
}

/// The directory in which the file at `path` stands.
pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file that this run created. A drop before [`keep`](Self::keep) removes the file: the run was
/// cancelled while it opened, or wrote nothing.
pub(crate) struct Created(Option<(PathBuf, File)>);

impl Created {
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        if let Some((path, file)) = self.0.take()
            // Another run may have opened the file since.
            && lock::try_lock(&file)
            // Somebody may have removed it, and another run may have made a file of this name.
            && place(&file, &path).is_ok_and(|place| place == Place::There)
        {
            // A drop cannot report an error, and a file that stays behind is empty.
            let _ = fs::remove_file(path);
        }
    }
}

/// An open file.
pub(crate) struct Opened {
    pub(crate) target: Target,
    /// Whether the last line of the file has no line break.
    pub(crate) unfinished: bool,
    pub(crate) created: Created,
}

impl Opened {
    fn of_other(target: Target, unfinished: bool) -> Self {
        Self { target, unfinished, created: Created(None) }
    }
}

/// Opens the file at `path`. Blocks on a named pipe without a reader. Cuts nothing off once
/// `is_abandoned`: then a later run may be writing already.
pub(crate) fn open(
    path: &Path,
    options: FileOptions,
    is_abandoned: &dyn Fn() -> bool,
) -> Result<Opened, JsonlError> {
    let (file, is_new) = loop {
        let (file, is_new) = open_once(path, options)?;
        let metadata = file.metadata().map_err(JsonlError::Open)?;
        if !metadata.is_file() {
            return open_other(file, options);
        }
        lock(&file, options, is_abandoned)?;
        // Another run may have removed the file before it was locked.
        if place(&file, path).map_err(JsonlError::Open)? != Place::Deleted {
            break (file, is_new);
        }
    };
    if is_new {
        let clone = file.try_clone().map_err(JsonlError::Open)?;
        let directory = Some(directory_of(path).to_owned());
        let target = Target { file, regular: true, replace: false, directory };
        let created = Created(Some((path.to_owned(), clone)));
        return Ok(Opened { target, unfinished: false, created });
    }
    if is_abandoned() {
        return Err(JsonlError::Closed);
    }
    let replace = options.mode == WriteMode::Create && options.committed.is_none();
    match (options.committed, options.compress) {
        (Some(committed), _) => cut_back(&file, committed)?,
        (None, compress) if compress != Compress::None && !replace => {
            cut_torn_frame(&file, path, compress)?;
        }
        (None, Compress::None) if options.is_kept => cut_torn_line(&file, path)?,
        _ => {}
    }
    let unfinished = options.compress == Compress::None
        && !replace
        && lacks_line_break(path).map_err(JsonlError::Open)?;
    let length = file.metadata().map_err(JsonlError::Open)?.len();
    let created = match options.compress {
        // No tool takes an empty file for a compressed one: it goes where nothing is written to it.
        compress if compress != Compress::None && length == 0 => {
            Created(Some((path.to_owned(), file.try_clone().map_err(JsonlError::Open)?)))
        }
        _ => Created(None),
    };
    let target = Target { file, regular: true, replace, directory: None };
    Ok(Opened { target, unfinished, created })
}

/// Gives the last file of a run that was killed a whole end. A file without a whole frame or line is removed.
pub(crate) fn repair(path: &Path, compress: Compress) -> Result<(), JsonlError> {
    let file = match OpenOptions::new().read(true).append(true).open(path) {
        // Somebody has taken it away since.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(JsonlError::Open)?,
    };
    // Another run may be writing to it.
    if !lock::try_lock(&file) {
        return Ok(());
    }
    match compress {
        Compress::None => cut_torn_line(&file, path)?,
        compress => cut_torn_frame(&file, path, compress)?,
    }
    if file.metadata().map_err(JsonlError::Open)?.len() == 0 {
        fs::remove_file(path).map_err(JsonlError::Open)?;
    }
    Ok(())
}

/// Opens the file and says whether it is new.
fn open_once(path: &Path, file_options: FileOptions) -> Result<(File, bool), JsonlError> {
    let FileOptions { mode, committed, .. } = file_options;
    let may_create = file_options.may_create();
    let mut options = OpenOptions::new();
    // Read too: records in a file that was deleted are copied from it.
    options.append(true).read(is_readable(path));
    if may_create {
        // Asking before opening would be a race: two runs could both find no file.
        match options.clone().create_new(true).open(path) {
            Ok(file) => return Ok((file, true)),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(JsonlError::Open(error));
            }
            Err(error) if mode == WriteMode::Refuse && committed.is_none() => {
                return Err(JsonlError::Open(error));
            }
            Err(_) => {}
        }
    }
    // Still creating: the path may be a symbolic link to a file that is to be made.
    let opened = options.create(may_create).open(path);
    opened.map(|file| (file, false)).map_err(|error| match committed {
        Some(committed) if error.kind() == io::ErrorKind::NotFound => {
            JsonlError::Committed(CommittedError::Missing { committed })
        }
        _ => JsonlError::Open(error),
    })
}

/// A pipe or a device.
fn open_other(file: File, options: FileOptions) -> Result<Opened, JsonlError> {
    if options.committed.is_some() {
        return Err(JsonlError::Committed(CommittedError::NotRegular));
    }
    let target = Target { file, regular: false, replace: false, directory: None };
    Ok(Opened::of_other(target, false))
}

/// Locks the file, and waits for a run that was dropped and still writes.
fn lock(
    file: &File,
    options: FileOptions,
    is_abandoned: &dyn Fn() -> bool,
) -> Result<(), JsonlError> {
    let started = Instant::now();
    while !lock::try_lock(file) {
        if is_abandoned() {
            return Err(JsonlError::Closed);
        }
        if started.elapsed() >= options.patience {
            return Err(JsonlError::Locked);
        }
        rest();
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the file is opened on a thread of its own")]
fn rest() {
    std::thread::sleep(Duration::from_millis(1));
}

/// Removes the bytes behind the committed length: records that come again, and half a line.
fn cut_back(file: &File, committed: u64) -> Result<(), JsonlError> {
    let length = file.metadata().map_err(JsonlError::CutBack)?.len();
    committed::check(true, length, committed).map_err(JsonlError::Committed)?;
    if length > committed {
        file.set_len(committed).map_err(JsonlError::CutBack)?;
    }
    Ok(())
}

/// Removes half a frame that a killed run has left.
fn cut_torn_frame(file: &File, path: &Path, compress: Compress) -> Result<(), JsonlError> {
    let whole = compress::whole_length(file, compress).map_err(JsonlError::Tail)?;
    let length = file.metadata().map_err(JsonlError::CutBack)?.len();
    if length > whole {
        file.set_len(whole).map_err(JsonlError::CutBack)?;
        let torn = length - whole;
        tracing::warn!(
            "{}: {torn} bytes of a frame without an end are cut off; the run before was killed",
            path.display()
        );
    }
    Ok(())
}

/// Removes half a line that a killed run has left.
fn cut_torn_line(file: &File, path: &Path) -> Result<(), JsonlError> {
    let length = file.metadata().map_err(JsonlError::CutBack)?.len();
    let whole = whole_lines(path, length).map_err(JsonlError::CutBack)?;
    if whole < length {
        file.set_len(whole).map_err(JsonlError::CutBack)?;
        let torn = length - whole;
        tracing::warn!(
            "{}: {torn} bytes of a line without an end are cut off; the run before was killed",
            path.display()
        );
    }
    Ok(())
}

/// The length up to the last line break, looked for from the end. A file that may be written and not read is
/// taken to be in order.
fn whole_lines(path: &Path, length: u64) -> io::Result<u64> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(length),
        opened => opened?,
    };
    let (mut end, mut room) = (length, vec![0; 64 << 10]);
    while end > 0 {
        let from = end.saturating_sub(room.len() as u64);
        let piece = &mut room[..(end - from) as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(piece)?;
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + at as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

/// Whether the path can be opened for reading, or leads to no file yet. A pipe or a device is only written
/// to.
fn is_readable(path: &Path) -> bool {
    match path.metadata() {
        Ok(found) => found.is_file() && File::open(path).is_ok(),
        Err(_) => true,
    }
}

/// Whether the last line of the file has no line break. A file that may be written and not read
/// is taken to be in order.
fn lacks_line_break(path: &Path) -> io::Result<bool> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
        opened => opened?,
    };
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::medium::Medium as _;

    fn options(committed: Option<u64>) -> FileOptions {
        let (mode, compress) = (WriteMode::Append, Compress::None);
        FileOptions { mode, committed, compress, is_kept: false, patience: Duration::ZERO }
    }

    fn opened(path: &Path, options: FileOptions) -> Result<(), JsonlError> {
        open(path, options, &|| false).map(|_| ())
    }

    #[test]
    fn a_run_has_the_file_for_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "1\n").unwrap();
        let held = open(&path, options(None), &|| false).ok().unwrap();
        assert!(matches!(opened(&path, options(None)), Err(JsonlError::Locked)));
        drop(held);
        opened(&path, options(None)).unwrap();
    }

    #[test]
    fn a_run_that_nobody_waits_for_cuts_nothing_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "1\n2\n").unwrap();
        let abandoned = open(&path, options(Some(2)), &|| true);
        assert!(matches!(abandoned, Err(JsonlError::Closed)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n");
        opened(&path, options(Some(2))).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }

    #[test]
    fn a_new_file_is_not_removed_where_another_one_stands_at_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let late = open(&path, options(None), &|| false).ok().unwrap();
        fs::remove_file(&path).unwrap();
        let other = open(&path, options(None), &|| false).ok().unwrap();
        drop(late);
        assert!(path.exists());
        drop(other);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_is_removed_while_the_run_waits_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let of_other = options(None);
        let other = std::cell::RefCell::new(open(&path, of_other, &|| false).ok());
        let patient = FileOptions { patience: Duration::from_secs(60), ..of_other };
        let other_ends = || {
            other.take();
            false
        };
        let mut opened = open(&path, patient, &other_ends).ok().unwrap();
        assert!(other.take().is_none());
        opened.target.write(b"1\n").unwrap();
        opened.created.keep();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }
}
