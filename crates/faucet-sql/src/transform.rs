//! A query as a transform.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use faucet_core::{
    Delivery, Error, ErrorKind, Info, KeyPath, PageStage, Problem, Problems, Result, Scope,
    Transform,
};

use crate::deep::on_deep_stack;
use crate::engine::{Query, Recipe, RowPart};
use crate::rows::Format;
use crate::script::WindowSpec;
use crate::stage::{ByRow, Clock, InputPlan, Links, Outlet, Reader, Stateless, Windowed, failed};
use crate::window::{Coverage, Time, Timeline, Windows};

/// The `type` of the transform.
pub(crate) const NAME: &str = "sql";

/// A component, and the input whose records it brings.
pub(crate) type Feeds = (Arc<str>, usize);

/// A query over the records of its inputs; see [`SqlConfig`](crate::SqlConfig).
#[derive(Clone)]
pub struct SqlTransform {
    /// The statement, for errors.
    pub(crate) label: Arc<str>,
    pub(crate) recipe: Arc<Recipe>,
    /// The streams that the query reads.
    pub(crate) inputs: Vec<InputPlan>,
    /// Which component brings the records of which input. `None`: each has the name of its stream.
    pub(crate) feeds: Option<Arc<[Feeds]>>,
    pub(crate) window: Option<WindowSpec>,
    pub(crate) time: Time,
    pub(crate) holds: bool,
    pub(crate) format: Format,
    /// The fields of the rows.
    pub(crate) rows: SchemaRef,
    /// The plan, for people.
    pub(crate) described: Arc<str>,
}

impl fmt::Debug for SqlTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlTransform").field("label", &self.label).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transform for SqlTransform {
    fn info(&self) -> Info {
        let info = Info::new(NAME, &*self.label, Delivery::AtLeastOnce);
        match self.window {
            Some(_) => info.with_unsaved(),
            None => info,
        }
    }

    fn inputs(&self, from: &[&str]) -> Result<(), Problems> {
        let mut problems = Problems::new();
        if self.feeds.is_some() {
            return Ok(());
        }
        for (n, name) in from.iter().enumerate() {
            problems.push_if(!self.inputs.iter().any(|input| *input.name == **name), || {
                let why = "the query does not know the stream: describe it in `streams`";
                Problem::custom(KeyPath::key("from").at(n), why)
            });
        }
        for input in self.inputs.iter().filter(|input| !from.contains(&&*input.name)) {
            let place = KeyPath::key("streams").then(&*input.name);
            problems.push(Problem::custom(place, "is not in `from`"));
        }
        problems.into_result()
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        let query =
            on_deep_stack(|| self.recipe.plan()).map_err(|error| failed(&self.label, error))?;
        let outlet = Outlet::new(self.format, &query.plan.schema())
            .map_err(|error| Error::new(ErrorKind::Other, format!("{}: {error}", self.label)))?;
        // Without names the inputs come in the order of the query, as in a test of the stage alone.
        let by_name = |name: &Arc<str>| match &self.feeds {
            Some(feeds) => {
                let feed = feeds.iter().find(|(id, _)| id == name)?;
                self.inputs.get(feed.1)
            }
            None => self.inputs.iter().find(|input| input.name == *name),
        };
        let inputs: Vec<&InputPlan> = match scope.inputs() {
            [] => self.inputs.iter().collect(),
            names => names.iter().filter_map(by_name).collect(),
        };
        let mut readers = Vec::new();
        for input in inputs {
            // In a pipeline file the component says which query it is.
            let label = self.feeds.as_ref().map(|_| Arc::clone(&self.label));
            readers.push(Reader::new(input.clone(), self.recipe.hidden, label));
        }
        let scope = scope.clone();
        let Query { plan, parts, moment, .. } = query;
        let Some(window) = self.window else {
            let label = Arc::clone(&self.label);
            let all = RowPart::new(&self.label, plan);
            let query = ByRow::new(vec![all.map_err(|error| failed(&label, error))?]);
            return Ok(Box::new(Stateless { query, readers, outlet, scope, label }));
        };
        let clock = Clock::now();
        let began = match self.time {
            Time::Arrival { .. } => Some(clock.wall()),
            Time::Event { .. } => None,
        };
        Ok(Box::new(Windowed {
            by_row: ByRow::new(parts),
            windows: Windows::new(window, plan, moment, self.holds),
            time: self.time,
            timeline: Timeline::new(self.time, readers.len(), clock.wall()),
            coverage: Coverage::new(began),
            links: Links::new(&scope),
            looked: clock.wall(),
            size: window.size,
            clock,
            readers,
            outlet,
            scope,
            label: Arc::clone(&self.label),
        }))
    }
}
