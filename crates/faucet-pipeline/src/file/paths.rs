//! Paths into the tree of a file.

use faucet_core::{KeyPath, Step};

/// The path with these steps.
pub(crate) fn path_of(steps: &[Step]) -> KeyPath {
    steps.iter().fold(KeyPath::root(), |path, step| match step {
        Step::Key(key) => path.then(key.clone()),
        Step::Index(index) => path.at(*index),
        _ => path,
    })
}
