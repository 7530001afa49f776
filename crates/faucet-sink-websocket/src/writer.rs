//! One run of the sink.

use async_trait::async_trait;
use faucet_core::{Error, ErrorKind, Flushed, PageWriter, Result, Scope, StreamPage};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::checked::Checked;
use crate::command::{Command, Task};
use crate::delivery::delivery_mode::DeliveryMode;
use crate::delivery::policy::DeliveryPolicy;
use crate::encode::Encoder;
use crate::sink_task::SinkTask;

/// One run of a [`WebsocketSink`](crate::WebsocketSink). Its task reads the connection all the
/// time, so that Pings are answered and a close is noticed while nothing is written.
///
/// Cancel safe: a dropped `write_page` leaves its page with the task, which goes on. If the task
/// fails, the next call returns the failure.
#[derive(Debug)]
pub struct WebsocketWriter {
    encoder: Encoder,
    /// Not bounded: a caller waits for the answer, and the task takes the page of a caller that does
    /// not.
    commands: mpsc::UnboundedSender<Command>,
    /// Until it has ended.
    task: Option<JoinHandle<()>>,
    records: u64,
    /// The answer to a close that was begun.
    closing: Option<oneshot::Receiver<Result<Flushed>>>,
    closed: bool,
}

impl WebsocketWriter {
    pub(crate) async fn open(checked: &Checked, scope: &Scope) -> Result<Self> {
        let driver = checked.endpoint.connect(scope).await?;
        let (commands, inbox) = mpsc::unbounded_channel();
        let hands_back = scope.diverts() && checked.policy.mode == DeliveryMode::AtLeastOnce;
        let policy = DeliveryPolicy { hands_back, ..checked.policy };
        let task = SinkTask::new(driver, checked.encoder, policy, inbox, scope);
        Ok(Self {
            encoder: checked.encoder,
            commands,
            task: Some(tokio::spawn(task.run())),
            records: 0,
            closing: None,
            closed: false,
        })
    }

    /// Gives the task something to do. A task that has ended drops it, and the answer with it.
    fn begin(&self, task: Task) -> oneshot::Receiver<Result<Flushed>> {
        let (done, answer) = oneshot::channel();
        let _ = self.commands.send(Command { task, done });
        answer
    }

    async fn ask(&mut self, task: Task) -> Result<Flushed> {
        match self.begin(task).await {
            Ok(answer) => answer,
            Err(_) => Err(self.over().await),
        }
    }

    /// Why the task gives no answers any more. Resumes a panic of the task.
    async fn over(&mut self) -> Error {
        if let Some(task) = &mut self.task {
            let ended = task.await;
            self.task = None;
            if let Err(error) = ended
                && let Ok(panic) = error.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        }
        Error::new(ErrorKind::Sink, "the WebSocket sink is closed already")
    }
}

#[async_trait]
impl PageWriter for WebsocketWriter {
    /// Returns when the page was flushed to the socket. Waits, reconnecting as configured, while it
    /// cannot be; with `delivery: at_least_once` also while too much is unconfirmed.
    ///
    /// # Errors
    /// A record that may not be sent (none of the page was then). The connection is gone for good.
    /// The peer refused a record and the pipeline has no place for it; all others were sent.
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        let (first, count) = (self.records + 1, page.len() as u64);
        self.encoder.check(&page, first).map_err(|error| error.with_written(0))?;
        self.records += count;
        self.ask(Task::write(page)).await.map(drop)
    }

    /// With `delivery: at_least_once` returns when the peer has read every record; those that it
    /// refused come back if the pipeline has a place for them. With `at_most_once` returns when every
    /// record was flushed to the socket, and says how many were lost since the last flush.
    async fn flush(&mut self) -> Result<Flushed> {
        self.ask(Task::Flush).await
    }

    /// Performs the close handshake with code 1000. Once more does nothing.
    async fn close(&mut self) -> Result<()> {
        if self.closed {
            return Ok(());
        }
        if self.closing.is_none() {
            self.closing = Some(self.begin(Task::Close));
        }
        let answer = match &mut self.closing {
            Some(answer) => answer.await.ok(),
            None => None,
        };
        self.closed = true;
        match answer {
            Some(answer) => answer.map(drop),
            None => Err(self.over().await),
        }
    }
}

impl Drop for WebsocketWriter {
    /// Drops the connection without a close handshake.
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
