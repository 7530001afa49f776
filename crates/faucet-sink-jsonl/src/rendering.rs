//! The form of the lines.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faucet_core::{MessageKind, PayloadRef, RecordRef, StreamPage};

/// The form of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Rendering {
    /// A line is the record as JSON.
    #[default]
    Records,
    /// A line is the message: when it arrived, its kind and its bytes.
    Frames,
}

impl Rendering {
    /// Appends the lines of some records to `out`.
    pub(crate) fn write(self, page: &StreamPage, range: Range<usize>, out: &mut Vec<u8>) {
        match self {
            Self::Records => page.write_lines(range, out),
            Self::Frames => page.range(range).for_each(|record| write_frame(record, out)),
        }
    }
}

/// The line `{"at": …, "kind": …, "data": …}` of a record. Text stands in it as a JSON string and bytes as
/// base64, so that the message can be made again byte for byte.
fn write_frame(record: RecordRef<'_>, out: &mut Vec<u8>) {
    let bytes = record.as_bytes();
    let is_binary = match record.message_kind() {
        Some(kind) => kind == MessageKind::Binary,
        None => matches!(record.payload(), PayloadRef::Binary(_)),
    };
    let text = if is_binary { None } else { std::str::from_utf8(bytes).ok() };
    let at = record.received_at().as_unix_millis();
    let kind = if text.is_some() { "text" } else { "binary" };
    out.extend_from_slice(format!("{{\"at\":{at},\"kind\":\"{kind}\",\"data\":").as_bytes());
    match text {
        Some(text) => serde_json::to_writer(&mut *out, text).expect("a text can be written"),
        None => {
            out.push(b'"');
            out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            out.push(b'"');
        }
    }
    out.extend_from_slice(b"}\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use faucet_core::{Payload, Record, Timestamp};

    #[test]
    fn a_frame_has_its_time_its_kind_and_its_bytes() {
        let text = |text: &str| Payload::Text(text.to_owned().into());
        let json =
            |text: &str| Payload::Json(faucet_core::JsonText::new(text.to_owned().into()).unwrap());
        for (payload, kind, expected) in [
            (text("a\"b\n"), None, r#"{"at":7,"kind":"text","data":"a\"b\n"}"#),
            (
                json("{\"a\": 1}"),
                Some(MessageKind::Text),
                r#"{"at":7,"kind":"text","data":"{\"a\": 1}"}"#,
            ),
            (json("[1]"), Some(MessageKind::Binary), r#"{"at":7,"kind":"binary","data":"WzFd"}"#),
            (
                Payload::Binary(vec![0, 255].into()),
                None,
                r#"{"at":7,"kind":"binary","data":"AP8="}"#,
            ),
        ] {
            let record = Record::new(payload, Timestamp::from_unix_millis(7));
            let record = match kind {
                Some(kind) => record.with_message_kind(kind),
                None => record,
            };
            let page = StreamPage::new(vec![record]);
            let mut out = Vec::new();
            Rendering::Frames.write(&page, 0..1, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\n"));
        }
    }
}
