//! Reads a value into a configuration struct, with errors that stay data.
//!
//! The deserializer is ours because those of `serde_json` make sentences of what went wrong, and
//! because it hands `type` over first: an enum that is told by its `type` is then read without a
//! buffer, in which serde loses the paths.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeSeed, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

use crate::config::path::{KeyPath, Step};
use crate::config::problem::Problem;
use crate::config::problem_kind::ProblemKind;
use crate::config::suggest::nearest;

/// Why a value was not read.
#[derive(Debug)]
pub(crate) struct Unread(Box<Problem>);

impl Unread {
    fn new(kind: ProblemKind) -> Self {
        Self(Box::new(Problem::new(KeyPath::root(), kind)))
    }

    fn expecting(mut self, expected: &dyn Expected) -> Self {
        self.0.expected = Some(expected.to_string());
        self
    }

    fn behind(mut self, step: Step) -> Self {
        self.0.path.behind(step);
        self
    }

    pub(crate) fn into_problem(self) -> Problem {
        *self.0
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Unread {}

impl de::Error for Unread {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::new(ProblemKind::Invalid { why: words.to_string() })
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(ProblemKind::WrongType { found: name(&found) }).expecting(expected)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let kind = match found {
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => {
                ProblemKind::OutOfRange
            }
            _ => ProblemKind::Invalid { why: "not understood".into() },
        };
        Self::new(kind).expecting(expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(ProblemKind::OutOfRange).expecting(expected)
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        // The word itself may be a secret in the wrong place.
        Self::new(ProblemKind::UnknownName {
            what: "value",
            name: None,
            near: nearest(word, known.iter().copied()).map(str::to_owned),
            known: known.iter().map(|word| (*word).to_owned()).collect(),
        })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        let near = nearest(key, known.iter().copied()).map(str::to_owned);
        Self::new(ProblemKind::UnknownKey { near }).behind(Step::Key(key.into()))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(ProblemKind::Missing).behind(Step::Key(key.into()))
    }
}

/// The type of a value in the words of configuration files.
fn name(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "text",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a map",
        Unexpected::Unit | Unexpected::Option => "nothing",
        _ => "something else",
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Unexpected::Unsigned(number),
            (None, Some(number)) => Unexpected::Signed(number),
            (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

/// A value to read.
pub(crate) struct Tree(pub(crate) Value);

impl<'de> de::Deserializer<'de> for Tree {
    type Error = Unread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => match number.as_f64().unwrap_or_default() {
                    // `1.0` and `1e3` are whole numbers, as they are for JSON Schema.
                    whole if is_whole(whole) => visitor.visit_i64(whole as i64),
                    number => visitor.visit_f64(number),
                },
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items { items: items.into_iter(), at: 0 }),
            Value::Object(entries) => visitor.visit_map(Entries::new(entries)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unread> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        match self.0 {
            Value::String(variant) => visitor.visit_enum(Variant { variant, content: None }),
            Value::Object(entries) if entries.len() == 1 => {
                let mut entries = entries.into_iter();
                let (variant, content) = entries.next().unwrap_or_default();
                visitor.visit_enum(Variant { variant, content: Some(content) })
            }
            other => Err(de::Error::invalid_type(unexpected(&other), &"one of the words")),
        }
    }

    /// A list has no keys: serde would take its items for the fields in their order.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        match self.0 {
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &"a map")),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

/// Whether the number has no fraction, and is small enough that a float holds each such number.
fn is_whole(number: f64) -> bool {
    const LARGEST: f64 = (1_u64 << 53) as f64;
    number.fract() == 0.0 && number.abs() <= LARGEST
}

struct Items {
    items: std::vec::IntoIter<Value>,
    at: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Unread;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unread> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let at = self.at;
        self.at += 1;
        seed.deserialize(Tree(item)).map(Some).map_err(|e| e.behind(Step::Index(at)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries {
    first: Option<(String, Value)>,
    rest: serde_json::map::IntoIter,
    value: Option<(String, Value)>,
}

impl Entries {
    fn new(mut entries: Map<String, Value>) -> Self {
        let first = entries.remove("type").map(|value| ("type".to_owned(), value));
        Self { first, rest: entries.into_iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Unread;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unread> {
        let Some((key, value)) = self.first.take().or_else(|| self.rest.next()) else {
            return Ok(None);
        };
        let name: StringDeserializer<Unread> = key.clone().into_deserializer();
        self.value = Some((key, value));
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unread> {
        let (key, value) = self.value.take().unwrap_or_default();
        seed.deserialize(Tree(value)).map_err(|e| e.behind(Step::Key(key.into())))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len() + usize::from(self.first.is_some()))
    }
}

struct Variant {
    variant: String,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Unread;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), Unread> {
        let name: StringDeserializer<Unread> = self.variant.clone().into_deserializer();
        let content = Content { variant: self.variant, content: self.content };
        seed.deserialize(name).map(|value| (value, content))
    }
}

struct Content {
    variant: String,
    content: Option<Value>,
}

impl Content {
    fn read<T>(self, read: impl FnOnce(Tree) -> Result<T, Unread>) -> Result<T, Unread> {
        let Self { variant, content } = self;
        read(Tree(content.unwrap_or_default())).map_err(|e| e.behind(Step::Key(variant.into())))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = Unread;

    fn unit_variant(self) -> Result<(), Unread> {
        match self.content {
            None => Ok(()),
            Some(_) => Err(de::Error::invalid_type(Unexpected::Map, &"a word")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unread> {
        self.read(|tree| seed.deserialize(tree))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unread> {
        self.read(|tree| de::Deserializer::deserialize_any(tree, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        self.read(|tree| de::Deserializer::deserialize_any(tree, visitor))
    }
}
