//! A component of a pipeline.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::{
    CheckReport, ComponentKind, Info, Result, Scope, Sink, Source, StepOutcome, Transform,
};

use crate::graph::buffer::Buffer;
use crate::graph::guard::{caught, caught_now};

/// What a component is made of.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Source(Arc<dyn Source>),
    Transform(Arc<dyn Transform>),
    Sink(Arc<dyn Sink>),
}

impl Part {
    /// The component's description. May panic: it is a plugin's call.
    pub(crate) fn info(&self) -> Info {
        match self {
            Self::Source(source) => source.info(),
            Self::Transform(transform) => transform.info(),
            Self::Sink(sink) => sink.info(),
        }
    }
}

/// A named component of a pipeline.
#[derive(Clone)]
pub struct Component {
    pub(crate) id: Arc<str>,
    pub(crate) part: Part,
    pub(crate) from: Vec<Arc<str>>,
    pub(crate) buffer: Buffer,
    pub(crate) dead_letter: Option<Arc<str>>,
    pub(crate) info: Info,
}

impl Component {
    /// A source outside of a pipeline, to reach its far end.
    ///
    /// # Errors
    /// The source panics where it describes itself.
    pub fn of_source(id: &str, source: Box<dyn Source>) -> Result<Self> {
        Self::alone(id, Part::Source(source.into()))
    }

    /// A sink outside of a pipeline, to reach its far end.
    ///
    /// # Errors
    /// The sink panics where it describes itself.
    pub fn of_sink(id: &str, sink: Box<dyn Sink>) -> Result<Self> {
        Self::alone(id, Part::Sink(sink.into()))
    }

    fn alone(id: &str, part: Part) -> Result<Self> {
        let info = caught_now("info", || part.info())?;
        let (from, buffer) = (Vec::new(), Buffer::default());
        Ok(Self { id: id.into(), part, from, buffer, dead_letter: None, info })
    }

    /// Its name in the pipeline.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// What it is.
    pub fn kind(&self) -> ComponentKind {
        match self.part {
            Part::Source(_) => ComponentKind::Source,
            Part::Transform(_) => ComponentKind::Transform,
            Part::Sink(_) => ComponentKind::Sink,
        }
    }

    /// Its description.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The components whose pages it takes, in the order of its inputs.
    pub fn from(&self) -> &[Arc<str>] {
        &self.from
    }

    /// What may wait in front of it.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// The sink that takes what it rejects.
    pub fn dead_letter(&self) -> Option<&Arc<str>> {
        self.dead_letter.as_ref()
    }

    /// The source that it is, if it is one: to run it in another pipeline.
    pub fn source(&self) -> Option<Arc<dyn Source>> {
        match &self.part {
            Part::Source(source) => Some(Arc::clone(source)),
            Part::Transform(_) | Part::Sink(_) => None,
        }
    }

    /// Reaches its far end step by step. A transform has none: `None`. A panic is a step that failed.
    pub async fn check(&self, scope: &Scope) -> Option<CheckReport> {
        let checked = match &self.part {
            Part::Source(source) => caught("check", async { Ok(source.check(scope).await) }).await,
            Part::Sink(sink) => caught("check", async { Ok(sink.check(scope).await) }).await,
            Part::Transform(_) => return None,
        };
        Some(checked.unwrap_or_else(|panicked| {
            let mut report = CheckReport::new(self.info.target.clone());
            report.push("check", Duration::ZERO, StepOutcome::Failed(panicked));
            report
        }))
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("id", &self.id)
            .field("kind", &self.kind())
            .field("info", &self.info)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}
