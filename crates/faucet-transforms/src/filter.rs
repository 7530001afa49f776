//! Keeps the records that match.

use std::sync::Arc;

use async_trait::async_trait;
use faucet_core::select::{Match, Message};
use faucet_core::{
    Carry, Delivery, Info, KeyPath, MessageKind, Out, PageStage, PayloadRef, Problems, RecordRef,
    Result, Scope, StreamPage, Transform, TransformConfig,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

const NAME: &str = "filter";
const MATCH: &str = "match";

/// Keeps the records that match, byte for byte, and drops all others.
///
/// Dropped records are counted as `filtered`. To route records, let several filters read from one
/// component.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "filter transform", extend("examples" = [{"match": {"/type": "trade"}}]))]
pub struct FilterConfig {
    /// A map of places to conditions that all must hold, or a list of such maps of which one must
    /// match.
    ///
    /// A place is a JSON pointer such as `/data/0/price`, or `text` (the whole record), `prefix` (the
    /// record begins so, and pointers beside it read the JSON behind it) or `binary` (whether the
    /// record was a binary message). A pointer leads on through strings that hold JSON. In a record
    /// that holds no JSON no pointer is there.
    ///
    /// A condition is a scalar (equal in type and value; `null` means there and null), a list of
    /// which one holds, or one of `{exists: true}`, `{not: scalar or list}`, `{prefix: text}`,
    /// `{suffix: text}`, `{min: number, max: number}`. Numbers compare by exact value. Braces are
    /// text: no placeholder is filled.
    #[serde(rename = "match")]
    #[schemars(with = "Match", extend("examples" = [{"/type": "trade"}]))]
    pub matches: Value,
}

impl FilterConfig {
    /// Keeps the records that `matches` describes, in the form of a pipeline file.
    pub fn new(matches: Value) -> Self {
        Self { matches }
    }
}

impl TransformConfig for FilterConfig {
    const NAME: &'static str = NAME;
    type Transform = Filter;

    fn build(self) -> Result<Filter, Problems> {
        let mistakes = Match::mistakes(&self.matches);
        let path = KeyPath::key(MATCH);
        let problems = mistakes.iter().map(|error| error.problem_at(&path));
        problems.collect::<Problems>().into_result()?;
        let matches = Match::parse(&self.matches).map_err(|error| error.problem_at(&path))?;
        Ok(Filter { matches: Arc::new(matches) })
    }
}

/// Keeps the records that match; see [`FilterConfig`].
#[derive(Debug, Clone)]
pub struct Filter {
    matches: Arc<Match>,
}

impl Filter {
    /// Checks the configuration.
    ///
    /// # Errors
    /// A match that is not valid, with the path to the mistake.
    pub fn new(config: FilterConfig) -> Result<Self> {
        Ok(config.build()?)
    }
}

#[async_trait]
impl Transform for Filter {
    fn info(&self) -> Info {
        Info::new(NAME, "", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        Ok(Box::new(Stage { matches: Arc::clone(&self.matches), scope: scope.clone() }))
    }
}

struct Stage {
    matches: Arc<Match>,
    scope: Scope,
}

#[async_trait]
impl PageStage for Stage {
    async fn push(&mut self, _input: usize, mut page: StreamPage, out: &mut Out) -> Result<()> {
        let before = page.len();
        page.retain(|record| self.matches.matches(message(&record)));
        let dropped = before - page.len();
        if dropped > 0 {
            self.scope.counters().add("filtered", dropped as u64);
            page.compact();
        }
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

/// The record as the message that it was.
fn message<'a>(record: &RecordRef<'a>) -> Message<'a> {
    let message = match record.payload() {
        PayloadRef::Json(bytes) => Message::json(bytes),
        _ => Message::unchecked(record.as_bytes()),
    };
    let of_bytes = matches!(record.payload(), PayloadRef::Binary(_));
    message.binary(record.message_kind().map_or(of_bytes, |kind| kind == MessageKind::Binary))
}

#[cfg(test)]
mod tests {
    use faucet_core::{Registry, decode};
    use serde_json::json;

    use super::*;
    use crate::harness::{Run, binary, json, text};

    fn filter(matches: Value) -> Filter {
        Filter::new(FilterConfig::new(matches)).unwrap()
    }

    #[test]
    fn matching_records_stay_as_they_came() {
        let records = vec![
            json(r#"{ "p" : 2.10, "n": 101027219534255757415994639, "type":"trade" }"#),
            json(r#"{"type":"heartbeat"}"#),
            text("hello {name}"),
            text(r#"{"type":"trade"}"#),
            binary(b"\xff\x00"),
            json("[1]").with_message_kind(MessageKind::Binary),
        ];
        for (matches, kept) in [
            (json!({"/type": "trade"}), &[0, 3][..]),
            (json!({"/type": {"exists": false}}), &[2, 4, 5]),
            (json!({"text": {"prefix": "hello {name}"}}), &[2]),
            (json!({"binary": true}), &[4, 5]),
            (json!({"binary": false, "/type": {"not": "trade"}}), &[1]),
            (json!([{"/p": {"min": 2.1}}, {"/0": 1}]), &[0, 5]),
            (json!({"/type": "{type}"}), &[]),
            (json!({"/never": {"exists": false}}), &[0, 1, 2, 3, 4, 5]),
        ] {
            let run = Run::of(&filter(matches.clone()), vec![records.clone()]);
            let expected: Vec<_> = kept.iter().map(|n| records[*n].clone()).collect();
            assert_eq!(run.records, expected, "{matches}");
            let dropped = (records.len() - kept.len()) as u64;
            assert_eq!(run.scope.counters().get_own("filtered"), dropped, "{matches}");
            assert_eq!(run.carry, Carry::Nothing);
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let mut registry = Registry::new();
        registry.add_transform::<FilterConfig>().unwrap();
        for (config, expected) in [
            (json!({}), "match: missing"),
            (json!({"match": {}}), "match: the match is empty; name a place, such as"),
            (json!({"match": 7}), "match: a match is a map of JSON pointers to conditions"),
            (json!({"match": {"txt": "a"}}), "match.txt: unknown key (did you mean `text`?)"),
            (json!({"match": {"type": "a"}}), "match.type: "),
            (
                json!({"match": {"/a": {"preffix": "x"}}}),
                "match./a.preffix: unknown key (did you mean `prefix`?)",
            ),
            (json!({"match": {"/a": {"contains": "x"}}}), "match./a.contains: unknown condition"),
            (json!({"match": [{"/a": 1}, {"/b": {"min": "1"}}]}), "match[1]./b.min: must be a nu"),
            (json!({"match": {"/a.b": [1, []]}}), "match./a.b[1]: a list stands inside"),
            (json!({"mach": {"/a": 1}}), "mach: unknown key (did you mean `match`?)"),
        ] {
            let problems = registry.transforms.build("filter", config.clone()).unwrap_err();
            let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(found.iter().any(|f| f.starts_with(expected)), "{config}: {found:?}");
        }
        let decoded: FilterConfig =
            decode(json!({"match": {"/a/b": {"min": 1, "max": 2}}})).unwrap();
        assert_eq!(decoded.matches["/a/b"]["max"], 2);
    }
}
