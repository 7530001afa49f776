//! The keys that a connector needs: those that its schema requires, and those that it asks for.

use faucet_core::{Problem, ProblemKind, Problems, Registry, Step};
use serde_json::{Map, Value};

use crate::pages::connector::{Connector, validate};
use crate::pages::tree::keys;
use crate::pages::value::example;

/// How often a connector is asked. Each answer may name keys that the answer before hid.
const ROUNDS: usize = 8;

/// `given` with the keys that the connector needs, and the problems that remain.
pub(crate) fn filled(
    registry: &Registry,
    connector: Connector<'_>,
    given: Map<String, Value>,
) -> (Map<String, Value>, Problems) {
    let known = keys(connector.view());
    let mut config = given;
    for key in known.iter().filter(|key| key.required) {
        if !config.contains_key(key.name) {
            config.insert(key.name.to_owned(), example(key.name, key.schema()));
        }
    }
    let mut refused = Problems::new();
    for _ in 0..ROUNDS {
        let Err(problems) = validate(registry, connector, Value::Object(config.clone())) else {
            return (config, Problems::new());
        };
        let mut changed = false;
        for Needed { key, value } in problems.iter().filter_map(needed) {
            let Some(key) = known.iter().find(|known| known.name == key) else { continue };
            if !config.contains_key(key.name) {
                let value = value.unwrap_or_else(|| example(key.name, key.schema()));
                config.insert(key.name.to_owned(), value);
                changed = true;
            }
        }
        refused = problems;
        if !changed {
            break;
        }
    }
    (config, refused)
}

/// A key that a connector asks for, and its value if that is known.
struct Needed<'a> {
    key: &'a str,
    value: Option<Value>,
}

fn needed(problem: &Problem) -> Option<Needed<'_>> {
    let (path, value) = match &problem.kind {
        ProblemKind::MissingOneOf { or: Some(key), .. } => (key, Some(Value::Bool(true))),
        ProblemKind::MissingOneOf { keys, or: None } => (keys.first()?, None),
        ProblemKind::Missing => (&problem.path, None),
        ProblemKind::Needs { key } => (key, None),
        _ => return None,
    };
    match path.steps() {
        [Step::Key(key)] => Some(Needed { key, value }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::connector::connectors;
    use crate::pages::skeleton::entries;

    #[test]
    fn each_value_of_a_comment_is_one_that_the_key_takes() {
        let registry = faucet_stream::registry();
        for connector in connectors(&registry) {
            let (config, problems) = filled(&registry, connector, Map::new());
            assert!(problems.is_empty(), "{}: {problems}", connector.topic());
            for entry in entries(connector.view(), &config).iter().filter(|e| !e.is_set) {
                let mut config = config.clone();
                config.insert(entry.name.clone(), entry.value.clone());
                let built = validate(&registry, connector, Value::Object(config));
                let Err(problems) = built else { continue };
                // Rules between keys are not those of the key.
                let of_value = problems.iter().find(|problem| {
                    use ProblemKind::*;
                    matches!(
                        problem.kind,
                        WrongType { .. } | UnknownKey { .. } | UnknownName { .. } | OutOfRange
                    )
                });
                assert!(of_value.is_none(), "{}.{}: {problems}", connector.topic(), entry.name);
            }
        }
    }
}
