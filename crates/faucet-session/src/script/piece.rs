//! The place of a record while its batch is read.

use std::ops::Range;

use faucet_core::MessageKind;

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// In the received bytes.
    Received,
    /// Among the decompressed texts.
    Text,
    /// Among the texts that were made of strings.
    Made,
    /// Among the bytes of the decoder.
    Decoded,
}

/// A text and its kind of message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Base {
    pub(crate) at: usize,
    pub(crate) source: Source,
    pub(crate) kind: MessageKind,
}

impl Base {
    pub(crate) fn behind(self, offset: usize) -> Self {
        Self { at: self.at + offset, ..self }
    }

    /// The record in this range of the text.
    pub(crate) fn piece(self, range: Range<usize>) -> Piece {
        let range = self.at + range.start..self.at + range.end;
        Piece { range, source: self.source, kind: self.kind }
    }
}

/// A record in the making.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) range: Range<usize>,
    pub(crate) source: Source,
    pub(crate) kind: MessageKind,
}
