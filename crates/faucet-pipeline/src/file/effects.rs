//! Keys that change nothing beside the others.

use faucet_core::{KeyPath, Problem, ProblemKind, SchemaView};
use serde_json::Value;

use crate::file::findings::Findings;

/// The annotation of a schema that names what a key needs to have an effect: for each key beside it
/// the values with which it has one, or `"given"`.
const ONLY_WITH: &str = "x-only-with";

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
        let Some(Value::Object(needs)) = key.schema.value().get(ONLY_WITH) else { continue };
        for (other, wanted) in needs {
            let default =
                || branch.keys().into_iter().find(|key| key.name == other)?.schema.default();
            let given = map.get(other).filter(|value| !value.is_null());
            let values: Vec<String> = match wanted {
                Value::Array(values) => {
                    // What is wrong with the other key is told there.
                    if given.or_else(default).is_some_and(|value| values.contains(value)) {
                        continue;
                    }
                    values.iter().map(plain).collect()
                }
                _ if given.is_some() => continue,
                _ => Vec::new(),
            };
            let without = place.clone().then(other.as_str());
            if findings.concern(&without) {
                continue;
            }
            let kind = ProblemKind::NoEffect { without, values };
            findings.warn(Problem::new(path.clone(), kind));
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
