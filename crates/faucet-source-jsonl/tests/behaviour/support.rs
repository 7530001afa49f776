//! A file of records for a test.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::fs;
use std::path::PathBuf;

use faucet_source_jsonl::JsonlSourceConfig;
use tempfile::TempDir;

pub(crate) struct Recording {
    _dir: TempDir,
    pub(crate) path: PathBuf,
}

pub(crate) fn recording(content: impl AsRef<[u8]>) -> Recording {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("in.jsonl");
    fs::write(&path, content).unwrap();
    Recording { _dir: dir, path }
}

impl Recording {
    pub(crate) fn config(&self) -> JsonlSourceConfig {
        JsonlSourceConfig::new(self.path.to_str().unwrap())
    }
}
