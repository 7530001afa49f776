//! `${NAME}` in the text of a pipeline file's values.

use std::collections::BTreeMap;
use std::env::VarError;

use faucet_core::{KeyPath, Problem, ProblemKind};
use serde_json::Value;

const FORMS: &str = "write ${NAME}, ${NAME:-default}, ${NAME:?message}, or $${ for a plain `${`; \
                     one does not stand inside another";

/// An environment variable, as it was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// It has this value.
    Set(String),
    /// It is not set.
    Unset,
    /// It is set, and its value is not UTF-8.
    NotUtf8,
}

impl From<Option<String>> for Variable {
    fn from(value: Option<String>) -> Self {
        value.map_or(Self::Unset, Self::Set)
    }
}

impl From<Result<String, VarError>> for Variable {
    fn from(value: Result<String, VarError>) -> Self {
        match value {
            Ok(value) => Self::Set(value),
            Err(VarError::NotPresent) => Self::Unset,
            Err(VarError::NotUnicode(_)) => Self::NotUtf8,
        }
    }
}

/// Where variables stand, and which are missing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    /// Each value that came from a variable, wholly or in part, as messages show it: `x-${NAME}`.
    shown: BTreeMap<KeyPath, String>,
    problems: Vec<Problem>,
}

impl Variables {
    /// How messages show the value at `path`. `None` where it did not come from a variable.
    pub(crate) fn shown(&self, path: &KeyPath) -> Option<&str> {
        self.shown.get(path).map(String::as_str)
    }

    /// The values that could not be completed.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether the value at `path`, or one around it, could not be completed.
    pub(crate) fn leave_open(&self, path: &KeyPath) -> bool {
        self.problems.iter().any(|problem| path.is_within(&problem.path))
    }

    /// The places below `outer` whose values could not be completed, as paths from there.
    pub(crate) fn open_below(&self, outer: &KeyPath) -> Vec<KeyPath> {
        let below = self.problems.iter().map(|problem| &problem.path);
        let below = below.filter(|path| path.is_within(outer) && *path != outer);
        below.map(|path| path.relative_to(outer)).collect()
    }

    /// Everything at `from` stands at `to` from now on.
    pub(crate) fn rebase(&mut self, from: &KeyPath, to: &KeyPath) {
        let shown = std::mem::take(&mut self.shown);
        self.shown =
            shown.into_iter().map(|(path, shown)| (path.rebased(from, to), shown)).collect();
        for problem in &mut self.problems {
            problem.path = problem.path.rebased(from, to);
        }
    }

    /// Notes that something else was set at `path`.
    pub(crate) fn forget(&mut self, path: &KeyPath) {
        self.shown.retain(|other, _| !other.is_within(path));
        self.problems.retain(|problem| !problem.path.is_within(path));
    }
}

/// Replaces the variables in all text values of `tree`, once: what a variable holds is not looked
/// at again. A variable without a value is left out.
pub(crate) fn interpolate(tree: &mut Value, lookup: &dyn Fn(&str) -> Variable) -> Variables {
    let mut walk = Walk { lookup, variables: Variables::default() };
    walk.value(tree, &KeyPath::root());
    walk.variables
}

/// Replaces the variables in all text values of `tree`, as in a pipeline file: for other languages. A variable
/// without a value is left out, and is among the problems.
pub fn fill_variables(tree: &mut Value, lookup: &dyn Fn(&str) -> Variable) -> Vec<Problem> {
    interpolate(tree, lookup).problems
}

struct Walk<'a> {
    lookup: &'a dyn Fn(&str) -> Variable,
    variables: Variables,
}

impl Walk<'_> {
    fn value(&mut self, value: &mut Value, path: &KeyPath) {
        match value {
            Value::String(text) if text.contains("${") => {
                let mut expanded = Expanded::default();
                if let Err(problem) = self.expand(text, path, &mut expanded) {
                    self.variables.problems.push(problem);
                }
                *text = expanded.value;
                if expanded.has_variable {
                    self.variables.shown.insert(path.clone(), expanded.shown);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.value(item, &path.clone().at(index));
                }
            }
            Value::Object(entries) => {
                for (key, item) in entries {
                    self.value(item, &path.clone().then(key.as_str()));
                }
            }
            _ => {}
        }
    }

    fn expand(&mut self, text: &str, path: &KeyPath, out: &mut Expanded) -> Result<(), Problem> {
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, after) = (&rest[..at], &rest[at + 2..]);
            if let Some(before) = before.strip_suffix('$') {
                out.push(before);
                out.push("${");
                rest = after;
                continue;
            }
            out.push(before);
            let (inside, after) =
                after.split_once('}').ok_or_else(|| bad(path).help("add the `}`"))?;
            self.variable(inside, path, out)?;
            rest = after;
        }
        out.push(rest);
        Ok(())
    }

    /// Adds the value of what stands between `${` and `}`.
    fn variable(
        &mut self,
        inside: &str,
        path: &KeyPath,
        out: &mut Expanded,
    ) -> Result<(), Problem> {
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
            return Err(bad(path).help(FORMS));
        }
        // As in a shell, `:` makes an empty variable count as missing.
        let found = match (self.lookup)(name) {
            Variable::Set(value) => Some(value),
            Variable::Unset => None,
            Variable::NotUtf8 => {
                out.variable(name, "");
                let why = format!("the value of the environment variable {name} is not UTF-8");
                self.variables.problems.push(Problem::invalid(path.clone(), why));
                return Ok(());
            }
        };
        let found = found.filter(|value| otherwise.is_none() || !value.is_empty());
        let default = otherwise.and_then(|otherwise| otherwise.strip_prefix('-'));
        match found.as_deref().or(default) {
            Some(value) => out.variable(name, value),
            None => {
                out.variable(name, "");
                self.missing(name, otherwise, path);
            }
        }
        Ok(())
    }

    fn missing(&mut self, name: &str, otherwise: Option<&str>, path: &KeyPath) {
        let kind = ProblemKind::Variable { name: name.to_owned() };
        let problem = Problem::new(path.clone(), kind);
        self.variables.problems.push(match otherwise.and_then(|text| text.strip_prefix('?')) {
            None => problem,
            Some("") => problem.expected("a value that is not empty"),
            Some(message) => problem.help(message),
        });
    }
}

fn bad(path: &KeyPath) -> Problem {
    Problem::new(path.clone(), ProblemKind::BadVariable)
}

/// A text on its way: with the values of its variables, and with their names.
#[derive(Default)]
struct Expanded {
    value: String,
    shown: String,
    has_variable: bool,
}

impl Expanded {
    fn push(&mut self, text: &str) {
        self.value.push_str(text);
        self.shown.push_str(text);
    }

    fn variable(&mut self, name: &str, value: &str) {
        self.value.push_str(value);
        self.shown.push_str(&format!("${{{name}}}"));
        self.has_variable = true;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lookup(name: &str) -> Variable {
        let value = match name {
            "A" => "alpha",
            "EMPTY" => "",
            "NESTED" => "${A}",
            "YAML" => "x: [1\n\"",
            "N" => "7",
            "_x1" => "under",
            "BYTES" => return Variable::NotUtf8,
            _ => return Variable::Unset,
        };
        Variable::Set(value.to_owned())
    }

    fn expand(text: &str) -> Result<String, String> {
        let mut tree = json!({ "k": text });
        let variables = interpolate(&mut tree, &lookup);
        let problems: Vec<String> =
            variables.problems().iter().map(|problem| format!("{problem:#}")).collect();
        match problems.is_empty() {
            false => Err(problems.join("; ")),
            true => Ok(tree["k"].as_str().unwrap_or_default().to_owned()),
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
        let form = "k: not a variable (hint: write ${NAME}";
        for (text, expected) in [
            ("${NONE}", "k: the environment variable NONE is not set"),
            (
                "${EMPTY:?}",
                "k: the environment variable EMPTY is not set, expected a value that is not empty",
            ),
            (
                "${NONE:?set NONE to the token}",
                "k: the environment variable NONE is not set (hint: set NONE to the token)",
            ),
            (
                "${NONE}:${N2}",
                "k: the environment variable NONE is not set; k: the environment variable N2 is",
            ),
            ("x${A", "k: not a variable (hint: add the `}`)"),
            ("${BYTES}", "k: the value of the environment variable BYTES is not UTF-8"),
            ("${}", form),
            ("${1A}", form),
            ("${A b}", form),
            ("${A:+x}", form),
            ("${NONE:-${A}}", form),
        ] {
            let problem = expand(text).unwrap_err();
            assert!(problem.starts_with(expected), "{text}: {problem}");
        }
    }

    #[test]
    fn only_text_values_are_touched_and_all_problems_are_found() {
        let mut tree =
            json!({"${A}": 1, "b": [true, "${A}-${N:-d}", {"c": "${X}"}], "d": "${Y}", "e": 5});
        let mut variables = interpolate(&mut tree, &lookup);
        assert_eq!(tree["${A}"], 1);
        assert_eq!(tree["b"][1], "alpha-7");
        assert_eq!(variables.shown(&KeyPath::key("b").at(1)), Some("${A}-${N}"));
        assert_eq!(variables.shown(&"e".into()), None);
        let open = |variables: &Variables| -> Vec<String> {
            variables.problems().iter().map(|problem| problem.path.to_string()).collect()
        };
        assert_eq!(open(&variables), ["b[2].c", "d"]);
        assert!(variables.leave_open(&KeyPath::key("d").then("x")));
        assert!(!variables.leave_open(&"b".into()));
        variables.forget(&"b".into());
        assert_eq!(open(&variables), ["d"]);
        assert_eq!(variables.shown(&KeyPath::key("b").at(1)), None);
    }
}
