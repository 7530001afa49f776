//! Opens the file of a run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::committed::{self, CommittedError};
use crate::error::JsonlError;
use crate::line_writer::LineWriter;
use crate::lock::{self, Sharing};
use crate::target::Target;
use crate::write_mode::WriteMode;

/// How a file is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileOptions {
    pub(crate) mode: WriteMode,
    /// The bytes that an earlier run has committed.
    pub(crate) committed: Option<u64>,
    pub(crate) sharing: Sharing,
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
            && lock::try_lock(&file, Sharing::Alone)
        {
            // A drop cannot report an error, and a file that stays behind is empty.
            let _ = fs::remove_file(path);
        }
    }
}

/// Opens the file at `path`. Blocks on a named pipe without a reader. Cuts nothing off once
/// `is_abandoned`: then a later run may be writing already.
pub(crate) fn open(
    path: &Path,
    options: FileOptions,
    is_abandoned: &dyn Fn() -> bool,
) -> Result<(LineWriter<Target>, Created), JsonlError> {
    let (file, is_new) = loop {
        let (file, is_new) = open_once(path, options)?;
        let metadata = file.metadata().map_err(JsonlError::Open)?;
        if !metadata.is_file() {
            return open_other(file, options);
        }
        lock(&file, options, is_abandoned)?;
        // Another run may have removed the file before it was locked.
        if !lock::is_removed(&file, path).map_err(JsonlError::Open)? {
            break (file, is_new);
        }
    };
    if is_new {
        let clone = file.try_clone().map_err(JsonlError::Open)?;
        let directory = Some(directory_of(path).to_owned());
        let target = Target { file, regular: true, replace: false, directory };
        return Ok((LineWriter::new(target, false), Created(Some((path.to_owned(), clone)))));
    }
    if let Some(committed) = options.committed {
        if is_abandoned() {
            return Err(JsonlError::Closed);
        }
        cut_back(&file, committed)?;
    }
    let replace = options.mode == WriteMode::Create && options.committed.is_none();
    let unfinished = !replace && lacks_line_break(path).map_err(JsonlError::Open)?;
    let target = Target { file, regular: true, replace, directory: None };
    Ok((LineWriter::new(target, unfinished), Created(None)))
}

/// Opens the file and says whether it is new.
fn open_once(path: &Path, file_options: FileOptions) -> Result<(File, bool), JsonlError> {
    let FileOptions { mode, committed, .. } = file_options;
    let may_create = file_options.may_create();
    let mut options = OpenOptions::new();
    options.append(true);
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
fn open_other(
    file: File,
    options: FileOptions,
) -> Result<(LineWriter<Target>, Created), JsonlError> {
    if options.committed.is_some() {
        return Err(JsonlError::Committed(CommittedError::NotRegular));
    }
    let target = Target { file, regular: false, replace: false, directory: None };
    Ok((LineWriter::new(target, false), Created(None)))
}

/// Locks the file, and waits for a run that was dropped and still writes.
fn lock(
    file: &File,
    options: FileOptions,
    is_abandoned: &dyn Fn() -> bool,
) -> Result<(), JsonlError> {
    let started = Instant::now();
    while !lock::try_lock(file, options.sharing) {
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

    fn options(sharing: Sharing, committed: Option<u64>) -> FileOptions {
        FileOptions { mode: WriteMode::Append, committed, sharing, patience: Duration::ZERO }
    }

    fn opened(path: &Path, options: FileOptions) -> Result<(), JsonlError> {
        open(path, options, &|| false).map(|_| ())
    }

    #[test]
    fn a_run_with_a_state_has_the_file_for_itself() {
        use Sharing::{Alone, Shared};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "1\n").unwrap();
        for (first, second, works) in
            [(Shared, Shared, true), (Shared, Alone, false), (Alone, Shared, false)]
        {
            let held = open(&path, options(first, None), &|| false).ok().unwrap();
            let opened_second = opened(&path, options(second, None));
            assert_eq!(opened_second.is_ok(), works, "{first:?} {second:?}");
            assert!(works || matches!(opened_second, Err(JsonlError::Locked)));
            drop(held);
            opened(&path, options(second, None)).unwrap();
        }
    }

    #[test]
    fn a_run_that_nobody_waits_for_cuts_nothing_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "1\n2\n").unwrap();
        let abandoned = open(&path, options(Sharing::Alone, Some(2)), &|| true);
        assert!(matches!(abandoned, Err(JsonlError::Closed)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n2\n");
        opened(&path, options(Sharing::Alone, Some(2))).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }

    #[test]
    fn a_new_file_that_another_run_has_opened_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let (first, created) = open(&path, options(Sharing::Shared, None), &|| false).ok().unwrap();
        let second = open(&path, options(Sharing::Shared, None), &|| false).ok();
        drop((created, first));
        assert!(path.exists() && second.is_some());

        fs::remove_file(&path).unwrap();
        opened(&path, options(Sharing::Shared, None)).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_is_removed_while_the_run_waits_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let of_other = options(Sharing::Alone, None);
        let other = std::cell::RefCell::new(open(&path, of_other, &|| false).ok());
        let patient = FileOptions { patience: Duration::from_secs(60), ..of_other };
        let other_ends = || {
            other.take();
            false
        };
        let (mut lines, created) = open(&path, patient, &other_ends).ok().unwrap();
        assert!(other.take().is_none());
        lines.write_line(b"1").unwrap();
        created.keep();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }
}
