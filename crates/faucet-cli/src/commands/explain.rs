//! `faucet explain`: everything about a key, a connector or a code.

use console::Term;
use faucet_core::{Error, Problem, ProblemKind, Registry, Result};

use crate::args::ExplainArgs;
use crate::output::{found, print_line};
use crate::pages::{Found, Topics, WIDTH, Writer};

pub(crate) fn explain(args: &ExplainArgs, registry: &Registry, name: &str) -> Result<()> {
    let file = faucet_pipeline::schema(registry);
    let topics = Topics::new(registry, &file);
    let columns = Term::stdout().size_checked().map_or(WIDTH, |(_, columns)| usize::from(columns));
    // Below this many columns nothing can be laid out.
    let writer = Writer { topics: &topics, command: name, width: columns.clamp(40, WIDTH) };
    let Some(topic) = &args.topic else { return print_line(&writer.overview()) };
    match topics.find(topic) {
        Found::One(topic) => print_line(&writer.text(topic)),
        Found::Several(topics) => print_line(&writer.candidates(topic, &topics)),
        Found::Nothing(near) => {
            left_out(registry, topic)?;
            let meant = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
            Err(Error::usage(format!("nothing is called {topic:?}{meant}"))
                .with_hint(format!("`{name} explain` lists the connectors and the codes")))
        }
    }
}

/// Says so when the topic is a connector that exists and is not part of this build.
fn left_out(registry: &Registry, topic: &str) -> Result<()> {
    let (kind, name) = topic.split_once('.').unwrap_or(("", topic));
    let name = name.split('.').next().unwrap_or_default();
    let Registry { sources, transforms, sinks, .. } = registry;
    let tables = [
        (sources.kind(), sources.get(name).map(drop)),
        (transforms.kind(), transforms.get(name).map(drop)),
        (sinks.kind(), sinks.get(name).map(drop)),
    ];
    let of_kind = tables.into_iter().filter(|(of, _)| kind.is_empty() || of.as_str() == kind);
    let problems = of_kind.filter_map(|(_, entry)| entry.err());
    let left_out = |problem: &Problem| matches!(problem.kind, ProblemKind::Unavailable { .. });
    match problems.into_iter().find(left_out) {
        Some(problem) => found(Err(problem)),
        None => Ok(()),
    }
}
