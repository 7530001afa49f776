//! A query that looks at each row by itself.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::error::DataFusionError;
use faucet_core::{Carry, Out, PageStage, Result, Scope, StreamPage};

use crate::engine::Query;
use crate::stage::failed::{failed, reason};
use crate::stage::outlet::Outlet;
use crate::stage::reader::{Page, Reader, Rows};

/// A query that looks at each row by itself: its plan is executed once for each page.
pub(crate) struct Stateless {
    pub(crate) query: Query,
    pub(crate) readers: Vec<Reader>,
    pub(crate) outlet: Outlet,
    pub(crate) scope: Scope,
    /// The statement, for errors.
    pub(crate) label: Arc<str>,
}

impl Stateless {
    async fn execute(
        &self,
        name: &Arc<str>,
        rows: &RecordBatch,
    ) -> Result<Vec<RecordBatch>, DataFusionError> {
        let mut execution = self.query.begin()?;
        execution.feed(name, rows).await?;
        execution.finish().await
    }

    /// Emits the results of the rows. Where the query fails, the rows are cut in two until the one is
    /// found that is at fault: a bad row does not lose its page.
    async fn rows(
        &mut self,
        input: usize,
        page: &StreamPage,
        rows: &Rows,
        out: &mut Out,
    ) -> Result<()> {
        let name = self.readers[input].name();
        let mut todo: Vec<Range<usize>> =
            Vec::from([Range { start: 0, end: rows.batch.num_rows() }]);
        while let Some(part) = todo.pop() {
            let Some(at) = rows.received.get(part.start).copied() else { continue };
            match self.execute(&name, &rows.batch.slice(part.start, part.len())).await {
                Ok(results) => self.outlet.emit(&results, at, out)?,
                Err(error) if part.len() == 1 => {
                    let (place, why) = (rows.place(part.start), reason(&error));
                    let mut at = Page { page, scope: &self.scope, out };
                    self.readers[input].refuse(&mut at, place, &why);
                }
                Err(_) => {
                    let middle = part.start + part.len() / 2;
                    todo.push(middle..part.end);
                    todo.push(part.start..middle);
                }
            }
        }
        Ok(())
    }
}

#[async_trait]
impl PageStage for Stateless {
    async fn push(&mut self, input: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        let at = Page { page: &page, scope: &self.scope, out };
        let rows = self.readers[input].read(at).await;
        let rows = rows.map_err(|error| failed(&self.label, error))?;
        self.rows(input, &page, &rows, out).await
    }

    fn snapshot(&mut self) -> Result<Carry> {
        Ok(Carry::Nothing)
    }

    async fn finish(&mut self, _out: &mut Out) -> Result<()> {
        Ok(())
    }
}
