//! Puts pages together.

use crate::stream::json::{JsonError, JsonText};
use crate::stream::page::StreamPage;
use crate::stream::record::{PayloadKind, Record};
use crate::stream::record_ref::RecordRef;
use crate::stream::records::{Place, Records};

/// Puts a page together. Payloads that are written into it share one chunk.
#[derive(Debug, Default)]
pub struct PageBuilder {
    records: Records,
    /// The chunk in which payloads are written, and the records that stand in it.
    arena: Vec<u8>,
    in_arena: Vec<usize>,
}

impl PageBuilder {
    /// A page without records.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of records so far.
    pub fn len(&self) -> usize {
        self.records.places.len()
    }

    /// Whether there are no records yet.
    pub fn is_empty(&self) -> bool {
        self.records.places.is_empty()
    }

    /// The size of all payloads so far in bytes.
    pub fn payload_bytes(&self) -> usize {
        self.records.bytes
    }

    /// Makes room for so many records.
    pub fn reserve(&mut self, records: usize) {
        self.records.reserve(records);
    }

    /// Appends a record. Its payload is shared and not copied.
    pub fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Appends a JSON record made of `like`: `write` appends the payload, all else stays.
    ///
    /// # Errors
    /// [`JsonError`] where `write` appends something else than one JSON value. The page is then as it
    /// was before.
    pub fn push_json(
        &mut self,
        like: &RecordRef<'_>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), JsonError> {
        let begin = self.arena.len();
        write(&mut self.arena);
        if let Err(error) = JsonText::check(&self.arena[begin..]) {
            self.arena.truncate(begin);
            return Err(error);
        }
        let Record { received_at, envelope, message_kind, .. } = like.to_record();
        self.records.begin_run(received_at, envelope);
        let len = self.arena.len() - begin;
        self.records.bytes += len;
        self.in_arena.push(self.records.places.len());
        self.records.places.push(Place {
            at: begin,
            len,
            // The number of the arena's chunk is set when the page is taken.
            chunk: 0,
            kind: PayloadKind::Json,
            message: message_kind,
        });
        Ok(())
    }

    /// Hands over the page and begins another.
    pub fn take(&mut self) -> StreamPage {
        let mut records = std::mem::take(&mut self.records);
        if !self.in_arena.is_empty() {
            let number = u32::try_from(records.chunks.len()).expect("chunks fit a page");
            for n in self.in_arena.drain(..) {
                records.places[n].chunk = number;
            }
            records.chunks.push(std::mem::take(&mut self.arena).into());
        }
        StreamPage::from_parts(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Payload, Timestamp};

    #[test]
    fn written_and_pushed_records_keep_their_order() {
        let at = Timestamp::from_unix_millis(5);
        let record = Record::new(Payload::Text("x".into()), at).with_envelope("u".into());
        let mut builder = PageBuilder::new();
        let write = |text: &'static str| move |out: &mut Vec<u8>| out.extend(text.as_bytes());
        builder.push_json(&record.as_ref(), write("[1]")).unwrap();
        builder.push(record.clone());
        assert!(builder.push_json(&record.as_ref(), write("[1")).is_err());
        builder.push_json(&record.as_ref(), write("2")).unwrap();
        assert_eq!((builder.len(), builder.payload_bytes()), (3, 5));
        let page = builder.take();
        let lines: Vec<String> = page
            .iter()
            .map(|record| String::from_utf8_lossy(&record.to_record().to_json()).into_owned())
            .collect();
        let wrapped = |data| format!("{{\"data\":{data},\"received_at\":5,\"url\":\"u\"}}");
        assert_eq!(lines, ["[1]", "\"x\"", "2"].map(wrapped));
        assert!(builder.is_empty() && builder.take().is_void());
    }
}
