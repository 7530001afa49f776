//! The two open ends of a run. A panic in one becomes an error, and that end is not asked again.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use faucet_core::{Ended, Error, ErrorKind, PageReader, PageWriter, Result, StreamPage};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::timeout;

/// Awaits a plugin's future. The outer error is a panic.
pub(crate) async fn caught<T>(
    call: &'static str,
    future: impl Future<Output = T>,
) -> Result<T, Error> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| panicked(call, &*panic))
}

fn panicked(call: &'static str, panic: &(dyn Any + Send)) -> Error {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Error::new(ErrorKind::Other, format!("plugin panicked: {said} (in {call})"))
}

/// Drops what has panicked before: it may do so again, and that is not news.
fn discard<T>(panicked: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(panicked)));
}

/// The source's end; empty once it was closed or has panicked.
pub(crate) struct SourceEnd(Option<Box<dyn PageReader>>);

impl SourceEnd {
    pub(crate) fn new(reader: Box<dyn PageReader>) -> Self {
        Self(Some(reader))
    }

    /// The next page. Cancel safe.
    pub(crate) async fn next_page(&mut self) -> Result<Option<StreamPage>> {
        let Some(reader) = &mut self.0 else { return Ok(None) };
        match caught("next_page of the source", async { reader.next_page().await }).await {
            Ok(page) => page,
            Err(panicked) => {
                discard(self.0.take());
                Err(panicked)
            }
        }
    }

    /// Lets the source do what it does while no page is wanted. Returns only when it panics.
    pub(crate) async fn hold(&mut self) -> Error {
        if let Some(reader) = &mut self.0
            && let Err(panicked) = caught("hold of the source", async { reader.hold().await }).await
        {
            discard(self.0.take());
            return panicked;
        }
        std::future::pending().await
    }

    /// Why there are no more pages.
    pub(crate) fn ended(&self) -> Ended {
        self.0.as_ref().map_or(Ended::Exhausted, |reader| reader.ended())
    }

    /// Closes the source, in at most `limit`, and returns its last page.
    pub(crate) async fn close(&mut self, limit: Duration) -> Result<Option<StreamPage>> {
        let Some(mut reader) = self.0.take() else { return Ok(None) };
        match timeout(limit, caught("close of the source", async { reader.close().await })).await {
            Ok(Ok(last)) => last,
            Ok(Err(panicked)) => {
                discard(reader);
                Err(panicked)
            }
            Err(_) => Err(Error::new(
                ErrorKind::Timeout,
                format!("the source did not close within {limit:?}"),
            )),
        }
    }
}

/// A write owns the writer: it goes on whatever happens to the future that waits for it.
type Write = BoxFuture<'static, (Option<Box<dyn PageWriter>>, Result<()>)>;

/// The sink's end.
pub(crate) enum SinkEnd {
    /// Not open yet, closed, or panicked.
    Gone,
    /// Ready for a page.
    Idle(Box<dyn PageWriter>),
    /// A page is being written.
    Writing(Write),
}

impl SinkEnd {
    /// Begins to write `page`. The end must be idle.
    pub(crate) fn begin(&mut self, page: StreamPage) {
        if let Self::Idle(mut writer) = std::mem::replace(self, Self::Gone) {
            *self = Self::Writing(Box::pin(async move {
                match caught("write_page of the sink", async { writer.write_page(page).await })
                    .await
                {
                    Ok(written) => (Some(writer), written),
                    Err(panicked) => {
                        discard(writer);
                        (None, Err(panicked))
                    }
                }
            }));
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self, Self::Idle(_))
    }

    pub(crate) fn is_writing(&self) -> bool {
        matches!(self, Self::Writing(_))
    }

    /// Returns when the page is written, and never when none is. Cancel safe.
    pub(crate) async fn written(&mut self) -> Result<()> {
        let Self::Writing(write) = self else { return std::future::pending().await };
        let (writer, written) = write.await;
        *self = writer.map_or(Self::Gone, Self::Idle);
        written
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        let Self::Idle(writer) = self else { return Ok(()) };
        match caught("flush of the sink", async { writer.flush().await }).await {
            Ok(flushed) => flushed,
            Err(panicked) => {
                discard(std::mem::replace(self, Self::Gone));
                Err(panicked)
            }
        }
    }

    pub(crate) async fn close(&mut self) -> Result<()> {
        let Self::Idle(mut writer) = std::mem::replace(self, Self::Gone) else { return Ok(()) };
        match caught("close of the sink", async { writer.close().await }).await {
            Ok(closed) => closed,
            Err(panicked) => {
                discard(writer);
                Err(panicked)
            }
        }
    }
}
