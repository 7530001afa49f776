//! JSON texts that are written one behind the other and checked together.

use faucet_core::json::{self, JsonError};
use faucet_core::{BatchPayload, MessageKind, Span};

/// JSON texts with a line break between two of them. One check of all takes about half the time of a
/// check of each.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) bytes: Vec<u8>,
    pub(super) spans: Vec<Span>,
}

/// Offsets of 32 bits do not reach the end of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

impl Lines {
    /// Appends a text, which `write` writes.
    #[inline]
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), TooLong> {
        if !self.spans.is_empty() {
            self.bytes.push(b'\n');
        }
        let from = self.bytes.len();
        write(&mut self.bytes);
        let at = u32::try_from(from).map_err(|_| TooLong)?;
        let len = u32::try_from(self.bytes.len() - from).map_err(|_| TooLong)?;
        self.spans.push(Span { at, len, kind: MessageKind::Text });
        Ok(())
    }

    /// Whether all texts are JSON without line breaks. `false` says nothing.
    pub(super) fn are_json(&self) -> bool {
        json::is_all_json(&self.bytes, &self.spans)
    }

    /// What the texts are, if all of them are JSON.
    pub(super) fn check(&self) -> Result<BatchPayload, JsonError> {
        if self.are_json() {
            return Ok(BatchPayload::Json);
        }
        let mut texts = self.spans.iter().filter_map(|span| self.bytes.get(span.range()));
        texts.try_for_each(json::check)?;
        Ok(BatchPayload::JudgedJson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_one_value() {
        use BatchPayload::{Json, JudgedJson};
        for (texts, expected) in [
            (&["1", "{\"a\":[1]}", "\"x\"", "null"][..], Some(Json)),
            (&["[1,\n2]", "\t1"], Some(JudgedJson)),
            (&[], Some(Json)),
            (&["[1", "2]"], None),
            (&["[1,", "2]"], None),
            (&["\"a", "b\""], None),
            (&["1\n2"], None),
            (&["1", ""], None),
            (&["", "1"], None),
            (&["1\n2", ""], None),
            (&["1,2"], None),
            (&["1,\"x\":2"], None),
            (&["1 2"], None),
        ] {
            let mut lines = Lines::default();
            for text in texts {
                lines.push(|out| out.extend_from_slice(text.as_bytes())).unwrap();
            }
            let found = lines.check();
            // Without SIMD each text is judged.
            let found = if expected == Some(Json) { found.map(|_| Json) } else { found };
            assert_eq!(found.ok(), expected, "{texts:?}");
        }
    }
}
