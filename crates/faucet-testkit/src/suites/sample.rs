//! Records for tests.

use bytes::Bytes;
use faucet_core::{JsonText, Payload, Record, Text, Timestamp};

/// A JSON record where `text` is JSON, else a text record; received in November 2023.
pub fn record(text: &str) -> Record {
    let payload = match JsonText::new(Bytes::copy_from_slice(text.as_bytes())) {
        Ok(json) => Payload::Json(json),
        Err(_) => Payload::Text(Text::from(text)),
    };
    Record::new(payload, Timestamp::from_unix_millis(1_700_000_000_000))
}
