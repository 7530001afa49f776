//! Makes one record of each part of a message.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use faucet_core::select::{self, Pointer};
use faucet_core::{
    Carry, Delivery, Info, KeyPath, Out, PageBuilder, PageStage, PayloadRef, Problem, ProblemKind,
    Problems, RecordRef, Result, Scope, StreamPage, Transform, TransformConfig, schema_rule,
};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;

use crate::place::pointer;

const NAME: &str = "split";
const AT: &str = "at";
const LINES: &str = "lines";

/// Makes one record of each element of an array, of each line, or of each element in each line. The
/// parts keep their bytes, the time of arrival and the envelope; the rest of the message goes.
///
/// A message without a part, such as an empty array, becomes no record and is counted as `empty`. A
/// message that cannot be split goes whole to the `dead_letter`; without one the run ends with an
/// error.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "split transform", extend("examples" = [{"at": "/data"}]), transform = rules)]
pub struct SplitConfig {
    /// The JSON pointer of an array, such as `/data`; `""` is the whole record. Each element becomes
    /// a record. A record that is not JSON, or has no array there, cannot be split.
    #[serde(default)]
    #[schemars(with = "Option<Pointer>", extend("examples" = ["/data"]))]
    pub at: Option<String>,

    /// Whether each line of a text becomes a record. Blank lines are left out. A line that is JSON
    /// becomes a JSON record, any other line a text record. A record that is JSON already counts as
    /// one line. With `at`, each line is JSON, and the elements of the array in it become records.
    #[serde(default)]
    #[schemars(extend("examples" = [true]))]
    pub lines: bool,
}

/// The rules between the keys, for the schema; `build` checks them.
fn rules(schema: &mut Schema) {
    let ways = [schema_rule::given(AT), schema_rule::is(LINES, &[true.into()])];
    schema_rule::add(schema, [schema_rule::any_of(ways)]);
}

impl SplitConfig {
    /// Makes one record of each element of the array at the JSON pointer `place`.
    pub fn at(place: impl Into<String>) -> Self {
        Self { at: Some(place.into()), ..Self::default() }
    }

    /// Makes one record of each line.
    pub fn lines() -> Self {
        Self { lines: true, ..Self::default() }
    }
}

impl TransformConfig for SplitConfig {
    const NAME: &'static str = NAME;
    type Transform = Split;

    fn build(self) -> Result<Split, Problems> {
        let mut problems = Problems::new();
        let at = self.at.as_deref().and_then(|at| pointer(at, AT.into(), &mut problems));
        problems.into_result()?;
        if at.is_none() && !self.lines {
            let kind = ProblemKind::MissingOneOf { keys: vec![AT.into()], or: Some(LINES.into()) };
            return Err(Problem::new(KeyPath::root(), kind).into());
        }
        let json = at.clone().map(select::Split::Elements);
        let text = select::Split::new(at, self.lines).filter(|_| self.lines);
        Ok(Split { ways: Arc::new(Ways { json, text }) })
    }
}

/// Makes one record of each part of a message; see [`SplitConfig`].
#[derive(Debug, Clone)]
pub struct Split {
    ways: Arc<Ways>,
}

/// How records are split.
#[derive(Debug)]
struct Ways {
    /// A JSON record. `None`: it stays as it is.
    json: Option<select::Split>,
    /// Any other record. `None`: it cannot be split.
    text: Option<select::Split>,
}

impl Split {
    /// Checks the configuration.
    ///
    /// # Errors
    /// All problems together.
    pub fn new(config: SplitConfig) -> Result<Self> {
        Ok(config.build()?)
    }
}

#[async_trait]
impl Transform for Split {
    fn info(&self) -> Info {
        Info::new(NAME, "", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        Ok(Box::new(Stage {
            ways: Arc::clone(&self.ways),
            scope: scope.clone(),
            page: PageBuilder::new(),
            parts: Vec::new(),
        }))
    }
}

struct Stage {
    ways: Arc<Ways>,
    scope: Scope,
    /// Empty between two pages.
    page: PageBuilder,
    /// The parts of one message; kept for its memory.
    parts: Vec<Range<usize>>,
}

impl Stage {
    /// Adds the parts of a message, all or none, and tells how many.
    fn add(&mut self, message: &RecordRef<'_>) -> Result<usize, String> {
        let is_json = matches!(message.payload(), PayloadRef::Json(_));
        let way = if is_json { &self.ways.json } else { &self.ways.text };
        let Some(way) = way else {
            if is_json {
                self.page.push_ref(message);
                return Ok(1);
            }
            return Err("the record is not JSON, so it has no array to split".to_owned());
        };
        if matches!(message.payload(), PayloadRef::Binary(_)) {
            std::str::from_utf8(message.as_bytes())
                .map_err(|_| "the record is not UTF-8 text, so it has no lines".to_owned())?;
        }
        self.parts.clear();
        way.split_into(message.as_bytes(), &mut self.parts).map_err(|error| error.to_string())?;
        for part in &self.parts {
            // The whole payload was checked as JSON or UTF-8, and a part ends between characters.
            if self.page.push_part(message, part.clone()).is_err() {
                self.page
                    .push_text_part(message, part.clone())
                    .map_err(|error| error.to_string())?;
            }
        }
        Ok(self.parts.len())
    }
}

#[async_trait]
impl PageStage for Stage {
    async fn push(&mut self, _input: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        let mut empty = 0;
        for message in &page {
            match self.add(&message) {
                Ok(parts) => empty += u64::from(parts == 0),
                Err(reason) => out.reject(message.to_record(), reason),
            }
        }
        self.scope.counters().add("empty", empty);
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
    use faucet_core::{MessageKind, Payload};
    use proptest::prelude::*;

    use super::*;
    use crate::harness::{Run, binary, json, payloads, text};

    fn split(at: Option<&str>, lines: bool) -> Split {
        Split::new(SplitConfig { at: at.map(str::to_owned), lines }).unwrap()
    }

    #[test]
    fn parts_are_slices_of_their_message() {
        const NO_ARRAY: &str = "the record is not JSON, so it has no array to split";
        for (at, lines, record, expected) in [
            (Some(""), false, json("[2.10 , {\"a\" : 1}]"), Ok(vec!["2.10", "{\"a\" : 1}"])),
            (Some("/d"), false, json(r#"{"d":[101027219534255757415994639],"e":1}"#), {
                Ok(vec!["101027219534255757415994639"])
            }),
            (Some("/d"), false, json(r#"{"d":[]}"#), Ok(vec![])),
            (Some("/d"), false, json("{}"), Err("the place of the array is not there")),
            (Some(""), false, text("[1]"), Err(NO_ARRAY)),
            (Some(""), false, binary(b"[1]"), Err(NO_ARRAY)),
            (None, true, text("{\"a\":1}\r\n\nping\n"), Ok(vec!["{\"a\":1}", "ping"])),
            (None, true, text("\n"), Ok(vec![])),
            (None, true, json("{\n\"a\":1\n}"), Ok(vec!["{\n\"a\":1\n}"])),
            (None, true, binary("é\n".as_bytes()), Ok(vec!["é"])),
            (None, true, binary(b"a\n\xff"), {
                Err("the record is not UTF-8 text, so it has no lines")
            }),
            (Some("/d"), true, text("{\"d\":[1]}\n{\"d\":[2,3]}"), Ok(vec!["1", "2", "3"])),
            (Some("/d"), true, json("{\"d\":\n[1,\n2]}"), Ok(vec!["1", "2"])),
            (Some("/d"), true, text("{\"d\":[1]}\nping"), Err("line 2: the text is not JSON")),
        ] {
            let run = Run::of(&split(at, lines), vec![vec![record.clone()]]);
            let empty = run.scope.counters().get_own("empty");
            match expected {
                Ok(parts) => {
                    assert_eq!(run.payloads(), parts, "{record:?}");
                    assert_eq!(empty, u64::from(parts.is_empty()), "{record:?}");
                    assert!(run.rejected.is_empty());
                }
                Err(reason) => {
                    assert_eq!(run.reasons(), [reason], "{record:?}");
                    assert_eq!(run.rejected[0].record, record);
                    assert!(run.records.is_empty(), "all parts or none");
                }
            }
            assert_eq!(run.carry, Carry::Nothing);
        }
    }

    #[test]
    fn parts_keep_all_but_the_payload_and_no_byte_is_copied() {
        let message =
            text("[1]\nping").with_envelope("ws://h/".into()).with_message_kind(MessageKind::Text);
        let run = Run::of(&split(None, true), vec![vec![message.clone()]]);
        let whole = message.payload().as_bytes().as_ptr_range();
        for part in &run.records {
            assert_eq!(part.message_kind(), Some(MessageKind::Text));
            assert_eq!(part.received_at(), message.received_at());
            assert!(String::from_utf8_lossy(&part.to_json()).contains(r#""url":"ws://h/""#));
            assert!(whole.contains(&part.payload().as_bytes().as_ptr()), "shares the memory");
        }
        assert!(matches!(run.records[0].payload(), Payload::Json(_)));
        assert!(matches!(run.records[1].payload(), Payload::Text(_)));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (config, expected) in [
            (SplitConfig::default(), "at must be set (or lines: true)"),
            (SplitConfig::at("data"), "at: "),
        ] {
            let problems = config.build().unwrap_err();
            assert!(problems.to_string().starts_with(expected), "{problems}");
        }
    }

    proptest! {
        #[test]
        fn split_and_joined_is_what_it_was(
            parts in proptest::collection::vec("[0-9]{1,30}|\"[a-z,\\]]{0,5}\"|\\[1, ?2\\]|[1-9]\\.[0-9]{1,3}0", 0..20)
        ) {
            let valid = |part: &String| part.len() == 1 || !part.starts_with('0');
            let parts: Vec<String> = parts.into_iter().filter(valid).collect();
            let array = format!("[{}]", parts.join(","));
            let run = Run::of(&split(Some(""), false), vec![vec![json(&array)]]);
            prop_assert_eq!(format!("[{}]", run.payloads().join(",")), array);
            let lines = split(None, true);
            let run = Run::of(&lines, vec![vec![text(&parts.join("\n"))]]);
            prop_assert_eq!(payloads(&run.records), parts);
        }
    }
}
