//! One component of a file: its connector, and its own keys.

use std::panic::{AssertUnwindSafe, catch_unwind};

use faucet_core::{
    Checked, ComponentKind, Entry, Info, KeyPath, Problem, ProblemKind, Problems, Registry,
    SchemaView, Sink, Source, Step, Table, Transform, decode_the_rest, nearest, template,
};
use serde_json::{Map, Value};

use crate::diagnostic::Owner;
use crate::file::declared::Declared;
use crate::file::effects;
use crate::file::files;
use crate::file::findings::Findings;
use crate::file::inputs::Inputs;
use crate::file::interpolate::Variables;
use crate::file::keys::OwnKeys;
use crate::file::unbuilt::Unbuilt;
use crate::graph::Buffer;

/// What a component is made of.
pub(crate) enum Part {
    Source(Box<dyn Source>),
    Transform(Box<dyn Transform>),
    Sink(Box<dyn Sink>),
}

/// A component that was read.
pub(crate) struct Component {
    pub(crate) kind: ComponentKind,
    pub(crate) id: String,
    pub(crate) place: KeyPath,
    pub(crate) part: Part,
    pub(crate) from: Option<Inputs>,
    /// The component whose pages it takes without `from`.
    pub(crate) before: Option<String>,
    pub(crate) buffer: Option<Buffer>,
    pub(crate) dead_letter: Option<String>,
}

/// Reads components.
pub(crate) struct Reader<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) variables: &'a Variables,
    /// The names that have a value in the context. `None`: the context cannot be read.
    pub(crate) context: Option<Vec<String>>,
    /// The directory that `~` stands for.
    pub(crate) home: Option<String>,
}

impl Reader<'_> {
    /// Reads and builds a component. Whatever is wrong with it goes to `findings`, and the component
    /// is there in any case: other components may name it.
    pub(crate) fn read(&self, declared: Declared, findings: &mut Findings<'_>) -> Component {
        let Declared { kind, id, place, value, before } = declared;
        let (own, config) = split(kind, value, &place, findings);
        let (own, mut problems) = decode_the_rest::<OwnKeys>(own, &[]);
        let own = own.unwrap_or_default();
        if config.is_none() {
            let more = |problem: Problem| problem.expected("a map with a `type`");
            problems = problems.into_iter().map(more).collect();
        }
        findings.owner(Owner {
            place: place.clone(),
            kind: kind.as_str(),
            id: id.clone(),
            connector: own
                .connector
                .clone()
                .filter(|_| self.variables.shown(&place.clone().then("type")).is_none())
                .filter(|name| is_name(name)),
        });
        findings.extend_under(&place, problems);
        for key in ["from", "dead_letter"] {
            let key = place.clone().then(key);
            if config.is_none() || findings.concern(&key) {
                findings.cannot_follow(key);
            }
        }
        let part = self.part(kind, own.connector, config, &place, findings);
        let buffer = own.buffer.map(|keys| {
            let at = place.clone().then("buffer");
            let mut problems = Problems::new();
            let buffer = keys.build(&mut problems);
            // A key that did not fit was left out: its absence is no second mistake.
            if !findings.concern(&at.clone().then("key"))
                && !findings.concern(&at.clone().then("when_full"))
            {
                findings.extend_under(&at, problems);
            }
            buffer
        });
        if own.from.as_ref().is_some_and(|from| from.ids().is_empty()) {
            let at = place.clone().then("from");
            findings.push(Problem::out_of_range(at.clone(), "at least one name"));
            findings.cannot_follow(at);
        }
        let OwnKeys { from, dead_letter, .. } = own;
        Component { kind, id, place, part, from, before, buffer, dead_letter }
    }

    fn part(
        &self,
        kind: ComponentKind,
        connector: Option<String>,
        config: Option<Map<String, Value>>,
        place: &KeyPath,
        findings: &mut Findings<'_>,
    ) -> Part {
        let given = Given { connector, config, place };
        let Registry { sources, transforms, sinks, .. } = self.registry;
        match kind {
            ComponentKind::Source => {
                let diverts = given.diverts(sources);
                let built = self.build(sources, given, |source| source.info(), findings);
                Part::Source(built.unwrap_or_else(|| Box::new(Unbuilt { diverts })))
            }
            ComponentKind::Transform => {
                let built = self.build(transforms, given, |transform| transform.info(), findings);
                Part::Transform(built.unwrap_or_else(|| Box::new(Unbuilt::default())))
            }
            _ => {
                let built = self.build(sinks, given, |sink| sink.info(), findings);
                Part::Sink(built.unwrap_or_else(|| Box::new(Unbuilt::default())))
            }
        }
    }

    fn build<T: ?Sized + 'static>(
        &self,
        table: &Table<T>,
        given: Given<'_>,
        info: impl FnOnce(&T) -> Info,
        findings: &mut Findings<'_>,
    ) -> Option<Box<T>> {
        let Given { connector, config, place } = given;
        let mut config = Value::Object(config?);
        let Some(connector) = connector else {
            if !findings.concern(&place.clone().then("type")) {
                findings.push(no_type(table).under(place));
            }
            return None;
        };
        if self.variables.leave_open(&place.clone().then("type")) {
            return None;
        }
        let (entry, is_guess) = match table.get(&connector) {
            Ok(entry) => (entry, false),
            Err(problem) => {
                let near = match &problem.kind {
                    ProblemKind::UnknownName { near: Some(near), .. } => table.find(near),
                    _ => None,
                };
                findings.push(problem.under(place));
                // The keys are probably those of the connector that was meant.
                (near?, true)
            }
        };
        let schema = SchemaView::new(entry.schema());
        files::resolve(&mut config, schema, place, self.home.as_deref(), findings);
        let of_file = own_keys(table.kind());
        let open = self.variables.open_below(place);
        let Checked { built, problems, .. } = entry.check(config.clone(), &open);
        let is_whole = problems.is_empty() && open.is_empty();
        for problem in problems {
            findings.push(suggest(problem, of_file).under(place));
        }
        // What is wrong with a key is told before it is asked whether it matters to another one.
        effects::warn(&config, schema, place, findings);
        let info = built.as_ref().and_then(|built| {
            // The builder of the pipeline reports a panic.
            catch_unwind(AssertUnwindSafe(|| info(built))).ok()
        });
        for warning in info.iter().flat_map(|info| &info.warnings).filter(|_| is_whole) {
            findings.warn(warning.clone().under(place));
        }
        self.check_placeholders(entry, info.as_ref(), is_whole, &config, place, findings);
        if !open.is_empty() {
            // The value of a variable may have any placeholder.
            findings.uses(None);
        }
        built.filter(|_| !is_guess)
    }

    /// A name of the component itself must not be one of the context too.
    fn check_own_names(&self, own: &[String], place: &KeyPath, findings: &mut Findings<'_>) {
        let twice = self.context.iter().flatten().filter(|name| own.contains(name));
        for name in twice {
            let of = place.clone().then("values").then(name.as_str());
            let at = KeyPath::key("context").then(name.as_str());
            findings.push(Problem::new(at, ProblemKind::Duplicate { of }));
        }
    }

    /// Each placeholder that the component's description names needs a value. The problem stands at
    /// the first text of the configuration that has the placeholder.
    fn check_placeholders<T: ?Sized + 'static>(
        &self,
        entry: &Entry<T>,
        info: Option<&Info>,
        is_whole: bool,
        config: &Value,
        place: &KeyPath,
        findings: &mut Findings<'_>,
    ) {
        let schema = SchemaView::new(entry.schema());
        let mut names = info.map_or_else(Vec::new, |info| info.placeholders.clone());
        if !is_whole {
            // What could not be read has no part in the description.
            names.extend(files::placeholders(config, schema));
        }
        let own = own_names(info, config);
        names.retain(|name| !own.contains(name));
        self.check_own_names(&own, place, findings);
        let is_described =
            info.is_some() || schema.keys().iter().any(|k| k.schema.has_placeholders());
        findings.uses(is_described.then_some(&*names));
        let Some(context) = &self.context else { return };
        for (n, name) in names.iter().enumerate() {
            if context.contains(name) || names[..n].contains(name) {
                continue;
            }
            let mut places = Vec::new();
            find_placeholder(name, config, place, &mut places);
            // A value that stands for another one may have placeholders too.
            if places.is_empty() && !is_whole {
                continue;
            }
            let at = places.first().unwrap_or(place);
            let mut problem = template::no_value(at.clone(), name);
            let known = context.iter().chain(&own).map(String::as_str);
            if let Some(meant) = nearest(name, known) {
                let near = Some(meant.to_owned());
                problem.kind = ProblemKind::Placeholder { name: name.clone(), near };
                problem.help = None;
            }
            findings.push(problem);
        }
    }
}

/// What a file says of a component's connector.
struct Given<'a> {
    connector: Option<String>,
    /// The connector's own keys. `None`: the component is no map.
    config: Option<Map<String, Value>>,
    place: &'a KeyPath,
}

impl Given<'_> {
    /// Whether the source hands over what it cannot decode, as far as its configuration says.
    fn diverts<T: ?Sized + 'static>(&self, table: &Table<T>) -> bool {
        let entry = self.connector.as_deref().and_then(|name| table.find(name));
        let (Some(entry), Some(config)) = (entry, &self.config) else { return false };
        effects::diverts(config, SchemaView::new(entry.schema()))
    }
}

/// Separates the keys of the pipeline file from those of the connector.
fn split(
    kind: ComponentKind,
    value: Value,
    place: &KeyPath,
    findings: &mut Findings<'_>,
) -> (Value, Option<Map<String, Value>>) {
    let Value::Object(mut config) = value else { return (value, None) };
    let mut own = Map::new();
    for key in own_keys(ComponentKind::Sink) {
        let Some(value) = config.remove(*key) else { continue };
        if own_keys(kind).contains(key) {
            own.insert((*key).to_owned(), value);
        } else {
            let at = place.clone().then(*key);
            let problem = Problem::new(at, ProblemKind::UnknownKey { near: None });
            findings.push(problem.help("a source takes records from no component"));
        }
    }
    (Value::Object(own), Some(config))
}

/// The keys of the pipeline file that a component may have.
fn own_keys(kind: ComponentKind) -> &'static [&'static str] {
    match kind {
        ComponentKind::Source => &["type", "dead_letter"],
        _ => &["type", "dead_letter", "from", "buffer"],
    }
}

/// Whether a connector could have the name. Other text stands there by mistake, and may be anything.
fn is_name(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.len() <= 60 && text.chars().all(good)
}

/// Suggests a key of the pipeline file where the connector knows none that is close.
fn suggest(mut problem: Problem, of_file: &[&str]) -> Problem {
    if let (ProblemKind::UnknownKey { near: near @ None }, [Step::Key(key)]) =
        (&mut problem.kind, problem.path.steps())
    {
        *near = nearest(key, of_file.iter().copied()).map(str::to_owned);
    }
    problem
}

fn no_type<T: ?Sized + 'static>(table: &Table<T>) -> Problem {
    let names: Vec<&str> = table.names().collect();
    match names.is_empty() {
        true => Problem::missing("type").help(format!("this build has no {}", table.kind())),
        false => Problem::missing("type").expected(format!("one of {}", names.join(", "))),
    }
}

/// Finds the texts in `value`, which stands at `path`, that have the placeholder.
fn find_placeholder(name: &str, value: &Value, path: &KeyPath, places: &mut Vec<KeyPath>) {
    match value {
        Value::String(text) if template::placeholders(text).iter().any(|other| other == name) => {
            places.push(path.clone());
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                find_placeholder(name, item, &path.clone().at(n), places);
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries {
                find_placeholder(name, item, &path.clone().then(key.as_str()), places);
            }
        }
        _ => {}
    }
}

/// The names that the component itself gives values.
fn own_names(info: Option<&Info>, config: &Value) -> Vec<String> {
    let mut names = info.map_or_else(Vec::new, |info| info.own_names.clone());
    let values = config.get("values").and_then(Value::as_object);
    names.extend(values.into_iter().flat_map(|values| values.keys().cloned()));
    names
}
