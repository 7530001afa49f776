//! Pages of batches are the pages that the same messages make one by one.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use faucet_core::{
    Batch, BatchPayload, Chunk, JsonText, MessageKind, PageBuilder, PageLimits, Pager, Payload,
    Record, Rejected, Span, StreamPage, Text, Timestamp, json,
};
use proptest::prelude::*;

/// Received messages: the chunk, and their places in it.
#[derive(Debug, Clone)]
struct Received {
    chunk: Bytes,
    spans: Vec<Span>,
    payload: BatchPayload,
    received_at: Timestamp,
    envelope: Option<Arc<str>>,
    small: bool,
}

impl Received {
    fn batch(&self, from: usize) -> Batch<'_> {
        Batch {
            chunk: if self.small { Chunk::Small(&self.chunk) } else { Chunk::Shared(&self.chunk) },
            spans: &self.spans[from..],
            payload: self.payload,
            received_at: self.received_at,
            envelope: self.envelope.as_ref(),
        }
    }

    /// The messages as records.
    fn records(&self) -> impl Iterator<Item = Record> {
        self.spans.iter().map(|span| {
            let bytes = self.chunk.slice(span.range());
            let payload = match self.payload {
                BatchPayload::Json | BatchPayload::JudgedJson => {
                    Payload::Json(JsonText::new(bytes).expect("the messages are JSON"))
                }
                BatchPayload::Text => {
                    Payload::Text(Text::new(bytes).expect("the messages are UTF-8"))
                }
                BatchPayload::Binary => Payload::Binary(bytes),
            };
            let record = Record::new(payload, self.received_at).with_message_kind(span.kind);
            match &self.envelope {
                Some(url) => record.with_envelope(url.clone()),
                None => record,
            }
        })
    }
}

fn received() -> impl Strategy<Value = Received> {
    let messages =
        |text: &'static str| prop::collection::vec((text, 1usize..5, any::<bool>()), 0..12).boxed();
    let payload = prop_oneof![
        (Just(BatchPayload::Json), messages(r#"\{"a": ?[0-9]\}|"[a-zπ]{0,30}"|[1-9]{1,20}"#)),
        (Just(BatchPayload::JudgedJson), messages("\\[\n?[0-9]( \r\n,true)?\r?\\]")),
        (Just(BatchPayload::Text), messages("[a\n\"π\\\\]{0,20}")),
        (Just(BatchPayload::Binary), messages("[a\u{0}\n]{0,20}")),
    ];
    let envelope = prop::option::of(prop_oneof!["ws://one/", "ws://two/"].prop_map(Arc::from));
    (payload, 0usize..3, 0u64..2, envelope, any::<bool>()).prop_map(
        |((payload, messages), behind, at, envelope, small)| {
            let (mut chunk, mut spans) = (Vec::new(), Vec::new());
            for (text, breaks, is_text) in messages {
                chunk.resize(chunk.len() + breaks, b'\n');
                let kind = if is_text { MessageKind::Text } else { MessageKind::Binary };
                spans.push(Span { at: chunk.len() as u32, len: text.len() as u32, kind });
                chunk.extend(text.as_bytes());
            }
            chunk.resize(chunk.len() + behind, b'\n');
            let received_at = Timestamp::from_unix_millis(at);
            Received { chunk: chunk.into(), spans, payload, received_at, envelope, small }
        },
    )
}

fn lines(page: &StreamPage) -> Vec<u8> {
    let mut out = Vec::new();
    page.write_lines(0..page.len(), &mut out);
    out
}

/// Both pages have the same records, seen from everywhere.
fn assert_same(one: &StreamPage, other: &StreamPage) {
    assert_eq!(one.payload_bytes(), other.payload_bytes());
    assert_eq!(lines(one), lines(other));
    let seen = |page: &StreamPage| -> Vec<Record> { page.iter().map(|r| r.to_record()).collect() };
    let owned =
        |page: &StreamPage| -> Vec<Record> { page.iter().map(|r| r.to_owned_record()).collect() };
    assert_eq!(seen(one), seen(other));
    assert_eq!(owned(one), owned(other));
    // Once with the memory shared, once alone.
    assert_eq!(one.clone().into_records(), other.clone().into_records());
}

fn limits() -> impl Strategy<Value = PageLimits> {
    (0usize..20, 0usize..100).prop_map(|(records, bytes)| {
        PageLimits::records(NonZeroUsize::new(records)).with_bytes(NonZeroUsize::new(bytes))
    })
}

proptest! {
    #[test]
    fn a_page_of_batches_is_the_page_of_their_messages(
        all in prop::collection::vec(received(), 0..6),
        keep in any::<u16>(),
        split in any::<prop::sample::Index>(),
    ) {
        let mut builder = PageBuilder::new();
        for received in &all {
            builder.push_batch(&received.batch(0));
        }
        let records: Vec<Record> = all.iter().flat_map(Received::records).collect();
        prop_assert_eq!(builder.len(), records.len());
        let (mut page, mut expected) = (builder.take(), StreamPage::new(records));
        assert_same(&page, &expected);
        let at = split.index(page.len() + 1);
        let (mut rest, mut expected_rest) = (page.split_off(at), expected.split_off(at));
        assert_same(&page, &expected);
        assert_same(&rest, &expected_rest);
        for page in [&mut rest, &mut expected_rest] {
            let mut n = 0;
            page.retain(|_| {
                n += 1;
                keep >> (n % 16) & 1 == 1
            });
        }
        assert_same(&rest, &expected_rest);
        let again: Vec<Record> = rest.clone().into_records();
        rest.compact();
        assert_same(&rest, &expected_rest);
        prop_assert_eq!(rest.into_records(), again);
    }

    #[test]
    fn a_pager_fills_its_pages_as_one_by_one(
        all in prop::collection::vec(received(), 0..6),
        limits in limits(),
        rejects in any::<u8>(),
    ) {
        let now = Instant::now();
        let (mut one_by_one, mut expected) = (Pager::new(limits), Vec::new());
        let (mut in_batches, mut pages) = (Pager::new(limits), Vec::new());
        let rejected = Record::new(Payload::Binary("x".into()), Timestamp::from_unix_millis(0));
        for (n, received) in all.iter().enumerate() {
            for record in received.records() {
                if one_by_one.is_full() {
                    expected.extend(one_by_one.take());
                }
                one_by_one.push(record, now);
            }
            let mut from = 0;
            while from < received.spans.len() {
                let taken = in_batches.push_batch(&received.batch(from), now);
                prop_assert!(taken > 0 || in_batches.is_full());
                from += taken;
                if from < received.spans.len() {
                    prop_assert!(in_batches.is_full());
                    pages.extend(in_batches.take());
                }
            }
            prop_assert_eq!(in_batches.is_full(), one_by_one.is_full());
            prop_assert_eq!(in_batches.deadline(), one_by_one.deadline());
            if rejects >> n & 1 == 1 && !one_by_one.is_full() {
                one_by_one.reject(Rejected::new(rejected.clone(), "no"), now);
                in_batches.reject(Rejected::new(rejected.clone(), "no"), now);
            }
        }
        expected.extend(one_by_one.take());
        pages.extend(in_batches.take());
        prop_assert_eq!(pages.len(), expected.len());
        for (page, expected) in pages.iter().zip(&expected) {
            assert_same(page, expected);
        }
    }

    #[test]
    fn batches_that_are_json_are_accepted(received in received()) {
        let all = received.spans.iter().all(|span| json::check(&received.chunk[span.range()]).is_ok());
        let accepted = json::is_all_json(&received.chunk, &received.spans);
        prop_assert!(all || !accepted);
        prop_assert!(accepted || received.payload != BatchPayload::Json);
    }
}

#[test]
fn a_batch_taken_in_parts_keeps_its_chunk_once() {
    let chunk = Bytes::from(format!("\n\n1{}", "\n\n2".repeat(9)));
    let span = |n: u32| Span { at: 2 + 3 * n, len: 1, kind: MessageKind::Text };
    let spans: Vec<Span> = (0..10).map(span).collect();
    let mut builder = PageBuilder::new();
    for part in [0..3, 3..4, 4..10] {
        builder.push_batch(&Batch {
            chunk: Chunk::Shared(&chunk),
            spans: &spans[part],
            payload: BatchPayload::Json,
            received_at: Timestamp::from_unix_millis(1),
            envelope: None,
        });
    }
    let mut page = builder.take();
    // Ten bytes of thirty are more than a quarter: a page that held the chunk twice would be copied.
    page.compact();
    let first = page.iter().next().unwrap().as_bytes().as_ptr();
    assert_eq!((page.len(), first), (10, chunk[2..].as_ptr()));
}
