//! How the files of a run are made, and how those of the run before are mended.

use std::path::PathBuf;
use std::time::Duration;

use faucet_core::Timestamp;

use crate::compress::Compress;
use crate::error::JsonlError;
use crate::files::committed::{Committed, CommittedError};
use crate::files::file::{self, FileOptions};
use crate::files::journal::{Commit, Journal};
use crate::files::name::{FileName, Slot};
use crate::files::rotation::RotateKeys;
use crate::fsync::Fsync;
use crate::rendering::Rendering;
use crate::write_mode::WriteMode;

/// How the files of a run are made.
#[derive(Debug, Clone)]
pub(crate) struct SeriesPlan {
    pub(crate) name: FileName,
    pub(crate) rotate: Option<RotateKeys>,
    pub(crate) mode: WriteMode,
    pub(crate) compress: Compress,
    pub(crate) level: u8,
    pub(crate) rendering: Rendering,
    pub(crate) fsync: Fsync,
    /// Whether the pipeline keeps a state.
    pub(crate) keeps_state: bool,
    /// Whether no record comes again: what stands behind the last commit stays.
    pub(crate) is_live: bool,
    /// Whether an earlier run of the state has written to the files.
    pub(crate) goes_on: bool,
    /// How long to wait for another run of a file to end.
    pub(crate) patience: Duration,
}

impl SeriesPlan {
    /// Whether a run may write several files.
    pub(crate) fn varies(&self) -> bool {
        self.rotate.is_some() || !self.name.is_fixed()
    }

    pub(crate) fn slot(&self, at: Timestamp) -> Slot {
        self.name.slot(at, self.rotate.and_then(|rotate| rotate.every))
    }

    pub(crate) fn options(&self, committed: Option<u64>) -> FileOptions {
        let (compress, patience, is_live) = (self.compress, self.patience, self.is_live);
        let is_kept = is_live && self.goes_on;
        let mode = if is_kept { WriteMode::Append } else { self.mode };
        let committed = committed.filter(|_| !is_live);
        FileOptions { mode, committed, compress, is_kept, patience }
    }
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

/// Brings the files of the run before in order, and begins the list of files anew. Returns the file that was begun
/// last. `committed` is the file that was committed last.
pub(crate) fn mend(
    plan: &SeriesPlan,
    committed: Option<&str>,
) -> Result<(Journal, Option<PathBuf>), JsonlError> {
    let journal = Journal::new(&plan.name, plan.fsync != Fsync::Never);
    let commit = match committed {
        Some(file) => Commit::File(file),
        None if plan.goes_on => Commit::Nothing,
        None => Commit::None,
    };
    let last = journal.last().map_err(JsonlError::Journal)?;
    match plan.is_live {
        true => journal.keep(last.as_deref()),
        false => journal.take_back(commit),
    }
    .map_err(JsonlError::Journal)?;
    // Only the last file of a run can lack its end.
    if let Some(last) = last.as_ref().filter(|_| plan.is_live || commit == Commit::None) {
        file::repair(last, plan.compress).map_err(|why| why.at(last))?;
    }
    Ok((journal, last))
}
