//! Paths into the tree of a file.

use faucet_core::{KeyPath, Step};
use serde_json::Value;

/// The path with these steps.
pub(crate) fn path_of(steps: &[Step]) -> KeyPath {
    steps.iter().fold(KeyPath::root(), |path, step| match step {
        Step::Key(key) => path.then(key.clone()),
        Step::Index(index) => path.at(*index),
        _ => path,
    })
}

/// The value that these steps lead to.
pub(crate) fn value_at<'a>(tree: &'a mut Value, steps: &[Step]) -> Option<&'a mut Value> {
    steps.iter().try_fold(tree, |value, step| match step {
        Step::Key(key) => value.get_mut(&**key),
        Step::Index(index) => value.get_mut(*index),
        _ => None,
    })
}
