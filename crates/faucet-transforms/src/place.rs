//! JSON pointers of a configuration.

use faucet_core::select::Pointer;
use faucet_core::{KeyPath, Problem, Problems};

/// Reads the pointer that stands at `path` of the configuration, and notes what is wrong with it.
pub(crate) fn pointer(text: &str, path: KeyPath, problems: &mut Problems) -> Option<Pointer> {
    match Pointer::parse(text) {
        Ok(pointer) => Some(pointer),
        Err(error) => {
            problems.push(Problem::invalid(path, error.to_string()));
            None
        }
    }
}

/// Reads the list of pointers that stands at the key `key`, and notes what is wrong with them.
pub(crate) fn pointers(texts: &[String], key: &str, problems: &mut Problems) -> Vec<Pointer> {
    let one =
        |(index, text): (usize, &String)| pointer(text, KeyPath::key(key).at(index), problems);
    texts.iter().enumerate().filter_map(one).collect()
}
