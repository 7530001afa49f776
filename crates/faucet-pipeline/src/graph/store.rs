//! The state file: one document, replaced as a whole, owned by one run at a time.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use faucet_core::{Error, ErrorKind, Result};
use tokio::time::sleep;

use crate::graph::node::Component;
use crate::graph::state::{Changed, State, VERSION};

/// How often, and after which waits, a lock is asked for: a run of this process that was dropped may
/// still be saving.
const TRIES: u32 = 50;
const BETWEEN: Duration = Duration::from_millis(20);

/// What can be wrong with a state file.
#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("cannot be locked")]
    Lock(#[source] io::Error),
    #[error("is in use by another run")]
    InUse,
    #[error("cannot be read")]
    Read(#[source] io::Error),
    #[error("is no state file")]
    Malformed(#[source] serde_json::Error),
    #[error("has the version {0}, and this build reads {VERSION}")]
    Version(u32),
    #[error("belongs to another pipeline: {0}")]
    Changed(Changed),
    #[error("was changed by another program")]
    Foreign,
    #[error("cannot be written")]
    Write(#[source] io::Error),
}

impl StoreError {
    fn hint(&self) -> &'static str {
        match self {
            Self::Lock(e) | Self::Write(e) if is_full(e) => "make room",
            Self::Lock(_) | Self::Write(_) => "its directory must exist and be writable",
            Self::InUse => "wait for the other run, or name another file under state.path",
            Self::Read(_) | Self::Malformed(_) | Self::Version(_) => {
                "restore the file, or delete it to start anew"
            }
            Self::Changed(_) => {
                "restore the component, name another file under state.path, or delete the file to \
                 start anew"
            }
            Self::Foreign => "let only one run use a state file",
        }
    }

    fn at(self, path: &Path) -> Error {
        let kind = match &self {
            // A full disk is no fault of this program, whichever file meets it first.
            Self::Write(_) => ErrorKind::Sink,
            Self::Lock(e) if is_full(e) => ErrorKind::Sink,
            Self::Lock(_) | Self::Foreign => ErrorKind::Other,
            _ => ErrorKind::Config,
        };
        let hint = self.hint();
        let message = format!("state file {}: {self}", path.display());
        let error = Error::new(kind, message).with_phase("state").with_hint(hint);
        match self {
            Self::Lock(e) | Self::Read(e) | Self::Write(e) => error.with_source(e),
            Self::Malformed(e) => error.with_source(e),
            _ => error,
        }
    }
}

fn is_full(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// A state file that this run owns. Dropping it gives the file free.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    path: PathBuf,
    /// Held by each save as well: a save that outlives its run keeps the next run waiting.
    lock: Arc<File>,
}

impl Store {
    /// Locks the file at `path` and reads it.
    ///
    /// # Errors
    /// Another run uses it, it cannot be read, or it was written for other components.
    pub(crate) async fn open(path: &Path, components: &[Component]) -> Result<(Self, State)> {
        let store = Self { path: path.to_owned(), lock: Arc::new(lock(path).await?) };
        let state = match read(path).map_err(|e| e.at(path))? {
            None => State::new(components),
            Some(state) => {
                state.fits(components).map_err(|what| StoreError::Changed(what).at(path))?;
                state.joined_by(components)
            }
        };
        Ok((store, state))
    }

    /// Replaces the state by `next`, all or nothing, on the blocking pool: an fsync takes
    /// milliseconds.
    ///
    /// # Errors
    /// The file cannot be written, or is not the one that this run has written last.
    pub(crate) async fn save(&self, next: State) -> Result<()> {
        let Self { path, lock } = self.clone();
        let saved = tokio::task::spawn_blocking(move || {
            let saved = replace(&path, &next).map_err(|e| e.at(&path));
            drop(lock);
            saved
        });
        saved.await.unwrap_or_else(|e| {
            Err(Error::new(ErrorKind::Other, "the state could not be saved").with_source(e))
        })
    }
}

async fn lock(path: &Path) -> Result<File> {
    let beside = with_ending(path, ".lock");
    let open = || OpenOptions::new().create(true).truncate(false).write(true).open(&beside);
    let file = open().map_err(|e| StoreError::Lock(e).at(path))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(BETWEEN).await,
            Err(TryLockError::Error(e)) => return Err(StoreError::Lock(e).at(path)),
        }
    }
    Err(StoreError::InUse.at(path))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, ToOwned::to_owned);
    name.push(ending);
    path.with_file_name(name)
}

fn read(path: &Path) -> Result<Option<State>, StoreError> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        version: u32,
    }
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(StoreError::Read(e)),
    };
    // The version comes first: another version may have other fields.
    let versioned: Versioned = serde_json::from_slice(&text).map_err(StoreError::Malformed)?;
    if versioned.version != VERSION {
        return Err(StoreError::Version(versioned.version));
    }
    serde_json::from_slice(&text).map(Some).map_err(StoreError::Malformed)
}

fn replace(path: &Path, next: &State) -> Result<(), StoreError> {
    let before = read(path)?.map_or(0, |state| state.epoch);
    if before + 1 != next.epoch {
        return Err(StoreError::Foreign);
    }
    let mut text = serde_json::to_vec_pretty(next).map_err(StoreError::Malformed)?;
    text.push(b'\n');
    let beside = with_ending(path, ".new");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&beside, path)?;
        sync_directory(path)
    };
    write().map_err(StoreError::Write)
}

/// Makes the rename survive the end of the machine.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}
