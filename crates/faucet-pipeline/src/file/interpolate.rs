//! `${NAME}` in the text of a pipeline file's values.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::tree::join;

/// A shorter value is only hidden where it stands in quotes: hiding every `1` would hide the error.
const HIDDEN_ANYWHERE: usize = 4;

/// What variables were replaced with, and where.
#[derive(Clone, Default)]
pub(crate) struct Expansions {
    /// Values and what stood there instead, the longest first.
    values: Vec<(String, String)>,
    keys: BTreeSet<String>,
}

impl Expansions {
    /// Whether the value of `key` came from a variable, wholly or in part.
    pub(crate) fn contain(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    pub(crate) fn forget(&mut self, key: &str) {
        self.keys.remove(key);
    }

    /// Puts `${NAME}` back wherever `text` shows its value.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, reference) in &self.values {
            for shown in [value.clone(), value.escape_debug().to_string()] {
                if shown.len() >= HIDDEN_ANYWHERE {
                    text = text.replace(&shown, reference);
                } else {
                    for quote in ['"', '`', '\''] {
                        let quoted = format!("{quote}{reference}{quote}");
                        text = text.replace(&format!("{quote}{shown}{quote}"), &quoted);
                    }
                }
            }
        }
        text
    }
}

/// Replaces the variables in all text values of `tree`, once: what a variable holds is not looked
/// at again. Returns a problem for each value that could not be completed, beginning with its key.
pub(crate) fn interpolate(
    tree: &mut Value,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> (Expansions, Vec<String>) {
    let mut walk = Walk { lookup, expansions: Expansions::default(), problems: Vec::new() };
    walk.value(tree, "");
    walk.expansions.values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    (walk.expansions, walk.problems)
}

struct Walk<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    expansions: Expansions,
    problems: Vec<String>,
}

impl Walk<'_> {
    fn value(&mut self, value: &mut Value, path: &str) {
        match value {
            Value::String(text) if text.contains("${") => match self.expand(text) {
                Ok(expanded) => {
                    *text = expanded;
                    self.expansions.keys.insert(path.to_owned());
                }
                Err(what) => self.problems.push(format!("{path}: {what}")),
            },
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.value(item, &format!("{path}[{index}]"));
                }
            }
            Value::Object(entries) => {
                for (key, item) in entries {
                    self.value(item, &join(path, key));
                }
            }
            _ => {}
        }
    }

    fn expand(&mut self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, after) = (&rest[..at], &rest[at + 2..]);
            if let Some(before) = before.strip_suffix('$') {
                out.push_str(before);
                out.push_str("${");
                rest = after;
                continue;
            }
            out.push_str(before);
            let (inside, after) = after.split_once('}').ok_or("`${` without `}`")?;
            out.push_str(&self.variable(inside)?);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// The value of what stands between `${` and `}`.
    fn variable(&mut self, inside: &str) -> Result<String, String> {
        let (name, otherwise) = match inside.split_once(':') {
            Some((name, otherwise)) => (name, Some(otherwise)),
            None => (inside, None),
        };
        let good_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && name.starts_with(|c: char| !c.is_ascii_digit());
        let good = match otherwise {
            None => true,
            Some(text) => text.starts_with(['-', '?']) && !text.contains("${"),
        };
        if !good_name || !good {
            return Err("write ${NAME}, ${NAME:-default}, ${NAME:?message}, or $${ for a plain \
                        `${`; one does not stand inside another"
                .into());
        }
        let found = (self.lookup)(name);
        if let Some(value) = &found
            && !value.is_empty()
        {
            self.expansions.values.push((value.clone(), format!("${{{name}}}")));
        }
        // As in a shell, `:` makes an empty variable count as missing.
        match (found.filter(|value| otherwise.is_none() || !value.is_empty()), otherwise) {
            (Some(value), _) => Ok(value),
            (None, None) => Err(format!("the environment variable {name} is not set")),
            (None, Some(otherwise)) => match otherwise.strip_prefix('-') {
                Some(default) => Ok(default.to_owned()),
                None => match &otherwise[1..] {
                    "" => Err(format!("the environment variable {name} is not set or empty")),
                    message => Err(format!("{name}: {message}")),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lookup(name: &str) -> Option<String> {
        let value = match name {
            "A" => "alpha",
            "EMPTY" => "",
            "NESTED" => "${A}",
            "YAML" => "x: [1\n\"",
            "N" => "7",
            "_x1" => "under",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn expand(text: &str) -> Result<String, String> {
        let mut tree = json!({ "k": text });
        let (_, problems) = interpolate(&mut tree, &lookup);
        match problems.into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(tree["k"].as_str().unwrap_or_default().to_owned()),
        }
    }

    #[test]
    fn forms() {
        for (text, expected) in [
            ("${A}", "alpha"),
            ("<${A}-${_x1}>", "<alpha-under>"),
            ("${EMPTY}", ""),
            ("${EMPTY:-d}", "d"),
            ("${NONE:-}", ""),
            ("${NONE:-a:b-c}", "a:b-c"),
            ("${A:-d}", "alpha"),
            ("${A:?why}", "alpha"),
            ("${NESTED}", "${A}"),
            ("${YAML}", "x: [1\n\""),
            ("$${A} $$${A}", "${A} $${A}"),
            ("$A $ {A} {A} $", "$A $ {A} {A} $"),
            ("${N}", "7"),
        ] {
            assert_eq!(expand(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_completed_names_the_key_and_the_variable() {
        for (text, expected) in [
            ("${NONE}", "k: the environment variable NONE is not set"),
            ("${EMPTY:?}", "k: the environment variable EMPTY is not set or empty"),
            ("${NONE:?set NONE to the token}", "k: NONE: set NONE to the token"),
            ("x${A", "k: `${` without `}`"),
            ("${}", "k: write ${NAME}"),
            ("${1A}", "k: write ${NAME}"),
            ("${A b}", "k: write ${NAME}"),
            ("${A:+x}", "k: write ${NAME}"),
            ("${NONE:-${A}}", "k: write ${NAME}"),
        ] {
            let problem = expand(text).unwrap_err();
            assert!(problem.starts_with(expected), "{text}: {problem}");
        }
    }

    #[test]
    fn only_text_values_are_touched_and_all_problems_are_found() {
        let mut tree = json!({"${A}": 1, "b": [true, "${A}", {"c": "${X}"}], "d": "${Y}", "e": 5});
        let (expansions, problems) = interpolate(&mut tree, &lookup);
        assert_eq!(tree["${A}"], 1);
        assert_eq!(tree["b"][1], "alpha");
        let keys: Vec<_> = problems.iter().filter_map(|p| p.split(':').next()).collect();
        assert_eq!(keys, ["b[2].c", "d"]);
        assert!(expansions.contain("b[1]") && !expansions.contain("e"));
    }

    #[test]
    fn values_are_put_back_into_their_variables() {
        let mut tree = json!({"a": "${A}", "b": "${YAML}", "c": "${N}"});
        let (expansions, _) = interpolate(&mut tree, &lookup);
        for (text, expected) in [
            ("unknown source \"alpha\"", "unknown source \"${A}\""),
            ("url ws://h/alphabet", "url ws://h/${A}bet"),
            (r#"line "x: [1\n\"" here"#, "line \"${YAML}\" here"),
            ("7 is in key7, not \"7\" and not `7`", "7 is in key7, not \"${N}\" and not `${N}`"),
        ] {
            assert_eq!(expansions.redact(text), expected);
        }
    }
}
