//! Puts pages together.

use std::ops::Range;

use crate::stream::arena::Arena;
use crate::stream::batch::{Batch, BatchPayload, Chunk};
use crate::stream::json::{self, JsonError};
use crate::stream::page::StreamPage;
use crate::stream::record::{PayloadKind, Record};
use crate::stream::record_ref::RecordRef;
use crate::stream::records::{Place, Records};
use crate::stream::span::Span;
use crate::stream::utf8;

/// Puts a page together. Payloads that are written or copied into it share one chunk.
#[derive(Debug, Default)]
pub struct PageBuilder {
    records: Records,
    arena: Arena,
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
    #[inline]
    pub fn push(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Appends all messages of a batch.
    ///
    /// # Panics
    /// When the last message does not lie in the chunk.
    pub fn push_batch(&mut self, batch: &Batch<'_>) {
        let (Some(first), Some(last)) = (batch.spans.first(), batch.spans.last()) else { return };
        let used = first.range().start..last.range().end;
        batch.assert_in_order();
        let (chunk, moved) = match batch.chunk {
            Chunk::Shared(chunk) => {
                assert!(used.end <= chunk.len(), "the messages lie in the chunk");
                (self.records.share(chunk), 0)
            }
            Chunk::Small(bytes) => {
                let copied = self.arena.copy(&bytes[used.clone()]);
                self.arena.holds(self.len(), batch.spans.len());
                (Arena::CHUNK, copied.wrapping_sub(used.start))
            }
        };
        self.records.begin_run(batch.received_at, batch.envelope);
        let (kind, one_line) = (batch.payload.kind(), batch.payload == BatchPayload::Json);
        let place = |span: &Span| Place {
            at: moved.wrapping_add(span.at as usize),
            len: span.len as usize,
            chunk,
            kind,
            message: Some(span.kind),
            one_line,
        };
        self.records.places.extend(batch.spans.iter().map(place));
        self.records.bytes += batch.payload_bytes();
    }

    /// Appends a record of another page. Its chunk is shared: the new page keeps the whole of it
    /// alive, and [`StreamPage::compact`] counts it so.
    pub fn push_ref(&mut self, record: &RecordRef<'_>) {
        self.push_place(record, record.place);
    }

    /// Appends a JSON record that is a part of `message`: `range` lies in its payload and is one JSON
    /// value. All else stays. No byte is copied; see [`push_ref`](Self::push_ref).
    ///
    /// # Errors
    /// [`JsonError`] where the range is no JSON value. The page is then as it was before.
    ///
    /// # Panics
    /// When the range does not lie in the payload.
    pub fn push_part(
        &mut self,
        message: &RecordRef<'_>,
        range: Range<usize>,
    ) -> Result<(), JsonError> {
        json::check(&message.as_bytes()[range.clone()])?;
        self.push_place(message, message.place.part(range, PayloadKind::Json));
        Ok(())
    }

    /// Appends a text record that is a part of `message`: `range` lies in its payload. All else
    /// stays. No byte is copied; see [`push_ref`](Self::push_ref).
    ///
    /// # Errors
    /// Where the range is not UTF-8. The page is then as it was before.
    ///
    /// # Panics
    /// When the range does not lie in the payload.
    pub fn push_text_part(
        &mut self,
        message: &RecordRef<'_>,
        range: Range<usize>,
    ) -> Result<(), std::str::Utf8Error> {
        utf8::check(&message.as_bytes()[range.clone()])?;
        self.push_place(message, message.place.part(range, PayloadKind::Text));
        Ok(())
    }

    /// Appends a record at `place` in the chunk of `like`. Neighbours in one chunk share it.
    fn push_place(&mut self, like: &RecordRef<'_>, place: Place) {
        let chunk = self.records.share(like.chunk);
        self.records.begin_run(like.received_at, like.envelope);
        self.records.bytes += place.len;
        self.records.places.push(Place { chunk, ..place });
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
        let written = self.arena.write(write, json::check)?;
        self.records.begin_run(like.received_at, like.envelope);
        self.records.bytes += written.len();
        self.arena.holds(self.len(), 1);
        self.records.places.push(Place {
            at: written.start,
            len: written.len(),
            chunk: Arena::CHUNK,
            kind: PayloadKind::Json,
            message: like.message_kind(),
            one_line: false,
        });
        Ok(())
    }

    /// Hands over the page and begins another.
    pub fn take(&mut self) -> StreamPage {
        let mut records = std::mem::take(&mut self.records);
        std::mem::take(&mut self.arena).become_chunk(&mut records);
        StreamPage::from_parts(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JsonText, Payload, Timestamp};

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

    #[test]
    fn parts_share_the_chunk_of_their_message() {
        let at = Timestamp::from_unix_millis(5);
        let text = format!("[1.0, \"{}\"]", "x".repeat(100));
        let json = JsonText::new(text.into()).unwrap();
        let messages = StreamPage::new(vec![
            Record::new(Payload::Text("a\nb".into()), at),
            Record::new(Payload::Json(json), at),
        ]);
        let mut refs = messages.iter();
        let (lines, array) = (refs.next().unwrap(), refs.next().unwrap());
        let mut builder = PageBuilder::new();
        builder.push_text_part(&lines, 2..3).unwrap();
        builder.push_part(&array, 1..4).unwrap();
        assert!(builder.push_part(&array, 1..5).is_err());
        builder.push_part(&array, 6..108).unwrap();
        builder.push_ref(&array);
        builder.push_json(&lines, |out| out.push(b'7')).unwrap();
        assert_eq!(builder.payload_bytes(), 1 + 3 + 102 + 109 + 1);
        let mut page = builder.take();
        let expected = vec![
            lines.text_part(2..3).unwrap(),
            array.part(1..4).unwrap(),
            array.part(6..108).unwrap(),
            array.to_record(),
        ];
        assert_eq!(page.clone().into_records()[..4], expected);
        assert_eq!(page.clone().into_records()[4].to_json(), b"7");
        // A single part keeps its message alive until the page is compacted.
        page.retain(|record| record.as_bytes() == b"1.0");
        page.compact();
        let [kept] = &page.into_records()[..] else { panic!("one record is kept") };
        assert_eq!(kept, &expected[1]);
        let pointer = |record: &Record| record.payload().as_bytes().as_ptr();
        assert_ne!(pointer(kept), pointer(&expected[1]));
    }
}
