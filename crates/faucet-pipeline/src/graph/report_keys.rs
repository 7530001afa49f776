//! Keys of a report that are made of other things than its fields.

use faucet_core::{Count, Error, ErrorKind, SchemaView};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The first thing that failed.
#[derive(Serialize, JsonSchema)]
struct Failure<'a> {
    /// The component; null where the run failed as a whole.
    component: Option<&'a str>,
    /// What kind of thing went wrong.
    #[serde(serialize_with = "word")]
    kind: ErrorKind,
    /// The whole message, with its causes and the way out.
    message: String,
}

fn word<S: Serializer>(kind: &ErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

pub(super) fn failure<S: Serializer>(
    error: &Option<Error>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let failure = error.as_ref().map(|error| Failure {
        component: error.component().map(|id| &**id),
        kind: error.kind(),
        message: format!("{error:#}"),
    });
    failure.serialize(serializer)
}

pub(super) fn optional_failure(generator: &mut SchemaGenerator) -> Schema {
    Option::<Failure<'_>>::json_schema(generator)
}

/// Each counter that the runner keeps is a key beside the others; one without a meaning for a kind of
/// component is left out while it is 0.
pub(super) fn counts(generator: &mut SchemaGenerator) -> Schema {
    let schema = Count::json_schema(generator);
    let mut keys = Map::new();
    for word in SchemaView::new(schema.as_value()).variants() {
        if let Some(Value::String(name)) = word.constant() {
            let meaning = word.description();
            let key = json!({ "type": "integer", "minimum": 0, "description": meaning });
            keys.insert(name.clone(), key);
        }
    }
    json_schema!({ "type": "object", "properties": keys })
}
