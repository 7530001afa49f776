//! Rules between keys, for schemas of configurations: what `build` checks, said so that editors know it.
//!
//! Put a function with the rules on the struct: `#[schemars(transform = rules)]`.
//!
//! ```
//! use faucet_core::schema_rule;
//! use schemars::{JsonSchema, Schema};
//!
//! #[derive(JsonSchema)]
//! #[schemars(transform = rules)]
//! struct Keys {
//!     user: Option<String>,
//!     password: Option<String>,
//! }
//!
//! fn rules(schema: &mut Schema) {
//!     schema_rule::add(schema, [schema_rule::needs("password", "user")]);
//! }
//!
//! let schema = schemars::schema_for!(Keys);
//! assert_eq!(schema.get("allOf").map(|rules| rules[0]["then"]["required"][0] == "user"), Some(true));
//! ```

use schemars::Schema;
use serde_json::{Value, json};

/// The key is there, and not null.
pub fn given(key: &str) -> Value {
    json!({ "required": [key], "properties": { key: { "not": { "type": "null" } } } })
}

/// The key is there with one of these values.
pub fn is(key: &str, values: &[Value]) -> Value {
    json!({ "required": [key], "properties": { key: { "enum": values } } })
}

/// The key is not there, or null.
pub fn absent(key: &str) -> Value {
    json!({ "properties": { key: { "type": "null" } } })
}

/// Where `condition` holds, so does `rule`.
pub fn when(condition: Value, rule: Value) -> Value {
    json!({ "if": condition, "then": rule })
}

/// `key` needs `other`.
pub fn needs(key: &str, other: &str) -> Value {
    when(given(key), given(other))
}

/// At least one of these holds.
pub fn any_of(rules: impl IntoIterator<Item = Value>) -> Value {
    json!({ "anyOf": rules.into_iter().collect::<Vec<_>>() })
}

/// Adds rules, all of which must hold, to the schema of a configuration.
pub fn add(schema: &mut Schema, rules: impl IntoIterator<Item = Value>) {
    let all = schema.ensure_object().entry("allOf").or_insert_with(|| json!([]));
    if let Value::Array(all) = all {
        all.extend(rules);
    }
}
