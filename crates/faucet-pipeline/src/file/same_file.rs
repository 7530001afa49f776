//! Sinks that write what a source reads.

use std::path::{Component, Path, PathBuf};

use faucet_core::{FileUse, KeyPath, Problem, ProblemKind, Registry};
use serde_json::Value;

use crate::diagnostic::Owner;
use crate::file::files::files;
use crate::file::findings::Findings;

/// The path without `..`. Links are not followed: nothing is looked up.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

/// Warns of each sink that writes a file which a source reads.
pub(crate) fn warn(
    tree: &Value,
    owners: &[Owner],
    registry: &Registry,
    findings: &mut Findings<'_>,
) {
    let mut read: Vec<(KeyPath, PathBuf)> = Vec::new();
    let mut written: Vec<(KeyPath, PathBuf)> = Vec::new();
    for owner in owners {
        let Some(config) = owner.place.get(tree) else { continue };
        let Some(schema) = owner.schema(registry) else { continue };
        for (path, access) in files(config, schema) {
            let Some(name) = path.get(config).and_then(Value::as_str) else { continue };
            let at = path.under(&owner.place);
            // Placeholders have the same values in both.
            let Ok(file) = std::path::absolute(name).map(|file| plain(&file)) else { continue };
            match access {
                FileUse::Write => written.push((at, file)),
                _ => read.push((at, file)),
            }
        }
    }
    for (at, file) in written {
        // A device may be both ends.
        if file.starts_with("/dev") {
            continue;
        }
        if let Some((source, _)) = read.iter().find(|(_, other)| *other == file) {
            let kind = ProblemKind::SameFile { source: source.clone() };
            findings.warn(Problem::new(at, kind));
        }
    }
}
