//! How the files of a run are made.

use std::time::Duration;

use faucet_core::Timestamp;

use crate::compress::Compress;
use crate::files::committed::{Committed, CommittedError};
use crate::files::file::FileOptions;
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

    pub(crate) fn options(&self) -> FileOptions {
        let (mode, compress, patience) = (self.mode, self.compress, self.patience);
        FileOptions { mode, committed: None, compress, patience }
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
