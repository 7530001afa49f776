//! The ends of a pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faucet_core::{Error, ProblemKind, Sink, Source, nearest};
use faucet_pipeline::diagnostic::Diagnostic;
use faucet_pipeline::{Component, PipelineBuilder};

use crate::compile::options::Declared;
use crate::script::{With as _, fault::fault};

/// The end of a stream.
pub(crate) enum Built {
    Source(Arc<dyn Source>),
    /// A sink, and the queries that write it.
    Sink(Arc<dyn Sink>, Vec<Arc<str>>),
}

impl Built {
    /// The end outside of a pipeline, to reach it.
    pub(crate) fn alone(&self, id: &str) -> Result<Component, Error> {
        match self {
            Self::Source(source) => Component::of_source(id, Box::new(Arc::clone(source))),
            Self::Sink(sink, _) => Component::of_sink(id, Box::new(Arc::clone(sink))),
        }
    }

    pub(crate) fn into_builder(self, builder: PipelineBuilder, id: &str) -> PipelineBuilder {
        match self {
            Self::Source(source) => builder.source(id, source),
            Self::Sink(sink, writers) => {
                let from: Vec<&str> = writers.iter().map(|id| &**id).collect();
                builder.sink(id, sink, &from)
            }
        }
    }
}

/// The placeholders of an end that the context has no value for.
pub(crate) fn placeholders(
    declared: &Declared,
    component: &Component,
    context: &BTreeMap<String, String>,
) -> Vec<Diagnostic> {
    let info = component.info();
    let is_open = |name: &&String| !context.contains_key(*name) && !info.own_names.contains(name);
    let open: BTreeSet<&String> = info.placeholders.iter().filter(is_open).collect();
    open.into_iter()
        .map(|name| {
            let near = nearest(name, context.keys().map(String::as_str)).map(str::to_owned);
            let kind = ProblemKind::Placeholder { name: name.clone(), near };
            fault(Some(declared.name.span), kind).with_help(format!("give it: --context {name}=…"))
        })
        .collect()
}
