//! A query that looks at each row by itself.

use std::sync::Arc;

use async_trait::async_trait;
use faucet_core::{Carry, Out, PageStage, Result, Scope, StreamPage};

use crate::stage::by_row::{ByRow, Computed};
use crate::stage::failed::failed;
use crate::stage::outlet::Outlet;
use crate::stage::reader::Reader;
use crate::stage::rows::Refused;

/// A query that looks at each row by itself: its plan is executed once for each page.
pub(crate) struct Stateless {
    pub(crate) query: ByRow,
    pub(crate) readers: Vec<Reader>,
    pub(crate) outlet: Outlet,
    pub(crate) scope: Scope,
    /// The statement, for errors.
    pub(crate) label: Arc<str>,
}

#[async_trait]
impl PageStage for Stateless {
    async fn push(&mut self, input: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        let reader = &mut self.readers[input];
        let read = reader.read(&page).map_err(|error| failed(&self.label, error));
        let (rows, mut refused) = read?;
        let mut computed = match rows.batch.num_rows() {
            0 => Ok(Computed::default()),
            _ => self.query.compute(&reader.name(), &rows.batch).await,
        };
        if let Ok(computed) = &mut computed {
            let failing = computed.failing.drain(..);
            refused.extend(failing.map(|(row, why)| Refused { place: rows.place(row), why }));
        }
        reader.refuse(refused, &page, &self.scope, out);
        let computed = computed.map_err(|error| failed(&self.label, error))?;
        let at = rows.received.first().copied().unwrap_or_default();
        for (_, results) in computed.rows {
            self.outlet.emit(&results, at, out)?;
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        Ok(Carry::Nothing)
    }

    async fn finish(&mut self, _out: &mut Out) -> Result<()> {
        Ok(())
    }
}
