//! Locks on files, so that two runs do not disturb each other.
//!
//! A run that keeps a state cuts its file back, so it locks the file for itself alone. Other runs
//! share it. A run that was dropped holds its lock until its thread has written what it was at. The
//! locks are advisory: programs that only read do not notice them. Elsewhere than on Unix a lock
//! would keep readers out, so there is none.

use std::fs::File;
use std::path::Path;

/// Who may write to a file beside a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// No other run.
    Alone,
    /// Other runs that share.
    Shared,
}

/// Tries to lock the file. `false`: another run has it. A file system without locks counts as locked.
#[cfg(unix)]
pub(crate) fn try_lock(file: &File, sharing: Sharing) -> bool {
    use std::fs::TryLockError;

    let tried = match sharing {
        Sharing::Alone => file.try_lock(),
        Sharing::Shared => file.try_lock_shared(),
    };
    !matches!(tried, Err(TryLockError::WouldBlock))
}

/// Whether the open file is no longer at `path`: a run removes a file that it made and wrote nothing
/// to.
#[cfg(unix)]
pub(crate) fn is_removed(file: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let open = file.metadata()?;
    let same = |found: std::fs::Metadata| (found.dev(), found.ino()) == (open.dev(), open.ino());
    // A file system may count no links, or number its files anew; hardly both.
    Ok(open.nlink() == 0 && !path.metadata().is_ok_and(same))
}

#[cfg(not(unix))]
pub(crate) fn try_lock(_: &File, _: Sharing) -> bool {
    true
}

#[cfg(not(unix))]
pub(crate) fn is_removed(_: &File, _: &Path) -> std::io::Result<bool> {
    Ok(false)
}
