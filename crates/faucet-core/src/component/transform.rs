//! Transforms: stages between sources and sinks.

use std::fmt::Debug;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;

use crate::component::error::Result;
use crate::component::info::Info;
use crate::component::scope::Scope;
use crate::config::problem::Problems;
use crate::stream::{Mark, Record, Rejected, StreamPage};

/// A configured transform. Immutable; each [`open`](Self::open) starts a run that owns its state.
#[async_trait]
pub trait Transform: Debug + Send + Sync {
    /// Describes the transform. Does no I/O; may be called at any time.
    fn info(&self) -> Info;

    /// Sees the names of its inputs, in order, when a pipeline is put together. The transform accepts
    /// all names unless it overrides this.
    ///
    /// # Errors
    /// The transform refuses a name; each problem has a path that begins at the transform.
    fn inputs(&self, _from: &[&str]) -> Result<(), Problems> {
        Ok(())
    }

    /// Starts a run from [`Scope::saved`], the bytes of the last committed
    /// [`snapshot`](PageStage::snapshot), if there are any.
    ///
    /// Cancel safe: a dropped future leaves nothing behind.
    ///
    /// # Errors
    /// The run ends, and the sources are closed.
    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>>;
}

/// One run of a transform. The runner forwards marks: a stage cannot lose them.
///
/// | method | called | after | an error means |
/// |---|---|---|---|
/// | `push` | one at a time, never without a record | anything | the stage is over: sources drain, nothing more is committed |
/// | `snapshot` | at each flush, and at the end | a page or a mark | as `push` |
/// | `mark` | for each gap, and when the lowest watermark of all inputs rises | anything | as `push` |
/// | `deadline`, `tick` | after every call; when the deadline has passed | anything | as `push` |
/// | `finish` | once; not on a stop whose snapshot is [`Carry::Saved`] and is kept | the last `snapshot` | as `push` |
#[async_trait]
pub trait PageStage: Send {
    /// Takes a page of at least one record of the input `input` (the place in `from`, from 0), and
    /// emits any number of pages.
    ///
    /// # Errors
    /// The run ends with the error. A record that alone is at fault goes to [`Out::reject`].
    async fn push(&mut self, input: usize, page: StreamPage, out: &mut Out) -> Result<()>;

    /// Says what of the input is still inside. Called between two pages, only when a flush is due.
    /// There is no default: a wrong [`Carry::Nothing`] loses records at a crash.
    ///
    /// # Errors
    /// The run ends with the error.
    fn snapshot(&mut self) -> Result<Carry>;

    /// Sees a mark. A page that is emitted here stands before the mark, a page that is emitted later
    /// stands behind it. Of several inputs the watermark is the lowest.
    ///
    /// # Errors
    /// The run ends with the error.
    async fn mark(&mut self, _mark: &Mark, _out: &mut Out) -> Result<()> {
        Ok(())
    }

    /// When [`tick`](Self::tick) is to be called if no page comes before. Asked after every call.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The deadline has passed. A stage that has more to emit than it wants to hold emits a page and
    /// sets its deadline to `now`.
    ///
    /// # Errors
    /// The run ends with the error.
    async fn tick(&mut self, _now: Instant, _out: &mut Out) -> Result<()> {
        Ok(())
    }

    /// The input is over: emits what is inside.
    ///
    /// # Errors
    /// The run ends with the error.
    async fn finish(&mut self, out: &mut Out) -> Result<()>;
}

/// What of its input a stage still holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Carry {
    /// No record: all that came in has left or was dropped on purpose.
    Nothing,
    /// These bytes stand for it. They are saved with the positions, and a later run gets them as
    /// [`Scope::saved`]. They hold no secret.
    Saved(Bytes),
    /// Records that cannot be saved: this flush commits no position.
    Unsaved,
}

/// Takes what a stage emits.
#[derive(Debug, Default)]
pub struct Out {
    emitted: Emitted,
}

/// What a stage has emitted.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Emitted {
    /// Pages with records, in order.
    pub pages: Vec<StreamPage>,
    /// Records that the stage could not handle.
    pub rejected: Vec<Rejected>,
}

impl Out {
    /// Emits a page. Pages without records are left out.
    pub fn emit(&mut self, page: StreamPage) {
        if !page.is_empty() {
            self.emitted.pages.push(page);
        }
    }

    /// Gives up a record that the stage cannot handle; `reason` says why in a line. It goes to the
    /// `dead_letter` of the transform. Without one the run ends with an error that says the reason.
    pub fn reject(&mut self, record: Record, reason: impl Into<String>) {
        self.emitted.rejected.push(Rejected::new(record, reason));
    }

    /// Takes out what was emitted since the last call. For the runner and for tests.
    pub fn take(&mut self) -> Emitted {
        std::mem::take(&mut self.emitted)
    }
}
