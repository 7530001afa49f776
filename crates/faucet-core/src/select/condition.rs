//! The condition that a match sets for one place.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use super::match_error::{MatchError, MatchProblem};
use super::number::Number;
use super::unescape::{is_content, unescape};

/// The content of a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    /// The place is not there.
    Absent,
    /// A JSON value.
    Json(&'a [u8]),
    /// Text or bytes without quotes.
    Raw(&'a [u8]),
}

impl<'a> Subject<'a> {
    /// The content, where it is text.
    fn content(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Absent => None,
            Self::Raw(bytes) => Some(Cow::Borrowed(bytes)),
            Self::Json(value) => {
                let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
                match memchr::memchr(b'\\', inner) {
                    None => Some(Cow::Borrowed(inner)),
                    Some(_) => Some(Cow::Owned(unescape(value)?.into_owned().into_bytes())),
                }
            }
        }
    }

    /// Whether the content is `text`.
    #[inline]
    fn is_text(self, text: &str) -> bool {
        match self {
            Self::Absent => false,
            Self::Raw(bytes) => bytes == text.as_bytes(),
            Self::Json([b'"', raw @ .., b'"']) => is_content(raw, text),
            Self::Json(_) => false,
        }
    }

    fn number(self) -> Option<Number<'a>> {
        match self {
            Self::Json(value) => Number::new(value),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Number(Box<str>),
    Text(Box<str>),
}

impl Scalar {
    fn parse(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(flag) => Some(Self::Bool(*flag)),
            Value::Number(number) => Some(Self::Number(number.to_string().into())),
            Value::String(text) => Some(Self::Text(text.as_str().into())),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn is(&self, subject: Subject<'_>) -> bool {
        match (self, subject) {
            (Self::Null, Subject::Json(value)) => value == b"null",
            (Self::Bool(true), Subject::Json(value)) => value == b"true",
            (Self::Bool(false), Subject::Json(value)) => value == b"false",
            (Self::Number(text), Subject::Json(value)) => {
                value == text.as_bytes()
                    || subject.number().is_some_and(|n| Some(n) == Number::new(text.as_bytes()))
            }
            (Self::Text(text), _) => subject.is_text(text),
            _ => false,
        }
    }
}

/// One condition.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Is(Scalar),
    OneOf(Vec<Condition>),
    Exists(bool),
    /// There, and none of these.
    Not(Vec<Scalar>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Range {
        min: Option<Box<str>>,
        max: Option<Box<str>>,
    },
}

impl Condition {
    #[inline]
    pub(super) fn holds(&self, subject: Subject<'_>) -> bool {
        match subject {
            Subject::Absent => self.holds_for_absent(),
            present => self.holds_for(present),
        }
    }

    fn holds_for_absent(&self) -> bool {
        match self {
            Self::Exists(wanted) => !wanted,
            Self::OneOf(conditions) => conditions.iter().any(Self::holds_for_absent),
            _ => false,
        }
    }

    /// Whether the condition holds for a place that is there.
    fn holds_for(&self, subject: Subject<'_>) -> bool {
        let content = |test: &dyn Fn(&[u8]) -> bool| subject.content().is_some_and(|c| test(&c));
        match self {
            Self::Is(scalar) => scalar.is(subject),
            Self::OneOf(conditions) => conditions.iter().any(|c| c.holds_for(subject)),
            Self::Exists(wanted) => *wanted,
            Self::Not(scalars) => !scalars.iter().any(|scalar| scalar.is(subject)),
            Self::Prefix(text) => content(&|c| c.starts_with(text.as_bytes())),
            Self::Suffix(text) => content(&|c| c.ends_with(text.as_bytes())),
            Self::Range { min, max } => subject.number().is_some_and(|number| {
                let above = |text: &Option<Box<str>>| -> Option<bool> {
                    Some(number >= Number::new(text.as_ref()?.as_bytes())?)
                };
                let below = |text: &Option<Box<str>>| -> Option<bool> {
                    Some(number <= Number::new(text.as_ref()?.as_bytes())?)
                };
                above(min).unwrap_or(true) && below(max).unwrap_or(true)
            }),
        }
    }

    pub(super) fn parse(value: &Value) -> Result<Self, MatchError> {
        match value {
            Value::Array(list) if list.is_empty() => Err(MatchProblem::EmptyList.into()),
            Value::Array(list) => {
                let one = |(index, value): (usize, &Value)| match value {
                    Value::Array(_) => Err(MatchProblem::ListInList.within_index(index)),
                    value => Self::parse(value).map_err(|e| e.within_index(index)),
                };
                list.iter().enumerate().map(one).collect::<Result<_, _>>().map(Self::OneOf)
            }
            Value::Object(map) => Self::parse_map(map),
            scalar => {
                Scalar::parse(scalar).map(Self::Is).ok_or_else(|| MatchProblem::NoCondition.into())
            }
        }
    }

    fn parse_map(map: &serde_json::Map<String, Value>) -> Result<Self, MatchError> {
        const KEYS: [&str; 6] = ["exists", "not", "prefix", "suffix", "min", "max"];
        if let Some(unknown) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(MatchProblem::UnknownCondition.within_key(unknown));
        }
        let text = |key: &str, value: &Value| match value {
            Value::String(text) => Ok(text.as_str().into()),
            _ => Err(MatchProblem::NotText.within_key(key)),
        };
        if map.keys().all(|key| key == "min" || key == "max") {
            return parse_range(map);
        }
        let mut keys = map.iter();
        match (keys.next(), keys.next()) {
            (Some((key, value)), None) => match key.as_str() {
                "exists" => match value {
                    Value::Bool(wanted) => Ok(Self::Exists(*wanted)),
                    _ => Err(MatchProblem::NotBoolean.within_key(key)),
                },
                "prefix" => text(key, value).map(Self::Prefix),
                "suffix" => text(key, value).map(Self::Suffix),
                _ => parse_scalars(value).map(Self::Not).map_err(|e| e.within_key(key)),
            },
            _ => Err(MatchProblem::SeveralConditions.into()),
        }
    }

    /// Refuses what can never hold for text, so that `text: 2` is not silently without effect.
    pub(super) fn check_for_text(&self) -> Result<(), MatchError> {
        let text = |scalar: &Scalar| matches!(scalar, Scalar::Text(_));
        match self {
            Self::Is(scalar) if text(scalar) => Ok(()),
            Self::Not(scalars) if scalars.iter().all(text) => Ok(()),
            Self::Prefix(_) | Self::Suffix(_) => Ok(()),
            Self::OneOf(conditions) => conditions
                .iter()
                .enumerate()
                .try_for_each(|(i, c)| c.check_for_text().map_err(|e| e.within_index(i))),
            Self::Exists(_) => Err(MatchProblem::TextIsAlwaysThere.into()),
            _ => Err(MatchProblem::NotText.into()),
        }
    }
}

fn parse_scalars(value: &Value) -> Result<Vec<Scalar>, MatchError> {
    let Value::Array(list) = value else {
        return Ok(vec![Scalar::parse(value).ok_or(MatchProblem::NotScalar)?]);
    };
    if list.is_empty() {
        return Err(MatchProblem::EmptyList.into());
    }
    let one = |(index, value): (usize, &Value)| {
        Scalar::parse(value).ok_or_else(|| MatchProblem::NotScalar.within_index(index))
    };
    list.iter().enumerate().map(one).collect()
}

fn parse_range(map: &serde_json::Map<String, Value>) -> Result<Condition, MatchError> {
    let bound = |key: &str| match map.get(key) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(Some(Box::<str>::from(number.to_string()))),
        Some(_) => Err(MatchProblem::NotNumber.within_key(key)),
    };
    let (min, max) = (bound("min")?, bound("max")?);
    let number = |text: &Option<Box<str>>| text.clone().map(|text| text.into_string());
    match (number(&min), number(&max)) {
        (None, None) => Err(MatchProblem::NoCondition.into()),
        (Some(min), Some(max)) if Number::new(min.as_bytes()) > Number::new(max.as_bytes()) => {
            Err(MatchProblem::EmptyRange.into())
        }
        _ => Ok(Condition::Range { min, max }),
    }
}

/// The schema of a condition.
#[derive(Debug)]
pub(super) struct ConditionSchema;

impl JsonSchema for ConditionSchema {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut condition = one(&["string", "number", "boolean", "null"], MAP);
        add_list(&mut condition);
        condition["description"] = "A scalar (equal in type and value; `null` means there and \
            null), a list of which one holds, or one of `exists`, `not`, `prefix`, `suffix`, `min` \
            with `max`."
            .into();
        as_schema(condition)
    }
}

/// The schema of a condition for the text of a message, which is always there and no number.
#[derive(Debug)]
pub(super) struct TextConditionSchema;

impl JsonSchema for TextConditionSchema {
    fn schema_name() -> Cow<'static, str> {
        "TextCondition".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut condition = one(&["string"], TEXT_MAP);
        add_list(&mut condition);
        condition["description"] =
            "Text, a list of which one holds, or one of `not`, `prefix`, `suffix`.".into();
        as_schema(condition)
    }
}

/// The keys of a condition.
const MAP: &[&str] = &["exists", "not", "prefix", "suffix", "min", "max"];
/// The keys of a condition for text.
const TEXT_MAP: &[&str] = &["not", "prefix", "suffix"];

/// A scalar or a map. One map without alternatives has one mistake for one wrong key.
fn one(scalars: &[&str], keys: &[&str]) -> Value {
    let scalar = json!({ "type": scalars });
    let list = json!({ "type": "array", "items": scalar, "minItems": 1 });
    let schema_of = |key: &str| match key {
        "exists" => json!({ "type": "boolean", "description": "Whether the place is there." }),
        "not" => json!({
            "description": "The place is there and holds none of these.",
            "anyOf": [scalar, list],
        }),
        "prefix" => json!({ "type": "string", "description": "Text that begins so." }),
        "suffix" => json!({ "type": "string", "description": "Text that ends so." }),
        "min" => json!({ "type": "number", "description": "A number that is not below this." }),
        _ => json!({ "type": "number", "description": "A number that is not above this." }),
    };
    let properties: serde_json::Map<_, _> =
        keys.iter().map(|key| ((*key).to_owned(), schema_of(key))).collect();
    let mut types = scalars.to_vec();
    types.push("object");
    json!({
        "type": types,
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
        "allOf": [{
            "if": { "type": "object", "not": { "required": ["min", "max"] } },
            "then": { "maxProperties": 1 },
            "else": { "maxProperties": 2 },
        }],
    })
}

/// Allows a list of which one holds.
fn add_list(condition: &mut Value) {
    let items = condition.clone();
    if let Some(Value::Array(types)) = condition.get_mut("type") {
        types.push("array".into());
    }
    condition["items"] = items;
    condition["minItems"] = 1.into();
}

fn as_schema(value: Value) -> Schema {
    Schema::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions() {
        let absent = "";
        for (condition, holding, failing) in [
            (r#""a""#, vec![r#""a""#, r#""\u0061""#], vec!["a", r#""ab""#, "1", absent]),
            ("1", vec!["1", "1.0", "10e-1"], vec![r#""1""#, "2", "true", absent]),
            ("9007199254740993", vec!["9007199254740993"], vec!["9007199254740992"]),
            ("true", vec!["true"], vec!["false", r#""true""#, "1", absent]),
            ("null", vec!["null"], vec![absent, r#""null""#, "0"]),
            (r#"[1, "a", {"exists": false}]"#, vec!["1", r#""a""#, absent], vec!["2", "null"]),
            (r#"{"exists": true}"#, vec!["null", "[]"], vec![absent]),
            (r#"{"exists": false}"#, vec![absent], vec!["null"]),
            (r#"{"not": "a"}"#, vec![r#""b""#, "1", "{}"], vec![r#""a""#, absent]),
            (r#"{"not": [1, null]}"#, vec!["2", r#""1""#], vec!["1", "1.0", "null", absent]),
            (r#"{"prefix": "é\n"}"#, vec![r#""\u00e9\nx""#, r#""é\n""#], vec![r#""é""#, absent]),
            (r##"{"suffix": "#info"}"##, vec![r##""x#info""##], vec![r#""x""#, "1"]),
            (r#"{"min": 3500, "max": 3999}"#, vec!["3500", "3999.0"], vec!["3499.9", "4e3"]),
            (r#"{"min": -1}"#, vec!["-1", "7"], vec!["-1.1", r#""7""#, absent]),
            (r#"{"max": 0}"#, vec!["-0"], vec!["0.1", "null"]),
        ] {
            let parsed = Condition::parse(&serde_json::from_str(condition).unwrap()).unwrap();
            let subject = |text: &'static str| match text {
                "" => Subject::Absent,
                text => Subject::Json(text.as_bytes()),
            };
            for text in holding {
                assert!(parsed.holds(subject(text)), "{condition} holds for {text:?}");
            }
            for text in failing {
                assert!(!parsed.holds(subject(text)), "{condition} fails for {text:?}");
            }
        }
    }

    #[test]
    fn mistakes() {
        for (condition, error) in [
            ("[]", "a list needs at least one element"),
            ("[[1]]", "[0]: a list stands inside of a list; write one list"),
            ("{}", "a condition is missing"),
            (r#"{"contains": "a"}"#, "contains: unknown condition"),
            (r#"[1, {"exists": 1}]"#, "[1].exists: must be `true` or `false`"),
            (r#"{"not": {"a": 1}}"#, "not: must be text, a number, `true`, `false` or `null`"),
            (r#"{"not": [1, []]}"#, "not[1]: must be text, a number, `true`, `false` or `null`"),
            (r#"{"prefix": 1}"#, "prefix: must be text"),
            (r#"{"min": "1"}"#, "min: must be a number"),
            (r#"{"min": 2, "max": 1}"#, "`min` is above `max`"),
            (r#"{"prefix": "a", "suffix": "b"}"#, "has several conditions"),
        ] {
            let found = Condition::parse(&serde_json::from_str(condition).unwrap()).unwrap_err();
            assert!(found.to_string().starts_with(error), "{condition}: {found}");
        }
    }
}
