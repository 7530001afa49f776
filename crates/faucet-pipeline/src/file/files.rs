//! The keys of a component that name files, and those that have placeholders.

use faucet_core::{FileUse, KeyPath, Problem, Registry, SchemaView, template};
use serde_json::Value;

use crate::diagnostic::{Advice, Owner};
use crate::file::findings::Findings;

/// Puts the directory `home` in the place of `~/` in paths, and refuses what a shell would replace.
pub(crate) fn resolve(
    config: &mut Value,
    schema: SchemaView<'_>,
    place: &KeyPath,
    home: Option<&str>,
    findings: &mut Findings<'_>,
) {
    for (path, _) in files(config, schema) {
        let Some(Value::String(text)) = path.get_mut(config) else { continue };
        let at = path.under(place);
        match expanded(text, home) {
            Ok(expanded) => *text = expanded,
            Err((why, advice)) => findings.push_with(Problem::invalid(at, why), advice),
        }
    }
}

/// Puts the directory `home` in the place of `~/` in the paths of a component.
pub(crate) fn expand(tree: &mut Value, owner: &Owner, registry: &Registry, home: Option<&str>) {
    let Some(schema) = owner.schema(registry) else { return };
    let Some(config) = owner.place.get_mut(tree) else { return };
    for (path, _) in files(config, schema) {
        if let Some(Value::String(text)) = path.get_mut(config)
            && let Ok(expanded) = expanded(text, home)
        {
            *text = expanded;
        }
    }
}

/// The path with the directory that `~` stands for.
///
/// # Errors
/// What a shell would replace, and this does not.
pub(crate) fn expanded(
    text: &str,
    home: Option<&str>,
) -> Result<String, (&'static str, Option<Advice>)> {
    if let Some(rest) = text.strip_prefix("~/") {
        return match home {
            Some(home) => Ok(format!("{}/{rest}", home.trim_end_matches('/'))),
            None => Err(("`~` stands for the variable HOME, which is not set", None)),
        };
    }
    if text == "~" || text.starts_with('~') && text.contains('/') {
        return Err(("only `~/` at the beginning stands for the home directory", None));
    }
    if let Some(name) = shell_variable(text) {
        return Err(("`$` without braces is no variable", Some(Advice::Dollar { name })));
    }
    Ok(text.to_owned())
}

/// The name in the first `$NAME` of the text.
fn shell_variable(text: &str) -> Option<String> {
    let behind = text.split('$').skip(1);
    let name = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let mut names = behind.map(name);
    names.find(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The placeholders in those keys of `config` that are filled.
pub(crate) fn placeholders(config: &Value, schema: SchemaView<'_>) -> Vec<String> {
    let keys = keys_with(config, schema, &|key| key.has_placeholders().then_some(key));
    let names = keys.iter().filter_map(|(path, key)| {
        let mut names = template::placeholders(path.get(config)?.as_str()?);
        names.retain(|name| !key.own_placeholders().contains(&name.as_str()));
        Some(names)
    });
    names.flatten().collect()
}

/// The keys of `config` that name files, and what happens to those.
pub(crate) fn files(config: &Value, schema: SchemaView<'_>) -> Vec<(KeyPath, FileUse)> {
    keys_with(config, schema, &SchemaView::file_use)
}

/// The keys in `config` of whose schemas `note` finds something.
fn keys_with<'a, T>(
    config: &Value,
    schema: SchemaView<'a>,
    note: &dyn Fn(SchemaView<'a>) -> Option<T>,
) -> Vec<(KeyPath, T)> {
    let mut found = Vec::new();
    let mut look = |path: KeyPath, value: &Value, schema: SchemaView<'a>| match note(schema) {
        Some(noted) => found.push((path, noted)),
        None => {
            let below = keys_with(value, schema, note);
            found.extend(below.into_iter().map(|(inner, noted)| (inner.under(&path), noted)));
        }
    };
    let map = match config {
        Value::Object(map) => map,
        Value::Array(items) => {
            let schema = schema.items().into_iter();
            for (schema, (index, item)) in
                schema.flat_map(|s| items.iter().enumerate().map(move |i| (s, i)))
            {
                look(KeyPath::root().at(index), item, schema);
            }
            return found;
        }
        _ => return found,
    };
    if let Some(values) = schema.map_values() {
        map.iter().for_each(|(name, value)| look(KeyPath::key(name.as_str()), value, values));
    }
    for key in schema.branch_of(config).keys() {
        let Some(value) = map.get(key.name) else { continue };
        look(KeyPath::key(key.name), value, key.schema);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_at_home_and_has_no_variable_of_a_shell() {
        let home = Some("/house/a/");
        for (text, expected) in [
            ("~/x.jsonl", Ok("/house/a/x.jsonl")),
            ("x/~/y", Ok("x/~/y")),
            ("~x", Ok("~x")),
            ("a$5", Ok("a$5")),
            ("a$b", Ok("a$b")),
            ("~other/x", Err(None)),
            ("~", Err(None)),
            ("$HOME/x", Err(Some("HOME"))),
            ("x/$TODAY.jsonl", Err(Some("TODAY"))),
        ] {
            let found = expanded(text, home).map_err(|(_, advice)| match advice {
                Some(Advice::Dollar { name }) => Some(name),
                _ => None,
            });
            let expected = expected.map(str::to_owned).map_err(|name| name.map(str::to_owned));
            assert_eq!(found, expected, "{text}");
        }
        assert!(expanded("~/x", None).is_err());
    }
}
