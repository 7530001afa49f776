//! One run of the sink.

use async_trait::async_trait;
use faucet_core::{Error, ErrorKind, PageWriter, Result, RunContext, StreamPage};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::config::Checked;
use crate::driver::{Command, Driver, InFlight, Task};
use crate::encode::Encoder;

/// One run of a [`WebsocketSink`](crate::WebsocketSink). Its task reads the connection all the
/// time, so that Pings are answered and a close is noticed while nothing is written.
///
/// Cancel safe: a dropped `write_page` leaves its page with the task, which goes on.
#[derive(Debug)]
pub struct WebsocketWriter {
    encoder: Encoder,
    run: RunContext,
    commands: mpsc::Sender<Command>,
    driver: JoinHandle<()>,
    in_flight: InFlight,
    records: u64,
}

impl WebsocketWriter {
    pub(crate) async fn open(checked: &Checked, run: &RunContext) -> Result<Self> {
        let session = checked.endpoint.connect(run).await?;
        let (commands, inbox) = mpsc::channel(1);
        let in_flight = InFlight::default();
        let driver = Driver::new(session, checked.terms, run, inbox, in_flight.clone());
        Ok(Self {
            encoder: checked.encoder,
            run: run.clone(),
            commands,
            driver: tokio::spawn(driver.run()),
            in_flight,
            records: 0,
        })
    }

    async fn ask(&mut self, task: Task) -> Result<()> {
        let (done, answer) = oneshot::channel();
        let gone = || Error::new(ErrorKind::Sink, "the WebSocket sink is closed already");
        self.commands.send(Command { task, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
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

    /// Flushes, and says goodbye with Close 1000.
    async fn close(&mut self) -> Result<()> {
        self.ask(Task::Close).await
    }
}

impl Drop for WebsocketWriter {
    /// Drops the connection without a farewell. What is on its way counts as unconfirmed.
    fn drop(&mut self) {
        self.driver.abort();
        self.run.meter().add_unconfirmed(self.in_flight.take());
    }
}
