//! Puts a pipeline together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::{ComponentKind, KeyPath, Problem, Problems, Sink, Source, Transform};

use crate::graph::buffer::Buffer;
use crate::graph::flush::Flush;
use crate::graph::guard::caught_now;
use crate::graph::node::{Component, Part};
use crate::graph::pipeline::Pipeline;
use crate::graph::plan::{GRACE, Plan, Settings};
use crate::graph::report::Report;
use crate::graph::topology::{Member, order};

/// A component that was named and not checked yet.
#[derive(Debug)]
struct Draft {
    id: Arc<str>,
    part: Part,
    from: Vec<Arc<str>>,
}

/// Puts a pipeline together: components by name, in any order, and then [`build`](Self::build).
#[derive(Debug)]
#[must_use]
pub struct PipelineBuilder {
    drafts: Vec<Draft>,
    buffers: BTreeMap<String, Buffer>,
    dead_letters: BTreeMap<String, String>,
    settings: Settings,
}

impl Default for PipelineBuilder {
    fn default() -> Self {
        Self {
            drafts: Vec::new(),
            buffers: BTreeMap::new(),
            dead_letters: BTreeMap::new(),
            settings: Settings {
                context: Arc::default(),
                flush: Flush::default(),
                state: None,
                grace: GRACE,
                parallel: false,
            },
        }
    }
}

impl PipelineBuilder {
    /// Adds a source. An id is a letter and then letters, digits and `_`.
    pub fn source(self, id: &str, source: impl Source + 'static) -> Self {
        self.draft(id, Part::Source(Arc::new(source)), &[])
    }

    /// Adds a transform that takes the pages of the components `from`; their order is that of its
    /// inputs. Without names it takes those of the only source.
    pub fn transform(self, id: &str, transform: impl Transform + 'static, from: &[&str]) -> Self {
        self.draft(id, Part::Transform(Arc::new(transform)), from)
    }

    /// Adds a sink that takes the pages of the components `from`. Without names it takes those of the
    /// only source, or nothing but what others reject if it is their `dead_letter`.
    pub fn sink(self, id: &str, sink: impl Sink + 'static, from: &[&str]) -> Self {
        self.draft(id, Part::Sink(Arc::new(sink)), from)
    }

    fn draft(mut self, id: &str, part: Part, from: &[&str]) -> Self {
        let from = from.iter().map(|id| Arc::from(*id)).collect();
        self.drafts.push(Draft { id: id.into(), part, from });
        self
    }

    /// What may wait on each edge that leads to the component `id`.
    pub fn buffer(mut self, id: &str, buffer: Buffer) -> Self {
        self.buffers.insert(id.to_owned(), buffer);
        self
    }

    /// Sends what the component `id` rejects to the sink `sink` instead of ending the run.
    pub fn dead_letter(mut self, id: &str, sink: &str) -> Self {
        self.dead_letters.insert(id.to_owned(), sink.to_owned());
        self
    }

    /// When sinks are flushed and positions committed.
    pub fn flush(mut self, flush: Flush) -> Self {
        self.settings.flush = flush;
        self
    }

    /// Keeps positions and saved bytes in this file, so that the next run goes on where the last
    /// commit was.
    pub fn state(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.state = Some(path.into());
        self
    }

    /// How long a run may take after a shutdown: to stop its sources (at most three quarters of it),
    /// to write what was received, and to flush and close its sinks. Then it gives up: the report
    /// counts what was read and not written. Default [`GRACE`].
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// Runs each component as a task of its own, so that they use several cores. By default a run is
    /// one future, which costs less a page.
    pub fn parallel(mut self, parallel: bool) -> Self {
        self.settings.parallel = parallel;
        self
    }

    /// Fills `{name}` placeholders of all components.
    pub fn context(mut self, values: BTreeMap<String, String>) -> Self {
        self.settings.context = Arc::new(values);
        self
    }

    /// Checks that the components form a pipeline.
    ///
    /// # Errors
    /// All problems, at `sources.ID`, `transforms.ID.from[0]`, `sinks.ID.dead_letter` and so on.
    pub fn build(self) -> Result<Pipeline, Problems> {
        let Self { mut drafts, mut buffers, dead_letters, settings } = self;
        take_the_only_source(&mut drafts, &dead_letters);
        let mut problems = Problems::new();
        let mut components = Vec::new();
        for Draft { id, part, from } in drafts {
            match caught_now("info", || part.info()) {
                Ok(info) => components.push(Component {
                    buffer: buffers.remove(&*id).unwrap_or_default(),
                    dead_letter: dead_letters.get(&*id).map(|sink| Arc::from(sink.as_str())),
                    id,
                    part,
                    from,
                    info,
                }),
                Err(panicked) => problems.push(Problem::custom(&*id, panicked.to_string())),
            }
        }
        if !problems.is_empty() {
            // What is not known of these components would be a problem of all that name them.
            return Err(problems);
        }
        let ids: Vec<&str> = components.iter().map(|component| &*component.id).collect();
        for id in buffers.keys().chain(dead_letters.keys()).filter(|id| !ids.contains(&id.as_str()))
        {
            problems.push(Problem::custom(id.as_str(), "there is no component of this name"));
        }
        check_flush(&settings.flush, &mut problems);
        let members: Vec<Member<'_>> = components.iter().map(member).collect();
        let order = match order(&members) {
            Ok(order) => order,
            Err(found) => {
                problems.extend(found);
                Vec::new()
            }
        };
        check_inputs(&components, &mut problems);
        check_state(&components, &settings, &mut problems);
        problems.into_result()?;
        let components = order.into_iter().map(|n| components[n].clone()).collect();
        Ok(Pipeline::of(Plan { components, settings }))
    }
}

/// Where there is one source and no transform, nothing else can be meant.
fn take_the_only_source(drafts: &mut [Draft], dead_letters: &BTreeMap<String, String>) {
    let mut sources = drafts.iter().filter(|draft| matches!(draft.part, Part::Source(_)));
    let only = match (sources.next(), sources.next()) {
        (Some(only), None) => Arc::clone(&only.id),
        _ => return,
    };
    let transforms = drafts.iter().filter(|draft| matches!(draft.part, Part::Transform(_))).count();
    for draft in drafts.iter_mut().filter(|draft| draft.from.is_empty()) {
        let takes_letters = dead_letters.values().any(|sink| **sink == *draft.id);
        let takes = match draft.part {
            Part::Source(_) => false,
            Part::Transform(_) => transforms == 1,
            Part::Sink(_) => transforms == 0 && !takes_letters,
        };
        if takes {
            draft.from.push(Arc::clone(&only));
        }
    }
}

fn member(component: &Component) -> Member<'_> {
    Member {
        id: &component.id,
        kind: component.kind(),
        from: component.from.iter().map(|id| &**id).collect(),
        dead_letter: component.dead_letter.as_deref(),
        diverts: component.kind() == ComponentKind::Source && component.info.diverts,
        buffer_pages: component.buffer.pages,
        buffer_bytes: component.buffer.bytes,
    }
}

/// Lets each transform look at the names of its inputs, unless a name itself is a mistake.
fn check_inputs(components: &[Component], problems: &mut Problems) {
    for Component { id, part, from, .. } in components {
        let Part::Transform(transform) = part else { continue };
        let place = KeyPath::key("transforms").then(&**id);
        if problems.concern(&place.clone().then("from")) {
            continue;
        }
        let names: Vec<&str> = from.iter().map(|id| &**id).collect();
        match caught_now("inputs", || transform.inputs(&names)) {
            Ok(Ok(())) => {}
            Ok(Err(found)) => problems.extend_under(&place, found),
            Err(panicked) => problems.push(Problem::custom(place, panicked.to_string())),
        }
    }
}

/// Refuses a state that no flush would ever commit.
fn check_state(components: &[Component], settings: &Settings, problems: &mut Problems) {
    let unsaved = components.iter().filter(|component| component.info.carries_unsaved);
    for Component { id, .. } in unsaved.filter(|_| settings.state.is_some()) {
        let why = format!(
            "the transform `{id}` holds records that it cannot save: no flush would commit a position"
        );
        let help = format!("leave `state` out, or the window of `{id}`");
        problems.push(Problem::invalid("state", why).help(help));
    }
}

fn check_flush(flush: &Flush, problems: &mut Problems) {
    let key = |name: &str| KeyPath::key("flush").then(name);
    problems.push_if(flush.interval.is_zero(), || {
        Problem::out_of_range(key("interval"), "a duration longer than zero")
    });
    problems
        .push_if(flush.records == Some(0), || Problem::out_of_range(key("records"), "at least 1"));
    problems.push_if(flush.bytes == Some(0), || Problem::out_of_range(key("bytes"), "at least 1"));
}

impl Pipeline {
    /// Puts a pipeline together.
    pub fn builder() -> PipelineBuilder {
        PipelineBuilder::default()
    }

    /// Moves records from `source` to `sink`: a pipeline whose components have these names.
    ///
    /// # Panics
    /// When one of them panics while it describes itself, and when the source diverts what it cannot
    /// decode: that needs a `dead_letter`, and so the [`builder`](Self::builder).
    pub fn new(source: impl Source + 'static, sink: impl Sink + 'static) -> Self {
        let builder = Self::builder().source("source", source).sink("sink", sink, &["source"]);
        match builder.build() {
            Ok(pipeline) => pipeline,
            Err(problems) => panic!("one source and one sink are no pipeline: {problems}"),
        }
    }
}

/// Moves records from `source` to `sink` until the source ends or something fails.
///
/// # Panics
/// As [`Pipeline::new`].
pub async fn run(source: impl Source + 'static, sink: impl Sink + 'static) -> Report {
    Pipeline::new(source, sink).run().await
}

/// Moves records from `source` to `sink` until the source ends, something fails, or `shutdown` is
/// ready; see [`Run::until`](crate::Run::until).
///
/// # Panics
/// As [`Pipeline::new`].
pub async fn run_until(
    source: impl Source + 'static,
    sink: impl Sink + 'static,
    shutdown: impl Future<Output = ()> + Send,
) -> Report {
    Pipeline::new(source, sink).run_until(shutdown).await
}
