//! Pages on their way from a source to a sink: at most two, one read and one being written.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use faucet_core::{Ended, Error, ErrorKind, Result, RunContext, Sink, StreamPage};
use futures_util::future::join;
use tokio::time::timeout;

use crate::Progress;
use crate::ends::{SinkEnd, SourceEnd, caught};
use crate::stop::Stop;

/// Why no more pages are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The source has no more.
    Ended(Ended),
    /// The sink wants no more.
    SinkClosed,
    /// The caller asked for it.
    Shutdown,
    /// Something failed; the flow holds the error.
    Failed,
}

/// Gives the thread back once. Two ends that are always ready would otherwise keep it for the whole
/// run, and the shutdown might wait for that very thread.
async fn let_others_run() {
    let mut gave = false;
    poll_fn(|context| {
        if gave {
            return Poll::Ready(());
        }
        gave = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What happens next in a flow.
enum Event {
    Stop,
    Read(Result<Option<StreamPage>>),
    Written(Result<()>),
}

/// An open source, a sink, and the pages between them.
pub(crate) struct Flow {
    source: SourceEnd,
    sink: SinkEnd,
    /// The page that was read while another is being written.
    next: Option<StreamPage>,
    /// The records of the page that is being written.
    records: usize,
    /// Their bytes.
    bytes: usize,
    progress: Progress,
    /// The first error. What fails after it is its consequence.
    fault: Option<Error>,
    /// The sink took its last page: nothing more is written to it.
    sink_over: bool,
}

impl Flow {
    pub(crate) fn new(source: SourceEnd, progress: Progress) -> Self {
        Self {
            source,
            sink: SinkEnd::Gone,
            next: None,
            records: 0,
            bytes: 0,
            progress,
            fault: None,
            sink_over: false,
        }
    }

    /// Opens the sink, moves pages until something ends, and closes both ends.
    pub(crate) async fn run<F: Future<Output = ()>>(
        mut self,
        sink: &dyn Sink,
        context: &RunContext,
        stop: &mut Stop<F>,
    ) -> (Exit, Option<Error>) {
        let exit = match self.open_sink(sink, context, stop).await {
            Ok(()) => self.pump(stop).await,
            Err(exit) => exit,
        };
        // The rest is the sink's.
        let farewell = stop.grace() * 3 / 4;
        // A sink that is not done when the grace is over does not make the shutdown fail, which was
        // asked for: what it did not take is counted below.
        let exit = tokio::select! {
            biased;
            () = self.wind_down(farewell) => exit,
            () = stop.expired() => Exit::Shutdown,
        };
        let lost = self.progress.records_read() - self.progress.records();
        if lost > 0 {
            context.meter().add_skipped("not_written", lost);
        }
        let closed = self.sink_over && matches!(exit, Exit::Ended(_));
        match self.fault {
            Some(fault) => (Exit::Failed, Some(fault)),
            None if closed => (Exit::SinkClosed, None),
            None => (exit, None),
        }
    }

    async fn open_sink<F: Future<Output = ()>>(
        &mut self,
        sink: &dyn Sink,
        context: &RunContext,
        stop: &mut Stop<F>,
    ) -> Result<(), Exit> {
        let opened = tokio::select! {
            biased;
            () = stop.requested() => return Err(Exit::Shutdown),
            opened = caught("open of the sink", async { sink.open(context).await }) => opened.flatten(),
            panicked = self.source.hold() => Err(panicked),
        };
        match opened {
            Ok(writer) => {
                self.sink = SinkEnd::Idle(writer);
                Ok(())
            }
            Err(error) => Err(self.sink_failed(error)),
        }
    }

    /// Moves pages until there is a reason not to.
    async fn pump<F: Future<Output = ()>>(&mut self, stop: &mut Stop<F>) -> Exit {
        loop {
            if self.sink.is_idle()
                && let Some(page) = self.next.take()
            {
                self.begin(page);
            }
            match self.event(stop).await {
                Event::Stop => return Exit::Shutdown,
                Event::Written(Ok(())) => {
                    self.progress.wrote(self.records, self.bytes);
                    let_others_run().await;
                }
                Event::Written(Err(error)) => return self.sink_failed(error),
                Event::Read(Ok(Some(page))) => {
                    self.progress.read(page.len());
                    self.next = Some(page);
                }
                Event::Read(Ok(None)) => return Exit::Ended(self.source.ended()),
                Event::Read(Err(error)) => return self.failed(error),
            }
        }
    }

    async fn event<F: Future<Output = ()>>(&mut self, stop: &mut Stop<F>) -> Event {
        let Self { source, sink, next, .. } = self;
        let reading = async {
            match next {
                None => source.next_page().await,
                Some(_) => Err(source.hold().await),
            }
        };
        tokio::select! {
            biased;
            () = stop.requested() => Event::Stop,
            written = sink.written() => Event::Written(written),
            read = reading => Event::Read(read),
        }
    }

    fn begin(&mut self, page: StreamPage) {
        (self.records, self.bytes) = (page.len(), page.payload_bytes());
        self.sink.begin(page);
    }

    fn failed(&mut self, error: Error) -> Exit {
        self.fault.get_or_insert(error);
        Exit::Failed
    }

    fn sink_failed(&mut self, error: Error) -> Exit {
        self.sink_over = true;
        match error.kind() {
            ErrorKind::Cancelled => Exit::SinkClosed,
            _ => self.failed(error),
        }
    }

    /// Closes the source while the page in flight is written, writes what is left, and closes the
    /// sink. What was received reaches the sink whatever ended the run, unless it was the sink.
    async fn wind_down(&mut self, farewell: Duration) {
        let Self { source, sink, progress, .. } = self;
        let last = async {
            let last = source.close(farewell).await;
            // Counted at once: the sink may never be done with the page in flight.
            if let Ok(Some(page)) = &last {
                progress.read(page.len());
            }
            last
        };
        let in_flight = async {
            match sink.is_writing() {
                true => Some(sink.written().await),
                false => None,
            }
        };
        let (last, written) = join(last, in_flight).await;
        if let Some(written) = written {
            self.took(written);
        }
        let last = match last {
            Ok(last) => last,
            Err(error) => {
                self.failed(error);
                None
            }
        };
        for page in [self.next.take(), last].into_iter().flatten() {
            if self.sink_over || !self.sink.is_idle() {
                break;
            }
            self.begin(page);
            let written = self.sink.written().await;
            self.took(written);
        }
        self.close_sink(farewell).await;
    }

    fn took(&mut self, written: Result<()>) {
        match written {
            Ok(()) => self.progress.wrote(self.records, self.bytes),
            Err(error) => {
                self.sink_failed(error);
            }
        }
    }

    async fn close_sink(&mut self, farewell: Duration) {
        if !self.sink_over
            && let Err(error) = self.sink.flush().await
        {
            self.sink_failed(error);
        }
        if self.sink_over {
            // It has failed already: what it says now is not news, and it may not say anything.
            let _ = timeout(farewell, self.sink.close()).await;
        } else if let Err(error) = self.sink.close().await {
            self.sink_failed(error);
        }
    }
}
