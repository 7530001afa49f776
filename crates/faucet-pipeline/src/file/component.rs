//! One component of a file: its connector, and its own keys.

use std::panic::{AssertUnwindSafe, catch_unwind};

use faucet_core::{
    ComponentKind, Info, KeyPath, Problem, ProblemKind, Problems, Registry, SchemaView, Sink,
    Source, Step, Table, Transform, nearest, template,
};
use serde_json::{Map, Value};

use crate::file::declared::Declared;
use crate::file::findings::Findings;
use crate::file::inputs::Inputs;
use crate::file::interpolate::Variables;
use crate::file::keys::OwnKeys;
use crate::file::lenient::decode_the_rest;
use crate::file::paths::{path_of, value_at};
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
}

impl Reader<'_> {
    /// Reads and builds a component. Whatever is wrong with it goes to `findings`, and the component
    /// is there in any case: other components may name it.
    pub(crate) fn read(&self, declared: Declared, findings: &mut Findings<'_>) -> Component {
        let Declared { kind, id, place, value, before } = declared;
        let (own, config) = split(kind, value, &place, findings);
        let (own, mut problems) = decode_the_rest::<OwnKeys>(own);
        if config.is_none() {
            let more = |problem: Problem| problem.expected("a map with a `type`");
            problems = problems.into_iter().map(more).collect();
        }
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
                let built = self.build(sources, given, |source| source.info(), findings);
                Part::Source(built.unwrap_or_else(|| Box::new(Unbuilt)))
            }
            ComponentKind::Transform => {
                let built = self.build(transforms, given, |transform| transform.info(), findings);
                Part::Transform(built.unwrap_or_else(|| Box::new(Unbuilt)))
            }
            _ => {
                let built = self.build(sinks, given, |sink| sink.info(), findings);
                Part::Sink(built.unwrap_or_else(|| Box::new(Unbuilt)))
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
        let entry = match table.get(&connector) {
            Ok(entry) => entry,
            Err(problem) => {
                findings.push(problem.under(place));
                return None;
            }
        };
        self.leave_open_keys_out(&mut config, place, SchemaView::new(entry.schema()));
        match entry.build(config.clone()) {
            Ok(built) => {
                // The builder of the pipeline reports a panic.
                if let Ok(info) = catch_unwind(AssertUnwindSafe(|| info(&*built))) {
                    self.check_placeholders(&info, &config, place, findings);
                }
                Some(built)
            }
            Err(problems) => {
                let of_file = own_keys(table.kind());
                let problems = problems.into_iter().map(|problem| suggest(problem, of_file));
                findings.extend_under(place, problems.collect());
                None
            }
        }
    }

    /// Takes away the text of variables without a value, where a key takes no text: the rest of the
    /// configuration is then checked as if the key was not there.
    fn leave_open_keys_out(&self, config: &mut Value, place: &KeyPath, schema: SchemaView<'_>) {
        for problem in self.variables.problems().iter().filter(|p| p.path.is_within(place)) {
            let steps = &problem.path.steps()[place.steps().len()..];
            let takes_text = schema.find(&path_of(steps)).is_none_or(|schema| {
                let types = schema.types();
                types.is_empty() || types.contains(&"string")
            });
            if let (false, Some(value)) = (takes_text, value_at(config, steps)) {
                *value = Value::Null;
            }
        }
    }

    /// Each placeholder that the component's description names needs a value. The problem stands at
    /// the first text of the configuration that has the placeholder.
    fn check_placeholders(
        &self,
        info: &Info,
        config: &Value,
        place: &KeyPath,
        findings: &mut Findings<'_>,
    ) {
        let Some(context) = &self.context else { return };
        for (n, name) in info.placeholders.iter().enumerate() {
            if context.contains(name) || info.placeholders[..n].contains(name) {
                continue;
            }
            let mut places = Vec::new();
            find_placeholder(name, config, place, &mut places);
            let at = places.first().unwrap_or(place);
            findings.push(template::no_value(at.clone(), name));
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
