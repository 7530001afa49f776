//! A physical plan that is executed many times.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::streaming::StreamingTableExec;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use datafusion::prelude::SessionConfig;

use crate::engine::execution::Execution;
use crate::engine::inlet::Feed;

/// The settings and the memory that all executions of a query share.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) config: SessionConfig,
    pub(crate) runtime: Arc<RuntimeEnv>,
}

/// A physical plan that is executed many times: for each window, or for each batch of rows.
pub(crate) struct Plan {
    steps: Arc<dyn ExecutionPlan>,
    /// How many of its steps read a stream.
    leaves: usize,
    environment: Environment,
}

impl Plan {
    pub(crate) fn new(steps: Arc<dyn ExecutionPlan>, environment: &Environment) -> Self {
        Self { leaves: leaves(&*steps), steps, environment: environment.clone() }
    }

    /// Begins an execution.
    ///
    /// # Errors
    /// DataFusion cannot begin it.
    pub(crate) fn begin(&self) -> Result<Execution> {
        let feed = Arc::new(Feed::new(self.leaves));
        let config = self.environment.config.clone().with_extension(Arc::clone(&feed));
        // Functions are bound in the plan: the context of an execution needs none.
        let context = TaskContext::new(
            None,
            String::new(),
            config,
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            Arc::clone(&self.environment.runtime),
        );
        // An execution leaves its metrics in the plan, 4 KiB each, unless the plan begins anew.
        let steps = reset_plan_states(Arc::clone(&self.steps))?;
        Ok(Execution::new(feed, execute_stream(steps, Arc::new(context))?))
    }

    /// The fields of the result.
    pub(crate) fn schema(&self) -> SchemaRef {
        self.steps.schema()
    }

    /// The bytes that all executions of the query hold at the moment.
    pub(crate) fn memory(&self) -> usize {
        self.environment.runtime.memory_pool.reserved()
    }
}

/// How many steps of the plan read a stream.
fn leaves(plan: &dyn ExecutionPlan) -> usize {
    let own = usize::from(plan.is::<StreamingTableExec>());
    own + plan.children().into_iter().map(|child| leaves(&**child)).sum::<usize>()
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", displayable(&*self.steps).indent(false))
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("schema", &self.schema()).finish_non_exhaustive()
    }
}
