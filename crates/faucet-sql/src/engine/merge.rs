//! The partitions of a plan, such as the sides of UNION ALL, merged in place.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{
    Transformed, TransformedResult as _, TreeNode as _, TreeNodeRecursion,
};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::ReplaceChildrenOptions;
use datafusion::physical_plan::limit::GlobalLimitExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties as _, PlanProperties,
};
use futures_util::stream::select_all;

/// Merges the partitions of a plan.
///
/// DataFusion's own step works in tasks, which begin when the runtime likes: it would miss the rows that are fed
/// before, and a function would tell about the window of another moment.
#[derive(Debug)]
pub(super) struct Merge {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

/// The plan with one partition, and without tasks that merge others.
///
/// # Errors
/// DataFusion cannot put the plan together again.
pub(crate) fn in_place(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = plan.transform_up(|step| {
        let Some(tasks) = step.downcast_ref::<CoalescePartitionsExec>() else {
            return Ok(Transformed::no(step));
        };
        let merged = merge(Arc::clone(tasks.input()));
        Ok(Transformed::yes(match tasks.fetch() {
            None => merged,
            limit => Arc::new(GlobalLimitExec::new(merged, 0, limit)),
        }))
    });
    plan.data().map(merge)
}

fn merge(input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    match input.output_partitioning().partition_count() {
        1 => input,
        _ => Arc::new(Merge::new(input)),
    }
}

impl Merge {
    fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        // What DataFusion says about its own step holds here too.
        let properties = Arc::clone(CoalescePartitionsExec::new(Arc::clone(&input)).properties());
        Self { input, properties }
    }

    /// The rows of `input`, which are rows of `other`, with the properties of `other`. Both have one partition.
    ///
    /// Later steps rely on these properties: behind `WHERE lower(s) = 'a'` the optimizer leaves out a sort by `lower(s)`.
    pub(super) fn like(input: Arc<dyn ExecutionPlan>, other: &dyn ExecutionPlan) -> Self {
        Self { input, properties: Arc::clone(other.properties()) }
    }
}

impl DisplayAs for Merge {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Merge")
    }
}

impl ExecutionPlan for Merge {
    fn name(&self) -> &'static str {
        "Merge"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.swap_remove(0);
        Ok(Arc::new(Self { input, properties: Arc::clone(&self.properties) }))
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.swap_remove(0);
        Ok(Arc::new(Self { input, properties: Arc::clone(&self.properties) }))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let partitions = 0..self.input.output_partitioning().partition_count();
        let streams = partitions.map(|n| self.input.execute(n, Arc::clone(&context)));
        let merged = select_all(streams.collect::<Result<Vec<_>>>()?);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), merged)))
    }
}
