//! Which option each place of a configuration came from.

use crate::config::option_key::OptionKey;
use crate::config::path::{KeyPath, Step};
use crate::config::problem::Problem;
use crate::config::problem_kind::ProblemKind;

/// A place that an option has set.
#[derive(Debug)]
struct Given {
    /// The place: keys only.
    at: KeyPath,
    /// The option as it was written.
    option: String,
    /// Whether the text of the option has places of its own: it is JSON.
    is_json: bool,
}

/// The names of options for the places of one connector's configuration.
#[derive(Debug)]
pub(crate) struct OptionNames {
    connector: &'static str,
    table: &'static [OptionKey],
    given: Vec<Given>,
}

impl OptionNames {
    pub(crate) fn new(connector: &'static str, table: &'static [OptionKey]) -> Self {
        Self { connector, table, given: Vec::new() }
    }

    /// Notes that `option`, with this text, has set the value at `at`.
    pub(crate) fn note(&mut self, at: KeyPath, option: &str, text: &str) {
        let is_json = text.trim_start().starts_with(['[', '{']);
        self.given.push(Given { at, option: option.to_owned(), is_json });
    }

    /// The option that has set the value at `path`, or a part of it, or one around it.
    pub(crate) fn setter(&self, path: &KeyPath) -> Option<&str> {
        let touches = |given: &&Given| path.is_within(&given.at) || given.at.is_within(path);
        self.given.iter().find(touches).map(|given| given.option.as_str())
    }

    /// The place in the words of the option map: the option that has set it, and the place in the
    /// option's JSON; else the option that would set it.
    pub(crate) fn of(&self, path: &KeyPath) -> KeyPath {
        let around = self.given.iter().filter(|given| path.is_within(&given.at));
        if let Some(given) = around.max_by_key(|given| given.at.steps().len()) {
            let option = KeyPath::key(given.option.as_str());
            return if given.is_json { path.rebased(&given.at, &option) } else { option };
        }
        self.would_set(path)
    }

    /// The option that sets the value at `path`.
    pub(crate) fn would_set(&self, path: &KeyPath) -> KeyPath {
        let keys = path.steps().iter().map_while(|step| match step {
            Step::Key(key) => Some(&**key),
            Step::Index(_) => None,
        });
        let keys: Vec<&str> = keys.collect();
        if keys.is_empty() {
            return path.clone();
        }
        let own = match keys[..] {
            [key] => self.table.iter().find(|known| known.key == key),
            _ => None,
        };
        let name = match own {
            Some(known) => known.name.to_owned(),
            None => format!("{}.{}", self.connector, keys.join(".")),
        };
        let at = keys.iter().fold(KeyPath::root(), |path, key| path.then(*key));
        path.rebased(&at, &name.as_str().into())
    }

    /// The problem, with options in the places of keys. Several options can set parts of a key that
    /// there is not: then each is unknown.
    pub(crate) fn rename(&self, problem: Problem) -> Vec<Problem> {
        if matches!(problem.kind, ProblemKind::UnknownKey { .. }) {
            let inside = |given: &&Given| given.at.is_within(&problem.path);
            let options: Vec<&Given> = self.given.iter().filter(inside).collect();
            if !options.is_empty() {
                return options.into_iter().map(|given| self.unknown(given, &problem)).collect();
            }
        }
        vec![problem.map_paths(|path| self.of(&path))]
    }

    /// The problem that the key at the path of `problem` is unknown, for an option that set it. Such
    /// an option has the nearest key's whole name: it stands in no map.
    fn unknown(&self, given: &Given, problem: &Problem) -> Problem {
        let near = match &problem.kind {
            ProblemKind::UnknownKey { near: Some(near) } if given.at == problem.path => {
                let outer = problem.path.parent().unwrap_or_default();
                let near = near.split('.').fold(outer, KeyPath::then);
                Some(self.of(&near).to_string())
            }
            _ => None,
        };
        let mut renamed = problem.clone();
        renamed.path = given.option.as_str().into();
        renamed.kind = ProblemKind::UnknownKey { near };
        renamed
    }
}
