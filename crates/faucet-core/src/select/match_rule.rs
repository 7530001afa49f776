//! Whether a message is of a certain sort: a map of places to conditions.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::condition::{Condition, ConditionSchema, Subject, TextConditionSchema};
use super::match_error::{MatchError, MatchProblem};
use super::pointer::{PATTERN, Pointer};
use super::pointers::{Found, Pointers};
use super::value::is_json;

/// Tells messages of a certain sort from others: a map of places to conditions that all must hold,
/// or a list of such maps of which one must match.
///
/// A place is a JSON pointer (see [`Pointer`]; it leads on through strings that hold JSON), or
/// `text` (the whole message as it is), `prefix` (the message begins so, and pointers beside it read
/// the JSON behind it) or `binary` (`true`: a binary message). In a message that is not JSON no
/// pointer is there.
///
/// A condition is a scalar (equal in type and value), a list of which one holds, or one of
/// `{exists: true|false}`, `{not: scalar or list}` (there, and none of them), `{prefix: text}`,
/// `{suffix: text}`, `{min: number, max: number}`. Numbers compare by exact value.
///
/// ```
/// use faucet_core::select::Match;
///
/// let trades: Match = serde_json::from_str(r#"{"/type": "trade", "/price": {"min": 100}}"#)?;
/// assert!(trades.is_match(br#"{"type":"trade","price":100.5}"#));
/// assert!(!trades.is_match(br#"{"type":"heartbeat"}"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Match {
    written: Value,
    groups: Vec<Group>,
}

/// A message that a [`Match`] is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    json: bool,
    binary: bool,
}

impl<'a> Message<'a> {
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the message is one JSON value; checks it where nobody knows.
    pub(super) fn is_json(&self) -> bool {
        self.json || is_json(self.bytes)
    }

    /// A text message that is known to be one JSON value.
    pub fn json(bytes: &'a [u8]) -> Self {
        Self { bytes, json: true, binary: false }
    }

    /// A text message that may be JSON or not; it is checked only where a pointer asks.
    pub fn unchecked(bytes: &'a [u8]) -> Self {
        Self { bytes, json: false, binary: false }
    }

    /// Whether the message was a binary one.
    #[must_use]
    pub fn binary(mut self, binary: bool) -> Self {
        self.binary = binary;
        self
    }

    /// Whether the message was a binary one.
    pub fn is_binary(&self) -> bool {
        self.binary
    }
}

/// The maps whose pointers read one text: the whole message, or what follows a prefix.
#[derive(Debug, Clone)]
struct Group {
    prefix: Option<Box<str>>,
    pointers: Pointers,
    tables: Vec<Table>,
}

/// One map; all must hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    prefix: Option<Box<str>>,
    binary: Option<bool>,
    text: Option<Condition>,
    places: Vec<(Pointer, Condition)>,
    /// The index of the first place in the group's pointers; the others follow.
    first: usize,
}

impl Match {
    /// Reads a match from its configuration.
    ///
    /// # Errors
    /// A place that is no JSON pointer, an unknown condition, or one that can never hold; with the
    /// path to it.
    pub fn parse(written: &Value) -> Result<Self, MatchError> {
        let tables = match written {
            Value::Object(map) => vec![Table::parse(map)?],
            Value::Array(list) if list.is_empty() => return Err(MatchProblem::Empty.into()),
            Value::Array(list) => {
                let table = |(index, value): (usize, &Value)| match value {
                    Value::Object(map) => Table::parse(map).map_err(|e| e.within_index(index)),
                    _ => Err(MatchProblem::NoMatch.within_index(index)),
                };
                list.iter().enumerate().map(table).collect::<Result<_, _>>()?
            }
            _ => return Err(MatchProblem::NoMatch.into()),
        };
        let mut groups: Vec<(Option<Box<str>>, Vec<Table>)> = Vec::new();
        for table in tables {
            match groups.iter_mut().find(|(prefix, _)| *prefix == table.prefix) {
                Some((_, tables)) => tables.push(table),
                None => groups.push((table.prefix.clone(), vec![table])),
            }
        }
        let groups = groups.into_iter().map(|(prefix, tables)| Group::new(prefix, tables));
        Ok(Self { written: written.clone(), groups: groups.collect() })
    }

    /// Everything that [`parse`](Self::parse) would refuse, one mistake for each condition.
    pub fn mistakes(written: &Value) -> Vec<MatchError> {
        let of_map = |map: &serde_json::Map<String, Value>| -> Vec<MatchError> {
            let alone = |(key, value): (&String, &Value)| {
                let alone = serde_json::Map::from_iter([(key.clone(), value.clone())]);
                Table::parse(&alone).err()
            };
            map.iter().filter_map(alone).collect()
        };
        let found: Vec<MatchError> = match written {
            Value::Object(map) => of_map(map),
            Value::Array(list) => {
                let maps =
                    list.iter().enumerate().filter_map(|(n, item)| Some((n, item.as_object()?)));
                let within = |(n, map)| of_map(map).into_iter().map(move |e| e.within_index(n));
                maps.flat_map(within).collect()
            }
            _ => Vec::new(),
        };
        match found.is_empty() {
            true => Self::parse(written).err().into_iter().collect(),
            false => found,
        }
    }

    /// Whether the JSON text `json`, a text message, matches; it is read at most once. See
    /// [`Pointer::find`] for text that is not JSON, and [`matches`](Self::matches) for messages of
    /// other sorts.
    pub fn is_match(&self, json: &[u8]) -> bool {
        self.matches(Message::json(json))
    }

    /// Whether the message matches.
    pub fn matches(&self, message: Message<'_>) -> bool {
        self.groups.iter().any(|group| group.matches(message))
    }

    /// The maps of a match that reads no prefix, for a [`MatchSet`](super::MatchSet) that finds the
    /// places of several matches in one pass.
    pub(super) fn tables(&self) -> Option<&[Table]> {
        match &self.groups[..] {
            [Group { prefix: None, tables, .. }] => Some(tables),
            _ => None,
        }
    }

    /// The match as it was configured.
    pub fn as_value(&self) -> &Value {
        &self.written
    }
}

impl Group {
    fn new(prefix: Option<Box<str>>, mut tables: Vec<Table>) -> Self {
        let mut count = 0;
        for table in &mut tables {
            table.first = count;
            count += table.places.len();
        }
        let places = tables.iter().flat_map(|table| &table.places);
        let pointers = Pointers::new(places.map(|(pointer, _)| pointer.clone()));
        Self { prefix, pointers, tables }
    }

    fn matches(&self, message: Message<'_>) -> bool {
        let prefix = self.prefix.as_deref().unwrap_or_default();
        let Some(rest) = message.bytes.strip_prefix(prefix.as_bytes()) else {
            return false;
        };
        let fitting = || self.tables.iter().filter(|table| table.fits(message));
        let mut asks = false;
        for table in fitting() {
            if table.places.is_empty() {
                return true;
            }
            asks = true;
        }
        if !asks {
            return false;
        }
        if (message.json && prefix.is_empty()) || is_json(rest) {
            self.pointers.find_all(rest, |found| fitting().any(|table| table.holds(Some(found))))
        } else {
            fitting().any(|table| table.holds(None))
        }
    }
}

impl Table {
    fn parse(map: &serde_json::Map<String, Value>) -> Result<Self, MatchError> {
        if map.is_empty() {
            return Err(MatchProblem::Empty.into());
        }
        let mut table = Self::default();
        for (place, value) in map {
            table.add(place, value).map_err(|error| error.within_key(place))?;
        }
        Ok(table)
    }

    fn add(&mut self, place: &str, value: &Value) -> Result<(), MatchError> {
        match (place, value) {
            ("text", value) => {
                let condition = Condition::parse(value)?;
                condition.check_for_text()?;
                self.text = Some(condition);
            }
            ("prefix", Value::String(text)) => self.prefix = Some(text.as_str().into()),
            ("prefix", _) => return Err(MatchProblem::NotText.into()),
            ("binary", Value::Bool(wanted)) => self.binary = Some(*wanted),
            ("binary", _) => return Err(MatchProblem::NotBoolean.into()),
            (place, value) => {
                let pointer = Pointer::parse(place).map_err(MatchProblem::Place)?;
                self.places.push((pointer, Condition::parse(value)?));
            }
        }
        Ok(())
    }

    /// The places of the table.
    pub(super) fn places(&self) -> impl Iterator<Item = &Pointer> {
        self.places.iter().map(|(pointer, _)| pointer)
    }

    /// The table, with its first place at this index of the pointers.
    pub(super) fn moved(&self, first: usize) -> Self {
        Self { first, ..self.clone() }
    }

    /// Whether the conditions hold that do not read the JSON inside.
    pub(super) fn fits(&self, message: Message<'_>) -> bool {
        self.binary.is_none_or(|wanted| wanted == message.binary)
            && self.text.as_ref().is_none_or(|c| c.holds(Subject::Raw(message.bytes)))
    }

    /// Whether the conditions hold that read the JSON inside, which `found` has; `None`: there is no
    /// JSON inside.
    #[inline]
    pub(super) fn holds(&self, found: Option<&Found<'_, '_>>) -> bool {
        self.places.iter().zip(self.first..).all(|((_, condition), index)| {
            if let Some(value) = found.and_then(|found| found.get(index)) {
                return condition.holds(Subject::Json(value));
            }
            match found.and_then(|found| found.read_inside(index)) {
                Some(value) => condition.holds(Subject::Json(&value)),
                None => condition.holds(Subject::Absent),
            }
        })
    }
}

impl Eq for Match {}

impl PartialEq for Match {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Serialize for Match {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Match {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Match {
    fn schema_name() -> Cow<'static, str> {
        "Match".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let condition = generator.subschema_for::<ConditionSchema>();
        let text = generator.subschema_for::<TextConditionSchema>();
        let table = serde_json::json!({
            "type": "object",
            "minProperties": 1,
            "properties": {
                "text": {"description": "The whole message as text.", "allOf": [text]},
                "prefix": {
                    "description": "The message begins so; pointers beside it read what follows.",
                    "type": "string",
                },
                "binary": {"description": "Whether it is a binary message.", "type": "boolean"},
            },
            "patternProperties": {PATTERN: condition},
            "additionalProperties": false,
        });
        json_schema!({
            "description": "A map of places (JSON pointers, `text`, `prefix`, `binary`) to \
                            conditions that all must hold, or a list of such maps of which one \
                            must match.",
            "anyOf": [table, {"type": "array", "items": table, "minItems": 1}],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Match {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn json_messages() {
        for (matcher, message, expected) in [
            (r#"{"/type":"a","/n":{"min":1}}"#, r#"{"n":2,"type":"a"}"#, true),
            (r#"{"/type":"a","/n":{"min":1}}"#, r#"{"n":0,"type":"a"}"#, false),
            (r#"{"/type":"a"}"#, r#"{"type":"a","type":"b"}"#, false),
            (r#"[{"/op":"pong"},{"/op":"ping","/m":"pong"}]"#, r#"{"op":"ping","m":"pong"}"#, true),
            (r#"[{"/op":"pong"},{"/op":"ping","/m":"pong"}]"#, r#"{"op":"ping"}"#, false),
            (r#"{"/-1":"hb"}"#, r#"[17,"hb"]"#, true),
            (r#"{"/data/id":7}"#, r#"{"data":"{\"id\":7}"}"#, true),
            (r#"{"/data/id":7}"#, r#"{"data":"{\"id\":7"}"#, false),
            (r#"{"/table":{"exists":false}}"#, "[1]", true),
            (r#"{"":5}"#, " 5 ", true),
            (r#"{"/{x}":"{y}"}"#, r#"{"{x}":"{y}"}"#, true),
            (r#"{"text":"[1]","/0":1}"#, "[1]", true),
            (r#"{"binary":true,"/0":1}"#, "[1]", false),
        ] {
            assert_eq!(rule(matcher).is_match(message.as_bytes()), expected, "{matcher} {message}");
        }
    }

    #[test]
    fn messages_of_any_sort() {
        for (matcher, message, binary, expected) in [
            (r#"{"text":"pong"}"#, &b"pong"[..], false, true),
            (r#"{"text":["ping","pong"]}"#, b"pong ", false, false),
            (r#"{"text":{"not":"pong"}}"#, b"data", false, true),
            (r#"{"text":{"prefix":"po"}}"#, b"pong", true, true),
            (r#"{"binary":true}"#, b"\xff", true, true),
            (r#"{"binary":false}"#, b"\xff", true, false),
            (r#"{"prefix":"42"}"#, b"42[1]", false, true),
            (r#"{"prefix":"42","/0":1}"#, b"42[1]", false, true),
            (r#"{"prefix":"42","/0":1}"#, b"42x", false, false),
            (r#"{"prefix":"42","/0":1}"#, b"[1]", false, false),
            (
                r#"[{"prefix":"0","/a":1},{"prefix":"4","/a":1},{"/a":1}]"#,
                b"4{\"a\":1}",
                false,
                true,
            ),
            (r#"{"/a":{"exists":false}}"#, b"pong", false, true),
            (r#"{"/a":1}"#, b"{\"a\":1}", true, true),
            (r#"{"/a":1}"#, b"{\"a\":1} ]", false, false),
        ] {
            let message = Message::unchecked(message).binary(binary);
            assert_eq!(rule(matcher).matches(message), expected, "{matcher} {message:?}");
        }
    }

    #[test]
    fn mistakes_tell_where() {
        for (matcher, error) in [
            ("7", "a match is a map of JSON pointers"),
            ("[7]", "[0]: a match is a map"),
            ("{}", "the match is empty"),
            ("[]", "the match is empty"),
            (r#"[{"/a":1},{}]"#, "[1]: the match is empty"),
            (r#"{"type":"a"}"#, "type: a JSON pointer begins with `/`"),
            (r#"[{"/a/~":1}]"#, "[0]./a/~: `~` at byte 3"),
            (r#"{"/a":{"min":"x"}}"#, "/a.min: must be a number"),
            (r#"{"text":2}"#, "text: must be text; put quotes"),
            (r#"{"text":["a",{"exists":true}]}"#, "text[1]: `exists` needs a JSON pointer"),
            (r#"{"prefix":["a"]}"#, "prefix: must be text"),
            (r#"{"binary":1}"#, "binary: must be `true`"),
        ] {
            let found = serde_json::from_str::<Match>(matcher).unwrap_err().to_string();
            assert!(found.starts_with(error), "{matcher}: {found}");
        }
    }

    #[test]
    fn written_and_schema() {
        let text = r#"{"/a":{"not":[1,null]},"text":{"prefix":"{"}}"#;
        assert_eq!(serde_json::to_string(&rule(text)).unwrap(), text);
        let schema = schemars::schema_for!(Match);
        let forms = schema.get("anyOf").and_then(Value::as_array).unwrap();
        let table = serde_json::to_string(&forms[0]).unwrap();
        assert!(table.contains("#/$defs/Condition") && table.contains("patternProperties"));
    }
}
