//! Which names have a value where.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faucet_core::{KeyPath, Problem, ProblemKind, Problems};

use crate::keys::ValuePer;
use crate::plan::maker::ValuePlan;
use crate::template::{Placeholder, Reference, is_name};

/// The names that are built in.
pub(crate) const BUILT_IN: [&str; 5] = ["cursor", "seq", "topic", "topics", "topics_csv"];

/// The built-in names that differ between messages.
const IN_MESSAGES: [&str; 4] = ["seq", "topic", "topics", "topics_csv"];

/// A moment in the life of a connection, by which names may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum When {
    /// In the call of this number.
    Call(usize),
    /// When the URL and the headers are made.
    Connect,
    /// In the step of this number.
    Step(usize),
    /// With the subscriptions.
    Subscribe,
    /// With the messages after them.
    Greeting,
    /// Any time later.
    Later,
}

/// The names that a text may have beside values and taken names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Allows {
    /// `{seq}`.
    pub(crate) seq: bool,
    /// `{topics}` and `{topics_csv}`.
    pub(crate) topics: bool,
    /// `{topic}`.
    pub(crate) topic: bool,
    /// `{/pointer}`.
    pub(crate) answered: bool,
}

/// The use of names in the texts at one place.
struct Use<'u> {
    path: &'u KeyPath,
    when: When,
    problems: &'u mut Problems,
    /// The placeholders that were looked at: values may be made of each other many times, also in a circle.
    seen: BTreeSet<(String, Allows)>,
}

impl Use<'_> {
    fn refuse(&mut self, why: impl Into<String>) {
        self.problems.push(Problem::invalid(self.path.clone(), why));
    }
}

/// The names of a configuration.
#[derive(Debug)]
pub(crate) struct KnownNames<'a> {
    values: &'a BTreeMap<Arc<str>, ValuePlan>,
    /// The names of all values, also of those with a mistake.
    written: BTreeSet<&'a str>,
    /// Where each name is taken, and from when on it may have a value.
    taken: BTreeMap<Arc<str>, Vec<(When, KeyPath)>>,
    kept: BTreeSet<Arc<str>>,
    has_cursor: bool,
    /// The names that are neither values nor taken nor built in: those of the run's context.
    pub(crate) context: BTreeSet<Arc<str>>,
    /// Whether a kept name or the cursor stands anywhere.
    pub(crate) uses_position: bool,
}

impl<'a> KnownNames<'a> {
    pub(crate) fn new(
        values: &'a BTreeMap<Arc<str>, ValuePlan>,
        written: impl IntoIterator<Item = &'a String>,
        has_cursor: bool,
    ) -> Self {
        Self {
            values,
            written: written.into_iter().map(String::as_str).collect(),
            taken: BTreeMap::new(),
            kept: BTreeSet::new(),
            has_cursor,
            context: BTreeSet::new(),
            uses_position: false,
        }
    }

    /// The names that the configuration gives values.
    pub(crate) fn own(&self) -> Vec<String> {
        let names = self.values.keys().chain(self.taken.keys());
        names.map(|name| name.to_string()).collect()
    }

    /// A name is taken at `path`.
    pub(crate) fn take(&mut self, name: &str, when: When, path: KeyPath, problems: &mut Problems) {
        if !check_name(name, &path, problems) {
            return;
        }
        if self.written.contains(name) {
            let of = KeyPath::key("values").then(name);
            problems.push(Problem::new(path, ProblemKind::Duplicate { of }));
            return;
        }
        self.taken.entry(name.into()).or_default().push((when, path));
    }

    /// A taken name belongs to the position.
    pub(crate) fn keep(&mut self, name: &str, path: KeyPath, problems: &mut Problems) {
        match self.taken.get_key_value(name) {
            Some((name, _)) => _ = self.kept.insert(Arc::clone(name)),
            None => problems.push(
                Problem::invalid(path, "no step takes this name").help("take it: session[].take"),
            ),
        }
    }

    /// The texts at `path` use names.
    pub(crate) fn uses<'p>(
        &mut self,
        placeholders: impl IntoIterator<Item = &'p Placeholder>,
        path: &KeyPath,
        when: When,
        allows: Allows,
        problems: &mut Problems,
    ) {
        let mut this = Use { path, when, problems, seen: BTreeSet::new() };
        for placeholder in placeholders {
            self.use_one(placeholder, allows, &mut this);
        }
    }

    fn use_one(&mut self, placeholder: &Placeholder, allows: Allows, this: &mut Use<'_>) {
        if !this.seen.insert((placeholder.to_string(), allows)) {
            return;
        }
        let Reference::Name(name) = &placeholder.of else {
            if !allows.answered {
                this.refuse(format!(
                    "{placeholder} is a place of a message that is answered: it stands in `reply` only"
                ));
            }
            return;
        };
        match &**name {
            "cursor" => {
                self.uses_position = true;
                if !self.has_cursor {
                    this.problems.push(Problem::needs(this.path.clone(), "resume"));
                }
            }
            "seq" if !allows.seq => this.refuse("{seq} numbers messages: it has no value here"),
            "topics" | "topics_csv" if !allows.topics => {
                this.refuse(format!("{{{name}}} stands in `subscribe` only"));
            }
            "topic" if !allows.topic && allows.topics => {
                this.refuse("{topic} is the only topic of a message: set `batch: 1`");
            }
            "topic" if !allows.topic => this.refuse("{topic} stands in `subscribe` only"),
            name if BUILT_IN.contains(&name) => {}
            _ => self.use_own(name, placeholder.is_optional, allows, this),
        }
    }

    fn use_own(&mut self, name: &Arc<str>, is_optional: bool, allows: Allows, this: &mut Use<'_>) {
        let values = self.values;
        if let Some(plan) = values.get(name) {
            // The rules about the value itself are checked where it stands.
            let of_message = plan.per == ValuePer::Message;
            let allows = if of_message { allows } else { Allows::default() };
            let is_checked_there = |placeholder: &Placeholder| match &placeholder.of {
                Reference::Answered(_) => true,
                Reference::Name(inner) => !of_message && IN_MESSAGES.contains(&&**inner),
            };
            for placeholder in plan.placeholders() {
                if !is_checked_there(placeholder) {
                    self.use_one(placeholder, allows, this);
                }
            }
            return;
        }
        if self.written.contains(&**name) {
            return;
        }
        self.uses_position |= self.kept.contains(name);
        let Some(takes) = self.taken.get(name) else {
            self.context.insert(Arc::clone(name));
            return;
        };
        let when = this.when;
        let may_have_value = is_optional
            || self.kept.contains(name)
            || takes
                .iter()
                .any(|(taken, _)| *taken < when || *taken == When::Later || when == When::Later);
        if let (false, Some((_, by))) = (may_have_value, takes.first()) {
            let kind = ProblemKind::TakenLater { name: name.to_string(), by: by.clone() };
            this.problems.push(Problem::new(this.path.clone(), kind));
        }
    }

    /// Checks the values: their names, and that none is made of itself.
    pub(crate) fn check_values(&mut self, problems: &mut Problems) {
        let values = self.values;
        for (name, plan) in values {
            let path = KeyPath::key("values").then(Arc::clone(name));
            check_name(name, &path, problems);
            if let Some(circle) = circle_of(name, values) {
                let why = format!("is made of itself: {}", circle.join(" → "));
                problems.push(Problem::invalid(path, why));
                continue;
            }
            let is_of_message = plan.per == ValuePer::Message;
            for placeholder in plan.placeholders() {
                let why = match &placeholder.of {
                    Reference::Answered(_) => {
                        "is a place of a message that is answered: it stands in `reply` only"
                    }
                    Reference::Name(inner) => match &**inner {
                        inner if !is_of_message && IN_MESSAGES.contains(&inner) => {
                            "differs between messages: set `per: message`"
                        }
                        other
                            if !is_of_message
                                && values
                                    .get(other)
                                    .is_some_and(|plan| plan.per == ValuePer::Message) =>
                        {
                            "is a value for each message: set `per: message` here too"
                        }
                        _ => continue,
                    },
                };
                problems.push(Problem::invalid(path.clone(), format!("{placeholder} {why}")));
            }
        }
    }
}

/// Whether `name` can be a name.
fn check_name(name: &str, path: &KeyPath, problems: &mut Problems) -> bool {
    let why = if !is_name(name) {
        "a name has letters, digits and `_`, and does not begin with a digit"
    } else if BUILT_IN.contains(&name) {
        "is a built-in name"
    } else {
        return true;
    };
    problems.push(Problem::new(path.clone(), ProblemKind::InvalidKey { why: why.to_owned() }));
    false
}

/// The way from a value back to itself.
fn circle_of<'a>(
    name: &'a Arc<str>,
    values: &'a BTreeMap<Arc<str>, ValuePlan>,
) -> Option<Vec<String>> {
    fn walk<'a>(
        at: &'a Arc<str>,
        home: &Arc<str>,
        values: &'a BTreeMap<Arc<str>, ValuePlan>,
        seen: &mut BTreeSet<&'a Arc<str>>,
    ) -> Option<Vec<String>> {
        let plan = values.get(at)?;
        for name in plan.placeholders().into_iter().filter_map(Placeholder::name) {
            if name == home {
                return Some(vec![at.to_string(), home.to_string()]);
            }
            let Some((name, _)) = values.get_key_value(name) else { continue };
            if seen.insert(name)
                && let Some(mut way) = walk(name, home, values, seen)
            {
                way.insert(0, at.to_string());
                return Some(way);
            }
        }
        None
    }
    walk(name, name, values, &mut BTreeSet::new())
}
