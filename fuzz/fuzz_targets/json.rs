//! The JSON check, alone and over batches, against serde_json. Messages are separated by zeros.
#![no_main]

use std::fmt;

use faucet_core::json::{BatchChecker, check, is_all_json};
use faucet_core::{MessageKind, Span};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // Messages as a connection hands them over: line breaks stand in front of each.
    let (mut chunk, mut spans) = (Vec::new(), Vec::new());
    let mut all = true;
    for (index, message) in data.split(|byte| *byte == 0).enumerate() {
        chunk.resize(chunk.len() + 1 + index % 4, b'\n');
        let (at, len) = (chunk.len() as u32, message.len() as u32);
        spans.push(Span { at, len, kind: MessageKind::Text });
        chunk.extend(message);
        let verdict = check(message).is_ok();
        let expected = serde_json::from_slice::<Any>(message).is_ok();
        assert_eq!(verdict, expected, "{}", message.escape_ascii());
        all &= verdict;
    }
    // A refused batch is checked message by message, so that only an accepted one says something.
    let mut checker = BatchChecker::default();
    for _ in 0..2 {
        assert!(all || !is_all_json(&chunk, &spans), "{}", chunk.escape_ascii());
        assert!(all || !checker.check(&chunk, &spans), "{}", chunk.escape_ascii());
    }
});

/// Any JSON value, looked at to its end. serde_json's own value takes an object with a certain key
/// for a number, and its ignored value looks into no string.
struct Any;

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    /// Objects, and numbers too.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<String, Self>()?.is_some() {}
        Ok(self)
    }
}
