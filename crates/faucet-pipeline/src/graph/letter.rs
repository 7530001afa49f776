//! What a dead-letter sink gets.

use faucet_core::{JsonText, Payload, Record, RecordRef, Rejected};
use serde_json::json;

/// A rejected record as a JSON record:
/// `{"component": …, "reason": …, "received_at": …, "kind": "json|text|binary", "data": …}`. `data`
/// is the payload: JSON byte for byte, text as a string, binary as base64.
pub(crate) fn letter(component: &str, rejected: &Rejected) -> Record {
    let record = &rejected.record;
    let kind = match record.payload() {
        Payload::Json(_) => "json",
        Payload::Text(_) => "text",
        _ => "binary",
    };
    let head = json!({
        "component": component,
        "reason": rejected.reason,
        "received_at": record.received_at().as_unix_millis(),
        "kind": kind,
    });
    let mut text = head.to_string().into_bytes();
    // The payload goes in as it is: a number must not change on its way through a tree.
    text.pop();
    text.extend_from_slice(b",\"data\":");
    let bare = Record::new(record.payload().clone(), record.received_at());
    RecordRef::write_json(&bare.as_ref(), &mut text);
    text.push(b'}');
    let payload = match JsonText::new(text.into()) {
        Ok(json) => Payload::Json(json),
        // A payload that calls itself JSON was checked, so that this is not reached.
        Err(_) => record.payload().clone(),
    };
    Record::new(payload, record.received_at())
}

#[cfg(test)]
mod tests {
    use faucet_core::Timestamp;

    use super::*;

    #[test]
    fn a_letter_names_component_and_reason_and_keeps_the_payload() {
        let json = JsonText::new("[2.10]".into()).unwrap();
        for (payload, expected) in [
            (
                Payload::Json(json),
                r#""kind":"json","reason":"too \"old\"","received_at":7,"data":[2.10]"#,
            ),
            (
                Payload::Text("a\n".into()),
                r#""kind":"text","reason":"too \"old\"","received_at":7,"data":"a\n""#,
            ),
            (
                Payload::Binary(vec![0].into()),
                r#""kind":"binary","reason":"too \"old\"","received_at":7,"data":"AA==""#,
            ),
        ] {
            let at = Timestamp::from_unix_millis(7);
            let rejected =
                Rejected::new(Record::new(payload, at).with_envelope("u".into()), "too \"old\"");
            let text = String::from_utf8(letter("trades", &rejected).to_json()).unwrap();
            assert_eq!(text, format!("{{\"component\":\"trades\",{expected}}}"));
        }
    }
}
