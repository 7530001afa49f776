//! Values that outlive a connection of the server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// The remembered values of one server, as JSON tokens. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<BTreeMap<String, Bytes>>>);

impl Memory {
    pub(crate) fn keep(&self, name: &str, value: Bytes) {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        values.insert(name.to_owned(), value);
    }

    pub(crate) fn get(&self, name: &str) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}
