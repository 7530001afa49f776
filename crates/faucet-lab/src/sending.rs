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
                    // A client that has left meanwhile gets nothing more.
                    self.hear()?;
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

#[cfg(test)]
mod tests {
    use faucet_common_websocket::server::Listener;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use crate::faults::Faults;

    use super::*;

    const OFTEN: Option<Duration> = Some(Duration::from_millis(1));
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    /// Both ends of a connection whose faults begin when a second has passed.
    async fn connected(faults: Faults) -> (Sending, TcpStream) {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let mut stream = TcpStream::connect(listener.address().unwrap()).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        let client = listener.accept().await.unwrap().upgrade().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let schedule = Schedule::new(faults, 1, Instant::now());
        tokio::time::advance(Duration::from_secs(1)).await;
        (Sending::new(client, schedule), stream)
    }

    fn message(size: usize) -> Frame {
        Frame::Text(vec![b'x'; size].into())
    }

    #[tokio::test(start_paused = true)]
    async fn without_faults_everything_is_sent_at_once_and_counted() {
        let (mut sending, mut stream) = connected(Faults::default()).await;
        let start = Instant::now();
        sending.send([message(100), message(50)]).await.unwrap();
        assert_eq!((start.elapsed(), sending.written()), (Duration::ZERO, 2));
        let mut read = [0; 102 + 52];
        stream.read_exact(&mut read).await.unwrap();
        stream.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
        let gone = sending.pause(start + Duration::from_secs(9)).await;
        assert!(matches!(gone, Err(Gone::Left)), "{gone:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_drop_leaves_out_the_rest_and_ends_within_a_message_or_between_two() {
        let (mut within, mut reset) = (0, 0);
        for seed in 0..16 {
            let faults = Faults { drop: OFTEN, seed, ..Faults::default() };
            let (mut sending, mut stream) = connected(faults).await;
            let gone = sending.send([message(100), message(100)]).await;
            let Err(Gone::Dropped(cut)) = gone else { panic!("{gone:?}") };
            assert_eq!(sending.written(), 0, "a message that is cut off does not count");
            sending.into_client().abort(cut.reset);
            let mut read = Vec::new();
            let end = stream.read_to_end(&mut read).await;
            assert_eq!(end.is_err(), cut.reset, "{cut:?} {end:?}");
            match cut.within {
                Some(_) => assert!((1..102).contains(&read.len()), "{cut:?} {}", read.len()),
                None => assert!(read.is_empty(), "{cut:?} {}", read.len()),
            }
            within += u8::from(cut.within.is_some());
            reset += u8::from(cut.reset);
        }
        assert!((1..16).contains(&within) && (1..16).contains(&reset), "{within} {reset}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_sends_and_answers_nothing_until_it_is_over() {
        let faults = Faults { stall: OFTEN, ..Faults::default() };
        let (mut sending, mut stream) = connected(faults).await;
        stream.write_all(b"\x89\x80\0\0\0\0").await.unwrap();
        let (mut byte, start) = ([0], Instant::now());
        let silent = async {
            sleep(Duration::from_millis(1)).await;
            stream.try_read(&mut byte).unwrap_err().kind()
        };
        let (sent, silent) = tokio::join!(sending.send([message(100)]), silent);
        sent.unwrap();
        assert_eq!(silent, io::ErrorKind::WouldBlock);
        assert!(start.elapsed() > Duration::from_millis(100), "{:?}", start.elapsed());
        assert_eq!((sending.written(), sending.struck().stalls > 0), (1, true));
        // The Pong, and then the message.
        let mut read = [0; 2 + 102];
        stream.read_exact(&mut read).await.unwrap();
        assert_eq!(read[..4], [0x8a, 0, 0x81, 100]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_puts_the_feed_ahead_of_its_time() {
        let faults = Faults { flood: OFTEN, ..Faults::default() };
        let (mut sending, _stream) = connected(faults).await;
        sending.send([]).await.unwrap();
        let floods = sending.struck().floods;
        assert!(floods > 0);
        let [least, most] = [1, 2].map(|seconds| Duration::from_secs(seconds * floods));
        assert!((least..=most).contains(&sending.lead()), "{floods}: {:?}", sending.lead());
    }

    #[tokio::test(start_paused = true)]
    async fn a_dribble_takes_its_time_and_changes_no_byte() {
        let faults = Faults { dribble: OFTEN, ..Faults::default() };
        let (mut sending, mut stream) = connected(faults).await;
        let start = Instant::now();
        sending.send([message(100), message(120)]).await.unwrap();
        // At most 16 bytes each millisecond.
        let took = start.elapsed();
        assert!(took >= Duration::from_millis((102 + 122) / 16), "{took:?}");
        assert!(took <= Duration::from_secs(3), "{took:?}");
        assert_eq!((sending.written(), sending.struck().dribbles), (2, 1));
        let mut read = [0; 102 + 122];
        stream.read_exact(&mut read).await.unwrap();
        assert_eq!((&read[..2], &read[102..104]), (&[0x81, 100][..], &[0x81, 120][..]));
    }
}
