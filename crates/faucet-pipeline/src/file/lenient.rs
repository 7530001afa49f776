//! Decodes what can be decoded, so that mistakes in one key do not hide those in another.

use faucet_core::{KeyPath, ProblemKind, Problems, Step, decode};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Decodes `value` without the keys that do not fit, and says what is wrong with those.
pub(crate) fn decode_the_rest<T>(mut value: Value) -> (T, Problems)
where
    T: DeserializeOwned + JsonSchema + Default,
{
    let mut found = None;
    loop {
        let problems = match decode(value.clone()) {
            Ok(decoded) => return (decoded, found.unwrap_or_default()),
            Err(problems) => problems,
        };
        let mut removed = false;
        for problem in problems.iter() {
            // A map in which a key is missing is of no use.
            let missing = problem.kind == ProblemKind::Missing;
            let faulty = if missing { problem.path.parent() } else { Some(problem.path.clone()) };
            removed |= remove(&mut value, &faulty.unwrap_or_default());
        }
        // Later rounds only miss what was removed.
        let found = found.get_or_insert(problems);
        if !removed {
            return (T::default(), std::mem::take(found));
        }
    }
}

/// Removes the key at `path`, or the one that holds the list in which `path` leads on. Says
/// whether it was there.
fn remove(value: &mut Value, path: &KeyPath) -> bool {
    let keys: Vec<&str> = path
        .steps()
        .iter()
        .map_while(|step| match step {
            Step::Key(key) => Some(&**key),
            _ => None,
        })
        .collect();
    let Some((last, outer)) = keys.split_last() else { return false };
    let map = outer.iter().try_fold(value, |value, key| value.get_mut(key));
    map.and_then(Value::as_object_mut).is_some_and(|map| map.remove(*last).is_some())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields)]
    struct Demo {
        count: u32,
        inner: Option<Inner>,
        list: Vec<u8>,
    }

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        path: String,
    }

    #[test]
    fn what_fits_is_decoded_and_the_rest_is_named() {
        for (value, count, list, mistakes) in [
            (json!({"count": 3, "list": [1]}), 3, &[1][..], ""),
            (json!({"count": 3, "inner": {"path": 5}}), 3, &[], "inner.path"),
            (json!({"count": 3, "inner": {"pth": ""}}), 3, &[], "inner.pth inner.path"),
            (json!({"count": 3, "list": [1, "x"]}), 3, &[], "list[1]"),
            (json!({"cnt": 3, "list": [1]}), 0, &[1], "cnt"),
            (json!("text"), 0, &[], ""),
        ] {
            let (demo, problems) = decode_the_rest::<Demo>(value.clone());
            let paths: Vec<String> = problems.iter().map(|p| p.path.to_string()).collect();
            assert_eq!(
                (demo.count, &*demo.list, paths.join(" ")),
                (count, list, mistakes.to_owned()),
                "{value}"
            );
            assert_eq!(demo.inner, None);
        }
    }
}
