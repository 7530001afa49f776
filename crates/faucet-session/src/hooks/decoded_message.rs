//! A message that a decoder has found.

use std::ops::Range;

/// The record that belongs to a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodedRecord<'a> {
    /// These bytes of the message, which are not copied. The slices of a message follow each other
    /// without overlap; one of a text message ends at whole characters.
    Slice(Range<usize>),
    /// Other text.
    Text(&'a str),
    /// Other bytes.
    Binary(&'a [u8]),
}

/// A message that a decoder has found, for a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodedMessage {
    /// The message itself.
    AsReceived,
    /// A text that is read like a text message that came in.
    Message(String),
    /// A record and its description.
    Record {
        /// The description.
        about: String,
        /// The record.
        record: Vec<u8>,
    },
    /// A control message.
    Control(String),
}
