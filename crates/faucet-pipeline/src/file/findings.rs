//! What was found wrong, and which of it only follows from something else that is wrong.

use std::collections::BTreeSet;

use faucet_core::{KeyPath, Problem, ProblemKind, Problems, Step};

use crate::diagnostic::{Advice, Diagnostic, Owner, Severity};
use crate::file::interpolate::Variables;

/// What was found in a file, at paths from its root.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    variables: &'a Variables,
    found: Vec<Diagnostic>,
    owners: Vec<Owner>,
    /// Keys that lead from one component to another and could not be read.
    unread: BTreeSet<KeyPath>,
    /// The placeholders that components have. `None`: a component could not be described.
    used: Option<BTreeSet<String>>,
}

impl<'a> Findings<'a> {
    /// The variables that could not be replaced, to begin with, and what was found before.
    pub(crate) fn new(variables: &'a Variables, before: Vec<Diagnostic>) -> Self {
        let mut found = before;
        let unset = variables.problems().iter().cloned();
        found.extend(unset.map(|problem| Diagnostic::new(Severity::Error, problem)));
        Self {
            variables,
            found,
            owners: Vec::new(),
            unread: BTreeSet::new(),
            used: Some(BTreeSet::new()),
        }
    }

    /// Adds a problem, unless it only follows from a variable that is not set. Values of variables
    /// do not stay in it.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.push_with(problem, None);
    }

    /// Adds a problem together with the slip that brought it about.
    pub(crate) fn push_with(&mut self, mut problem: Problem, advice: Option<Advice>) {
        let open = |path: &KeyPath| self.variables.leave_open(path);
        // A key is known or unknown whatever its value is, and a placeholder stands in the file.
        let of_value = !matches!(
            problem.kind,
            ProblemKind::UnknownKey { .. } | ProblemKind::Placeholder { .. }
        );
        if of_value && open(&problem.path) || problem.kind.mentions().into_iter().any(open) {
            return;
        }
        if let Some(shown) = self.variables.shown(&problem.path) {
            without_values(&mut problem, shown);
        }
        let mut found = Diagnostic::new(Severity::Error, problem);
        found.advice = advice;
        self.found.push(found);
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, warning: Problem) {
        self.found.push(Diagnostic::new(Severity::Warning, warning));
    }

    /// Adds the problems of the part of the file that stands at `outer`.
    pub(crate) fn extend_under(&mut self, outer: &KeyPath, problems: Problems) {
        problems.into_iter().for_each(|problem| self.push(problem.under(outer)));
    }

    /// Notes a component, to which the keys below its place belong.
    pub(crate) fn owner(&mut self, owner: Owner) {
        self.owners.push(owner);
    }

    /// Notes the placeholders of a component. `None`: it could not be described.
    pub(crate) fn uses(&mut self, names: Option<&[String]>) {
        match (names, &mut self.used) {
            (Some(names), Some(used)) => used.extend(names.iter().cloned()),
            _ => self.used = None,
        }
    }

    /// The placeholders that components have. `None`: not all components could be described.
    pub(crate) fn used(&self) -> Option<&BTreeSet<String>> {
        self.used.as_ref()
    }

    /// The unknown keys, and those that were probably meant.
    pub(crate) fn meant(&self) -> Vec<(KeyPath, KeyPath)> {
        let meant = self.errors().filter_map(|error| {
            let ProblemKind::UnknownKey { near: Some(near) } = &error.kind else { return None };
            let around = error.path.parent()?;
            Some((error.path.clone(), near.split('.').fold(around, |path, key| path.then(key))))
        });
        meant.collect()
    }

    /// The components.
    pub(crate) fn owners(&self) -> &[Owner] {
        &self.owners
    }

    /// Whether an error was found at `path` or below it.
    pub(crate) fn concern(&self, path: &KeyPath) -> bool {
        self.errors().any(|problem| problem.path.is_within(path))
    }

    /// Whether a placeholder is probably a misspelled `name`.
    pub(crate) fn suggest(&self, name: &str) -> bool {
        let is_near = |kind: &ProblemKind| match kind {
            ProblemKind::Placeholder { near, .. } => near.as_deref() == Some(name),
            _ => false,
        };
        self.errors().any(|problem| is_near(&problem.kind))
    }

    fn errors(&self) -> impl Iterator<Item = &Problem> {
        let errors = self.found.iter().filter(|found| found.severity == Severity::Error);
        errors.map(|found| &found.problem)
    }

    /// Notes that the key at `path`, which leads to other components, could not be read.
    pub(crate) fn cannot_follow(&mut self, path: KeyPath) {
        self.unread.insert(path);
    }

    /// Whether a problem of the graph says no more than that a key could not be read which leads from
    /// one component to another. `path` is the problem's path from the component at `place`.
    pub(crate) fn explain(&self, place: &KeyPath, path: &KeyPath, kind: &ProblemKind) -> bool {
        let unread_key = |key: &str| self.unread.iter().any(|path| path.last_key() == Some(key));
        let whole = path.clone().under(place);
        if self.unread.contains(&whole) || self.errors().any(|error| error.path == whole) {
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

    /// Whether there are no errors.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors().next().is_none()
    }

    /// Everything that was found, each with the component that its key belongs to.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let Self { mut found, mut owners, .. } = self;
        let is_unknown = |kind: &ProblemKind| matches!(kind, ProblemKind::UnknownName { .. });
        for owner in &mut owners {
            let at = owner.place.clone().then("type");
            if found.iter().any(|found| found.problem.path == at && is_unknown(&found.problem.kind))
            {
                owner.connector = None;
            }
        }
        for diagnostic in &mut found {
            let path = &diagnostic.problem.path;
            let mut owner = owners.iter().filter(|owner| path.is_within(&owner.place));
            diagnostic.owner = owner.next_back().cloned();
        }
        found
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
        ProblemKind::Placeholder { name, .. } if !shown.contains(&format!("{{{name}}}")) => {
            let why = "a placeholder in the variable's value has no value in context".to_owned();
            problem.kind = ProblemKind::Invalid { why };
            problem.help = None;
        }
        _ => {}
    }
}
