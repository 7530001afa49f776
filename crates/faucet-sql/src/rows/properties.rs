//! Properties of rows: records keep their values on their way into a batch and back.

use faucet_core::json::JsonError;
use faucet_core::{JsonText, PageBuilder, Payload, Record, StreamPage, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

use crate::rows::{Decoder, Encoder, Format};
use crate::schema::{Column, ColumnType};

fn columns() -> Vec<Column> {
    let column = |kind: ColumnType| Column { name: kind.as_str().to_owned(), kind, pointer: None };
    ColumnType::ALL.into_iter().map(column).collect()
}

fn page(texts: &[String]) -> Result<StreamPage, JsonError> {
    let at = Timestamp::from_unix_millis(1);
    let record =
        |text: &String| Ok(Record::new(Payload::Json(JsonText::new(text.clone().into())?), at));
    texts.iter().map(record).collect()
}

/// A space or none, as senders put it anywhere.
fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just(""), 1 => Just(" "), 1 => Just("\n\t")]
}

/// The JSON text of a string, escaped more or less.
fn string() -> impl Strategy<Value = String> {
    let escaped = |char: char| {
        let mut units = [0; 2];
        char.encode_utf16(&mut units)
            .iter()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect::<String>()
    };
    let plain = any::<String>().prop_map(|text| Value::from(text).to_string());
    let all = any::<String>()
        .prop_map(move |text| format!("\"{}\"", text.chars().map(escaped).collect::<String>()));
    prop_oneof![plain, all]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i32>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
    ]
}

/// The JSON text of any value.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("\"YWI=\"".to_owned()),
        number(),
        string(),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let member = (string(), space(), inner.clone())
            .prop_map(|(name, space, value)| format!("{space}{name}{space}:{value}{space}"));
        let list = |texts: Vec<String>| texts.join(",");
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(move |all| format!("[{}]", list(all))),
            proptest::collection::vec(member, 0..4)
                .prop_map(move |all| format!("{{{}}}", list(all))),
        ]
    })
}

/// An object whose members are columns and others, with any values.
fn record() -> impl Strategy<Value = String> {
    let names: Vec<String> = ColumnType::ALL.iter().map(|kind| format!("\"{kind}\"")).collect();
    let name = prop_oneof![9 => proptest::sample::select(names), 1 => string()];
    let member = (name, space(), value())
        .prop_map(|(name, space, value)| format!("{space}{name}:{space}{value}"));
    proptest::collection::vec(member, 0..9).prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn each_record_is_a_row_or_a_bad_row(
        texts in proptest::collection::vec(prop_oneof![4 => record(), 1 => value()], 0..12)
    ) {
        let page = page(&texts).unwrap();
        let decoded = Decoder::new(Format::Json, &columns()).decode(&page);
        prop_assert_eq!(decoded.batch.num_rows() + decoded.bad.len(), texts.len());
        prop_assert_eq!(decoded.batch.num_rows(), decoded.times.len());
        // A row alone fares as it does among others.
        for (index, text) in texts.iter().enumerate() {
            let alone = Decoder::new(Format::Json, &columns()).decode(&page_of(text));
            let bad = decoded.bad.iter().find(|(at, _)| *at == index).map(|(_, bad)| bad);
            prop_assert_eq!(alone.bad.first().map(|(_, bad)| bad), bad);
            if bad.is_none() {
                let before = decoded.bad.iter().filter(|(at, _)| *at < index).count();
                prop_assert_eq!(&alone.batch, &decoded.batch.slice(index - before, 1));
            }
        }
    }

    #[test]
    fn rows_become_records_of_the_same_rows(
        texts in proptest::collection::vec(record(), 1..12)
    ) {
        let mut decoder = Decoder::new(Format::Json, &columns());
        let first = decoder.decode(&page(&texts).unwrap());
        let encoder = Encoder::new(Format::Json, decoder.schema()).unwrap();
        let mut written = PageBuilder::new();
        let at = |row: usize| Timestamp::from_unix_millis(first.times[row] as u64);
        encoder.encode(&first.batch, at, &mut written).unwrap();
        let second = decoder.decode(&written.take());
        prop_assert_eq!(second.bad, []);
        prop_assert_eq!(second.batch, first.batch);
        prop_assert_eq!(second.times, first.times);
    }

    #[test]
    fn an_object_is_the_text_of_its_member(
        value in value(), before in value(), behind in value(), name in string(), space in space()
    ) {
        let name = if serde_json::from_str::<String>(&name).unwrap() == "OBJECT" { "\"\"" } else { &name };
        let text = format!("{{{name}:{before},\"OBJECT\"{space}:{space}{value}{space},{name}:{behind}}}");
        let object = Column { name: "OBJECT".to_owned(), kind: ColumnType::Object, pointer: None };
        let mut decoder = Decoder::new(Format::Json, &[object]);
        let decoded = decoder.decode(&page_of(&text));
        let mut written = PageBuilder::new();
        let encoder = Encoder::new(Format::Json, decoder.schema()).unwrap();
        encoder.encode(&decoded.batch, |_| Timestamp::from_unix_millis(0), &mut written).unwrap();
        let expected = format!("{{\"OBJECT\":{value}}}");
        let written = written.take();
        prop_assert_eq!(written.iter().next().unwrap().as_bytes(), expected.as_bytes());
    }

    #[test]
    fn other_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let payloads = [Payload::Binary(bytes.clone().into()),
            Payload::Text(String::from_utf8_lossy(&bytes).into_owned().into())];
        let at = Timestamp::from_unix_millis(1);
        let page: StreamPage = payloads.map(|payload| Record::new(payload, at)).into_iter().collect();
        for (format, kind) in [
            (Format::Json, ColumnType::Object),
            (Format::Text, ColumnType::String),
            (Format::Bytes, ColumnType::Bytes),
        ] {
            let column = Column { name: "c".to_owned(), kind, pointer: None };
            let decoded = Decoder::new(format, &[column]).decode(&page);
            prop_assert_eq!(decoded.batch.num_rows() + decoded.bad.len(), 2);
        }
    }
}

fn page_of(text: &str) -> StreamPage {
    page(&[text.to_owned()]).unwrap()
}
