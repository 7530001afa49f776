//! Sending to one client, with faults.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use faucet_common_websocket::Frame;
use faucet_common_websocket::server::Client;
use futures_util::FutureExt;
use tokio::time::{Instant, sleep, sleep_until};

use crate::faults::{Cut, Fault, Schedule};

/// How a client's connection has ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Gone {
    /// The client has sent Close.
    #[error("it closed the connection")]
    Left,
    /// The connection was to be dropped.
    #[error("dropped as asked")]
    Dropped(Cut),
    /// The feed ends.
    #[error("the feed ends")]
    Dismissed,
    /// The connection broke, or the recording cannot be read.
    #[error(transparent)]
    Broken(#[from] io::Error),
}

/// The faults that a connection had.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Struck {
    pub(crate) stalls: u64,
    pub(crate) floods: u64,
    pub(crate) dribbles: u64,
}

/// A client that gets a feed.
#[derive(Debug)]
pub(crate) struct Sending {
    client: Client,
    schedule: Schedule,
    /// The end of the dribble.
    dribble: Option<Instant>,
    /// A drop that waits for a message.
    cut: Option<Cut>,
    /// So far the feed is ahead of its time.
    lead: Duration,
    struck: Struck,
}

impl Sending {
    pub(crate) fn new(client: Client, schedule: Schedule) -> Self {
        let (lead, struck) = (Duration::ZERO, Struck::default());
        Self { client, schedule, dribble: None, cut: None, lead, struck }
    }

    /// So much earlier than it is due the feed has to be sent. Floods add to it.
    pub(crate) fn lead(&self) -> Duration {
        self.lead
    }

    /// Messages that the socket has taken whole.
    pub(crate) fn written(&self) -> u64 {
        self.client.written()
    }

    pub(crate) fn struck(&self) -> Struck {
        self.struck
    }

    /// Gives back the client.
    pub(crate) fn into_client(self) -> Client {
        self.client
    }

    /// Sends all frames and answers what the client has said meanwhile.
    pub(crate) async fn send(
        &mut self,
        frames: impl IntoIterator<Item = Frame>,
    ) -> Result<(), Gone> {
        let mut frames = frames.into_iter();
        loop {
            self.strike().await?;
            if let Some(cut) = self.cut {
                let Some(frame) = frames.next() else { break };
                return Err(self.cut_off(&frame, cut).await);
            }
            match self.dribble {
                Some(until) if until > Instant::now() => {
                    let Some(frame) = frames.next() else { break };
                    self.client.queue(&frame)?;
                    self.dribble_until(until).await?;
                    if self.client.waiting() == 0 {
                        self.hear()?;
                    }
                }
                _ => {
                    self.dribble = None;
                    self.client.send(frames).await?;
                    break;
                }
            }
        }
        self.hear()
    }

    /// Waits until `until`, answering the client's Pings. Returns earlier after a fault.
    pub(crate) async fn pause(&mut self, until: Instant) -> Result<(), Gone> {
        let fault = self.schedule.next().unwrap_or(until);
        tokio::select! {
            gone = self.client.drain() => return Err(end_of(gone)),
            () = sleep_until(until.min(fault)) => {}
        }
        self.strike().await
    }

    /// Commits the faults that are due.
    async fn strike(&mut self) -> Result<(), Gone> {
        while let Some(fault) = self.schedule.due(Instant::now()) {
            tracing::debug!("fault: {fault:?}");
            match fault {
                Fault::Drop(cut) if cut.within.is_none() => {
                    // Bytes of the client that are not read turn the end of the stream into a reset.
                    self.hear()?;
                    return Err(Gone::Dropped(cut));
                }
                Fault::Drop(cut) => self.cut = Some(cut),
                Fault::Stall(length) => {
                    self.struck.stalls += 1;
                    sleep(length).await;
                }
                Fault::Flood(worth) => {
                    self.struck.floods += 1;
                    self.lead += worth;
                }
                Fault::Dribble(length) => {
                    self.struck.dribbles += 1;
                    self.dribble = Some(Instant::now() + length);
                }
            }
        }
        Ok(())
    }

    /// Writes a part of `frame`, at least a byte and never all.
    async fn cut_off(&mut self, frame: &Frame, cut: Cut) -> Gone {
        let cut_off = async {
            self.client.send([]).await?;
            self.hear()?;
            self.client.queue(frame)?;
            let whole = self.client.waiting();
            let part = (whole as f64 * cut.within.unwrap_or_default()) as usize;
            let rest = whole - part.clamp(1, whole - 1);
            while self.client.waiting() > rest {
                self.client.write(self.client.waiting() - rest).await?;
            }
            Err::<Infallible, Gone>(Gone::Dropped(cut))
        };
        match cut_off.await {
            Ok(never) => match never {},
            Err(gone) => gone,
        }
    }

    /// Writes what waits, a few bytes at a time. What is left at `until` waits on.
    async fn dribble_until(&mut self, until: Instant) -> io::Result<()> {
        while self.client.waiting() > 0 && Instant::now() < until {
            let (bytes, pause) = self.schedule.piece();
            self.client.write(bytes).await?;
            sleep(pause).await;
        }
        Ok(())
    }

    /// Answers what the client has said, without waiting for more.
    fn hear(&mut self) -> Result<(), Gone> {
        match self.client.drain().now_or_never() {
            Some(gone) => Err(end_of(gone)),
            None => Ok(()),
        }
    }
}

/// The end of a client that is gone before the feed is.
fn end_of(gone: io::Result<()>) -> Gone {
    match gone {
        Ok(()) => Gone::Left,
        Err(error) => Gone::Broken(error),
    }
}
