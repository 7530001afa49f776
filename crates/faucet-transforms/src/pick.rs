//! Keeps, drops and renames members.

use std::sync::Arc;

use async_trait::async_trait;
use faucet_core::select::Edit;
use faucet_core::{
    Carry, Delivery, Info, Out, PageBuilder, PageStage, PayloadRef, Problems, RecordRef, Result,
    Scope, StreamPage, Transform, TransformConfig,
};

use crate::pick_config::PickConfig;

const NAME: &str = "pick";

impl TransformConfig for PickConfig {
    const NAME: &'static str = NAME;
    type Transform = Pick;

    fn build(self) -> Result<Pick, Problems> {
        self.edit().map(|edit| Pick { edit: Arc::new(edit) })
    }
}

/// Keeps, drops and renames members of JSON records; see [`PickConfig`].
#[derive(Debug, Clone)]
pub struct Pick {
    edit: Arc<Edit>,
}

impl Pick {
    /// Checks the configuration.
    ///
    /// # Errors
    /// All problems together.
    pub fn new(config: PickConfig) -> Result<Self> {
        Ok(config.build()?)
    }
}

#[async_trait]
impl Transform for Pick {
    fn info(&self) -> Info {
        Info::new(NAME, "", Delivery::AtLeastOnce)
    }

    async fn open(&self, _scope: &Scope) -> Result<Box<dyn PageStage>> {
        Ok(Box::new(Stage { edit: Arc::clone(&self.edit), page: PageBuilder::new() }))
    }
}

struct Stage {
    edit: Arc<Edit>,
    /// Empty between two pages.
    page: PageBuilder,
}

impl Stage {
    fn add(&mut self, record: &RecordRef<'_>, out: &mut Out) {
        let PayloadRef::Json(json) = record.payload() else {
            return out.reject(record.to_record(), "the record is not JSON, so it has no members");
        };
        let mut changed = false;
        let edited = self.page.push_json(record, |bytes| changed = self.edit.apply(json, bytes));
        match edited {
            Ok(()) => {}
            // Without a change the edit writes no text, and an empty text is no JSON value.
            Err(_) if !changed => self.page.push_ref(record),
            Err(error) => out.reject(record.to_record(), error.to_string()),
        }
    }
}

#[async_trait]
impl PageStage for Stage {
    async fn push(&mut self, _input: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        self.page.reserve(page.len());
        page.iter().for_each(|record| self.add(&record, out));
        let mut page = self.page.take();
        page.compact();
        out.emit(page);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        Ok(Carry::Nothing)
    }

    async fn finish(&mut self, _out: &mut Out) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use faucet_core::{MessageKind, Record};
    use serde_json::{Value, json};

    use super::*;
    use crate::harness::{Run, binary, json, text};

    fn pick(config: Value) -> Pick {
        Pick::new(faucet_core::decode(config).unwrap()).unwrap()
    }

    #[test]
    fn the_rest_stays_byte_for_byte() {
        let record = r#"{ "p" : 2.10,  "n": 101027219534255757415994639, "s":{"\u0061" :1e5 } }"#;
        for (config, expected) in [
            (json!({"keep": ["/p", "/s"]}), r#"{ "p" : 2.10, "s":{"\u0061" :1e5 } }"#),
            (json!({"drop": ["/n"]}), r#"{ "p" : 2.10, "s":{"\u0061" :1e5 } }"#),
            (
                json!({"rename": {"/s/a": "b", "/p": "price"}}),
                r#"{ "price" : 2.10,  "n": 101027219534255757415994639, "s":{"b" :1e5 } }"#,
            ),
            (json!({"keep": ["/n"], "rename": {"/n": "{n}"}}), {
                r#"{  "{n}": 101027219534255757415994639}"#
            }),
            (json!({"drop": ["/none"]}), record),
        ] {
            let run = Run::of(&pick(config.clone()), vec![vec![json(record)]]);
            assert_eq!(run.payloads(), [expected], "{config}");
        }
    }

    #[test]
    fn a_record_keeps_all_but_its_payload() {
        let changed = json(r#"{"a":1,"b":2.10}"#)
            .with_envelope("ws://h/".into())
            .with_message_kind(MessageKind::Binary);
        let unchanged = json(r#"{ "b" : 2.10 }"#);
        let memory = |record: &Record| record.payload().as_bytes().as_ptr();
        let run = Run::of(
            &pick(json!({"drop": ["/a"]})),
            vec![vec![changed.clone(), unchanged.clone(), json("[7]"), json("7.0")]],
        );
        assert_eq!(run.payloads(), [r#"{"b":2.10}"#, r#"{ "b" : 2.10 }"#, "[7]", "7.0"]);
        let like = |record: &Record| (record.message_kind(), record.received_at());
        assert_eq!(like(&run.records[0]), like(&changed));
        let line = String::from_utf8(run.records[0].to_json()).unwrap();
        assert!(line.starts_with(r#"{"data":{"b":2.10},"received_at":"#), "{line}");
        assert_eq!(run.records[1], unchanged);
        assert_eq!(memory(&run.records[1]), memory(&unchanged), "no byte is copied");
    }

    #[test]
    fn records_that_are_not_json_are_handed_back_whole() {
        let records = vec![text(r#"{"a":1}"#), json(r#"{"a":1}"#), binary(b"\xff")];
        let run = Run::of(&pick(json!({"keep": ["/a"]})), vec![records.clone()]);
        assert_eq!(run.payloads(), [r#"{"a":1}"#]);
        let rejected: Vec<&Record> = run.rejected.iter().map(|r| &r.record).collect();
        assert_eq!(rejected, [&records[0], &records[2]]);
        assert_eq!(run.reasons(), ["the record is not JSON, so it has no members"; 2]);
        assert_eq!(run.carry, Carry::Nothing);
    }
}
