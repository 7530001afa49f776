//! A batch of records.

use crate::record::{write_json_payload, write_json_string};
use crate::{Payload, Record, Timestamp};

/// A place in a feed from which a source can resume. Sources of live feeds have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark(pub String);

/// Records that travel together. Opaque, so that its layout can change.
#[derive(Debug, Clone, Default)]
pub struct StreamPage {
    records: Vec<Record>,
    payload_bytes: usize,
    bookmark: Option<Bookmark>,
}

impl StreamPage {
    /// A page of `records`.
    pub fn new(records: Vec<Record>) -> Self {
        let payload_bytes = records.iter().map(|r| r.payload.as_bytes().len()).sum();
        Self { records, payload_bytes, bookmark: None }
    }

    pub(crate) fn with_size(records: Vec<Record>, payload_bytes: usize) -> Self {
        Self { records, payload_bytes, bookmark: None }
    }

    /// Says that a run may resume behind this page.
    #[must_use]
    pub fn with_bookmark(mut self, bookmark: Bookmark) -> Self {
        self.bookmark = Some(bookmark);
        self
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The size of all payloads in bytes.
    pub fn payload_bytes(&self) -> usize {
        self.payload_bytes
    }

    /// Where a run may resume once this page is delivered.
    pub fn bookmark(&self) -> Option<&Bookmark> {
        self.bookmark.as_ref()
    }

    /// The records in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RecordRef<'_>> {
        self.records.iter().map(|record| RecordRef { record })
    }

    /// The records in order.
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }
}

/// A record inside a page.
#[derive(Debug, Clone, Copy)]
pub struct RecordRef<'a> {
    pub(crate) record: &'a Record,
}

/// What a record inside a page carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadRef<'a> {
    /// UTF-8 text that was checked as JSON.
    Json(&'a [u8]),
    /// UTF-8 text.
    Text(&'a [u8]),
    /// Bytes.
    Binary(&'a [u8]),
}

impl<'a> RecordRef<'a> {
    /// The payload.
    pub fn payload(&self) -> PayloadRef<'a> {
        match &self.record.payload {
            Payload::Json(json) => PayloadRef::Json(json.as_bytes()),
            Payload::Text(text) => PayloadRef::Text(text.as_bytes()),
            Payload::Binary(bytes) => PayloadRef::Binary(bytes),
        }
    }

    /// When the record was received.
    pub fn received_at(&self) -> Timestamp {
        self.record.received_at
    }

    /// Appends the record's JSON rendering to `out`, on one line: JSON byte for byte (line breaks
    /// between tokens become spaces), text as a JSON string, binary as base64 in a JSON string.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let record = self.record;
        let Some(url) = &record.envelope else {
            return write_json_payload(&record.payload, out);
        };
        out.extend_from_slice(b"{\"data\":");
        write_json_payload(&record.payload, out);
        out.extend_from_slice(b",\"received_at\":");
        out.extend_from_slice(record.received_at.as_unix_millis().to_string().as_bytes());
        out.extend_from_slice(b",\"url\":");
        write_json_string(url, out);
        out.push(b'}');
    }

    /// A copy that outlives the page; it shares the payload's bytes.
    pub fn to_record(&self) -> Record {
        self.record.clone()
    }
}
