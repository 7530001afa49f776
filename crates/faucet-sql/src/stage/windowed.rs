//! A query over windows.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use datafusion::error::DataFusionError;
use faucet_core::{Carry, Gap, Mark, Out, PageStage, Result, Scope, StreamPage};

use crate::stage::by_row::ByRow;
use crate::stage::clock::{Clock, millis};
use crate::stage::failed::failed;
use crate::stage::links::Links;
use crate::stage::outlet::Outlet;
use crate::stage::reader::Reader;
use crate::stage::rows::{Refused, Rows, take};
use crate::window::{Coverage, Pane, PaneRows, Taking, Time, Timeline, Windows};

/// The counter of rows that came when a window they belong to was closed.
const LATE: &str = "late_rows";

/// The counter of rows that were put into the next window, because their own was closed by the clock.
const DELAYED: &str = "delayed_rows";

/// The gauges of the open windows: their number, and the bytes that their groups take.
const OPEN: &str = "open_windows";
const MEMORY: &str = "window_bytes";

/// A query over windows. Each open window is an execution of the plan.
pub(crate) struct Windowed {
    /// What the query computes for each row, before the row comes to its windows.
    pub(crate) by_row: ByRow,
    pub(crate) windows: Windows,
    pub(crate) time: Time,
    pub(crate) timeline: Timeline,
    pub(crate) coverage: Coverage,
    pub(crate) links: Links,
    /// When the connections were looked at.
    pub(crate) looked: i64,
    pub(crate) size: i64,
    pub(crate) clock: Clock,
    pub(crate) readers: Vec<Reader>,
    pub(crate) outlet: Outlet,
    pub(crate) scope: Scope,
    /// The statement, for errors.
    pub(crate) label: Arc<str>,
}

impl Windowed {
    /// Closes the windows that end at `until` or before, and emits their rows. Windows that end behind
    /// `reached` are not complete.
    async fn close(&mut self, until: i64, reached: i64, out: &mut Out) -> Result<()> {
        loop {
            let coverage = &self.coverage;
            let is_whole = |start, end| end <= reached && coverage.is_whole(start, end);
            let closed = self.windows.close_next(until, is_whole).await;
            let Some(closed) = closed.map_err(|error| failed(&self.label, error))? else { break };
            let at = self.clock.wall().max(closed.end);
            for rows in &closed.results {
                self.outlet.emit(rows, at, out)?;
            }
        }
        if until < i64::MAX {
            self.coverage.forget(until, self.size);
        }
        Ok(())
    }

    /// Looks at the connections of the feeds.
    fn look(&mut self, now: i64) {
        let before = std::mem::replace(&mut self.looked, now);
        if !self.links.were_lost(&self.scope) {
            return;
        }
        match self.time {
            Time::Arrival { .. } => self.coverage.hole(before, now),
            Time::Event { .. } => {
                self.coverage.hole_from(self.timeline.latest().unwrap_or(i64::MIN));
            }
        }
    }

    async fn advance(&mut self, now: i64, out: &mut Out) -> Result<()> {
        let closed = self.timeline.advance(now);
        self.close(closed, closed, out).await?;
        self.show();
        Ok(())
    }

    /// Shows the open windows in the counters.
    fn show(&self) {
        self.scope.counters().set(OPEN, self.windows.len() as u64);
        self.scope.counters().set(MEMORY, self.windows.memory() as u64);
    }

    /// Puts rows into their windows. Those for which the query fails are refused.
    async fn put(
        &mut self,
        input: usize,
        rows: &Rows,
        refused: &mut Vec<Refused>,
    ) -> Result<(), DataFusionError> {
        let closed = self.timeline.closed();
        let mut times = rows.times.clone();
        if let Time::Arrival { .. } = self.time {
            let delayed = times.iter_mut().filter(|time| **time < closed);
            let delayed = delayed.map(|time| *time = closed).count();
            self.scope.counters().add(DELAYED, delayed as u64);
        }
        let name = self.readers[input].name();
        for Pane { begin, rows: inside } in self.windows.cut(&times) {
            let taking = self.windows.taking(begin, closed);
            if taking != Taking::All {
                self.scope.counters().add(LATE, inside.len() as u64);
            }
            if taking == Taking::None {
                continue;
            }
            let batch = match &inside {
                PaneRows::Slice(range) => rows.batch.slice(range.start, range.len()),
                PaneRows::Taken(places) => take(&rows.batch, places.clone())?,
            };
            let computed = self.by_row.compute(&name, &batch).await?;
            let failing = computed.failing.into_iter();
            refused.extend(
                failing.map(|(row, why)| Refused { place: rows.place(inside.place(row)), why }),
            );
            if computed.good > 0 {
                self.windows.push(begin, closed, &computed.rows).await?;
            }
        }
        Ok(())
    }

    /// A hole in the feed.
    fn gap(&mut self, gap: &Gap) {
        if gap.missing == Some(0) {
            return;
        }
        match self.time {
            Time::Arrival { .. } => {
                let from = gap.from.map(millis).or(self.timeline.latest());
                let to = gap.to.map_or_else(|| self.clock.wall(), millis);
                self.coverage.hole(from.unwrap_or(i64::MIN), to);
            }
            // Only rows say how event time goes on behind the hole.
            Time::Event { .. } => {
                self.coverage.hole_from(self.timeline.latest().unwrap_or(i64::MIN));
            }
        }
    }
}

#[async_trait]
impl PageStage for Windowed {
    async fn push(&mut self, input: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        self.clock = Clock::now();
        self.look(self.clock.wall());
        let read = self.readers[input].read(&page);
        let (rows, mut refused) = read.map_err(|error| failed(&self.label, error))?;
        let put = self.put(input, &rows, &mut refused).await;
        // A row that is refused says nothing about time.
        let places: HashSet<usize> = refused.iter().map(|refused| refused.place).collect();
        let is_good = |(row, _): &(usize, &i64)| !places.contains(&rows.place(*row));
        let times = rows.times.iter().enumerate().filter(is_good).map(|(_, time)| *time);
        let (first, latest) = (times.clone().min(), times.max());
        self.readers[input].refuse(refused, &page, &self.scope, out);
        put.map_err(|error| failed(&self.label, error))?;
        let (Some(first), Some(latest)) = (first, latest) else { return Ok(()) };
        self.coverage.saw(first);
        self.timeline.saw(input, latest, self.clock.wall());
        self.advance(self.clock.wall(), out).await
    }

    fn snapshot(&mut self) -> Result<Carry> {
        Ok(match self.windows.len() {
            0 => Carry::Nothing,
            _ => Carry::Unsaved,
        })
    }

    async fn mark(&mut self, mark: &Mark, _out: &mut Out) -> Result<()> {
        if let Mark::Gap(gap) = mark {
            self.gap(gap);
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        let end = self.windows.next_end()?;
        self.clock.instant_at(self.timeline.due(end))
    }

    async fn tick(&mut self, now: Instant, out: &mut Out) -> Result<()> {
        let now = self.clock.wall_at(now);
        self.look(now);
        self.advance(now, out).await
    }

    async fn finish(&mut self, out: &mut Out) -> Result<()> {
        self.close(i64::MAX, self.timeline.closed(), out).await?;
        self.show();
        Ok(())
    }
}
