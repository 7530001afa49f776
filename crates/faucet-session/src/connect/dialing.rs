//! The values with which a connect begins.

use std::sync::Arc;

use crate::names::Book;

/// The values with which a connect begins.
#[derive(Debug, Clone)]
pub struct Dialing {
    /// The names that have a value.
    pub book: Book,
    /// The URL that a control rule gave.
    pub next_url: Option<String>,
    /// Whether a session is resumed.
    pub resumes: bool,
    /// The content of `decompress_dictionary`.
    pub dictionary: Option<Arc<[u8]>>,
}
