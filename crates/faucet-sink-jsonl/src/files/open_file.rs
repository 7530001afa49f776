//! The file that a run writes to.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use faucet_core::Timestamp;

use crate::compress::{Encoder, Pack};
use crate::error::JsonlError;
use crate::files::file::{Created, Opened};
use crate::files::place::{Place, place};
use crate::files::plan::SeriesPlan;
use crate::line_writer::LineWriter;
use crate::medium::Medium;

/// The file that a run writes to.
pub(crate) struct OpenFile {
    pub(crate) path: PathBuf,
    pub(crate) lines: LineWriter<Pack>,
    /// The file, if this run created it and has written nothing to it.
    created: Option<Created>,
    pub(crate) begun: Timestamp,
    /// How many of its bytes the last flush has vouched for.
    secured: u64,
}

impl OpenFile {
    pub(crate) fn new(
        plan: &SeriesPlan,
        path: PathBuf,
        opened: Opened,
        begun: Timestamp,
    ) -> Result<Self, JsonlError> {
        let Opened { target, unfinished, created } = opened;
        let secured = target.length().map_err(JsonlError::Length)?.unwrap_or_default();
        let encoder = Encoder::new(plan.compress, plan.level);
        let lines = LineWriter::new(Pack::new(target, encoder), unfinished, plan.rendering);
        Ok(Self { path, lines, created: Some(created), begun, secured })
    }

    /// The file stays, also where nothing is written to it.
    pub(crate) fn keep(&mut self) {
        if let Some(created) = self.created.take() {
            created.keep();
        }
    }

    fn length(&self) -> Result<u64, JsonlError> {
        self.lines.whole_length().map(Option::unwrap_or_default).map_err(JsonlError::Length)
    }

    /// Its size on the disk so far; `None` for a pipe or a device.
    pub(crate) fn size(&self) -> Option<u64> {
        self.lines.medium().target.length().ok().flatten()
    }

    /// Notes that a flush vouches for all that was written.
    pub(crate) fn is_flushed(&mut self) -> Result<(), JsonlError> {
        self.secured = self.length()?;
        Ok(())
    }

    /// Whether there are bytes that no flush has vouched for.
    pub(crate) fn has_unflushed(&self) -> Result<bool, JsonlError> {
        Ok(self.length()? > self.secured)
    }

    /// Where the file is now.
    pub(crate) fn place(&self) -> Result<Place, JsonlError> {
        let target = &self.lines.medium().target;
        match target.regular {
            true => place(&target.file, &self.path).map_err(JsonlError::Inspect),
            false => Ok(Place::There),
        }
    }

    /// Copies the bytes that no flush has vouched for. After an error none of them is in the new file.
    pub(crate) fn rescue_into(&self, new: &mut Self) -> Result<(), JsonlError> {
        let end = self.length()?;
        let mut from = &self.lines.medium().target.file;
        from.seek(SeekFrom::Start(self.secured)).map_err(JsonlError::Rescue)?;
        let mut bytes = from.take(end.saturating_sub(self.secured));
        let target = &mut new.lines.medium_mut().target;
        let before = target.length().map_err(JsonlError::Rescue)?.unwrap_or_default();
        if let Err(cause) = io::copy(&mut bytes, &mut target.file) {
            let after = target.length().ok().flatten().unwrap_or(before);
            target.take_back(after.saturating_sub(before)).map_err(JsonlError::Rescue)?;
            return Err(JsonlError::Rescue(cause));
        }
        Ok(())
    }
}
