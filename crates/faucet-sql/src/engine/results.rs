//! The leaf of a plan that reads what became of rows elsewhere.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::ReplaceChildrenOptions;
use datafusion::physical_plan::streaming::PartitionStream as _;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

use crate::engine::inlet::Inlet;

/// The leaf that stands in the place of a part of a plan, and reads its results.
///
/// It has the properties of the part: behind `WHERE s = 'a'` a later step counts on rows that are ordered by `s`.
#[derive(Debug)]
pub(super) struct Results {
    inlet: Inlet,
    properties: Arc<PlanProperties>,
}

impl Results {
    /// The results of `part`, which has one partition, under a name.
    pub(super) fn of(part: &dyn ExecutionPlan, name: &str) -> Self {
        let inlet = Inlet { name: name.to_owned(), schema: part.schema() };
        Self { inlet, properties: Arc::clone(part.properties()) }
    }
}

impl DisplayAs for Results {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Results: {}", self.inlet.name)
    }
}

impl ExecutionPlan for Results {
    fn name(&self) -> &'static str {
        "Results"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        Ok(self.inlet.execute(context))
    }
}
