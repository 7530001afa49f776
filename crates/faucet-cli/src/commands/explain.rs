//! `faucet explain`: everything about a key, a connector or a code.

use console::Term;
use faucet_core::{Error, Problem, ProblemKind, Registry, Result};

use crate::args::ExplainArgs;
use crate::output::{found, print_line};
use crate::pages::{Found, KINDS, Topics, WIDTH, Writer, find};

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
    let kinds = KINDS.into_iter().filter(|of| kind.is_empty() || of.as_str() == kind);
    let problems = kinds.filter_map(|kind| find(registry, kind, name).err());
    let left_out = |problem: &Problem| matches!(problem.kind, ProblemKind::Unavailable { .. });
    match problems.into_iter().find(left_out) {
        Some(problem) => found(Err(problem)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_that_is_not_in_the_build_is_known() {
        let mut registry = Registry::new();
        registry.sinks.leave_out("shelf", "sink-shelf");
        for topic in ["shelf", "sink.shelf", "sink.shelf.url"] {
            let error = left_out(&registry, topic).unwrap_err().to_string();
            assert!(error.ends_with("enable the cargo feature `sink-shelf`"), "{topic}: {error}");
        }
        for topic in ["source.shelf", "shelf.url", "shelve"] {
            assert!(left_out(&registry, topic).is_ok(), "{topic}");
        }
    }
}
