//! What was found wrong, and which of it only follows from something else that is wrong.

use std::collections::BTreeSet;

use faucet_core::{KeyPath, Problem, ProblemKind, Problems, Step};

use crate::file::interpolate::Variables;

/// The problems of a file, at paths from its root.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    variables: &'a Variables,
    problems: Vec<Problem>,
    /// Keys that lead from one component to another and could not be read.
    unread: BTreeSet<KeyPath>,
}

impl<'a> Findings<'a> {
    /// The variables that could not be replaced, to begin with.
    pub(crate) fn new(variables: &'a Variables) -> Self {
        Self { variables, problems: variables.problems().to_vec(), unread: BTreeSet::new() }
    }

    /// Adds a problem, unless it only follows from a variable that is not set. Values of variables
    /// do not stay in it.
    pub(crate) fn push(&mut self, mut problem: Problem) {
        let open = |path: &KeyPath| self.variables.leave_open(path);
        // A key is known or unknown whatever its value is.
        let of_value = !matches!(problem.kind, ProblemKind::UnknownKey { .. });
        if of_value && open(&problem.path) || mentioned(&problem.kind).into_iter().any(open) {
            return;
        }
        if let Some(shown) = self.variables.shown(&problem.path) {
            without_values(&mut problem, shown);
        }
        self.problems.push(problem);
    }

    /// Adds the problems of the part of the file that stands at `outer`.
    pub(crate) fn extend_under(&mut self, outer: &KeyPath, problems: Problems) {
        problems.into_iter().for_each(|problem| self.push(problem.under(outer)));
    }

    /// Whether a problem was found at `path` or below it.
    pub(crate) fn concern(&self, path: &KeyPath) -> bool {
        self.problems.iter().any(|problem| problem.path.is_within(path))
    }

    /// Notes that the key at `path`, which leads to other components, could not be read.
    pub(crate) fn cannot_follow(&mut self, path: KeyPath) {
        self.unread.insert(path);
    }

    /// Whether a problem of the graph says no more than that a key could not be read which leads from
    /// one component to another. `path` is the problem's path from the component at `place`.
    pub(crate) fn explain(&self, place: &KeyPath, path: &KeyPath, kind: &ProblemKind) -> bool {
        let unread_key = |key: &str| self.unread.iter().any(|path| path.last_key() == Some(key));
        if self.unread.contains(&path.clone().under(place)) {
            return true;
        }
        match (path.last_key(), kind) {
            // A component whose `from` could not be read may take its pages.
            (None, ProblemKind::Custom(_)) => path.is_root() && unread_key("from"),
            // The component may be the sink for the records that another rejects.
            (Some("from"), ProblemKind::Missing) => unread_key("dead_letter"),
            _ => false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

/// Puts what stands in the file in the place of what came from variables.
fn without_values(problem: &mut Problem, shown: &str) {
    match &mut problem.kind {
        ProblemKind::UnknownName { name: Some(name), .. }
        | ProblemKind::Unavailable { name, .. } => shown.clone_into(name),
        ProblemKind::WrongType { .. } => {
            let is_list = problem.path.steps().iter().any(|step| matches!(step, Step::Index(_)));
            let instead = match is_list {
                true => "write the value itself".to_owned(),
                false => format!("use --set {}=…", problem.path),
            };
            problem.help = Some(format!("`${{…}}` gives text; for another type {instead}"));
        }
        ProblemKind::Placeholder { name } if !shown.contains(&format!("{{{name}}}")) => {
            let why = "a placeholder in the variable's value has no value in context".to_owned();
            problem.kind = ProblemKind::Invalid { why };
            problem.help = None;
        }
        _ => {}
    }
}

/// The other keys that a problem is about.
fn mentioned(kind: &ProblemKind) -> Vec<&KeyPath> {
    match kind {
        ProblemKind::Conflict { with: key }
        | ProblemKind::Needs { key }
        | ProblemKind::Duplicate { of: key } => vec![key],
        ProblemKind::MissingOneOf { keys, or } => keys.iter().chain(or).collect(),
        _ => Vec::new(),
    }
}
