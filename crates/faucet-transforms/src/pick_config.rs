//! The configuration of `pick`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use faucet_core::select::{Choice, Edit, EditError, Pointer};
use faucet_core::{KeyPath, Problem, ProblemKind, Problems, schema_rule};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::json;

use crate::place::{pointer, pointers};

const KEEP: &str = "keep";
const DROP: &str = "drop";
const RENAME: &str = "rename";

/// Keeps, drops and renames members of JSON records. All other bytes stay as they came: the spelling
/// of numbers, whitespace inside of values, the order of members.
///
/// Give `keep` or `drop` or neither, with or without `rename`. All pointers name places of the record
/// as it came in. A place that a record does not have changes nothing, and neither does a record that
/// is not an object or array. A record that is not JSON goes to the `dead_letter`; without one the
/// run ends with an error.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "pick transform", extend("examples" = [{"keep": ["/price", "/size"]}]), transform = rules)]
pub struct PickConfig {
    /// JSON pointers of the places to keep, with all that is inside of them and the objects and
    /// arrays around them. All other places go. Not together with `drop`.
    #[serde(default)]
    #[schemars(with = "Option<Vec<Pointer>>", extend("minItems" = 1, "examples" = [["/price"]]))]
    pub keep: Option<Vec<String>>,

    /// JSON pointers of the places to drop. All other places stay. Not together with `keep`.
    #[serde(default)]
    #[schemars(with = "Option<Vec<Member>>", extend("minItems" = 1, "examples" = [["/debug"]]))]
    pub drop: Option<Vec<String>>,

    /// New names: a map of the JSON pointer of a member to the member's new name. A place that `keep`
    /// leaves out or `drop` drops cannot be renamed. A new name that another member of the object has
    /// already gives the object two members of that name: drop or rename the other one as well.
    #[serde(default)]
    #[schemars(extend(
        "propertyNames" = {"pattern": MEMBER},
        "default" = {},
        "examples" = [{"/p": "price"}]
    ))]
    pub rename: BTreeMap<String, String>,
}

/// A JSON pointer of a place inside the record.
const MEMBER: &str = "^(/([^/~]|~[01])*)+$";

/// The schema of such a pointer.
struct Member;

impl JsonSchema for Member {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Member".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A JSON pointer such as \"/data/0/price\".",
            "type": "string",
            "pattern": MEMBER,
        })
    }
}

/// The rules between the keys, for the schema; `build` checks them.
fn rules(schema: &mut Schema) {
    let renames = json!({ "required": [RENAME], "properties": { RENAME: { "minProperties": 1 } } });
    schema_rule::add(
        schema,
        [
            schema_rule::any_of([schema_rule::given(KEEP), schema_rule::given(DROP), renames]),
            schema_rule::when(schema_rule::given(KEEP), schema_rule::absent(DROP)),
        ],
    );
}

impl PickConfig {
    /// The edit that the configuration describes.
    pub(crate) fn edit(&self) -> Result<Edit, Problems> {
        let mut problems = Problems::new();
        let mut list = |key: &str, texts: &Option<Vec<String>>| {
            let texts = texts.as_deref()?;
            if texts.is_empty() {
                problems.push(Problem::out_of_range(key, "at least one JSON pointer"));
            }
            Some(pointers(texts, key, &mut problems))
        };
        let (keep, drop) = (list(KEEP, &self.keep), list(DROP, &self.drop));
        let rename = self.rename.iter().filter_map(|(place, name)| {
            let place = pointer(place, KeyPath::key(RENAME).then(place.as_str()), &mut problems)?;
            Some((place, name.clone()))
        });
        let rename: Vec<(Pointer, String)> = rename.collect();
        let choice = match (keep, drop) {
            (Some(_), Some(_)) => {
                problems.push(Problem::conflict(DROP, KEEP));
                Choice::All
            }
            (Some(places), None) => Choice::Keep(places),
            (None, Some(places)) => Choice::Drop(places),
            (None, None) => {
                problems.push_if(self.rename.is_empty(), nothing_to_do);
                Choice::All
            }
        };
        problems.into_result()?;
        Edit::new(&choice, &rename).map_err(|error| problem_of(error, &choice).into())
    }
}

fn nothing_to_do() -> Problem {
    let keys = [KEEP, DROP, RENAME].map(KeyPath::from).to_vec();
    Problem::new(KeyPath::root(), ProblemKind::MissingOneOf { keys, or: None })
}

/// The problem of which `error` tells, at the key that is at fault.
fn problem_of(error: EditError, choice: &Choice) -> Problem {
    let renamed = |place: &Pointer| KeyPath::key(RENAME).then(place.to_string());
    let (key, places): (&str, &[Pointer]) = match choice {
        Choice::Keep(places) => (KEEP, places),
        Choice::Drop(places) => (DROP, places),
        Choice::All => (RENAME, &[]),
    };
    // Where a pointer stands: in the list, or else among the new names.
    let find = |holds: &dyn Fn(&Pointer) -> bool| {
        places.iter().position(holds).map(|index| KeyPath::key(key).at(index))
    };
    match &error {
        EditError::NoPlace => nothing_to_do(),
        EditError::WholeValue => {
            let dropped = find(&Pointer::is_whole).filter(|_| key == DROP);
            let path = dropped.unwrap_or_else(|| renamed(&Pointer::default()));
            Problem::invalid(path, error.to_string())
        }
        EditError::RenameDropped(place) => match find(&|dropped| place.is_within(dropped)) {
            Some(dropped) => Problem::conflict(renamed(place), dropped),
            None => Problem::invalid(renamed(place), error.to_string()),
        },
        EditError::RenameNotKept(place) => {
            Problem::needs(renamed(place), KEEP).help("add the place to `keep`")
        }
        EditError::SameName(one, other) => Problem::conflict(renamed(other), renamed(one))
            .help("give the members of one object different names"),
        EditError::BothEnds(place) => {
            let path = find(&|other| other == place).unwrap_or_else(|| renamed(place));
            Problem::invalid(path, error.to_string())
        }
        EditError::RenamedTwice(place) => Problem::invalid(renamed(place), error.to_string()),
        _ => Problem::invalid(KeyPath::root(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use faucet_core::decode;
    use serde_json::Value;

    use super::*;

    fn refused(config: Value) -> Vec<String> {
        let decoded: Result<PickConfig, Problems> = decode(config);
        let problems = decoded.and_then(|config| config.edit().map(|_| ())).unwrap_err();
        problems.iter().map(|problem| format!("{problem:#}")).collect()
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (config, expected) in [
            (json!({}), vec!["at least one of keep or drop or rename must be set"]),
            (json!({"rename": {}}), vec!["at least one of keep or drop or rename must be set"]),
            (json!({"keep": ["/a"], "drop": ["/b"]}), vec!["drop: not together with keep"]),
            (
                json!({"keep": [], "rename": {"/a": "b"}}),
                vec!["keep: out of range, expected at least one JSON pointer"],
            ),
            (
                json!({"keep": ["/a", "b"], "drop": ["/~2"], "rename": {"c": "d"}}),
                vec!["keep[1]: ", "drop[0]: ", "rename.c: ", "drop: not together with keep"],
            ),
            (json!({"drop": ["/a", ""]}), vec!["drop[1]: the empty pointer is the whole value"]),
            (json!({"rename": {"": "x"}}), vec!["rename.: the empty pointer is the whole value"]),
            (
                json!({"keep": [""], "rename": {"": "x"}}),
                vec!["rename.: the empty pointer is the whole value"],
            ),
            (
                json!({"drop": ["/x", "/a"], "rename": {"/a/b": "c"}}),
                vec!["rename./a/b: not together with drop[1]"],
            ),
            (
                json!({"keep": ["/a"], "rename": {"/b": "c"}}),
                vec!["rename./b: needs keep (hint: add the place to `keep`)"],
            ),
            (
                json!({"rename": {"/a": "x", "/b": "x"}}),
                vec![
                    "rename./b: not together with rename./a (hint: give the members of one object \
                     different names)",
                ],
            ),
            (json!({"drop": ["/a/-1", "/a/0"]}), vec!["drop[0]: "]),
            (json!({"drop": ["/a/0"], "rename": {"/a/-1/b": "x"}}), vec!["drop[0]: "]),
            (json!({"keep": "/a"}), vec!["keep: wrong type: text"]),
            (json!({"keep": [1]}), vec!["keep[0]: wrong type: a whole number"]),
            (json!({"rename": {"/a": 1}}), vec!["rename./a: wrong type: a whole number"]),
            (json!({"kep": ["/a"]}), vec!["kep: unknown key (did you mean `keep`?)"]),
        ] {
            let found = refused(config.clone());
            let fits = |(found, expected): (&String, &&str)| found.starts_with(*expected);
            assert!(
                found.len() == expected.len() && found.iter().zip(&expected).all(fits),
                "{config}: {found:#?}"
            );
        }
    }
}
