//! The check of all messages of a batch.

use crate::stream::json::judge;
use crate::stream::span::Span;

/// Whether all messages of a batch are UTF-8 and JSON, and none has a raw line break.
pub fn is_all_json(chunk: &[u8], spans: &[Span]) -> bool {
    spans.iter().all(|span| {
        let message = &chunk[span.range()];
        memchr::memchr2(b'\n', b'\r', message).is_none() && judge::check(message).is_ok()
    })
}

/// Checks batches with [`is_all_json`].
#[derive(Debug, Clone, Default)]
pub struct BatchChecker;

impl BatchChecker {
    /// As [`is_all_json`]. `false` means that the messages must be checked one by one with
    /// [`check`](judge::check).
    pub fn check(&mut self, chunk: &[u8], spans: &[Span]) -> bool {
        is_all_json(chunk, spans)
    }
}
