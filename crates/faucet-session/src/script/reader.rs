//! From the messages of a batch to the records in them.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use faucet_connect::{Quote, Secrets};
use faucet_core::json::BatchChecker;
use faucet_core::select::{Looked, Message};
use faucet_core::{MessageKind, Span};

use crate::hooks::{DecodedMessages, Hooks, MessageDecoder};
use crate::keys::CountedMessages;
use crate::plan::Plan;
use crate::reading::{self, Decompress, Decompressed, Decompressor, Shape, Unwrapped};
use crate::script::batch::{Batch, Mark, MarkKind, MessageNumber};
use crate::script::dialogue::Dialogue;
use crate::script::judge::{Seen, Verdict};
use crate::script::memory::{Memory, rewound};
use crate::script::moment::{At, Entropy};
use crate::script::piece::{Base, Piece, Source};
use crate::script::session_end::SessionEnd;
use crate::template::Token;

/// A whole number, also as text.
fn integer(value: &[u8]) -> Option<i128> {
    let digits = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value);
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A message in a text.
pub(super) struct Found<'a> {
    /// The text that control rules look at.
    pub(super) raw: &'a [u8],
    /// The part of it that is data.
    pub(super) data: Range<usize>,
    pub(super) is_data: bool,
    pub(super) is_json: bool,
    /// The record that a decoder has found; `None`: the record is inside of the data.
    pub(super) record: Option<Piece>,
}

/// Finds records in the messages of a run's connections.
pub(crate) struct Reader {
    pub(super) plan: Arc<Plan>,
    hooks: Hooks,
    /// While there is a connection.
    pub(super) decoder: Option<Box<dyn MessageDecoder>>,
    pub(super) decoded: DecodedMessages,
    decompressor: Option<Decompressor>,
    shape: Shape,
    checker: BatchChecker,
    texts: Vec<u8>,
    made: Vec<u8>,
    /// The memory is used again for each batch.
    pub(super) pieces: Vec<Piece>,
    pub(super) batch: Batch,
}

/// Everything that judges a message.
pub(crate) struct Judges<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) dialogue: &'a mut Dialogue,
    pub(crate) memory: &'a mut Memory,
    pub(crate) at: At,
    pub(crate) entropy: &'a mut Entropy,
}

impl Reader {
    pub(crate) fn new(plan: Arc<Plan>, hooks: Hooks) -> Self {
        let reading = &plan.reading;
        let prefix = reading.data_prefix.as_deref();
        Self {
            shape: Shape::new(prefix, reading.split_arrays, reading.explode),
            hooks,
            decoder: None,
            decoded: DecodedMessages::default(),
            decompressor: None,
            checker: BatchChecker::default(),
            texts: Vec::new(),
            made: Vec::new(),
            pieces: Vec::new(),
            batch: Batch::default(),
            plan,
        }
    }

    /// Whether messages are looked at: some may be control, or hold their records inside.
    pub(crate) fn looks_at_messages(&self) -> bool {
        self.plan.looks_at_messages() || !self.hooks.is_empty()
    }

    /// A connection begins: neither a stream of compressed messages nor the state of a decoder goes on over
    /// connections.
    pub(crate) fn begin(&mut self, dictionary: Option<Arc<[u8]>>) -> Result<(), SessionEnd> {
        let kind = self.plan.reading.decompress;
        let max = self.plan.max_message_bytes;
        if kind != Decompress::None {
            let made = Decompressor::new(kind, dictionary, max).map_err(SessionEnd::Dictionary);
            self.decompressor = Some(made?);
        }
        let panicked = |panic: Box<dyn Any + Send>| {
            SessionEnd::HookPanicked(Quote::of_panic(&*panic, &Secrets::default()))
        };
        self.decoder = self.hooks.decoder().map_err(panicked)?;
        Ok(())
    }

    /// Looks at the messages of a batch. Their places in `spans` are replaced by those of the records.
    pub(crate) fn look(
        &mut self,
        bytes: &[u8],
        spans: &mut Vec<Span>,
        judges: &mut Judges<'_>,
    ) -> Batch {
        let is_json = self.plan.checks_json
            && self.plan.reads_whole_messages()
            && self.decoder.is_none()
            && self.checker.check(bytes, spans);
        if judges.memory.take_kept_change() {
            self.mark(MarkKind::Cursor(judges.memory.cursor.clone()));
            self.mark(MarkKind::Kept(judges.memory.kept.clone()));
        }
        for span in spans.iter() {
            self.message(&bytes[span.range()], *span, is_json, judges);
        }
        self.batch.is_json = is_json;
        self.settle(bytes, spans);
        std::mem::take(&mut self.batch)
    }

    /// One message as it was received.
    fn message(&mut self, message: &[u8], span: Span, is_json: bool, judges: &mut Judges<'_>) {
        let kind = span.kind;
        let received = Base { at: span.at as usize, source: Source::Received, kind };
        let is_packed = kind == MessageKind::Binary;
        let Some(decompressor) = self.decompressor.as_mut().filter(|_| is_packed) else {
            return self.unpacked(message, received, is_json, judges);
        };
        let from = self.texts.len();
        match decompressor.decompress(message, &mut self.texts) {
            Ok(Decompressed::Untouched) => self.unpacked(message, received, is_json, judges),
            Ok(Decompressed::NotYet) => {}
            Ok(Decompressed::Text) => {
                let texts = std::mem::take(&mut self.texts);
                let base = Base { at: from, source: Source::Text, kind };
                self.unpacked(&texts[from..], base, false, judges);
                self.texts = texts;
            }
            // A message that stands alone is judged as it is: the format of records decides.
            Err(failed) if !self.plan.reading.decompress.ends_with(failed) => {
                self.unpacked(message, received, is_json, judges);
            }
            Err(failed) => judges.dialogue.end(SessionEnd::Compressed(failed)),
        }
    }

    /// One text, which may hold several messages.
    pub(super) fn text(&mut self, text: &[u8], base: Base, is_json: bool, judges: &mut Judges<'_>) {
        if self.plan.reads_whole_texts() {
            let data = 0..text.len();
            let whole = Found { raw: text, data, is_data: true, is_json, record: None };
            return self.one(&whole, base, judges);
        }
        let plan = judges.plan;
        let prefix = plan.reading.data_prefix.as_ref().map_or(0, String::len);
        let shape = self.shape.clone();
        for part in plan.reading.framing.parts(text) {
            let inside = &text[part.clone()];
            for found in shape.messages(inside) {
                // Control rules see a message with its prefix, and an element alone.
                let is_element = found.is_data && found.range != (prefix..inside.len());
                let whole = if is_element { found.range.clone() } else { 0..inside.len() };
                let data = found.range.start - whole.start..found.range.end - whole.start;
                let base = base.behind(part.start + whole.start);
                let raw = &inside[whole];
                let is_data = found.is_data;
                let found = Found { raw, data, is_data, is_json: false, record: None };
                self.one(&found, base, judges);
            }
        }
    }

    /// One message.
    pub(super) fn one(&mut self, found: &Found<'_>, base: Base, judges: &mut Judges<'_>) {
        let plan = judges.plan;
        let raw = found.raw;
        let message = if found.is_json { Message::json(raw) } else { Message::unchecked(raw) };
        let message = message.binary(base.kind == MessageKind::Binary);
        plan.rules.set.look(message, |looked| {
            let sequence = plan.continuity.sequence.as_ref();
            let counts_all = plan.rules.data.is_none()
                && sequence.is_some_and(|sequence| sequence.messages == CountedMessages::All);
            if counts_all {
                self.number(looked, looked, judges);
            }
            let seen = Seen { message, raw, looked };
            let (at, entropy) = (judges.at, &mut *judges.entropy);
            let verdict = judges.dialogue.judge(plan, seen, judges.memory, at, entropy);
            let reply = match verdict {
                Verdict::Control => {
                    self.batch.control += 1;
                    return;
                }
                Verdict::Data if !found.is_data => {
                    self.batch.unmatched += 1;
                    return;
                }
                Verdict::Data => None,
                Verdict::Record { reply } => reply,
            };
            let (inner, base) = (&raw[found.data.clone()], base.behind(found.data.start));
            match &plan.rules.data {
                None => {
                    if sequence.is_some() && !counts_all {
                        self.number(looked, looked, judges);
                    }
                    self.record(inner, looked, (base, found.record.as_ref()), judges);
                }
                Some(set) => set.look(Message::unchecked(inner), |inside| {
                    if sequence.is_some() {
                        self.number(looked, inside, judges);
                    }
                    self.record(inner, inside, (base, found.record.as_ref()), judges);
                }),
            }
            if let Some(reply) = reply {
                self.mark(MarkKind::Reply(reply));
            }
        });
        // An answer may let the script go on, which must come before the next message.
        if !judges.dialogue.is_up() {
            judges.dialogue.advance(judges.at, judges.entropy);
        }
        if judges.memory.take_kept_change() {
            self.mark(MarkKind::Kept(judges.memory.kept.clone()));
        }
    }

    /// Finds the records in a message that is data, unless a decoder has found its record.
    fn record(
        &mut self,
        message: &[u8],
        looked: &Looked<'_, '_>,
        (base, record): (Base, Option<&Piece>),
        judges: &mut Judges<'_>,
    ) {
        let plan = judges.plan;
        let spots = &plan.rules.spots;
        match record {
            Some(record) => self.pieces.push(record.clone()),
            None => {
                let unwrapped = match spots.unwrap {
                    None => Unwrapped::Absent,
                    Some(spot) => match (looked.range(spot), looked.read(spot)) {
                        (Some(range), _) => Unwrapped::At(range),
                        (None, Some(value)) => Unwrapped::Inside(value.into_owned()),
                        (None, None) => Unwrapped::Absent,
                    },
                };
                let value = reading::value(message, unwrapped, &mut self.made);
                let made = Base { at: 0, source: Source::Made, kind: base.kind };
                let records = self.shape.records(message, value, &self.made);
                self.pieces.extend(records.map(|part| match part {
                    reading::Part::Slice(range) => base.piece(range),
                    reading::Part::Made(range) => made.piece(range),
                }));
            }
        }
        let cursor = spots.cursor.and_then(|spot| looked.read(spot));
        // `null` is no position: the last one stays.
        let cursor = cursor.and_then(|cursor| Token::of_json(&cursor)).filter(|c| !c.is_null());
        if let (Some(cursor), Some(plan)) = (cursor, plan.continuity.cursor.as_ref()) {
            judges.memory.note(plan, cursor);
            if let Some(noted) = judges.memory.cursor.clone() {
                judges.dialogue.book.set_cursor(Some(rewound(plan, &noted)));
                self.mark(MarkKind::Cursor(Some(noted)));
            }
        }
    }

    /// Notes the numbers of a message.
    fn number(&mut self, whole: &Looked<'_, '_>, data: &Looked<'_, '_>, judges: &Judges<'_>) {
        let rules = &judges.plan.rules;
        let spots = &rules.spots;
        let at = |spot: Option<usize>| data.read(spot?).and_then(|value| integer(&value));
        let resets = rules.reset.is_some_and(|reset| whole.matches(reset));
        let last = at(spots.last);
        if last.is_none() && !resets {
            return;
        }
        let mut key = Vec::new();
        for spot in &spots.per {
            let value = data.read(*spot);
            key.extend_from_slice(value.as_deref().unwrap_or_default());
            key.push(0);
        }
        let Some(last) = last else { return self.mark(MarkKind::CountReset(key)) };
        let first = at(spots.first).unwrap_or(last);
        let previous = at(spots.previous);
        self.mark(MarkKind::Number(MessageNumber { key, first, last, previous, resets }));
    }

    fn mark(&mut self, what: MarkKind) {
        self.batch.marks.push(Mark { at: self.pieces.len(), what });
    }

    /// Puts the places of the records into `spans`, and all of them into one buffer.
    fn settle(&mut self, bytes: &[u8], spans: &mut Vec<Span>) {
        spans.clear();
        let all_received = self.pieces.iter().all(|piece| piece.source == Source::Received);
        if all_received {
            let span = |piece: &Piece| Span {
                at: piece.range.start as u32,
                len: piece.range.len() as u32,
                kind: piece.kind,
            };
            spans.extend(self.pieces.iter().map(span));
        } else {
            let size: usize = self.pieces.iter().map(|piece| piece.range.len() + 1).sum();
            let mut made = Vec::with_capacity(size);
            for piece in &self.pieces {
                let from = match piece.source {
                    Source::Received => bytes,
                    Source::Text => &self.texts,
                    Source::Made => &self.made,
                    Source::Decoded => self.decoded.bytes(),
                };
                let (at, len) = (made.len() as u32, piece.range.len() as u32);
                made.extend_from_slice(&from[piece.range.clone()]);
                made.push(b'\n');
                spans.push(Span { at, len, kind: piece.kind });
            }
            self.batch.made = Some(made);
            self.batch.is_json = false;
        }
        self.pieces.clear();
        self.texts.clear();
        self.made.clear();
        self.decoded.clear();
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader({:?})", self.hooks)
    }
}
