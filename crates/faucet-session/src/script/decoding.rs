//! From a message in a packing of its own to messages that can be read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use faucet_connect::Quote;
use faucet_core::MessageKind;

use crate::hooks::{InboundMessage, Part, PartRecord};
use crate::script::batch::Undecoded;
use crate::script::piece::{Base, Source};
use crate::script::reader::{Found, Judges, Reader};

impl Reader {
    /// One message behind `decompress`.
    pub(super) fn unpacked(
        &mut self,
        message: &[u8],
        base: Base,
        is_json: bool,
        judges: &mut Judges<'_>,
    ) {
        let Some(decoder) = &mut self.decoder else {
            return self.text(message, base, is_json, judges);
        };
        let mut decoded = std::mem::take(&mut self.decoded);
        let inbound = InboundMessage { kind: base.kind, bytes: message };
        decoded.begin(inbound, self.plan.max_message_bytes);
        let called = catch_unwind(AssertUnwindSafe(|| decoder.decode(inbound, &mut decoded)));
        let secrets = || judges.dialogue.hidden.all();
        let parts = match called {
            Err(panic) => {
                let words = Quote::of_panic(&*panic, &secrets());
                Err(Quote::new(&format!("panicked: {words}"), &secrets()))
            }
            Ok(result) => result
                .and_then(|()| decoded.take_parts(inbound))
                .map_err(|why| Quote::new(&why.to_string(), &secrets())),
        };
        match parts {
            Ok(parts) => {
                for part in &parts {
                    self.part(part, decoded.bytes(), message, base, judges);
                }
                decoded.give_back(parts);
            }
            Err(why) => {
                self.batch.undecoded.push(Undecoded { at: self.pieces.len(), why });
                self.pieces.push(base.piece(0..message.len()));
            }
        }
        self.decoded = decoded;
    }

    /// One part of a decoded message.
    fn part(
        &mut self,
        part: &Part,
        decoded: &[u8],
        message: &[u8],
        base: Base,
        judges: &mut Judges<'_>,
    ) {
        let text = Base { at: 0, source: Source::Decoded, kind: MessageKind::Text };
        let (about, record) = match part {
            Part::AsReceived => return self.text(message, base, false, judges),
            Part::Message(range) => {
                let base = text.behind(range.start);
                return self.text(&decoded[range.clone()], base, false, judges);
            }
            Part::Described { about, record } => (about, record),
        };
        let record = match record {
            PartRecord::None => None,
            PartRecord::Slice(range) => Some(base.piece(range.clone())),
            PartRecord::Made(kind, range) => {
                Some(Base { kind: *kind, ..text }.piece(range.clone()))
            }
        };
        let raw = &decoded[about.clone()];
        let is_data = record.is_some();
        let found = Found { raw, data: 0..raw.len(), is_data, is_json: false, record };
        self.one(&found, text.behind(about.start), judges);
    }
}
