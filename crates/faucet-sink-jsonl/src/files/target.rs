//! Files, pipes and devices to write to.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::medium::Medium;

/// A file that is open for writing.
pub(crate) struct Target {
    pub(crate) file: File,
    /// Pipes and devices cannot take back what was written.
    pub(crate) regular: bool,
    /// Whether the first write replaces the content. Not earlier: a run may never write.
    pub(crate) replace: bool,
    /// The directory of a file that this run created, until the disk has the file's name.
    pub(crate) directory: Option<PathBuf>,
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

    fn sync(&mut self) -> io::Result<()> {
        if !self.regular {
            return Ok(());
        }
        self.file.sync_data()?;
        // Without its name in the directory a file does not survive the machine.
        if let Some(directory) = &self.directory {
            sync_directory(directory)?;
            self.directory = None;
        }
        Ok(())
    }

    fn length(&self) -> io::Result<Option<u64>> {
        // Content that is still to be replaced is not this run's: a later run replaces it as well.
        if !self.regular || self.replace {
            return Ok(None);
        }
        Ok(Some(self.file.metadata()?.len()))
    }
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        // Some file systems cannot sync a directory.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
