//! Files, pipes and devices to write to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::pen::{Medium, Pen};
use crate::write_mode::WriteMode;

/// A file that is open for writing.
pub(crate) struct Target {
    file: File,
    /// Pipes and devices cannot take back what was written.
    regular: bool,
    /// The content goes with the first write and not before: what opens may never write.
    replace: bool,
}

impl Medium for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.replace {
            self.file.set_len(0)?;
            self.replace = false;
        }
        self.file.write(bytes)
    }

    fn take_back(&mut self, n: u64) -> io::Result<()> {
        if !self.regular {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let end = self.file.stream_position()?;
        if end != self.file.metadata()?.len() {
            return Err(io::Error::other("another program writes to the file"));
        }
        self.file.set_len(end.saturating_sub(n))?;
        self.file.seek(SeekFrom::End(0)).map(|_| ())
    }
}

/// A file that this run created. Removes it when dropped before [`keep`](Self::keep), which is what
/// happens when the run is cancelled while it opens.
pub(crate) struct Created(Option<PathBuf>);

impl Created {
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // Nobody waits for the answer, and a file that stays behind is empty.
            let _ = fs::remove_file(path);
        }
    }
}

/// Opens the file at `path`. Blocks on a named pipe that nobody reads.
pub(crate) fn open(path: &Path, mode: WriteMode) -> io::Result<(Pen<Target>, Created)> {
    let mut options = OpenOptions::new();
    options.append(true);
    // Asking before opening would be a race: two runs could both find no file.
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            let target = Target { file, regular: true, replace: false };
            return Ok((Pen::new(target, false), Created(Some(path.to_owned()))));
        }
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Err(error) if mode == WriteMode::Refuse => return Err(error),
        Err(_) => {}
    }
    // Still creating: the path may be a symbolic link to a file that is to be made.
    let file = options.create(true).open(path)?;
    let regular = file.metadata()?.is_file();
    let replace = regular && mode == WriteMode::Create;
    let unfinished = regular && !replace && lacks_line_break(path)?;
    Ok((Pen::new(Target { file, regular, replace }, unfinished), Created(None)))
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

/// Standard output, past the buffer and the lock of the standard library: a write that blocks must
/// not keep the process from ending, and its count of written bytes must be the system's.
#[cfg(unix)]
pub(crate) fn stdout() -> io::Result<Pen<Target>> {
    use std::os::fd::AsFd;

    let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let regular = file.metadata()?.is_file();
    Ok(Pen::new(Target { file, regular, replace: false }, false))
}

#[cfg(not(unix))]
pub(crate) fn stdout() -> io::Result<Pen<io::Stdout>> {
    Ok(Pen::new(io::stdout(), false))
}

#[cfg(not(unix))]
impl Medium for io::Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = Write::write(self, bytes)?;
        Write::flush(self).map(|()| written)
    }

    fn take_back(&mut self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
