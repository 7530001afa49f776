//! Locks on files, so that two runs do not disturb each other.
//!
//! Two runs in one file would mix their records, cut each other's lines off and count each other's bytes.
//! A run that was dropped holds its lock until its thread has written what it was at. The locks are
//! advisory: programs that only read do not notice them. Elsewhere than on Unix a lock would keep readers
//! out, so there is none.

use std::fs::File;

/// Tries to lock the file. `false`: another run has it. A file system without locks counts as locked.
#[cfg(unix)]
pub(crate) fn try_lock(file: &File) -> bool {
    use std::fs::TryLockError;

    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

#[cfg(not(unix))]
pub(crate) fn try_lock(_: &File) -> bool {
    true
}
