//! Looks at a file without changing it.

use std::fs::{Metadata, OpenOptions};
use std::io;
use std::path::Path;

use faucet_core::{StepOutcome, Timestamp};

use crate::error::JsonlError;
use crate::files::committed::{self, Committed, CommittedError};
use crate::files::file::directory_of;
use crate::files::plan::SeriesPlan;
use crate::write_mode::WriteMode;

/// Whether a run could write its files, of one of which an earlier run has `committed` so many bytes.
/// Creates and changes nothing.
pub(crate) fn look(
    plan: &SeriesPlan,
    committed: Option<&Committed>,
) -> Result<StepOutcome, JsonlError> {
    let committed = committed.filter(|saved| !plan.varies() || saved.file != plan.name.shown());
    let mode = plan.options(None).mode;
    if let Some(committed) = committed.filter(|_| !plan.is_live) {
        return look_at(Path::new(&committed.file), mode, Some(committed.length));
    }
    if !plan.varies() {
        return look_at(Path::new(plan.name.fixed_start()), mode, None);
    }
    let now = Timestamp::now();
    let path = if plan.rotate.is_some() { plan.name.stamped(now) } else { plan.name.at(now) };
    if path.exists() {
        return look_at(&path, mode, None);
    }
    // The directories that have the time in their names may be missing.
    let is_there = |directory: &&Path| directory.is_dir();
    let directory = path.ancestors().skip(1).find(is_there).unwrap_or(Path::new("."));
    look_at_directory(&directory.join("file"), None)
}

fn look_at(
    path: &Path,
    mode: WriteMode,
    committed: Option<u64>,
) -> Result<StepOutcome, JsonlError> {
    let found = match path.metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return look_at_directory(path, committed);
        }
        Err(error) => return Err(JsonlError::Inspect(error)),
    };
    if mode == WriteMode::Refuse && committed.is_none() {
        return Err(JsonlError::Open(io::ErrorKind::AlreadyExists.into()));
    }
    if found.is_dir() {
        return Err(JsonlError::Open(io::ErrorKind::IsADirectory.into()));
    }
    if let Some(committed) = committed {
        committed::check(found.is_file(), found.len(), committed).map_err(JsonlError::Committed)?;
    }
    if !found.is_file() {
        // Opening a pipe would wait for its reader.
        return Ok(StepOutcome::Skipped("is a pipe or a device".into()));
    }
    OpenOptions::new().append(true).open(path).map_err(JsonlError::Open)?;
    Ok(StepOutcome::Passed(plan(&found, mode, committed)))
}

/// Says how a run would change a file.
fn plan(found: &Metadata, mode: WriteMode, committed: Option<u64>) -> String {
    match (committed, mode) {
        (Some(committed), _) if committed < found.len() => {
            format!("would be cut back from {} to the committed {committed} bytes", found.len())
        }
        (None, WriteMode::Create) => format!("{} bytes would be replaced", found.len()),
        _ => format!("{} bytes would be added to", found.len()),
    }
}

/// Whether the file, which does not exist, could be created.
fn look_at_directory(path: &Path, committed: Option<u64>) -> Result<StepOutcome, JsonlError> {
    if let Some(committed) = committed.filter(|length| *length > 0) {
        return Err(JsonlError::Committed(CommittedError::Missing { committed }));
    }
    // The probe has no name where the system can make a file without one.
    match tempfile::tempfile_in(directory_of(path)) {
        Ok(_) => Ok(StepOutcome::Passed("would be created".into())),
        Err(error) => Err(JsonlError::Directory(error)),
    }
}
