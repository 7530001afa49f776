//! From the tree of a file to a pipeline.

use std::collections::BTreeMap;

use faucet_core::{
    ComponentKind, KeyPath, Problem, ProblemKind, Problems, Registry, Step, decode_the_rest,
    duration,
};
use serde_json::Value;

use crate::diagnostic::{Advice, Diagnostic};
use crate::file::component::{Component, Part, Reader};
use crate::file::declared::{declared, section};
use crate::file::files;
use crate::file::findings::Findings;
use crate::file::inputs::Inputs;
use crate::file::interpolate::Variables;
use crate::file::keys::FileKeys;
use crate::file::misplaced::SETTINGS;
use crate::file::paths::path_of;
use crate::file::places::Places;
use crate::graph::{Pipeline, PipelineBuilder};

const KINDS: [ComponentKind; 3] =
    [ComponentKind::Source, ComponentKind::Transform, ComponentKind::Sink];

/// A file as it is assembled.
pub(crate) struct File<'a> {
    pub(crate) tree: &'a Value,
    pub(crate) variables: &'a Variables,
    pub(crate) places: &'a Places,
    pub(crate) registry: &'a Registry,
    /// The directory that `~` stands for.
    pub(crate) home: Option<&'a str>,
}

/// The pipeline of a file, unless there are errors or values that are not known, and everything that
/// was found. `before` was found before.
pub(crate) fn assemble<'a>(
    file: &File<'a>,
    before: Vec<Diagnostic>,
) -> (Option<Pipeline>, Findings<'a>) {
    let File { tree, variables, places, registry, home } = *file;
    let mut findings = Findings::new(variables, before);
    if !tree.is_object() {
        let what = "a pipeline file is a map with `source` and `sink`";
        match tree.is_null() {
            true => findings.push_with(Problem::missing(KeyPath::root()), Some(Advice::Empty)),
            false => findings.push(Problem::custom(KeyPath::root(), what)),
        }
        return (None, findings);
    }
    // The values of components are looked at with their own keys.
    let of_file = |path: &KeyPath| path.first_key().is_some_and(|key| SETTINGS.contains(&key));
    let mut open = variables.open_below(&KeyPath::root());
    open.retain(of_file);
    let (keys, problems) = decode_the_rest::<FileKeys>(tree.clone(), &open);
    let mut keys = keys.unwrap_or_default();
    findings.extend_under(&KeyPath::root(), problems);
    let twice = conflicts(&keys, places, &mut findings);
    let home = home.map(str::to_owned);
    let reader = Reader { registry, variables, context: context_names(tree), home };
    let mut components = Vec::new();
    for declared in declared(&mut keys) {
        let component = reader.read(declared, &mut findings);
        if twice && component.from.is_none() {
            findings.cannot_follow(component.place.clone().then("from"));
        }
        components.push(component);
    }
    let builder = settings(keys, reader.home.as_deref(), &mut findings);
    let graph = Graph::of(&components, tree);
    match components.into_iter().fold(builder, add).build() {
        Ok(pipeline) if findings.is_empty() && variables.problems().is_empty() => {
            return (Some(pipeline), findings);
        }
        Ok(_) => {}
        Err(problems) => {
            let without = |kind| problems.iter().any(|p| p.path == KeyPath::key(section(kind)));
            // Without a sink no component could take the pages of the others, and without a source
            // there are no pages.
            if without(ComponentKind::Sink) {
                findings.cannot_follow(KeyPath::key("sink").then("from"));
            }
            if without(ComponentKind::Source) {
                graph.places().for_each(|place| findings.cannot_follow(place.then("from")));
            }
            problems.iter().for_each(|problem| graph.tell(problem.clone(), &mut findings));
            if findings.is_empty() {
                problems.into_iter().for_each(|problem| findings.push(problem));
            }
        }
    }
    (None, findings)
}

/// Finds kinds of components that are given in the short form and in the long one. The second of the
/// two keys is the mistake.
fn conflicts(keys: &FileKeys, places: &Places, findings: &mut Findings<'_>) -> bool {
    let mut any = false;
    for (kind, short, long) in [
        (ComponentKind::Source, keys.source.is_some(), keys.sources.is_some()),
        (ComponentKind::Transform, keys.transform.is_some(), keys.transforms.is_some()),
        (ComponentKind::Sink, keys.sink.is_some(), keys.sinks.is_some()),
    ] {
        if !(short && long) {
            continue;
        }
        any = true;
        let (one, many) = (KeyPath::key(kind.as_str()), KeyPath::key(section(kind)));
        let (first, second) = match (places.find(&one, true), places.find(&many, true)) {
            (Some(one_at), Some(many_at)) if many_at < one_at => (many, one),
            _ => (one, many),
        };
        findings.push(Problem::conflict(second, first));
    }
    any
}

/// The names that have a value. `None`: the map cannot be read.
fn context_names(tree: &Value) -> Option<Vec<String>> {
    match tree.get("context") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Object(entries)) => Some(entries.keys().cloned().collect()),
        Some(_) => None,
    }
}

/// A builder with the settings of the whole file.
fn settings(keys: FileKeys, home: Option<&str>, findings: &mut Findings<'_>) -> PipelineBuilder {
    let mut builder = Pipeline::builder();
    let mut problems = Problems::new();
    if let Some(flush) = keys.flush {
        builder = builder.flush(flush.build());
    }
    if let Some(state) = keys.state {
        let path = KeyPath::key("state").then("path");
        problems.push_if(state.path.is_empty(), || {
            Problem::out_of_range(path.clone(), "the path of a file")
        });
        match files::expanded(&state.path, home) {
            Ok(path) => builder = builder.state(path),
            Err((why, advice)) => findings.push_with(Problem::invalid(path, why), advice),
        }
    }
    duration::check("grace", keys.grace, &mut problems);
    findings.extend_under(&KeyPath::root(), problems);
    if let Some(grace) = keys.grace {
        builder = builder.grace(grace);
    }
    let context = keys.context.unwrap_or_default().into_iter();
    builder
        .parallel(keys.parallel.unwrap_or_default())
        .context(context.map(|(name, value)| (name, value.0)).collect())
}

fn add(builder: PipelineBuilder, component: Component) -> PipelineBuilder {
    let Component { id, part, from, before, buffer, dead_letter, .. } = component;
    let ids = from.as_ref().map_or(before.as_slice(), Inputs::ids);
    let from: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut builder = match part {
        Part::Source(source) => builder.source(&id, source),
        Part::Transform(transform) => builder.transform(&id, transform, &from),
        Part::Sink(sink) => builder.sink(&id, sink, &from),
    };
    if let Some(buffer) = buffer {
        builder = builder.buffer(&id, buffer);
    }
    match dead_letter {
        Some(sink) => builder.dead_letter(&id, &sink),
        None => builder,
    }
}

/// Where the builder's components stand in the file.
struct Graph {
    members: BTreeMap<KeyPath, Member>,
    /// The maps of components that the file has.
    sections: Vec<KeyPath>,
    /// Whether all of them could be read.
    is_whole: bool,
}

struct Member {
    place: KeyPath,
    /// Whether the file has its `from`.
    names_inputs: bool,
    /// Whether that is a list, so that problems have a place in it.
    lists_inputs: bool,
}

impl Graph {
    fn of(components: &[Component], tree: &Value) -> Self {
        let mut members = BTreeMap::new();
        for component in components {
            let Component { kind, id, place, from, .. } = component;
            let member = || Member {
                place: place.clone(),
                names_inputs: from.is_some(),
                lists_inputs: matches!(from, Some(Inputs::List(_))),
            };
            members.insert(KeyPath::key(section(*kind)).then(id.as_str()), member());
            // A panic is told at the name alone.
            members.entry(KeyPath::key(id.as_str())).or_insert_with(member);
        }
        let given = KINDS.into_iter().map(section).filter(|section| tree.get(*section).is_some());
        let is_whole = given.clone().all(|section| {
            tree[section].is_object() || (section == "transforms" && tree[section].is_null())
        });
        Self { members, sections: given.map(KeyPath::key).collect(), is_whole }
    }

    /// Where the components stand in the file.
    fn places(&self) -> impl Iterator<Item = KeyPath> {
        self.members.values().map(|member| member.place.clone())
    }

    /// Tells a problem of the builder at its place in the file, unless it only follows from another.
    fn tell(&self, mut problem: Problem, findings: &mut Findings<'_>) {
        let steps = problem.path.steps();
        let of_member =
            [2, 1].into_iter().filter(|depth| steps.len() >= *depth).find_map(|depth| {
                let (outer, inner) = steps.split_at(depth);
                Some((self.members.get(&path_of(outer))?, path_of(inner)))
            });
        // A panic of a component called `state` has the same path, and is another kind of problem.
        let of_state = problem.path == KeyPath::key("state")
            && matches!(problem.kind, ProblemKind::Invalid { .. });
        let of_file = of_state || (steps.len() == 2 && problem.path.first_key() == Some("flush"));
        let of_section = steps.len() == 1 && problem.kind == ProblemKind::Missing;
        let (member, inner) = match of_member {
            _ if of_file => return findings.push(problem),
            _ if of_section => return self.tell_of_section(problem, findings),
            Some(found) => found,
            None => return findings.push(problem),
        };
        let is_edge = inner.first_key() != Some("buffer");
        if is_edge && (!self.is_whole || findings.explain(&member.place, &inner, &problem.kind)) {
            return;
        }
        // Components that stand one behind the other are fine: only names of the file can be wrong.
        let of_inputs = inner.first_key() == Some("from") && problem.kind != ProblemKind::Missing;
        if of_inputs && !member.names_inputs {
            return;
        }
        let inner = match inner.steps() {
            [Step::Key(key), Step::Index(_)] if &**key == "from" && !member.lists_inputs => {
                KeyPath::key("from")
            }
            _ => inner,
        };
        problem.path = inner.under(&member.place);
        findings.push(problem);
    }

    /// There is no component of a kind.
    fn tell_of_section(&self, mut problem: Problem, findings: &mut Findings<'_>) {
        if !self.is_whole {
            return;
        }
        if self.sections.contains(&problem.path) {
            return findings.push(Problem::out_of_range(problem.path, "at least one component"));
        }
        let short = KINDS.into_iter().find(|kind| problem.path == KeyPath::key(section(*kind)));
        if let Some(kind) = short {
            problem.path = kind.as_str().into();
        }
        findings.push(problem);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use faucet_core::{CheckReport, Info, PageReader, Result, Scope, Source, async_trait};
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::file::unbuilt::Unbuilt;
    use crate::graph::Flush;

    #[derive(Debug, Deserialize, JsonSchema)]
    struct Nothing {}

    /// Panics where it describes itself.
    #[derive(Debug)]
    struct Panics;

    #[async_trait]
    impl Source for Panics {
        fn info(&self) -> Info {
            panic!("no description")
        }

        async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
            Source::open(&Unbuilt::default(), &Scope::default()).await
        }

        async fn check(&self, scope: &Scope) -> CheckReport {
            Source::check(&Unbuilt::default(), scope).await
        }
    }

    fn assembled(tree: &Value) -> Result<Pipeline, Vec<String>> {
        let mut registry = Registry::new();
        registry.add_source_with("s", |_: Nothing| Ok(Unbuilt::default())).unwrap();
        registry.add_source_with("panics", |_: Nothing| Ok(Panics)).unwrap();
        registry.add_sink_with("k", |_: Nothing| Ok(Unbuilt::default())).unwrap();
        let (variables, places) = (Variables::default(), Places::default());
        let file =
            File { tree, variables: &variables, places: &places, registry: &registry, home: None };
        let (pipeline, findings) = assemble(&file, Vec::new());
        let problems = findings.into_diagnostics();
        pipeline.ok_or(problems.iter().map(|found| found.problem.to_string()).collect())
    }

    #[test]
    fn the_settings_of_the_file_are_those_of_the_pipeline() {
        let ends = json!({"source": {"type": "s"}, "sink": {"type": "k"}});
        let pipeline = assembled(&ends).unwrap();
        let settings = pipeline.settings();
        assert_eq!((settings.flush, settings.grace), (Flush::default(), crate::graph::GRACE));
        assert_eq!((settings.state.as_deref(), settings.parallel), (None, false));
        assert!(settings.context.is_empty());

        let mut all = ends;
        all["flush"] = json!({"interval": "250ms", "records": 3, "bytes": "1KiB"});
        all["state"] = json!({"path": "a.state.json"});
        all["grace"] = json!(5);
        all["parallel"] = json!(true);
        all["context"] = json!({"a": -1, "b": "x"});
        let pipeline = assembled(&all).unwrap();
        let settings = pipeline.settings();
        let flush = Flush::every(Duration::from_millis(250)).or_records(3).or_bytes(1024);
        assert_eq!((settings.flush, settings.grace), (flush, Duration::from_secs(5)));
        assert_eq!(settings.state.as_deref(), Some(Path::new("a.state.json")));
        assert!(settings.parallel);
        assert_eq!((&*settings.context["a"], &*settings.context["b"]), ("-1", "x"));
    }

    #[test]
    fn a_component_that_panics_is_named_at_its_place() {
        let sinks = json!({"k": {"type": "k", "bad": 1}});
        let file = json!({"sources": {"a": {"type": "panics"}}, "sinks": sinks});
        let found = assembled(&file).unwrap_err();
        assert!(found.iter().any(|problem| problem.starts_with("sources.a: plugin panicked")));
    }
}
