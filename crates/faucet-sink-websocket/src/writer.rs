//! One run of the sink.

use async_trait::async_trait;
use faucet_core::{Error, ErrorKind, PageWriter, Result, RunContext, StreamPage};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::account::Account;
use crate::checked::Checked;
use crate::driver::{Command, Driver, Task};
use crate::encode::Encoder;

/// One run of a [`WebsocketSink`](crate::WebsocketSink). Its task reads the connection all the
/// time, so that Pings are answered and a close is noticed while nothing is written.
///
/// Cancel safe: a dropped `write_page` leaves its page with the task, which goes on; should it fail,
/// the next call tells.
#[derive(Debug)]
pub struct WebsocketWriter {
    encoder: Encoder,
    /// Not bounded: each caller waits for an answer, and one that does not has its page taken all
    /// the same.
    commands: mpsc::UnboundedSender<Command>,
    /// Until it has ended.
    driver: Option<JoinHandle<()>>,
    account: Account,
    records: u64,
    /// The answer to a close that was begun.
    closing: Option<oneshot::Receiver<Result<()>>>,
    closed: bool,
}

impl WebsocketWriter {
    pub(crate) async fn open(checked: &Checked, run: &RunContext) -> Result<Self> {
        let session = checked.endpoint.connect(run).await?;
        let (commands, inbox) = mpsc::unbounded_channel();
        let account = Account::new(run);
        let driver = Driver::new(session, checked.terms, inbox, account.clone());
        Ok(Self {
            encoder: checked.encoder,
            commands,
            driver: Some(tokio::spawn(driver.run())),
            account,
            records: 0,
            closing: None,
            closed: false,
        })
    }

    /// Gives the task something to do. A task that has ended drops it, and the answer with it.
    fn begin(&self, task: Task) -> oneshot::Receiver<Result<()>> {
        let (done, answer) = oneshot::channel();
        let _ = self.commands.send(Command { task, done });
        answer
    }

    async fn ask(&mut self, task: Task) -> Result<()> {
        match self.begin(task).await {
            Ok(answer) => answer,
            Err(_) => Err(self.over().await),
        }
    }

    /// Why the task gives no answers any more. A panic of a provider of credentials goes on here.
    async fn over(&mut self) -> Error {
        if let Some(driver) = &mut self.driver {
            let ended = driver.await;
            self.driver = None;
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
    /// A record that may not be sent (nothing of the page was then); the connection is gone for
    /// good; the peer refused a record, after everything else was sent.
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        let (first, count) = (self.records + 1, page.len() as u64);
        let frames = self.encoder.encode(page, first)?;
        self.records += count;
        self.ask(Task::Write(frames.into_iter())).await
    }

    async fn flush(&mut self) -> Result<()> {
        self.ask(Task::Flush).await
    }

    /// Flushes, and says goodbye with Close 1000. Once more does nothing.
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
            Some(answer) => answer,
            None => Err(self.over().await),
        }
    }
}

impl Drop for WebsocketWriter {
    /// Drops the connection without a farewell. What is on its way counts as unconfirmed.
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
        self.account.settle();
    }
}
