//! A match in a conversation, whose texts may have placeholders.

use std::borrow::Cow;

use faucet_core::select::Match;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Value;

/// A map of places to conditions that all must hold, or a list of such maps of which one must hold; see
/// [`Match`]. Texts in the conditions may have placeholders.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct SessionMatch(pub Value);

impl From<Value> for SessionMatch {
    fn from(written: Value) -> Self {
        Self(written)
    }
}

impl JsonSchema for SessionMatch {
    fn inline_schema() -> bool {
        Match::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        Match::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Match::json_schema(generator)
    }
}
