//! Keys that change nothing beside the others.

use faucet_core::{Beside, KeyPath, NoEffect, Problem, ProblemKind, SchemaView};
use serde_json::{Map, Value};

use crate::file::findings::Findings;

/// Warns of the keys in `config`, which stands at `place`, that have no effect.
pub(crate) fn warn(
    config: &Value,
    schema: SchemaView<'_>,
    place: &KeyPath,
    findings: &mut Findings<'_>,
) {
    let Value::Object(map) = config else { return };
    let branch = schema.branch_of(config);
    for key in branch.keys() {
        let Some(value) = map.get(key.name).filter(|value| !value.is_null()) else { continue };
        let path = place.clone().then(key.name);
        warn(value, key.schema, &path, findings);
        for (other, beside) in key.schema.only_with() {
            let default =
                || branch.keys().into_iter().find(|key| key.name == other)?.schema.default();
            let given = map.get(other).filter(|value| !value.is_null());
            let values: Vec<String> = match beside {
                Beside::OneOf(values) => {
                    let value = given.or_else(default).unwrap_or(&Value::Null);
                    if values.contains(value) {
                        continue;
                    }
                    values.iter().filter(|value| !value.is_null()).map(plain).collect()
                }
                _ if given.is_some() => continue,
                _ => Vec::new(),
            };
            // Whatever is wrong with the other key is told there.
            let without = place.clone().then(other);
            if findings.concern(&without) {
                continue;
            }
            let reason = NoEffect::Without { key: without, values };
            let kind = ProblemKind::NoEffect { reason };
            findings.warn(Problem::new(path.clone(), kind));
        }
    }
}

/// Whether a source of this configuration hands over what it cannot decode (`x-diverts`: the values of
/// a key with which it does).
pub(crate) fn diverts(config: &Map<String, Value>, schema: SchemaView<'_>) -> bool {
    schema.keys().iter().any(|key| {
        let values = key.schema.value().get("x-diverts").and_then(Value::as_array);
        let value = config.get(key.name);
        values.zip(value).is_some_and(|(values, value)| values.contains(value))
    })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
