//! One connection that is looked at, and talked to.

use std::future::{Future, poll_fn};
use std::io::{self, IsTerminal as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use faucet_common_websocket::{Driver, Event, Failure, GaveUp, Made, Over, Received, Taken};
use faucet_core::{Error, ErrorKind, MessageKind, Result, Span, Timestamp};
use tokio::time::{Instant, timeout};

use crate::args::TapArgs;
use crate::output::{tell, time};
use crate::tap::advice;
use crate::tap::endpoint;
use crate::tap::input::Input;
use crate::tap::outlet::Outlet;
use crate::tap::shower::Shower;
use crate::tap::slash::{Farewell, Said, Slash};
use crate::tap::timers::{LastWord, Pinger, Tick};
use crate::tap::view::Direction;

/// So many bytes may wait for the socket before more of stdin is taken.
const AHEAD: usize = 256 * 1024;
/// How long the end waits for a reader of stdout that stands still.
const LAST_BATCH: Duration = Duration::from_millis(500);

/// Why a tap is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A signal.
    Signal,
    /// The time that `--for` gives is over.
    Time(Duration),
}

/// One connection that is looked at, and talked to.
pub(crate) struct Session {
    driver: Driver,
    shower: Shower,
    outlet: Outlet,
    input: Option<Input>,
    /// Whether the terminal shows what goes out from stdin already.
    is_typed: bool,
    slash: Slash,
    subscribe: Vec<String>,
    /// What is sent once.
    execute: Vec<String>,
    pinger: Pinger,
    last_word: LastWord,
    /// When the first connection was made.
    up_since: Option<Instant>,
    last_failure: Option<Arc<Failure>>,
    wants_stats: bool,
}

/// What happens next.
enum Step {
    Event(Event),
    Line(Option<Vec<u8>>),
    Written(Result<()>),
    Stop(Stop),
}

/// How a tap is over.
enum End {
    /// It is to leave the connection.
    Leave,
    /// The connection is gone.
    Gone,
}

impl Session {
    /// Does no I/O but for files and stdin.
    ///
    /// # Errors
    /// Options that are wrong, or files that cannot be used.
    pub(crate) fn new(args: &TapArgs) -> Result<Self> {
        let mut far_end = endpoint::endpoint(&args.connect, &args.send.subscribe)?;
        let shows_pings = args.show.show_pings || args.send.slash;
        if shows_pings {
            far_end = far_end.with_controls();
        }
        let shower = Shower::new(&args.show)?.with_pings(shows_pings);
        let is_terminal = io::stdin().is_terminal();
        let driver = endpoint::open(&far_end, &args.connect)?;
        let outlet = Outlet::open(args.show.record.as_deref())?;
        let input = match args.send.interactive || !is_terminal {
            true => Some(Input::read().map_err(|error| {
                Error::new(ErrorKind::Other, "stdin cannot be read").with_source(error)
            })?),
            false => None,
        };
        Ok(Self {
            driver,
            shower,
            outlet,
            input,
            is_typed: is_terminal,
            slash: Slash::new(args.send.slash),
            subscribe: args.send.subscribe.clone(),
            execute: args.send.execute.clone(),
            pinger: Pinger::new(args.connect.ping, args.show.stats),
            last_word: LastWord::new(args.send.wait),
            up_since: None,
            last_failure: None,
            wants_stats: args.show.stats,
        })
    }

    /// Looks and talks until the feed, `stop` or an option ends it.
    pub(crate) async fn run(mut self, stop: impl Future<Output = Stop>) -> Result<()> {
        let result = self.talk(stop).await;
        let elapsed = self.up_since.map(|since| since.elapsed());
        let written = timeout(LAST_BATCH, self.write_rest()).await.unwrap_or(Ok(()));
        let left = match &result {
            Ok(End::Gone) => Ok(()),
            _ => self.leave().await,
        };
        if let (true, Some(elapsed)) = (self.wants_stats, elapsed) {
            tell(&self.shower.tally.line(elapsed));
        }
        result?;
        written.and(left)
    }

    async fn talk(&mut self, stop: impl Future<Output = Stop>) -> Result<End> {
        let mut stop = std::pin::pin!(stop);
        loop {
            if !self.outlet.is_busy() {
                let batch = self.shower.take();
                if !batch.is_empty() {
                    self.outlet.write(batch);
                } else if self.shower.is_complete() {
                    return Ok(End::Leave);
                }
            }
            let end = match poll_fn(|cx| self.poll_step(cx, stop.as_mut())).await {
                Step::Written(written) => {
                    written?;
                    None
                }
                Step::Line(line) => self.typed(line),
                Step::Stop(why) => self.stopped(why)?,
                Step::Event(event) => self.note(event)?,
            };
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    fn poll_step(
        &mut self,
        cx: &mut Context<'_>,
        stop: Pin<&mut impl Future<Output = Stop>>,
    ) -> Poll<Step> {
        if let Poll::Ready(why) = stop.poll(cx) {
            return Poll::Ready(Step::Stop(why));
        }
        if self.outlet.is_busy() {
            // The connection is kept alive while stdout takes its time.
            let written = self.outlet.poll(cx).map(Step::Written);
            if written.is_pending() {
                let _ = self.driver.poll_hold(cx);
            }
            return written;
        }
        // What the socket takes makes room for more lines.
        let is_flushed = self.driver.poll_flush(cx).is_ready() && self.driver.is_up();
        if self.can_send()
            && let Some(Poll::Ready(line)) = self.input.as_mut().map(|input| input.poll(cx))
        {
            return Poll::Ready(Step::Line(line));
        }
        if is_flushed && self.up_since.is_some() && self.input.is_none() {
            self.last_word.said(Instant::now().into_std());
        }
        let due = [self.pinger.due(), self.last_word.due()].into_iter().flatten().min();
        self.driver.poll_event(cx, due).map(Step::Event)
    }

    fn can_send(&mut self) -> bool {
        let is_first_over = self.up_since.is_some() && self.driver.is_up();
        is_first_over && self.driver.outbox().is_some_and(|outbox| outbox.pending().len() < AHEAD)
    }

    /// Sends a line of stdin.
    fn typed(&mut self, line: Option<Vec<u8>>) -> Option<End> {
        let Some(line) = line else {
            self.input = None;
            // Whoever types has said goodbye; a pipe has only nothing more to say.
            return (self.is_typed && self.last_word.is_endless()).then_some(End::Leave);
        };
        if self.is_typed && line.is_empty() {
            return None;
        }
        let outbox = self.driver.outbox()?;
        match self.slash.said(&line) {
            Ok(Said::Message(message)) => {
                let kind = match std::str::from_utf8(message) {
                    Ok(_) => MessageKind::Text,
                    Err(_) => MessageKind::Binary,
                };
                outbox.message(kind, message);
                match self.is_typed {
                    true => self.shower.typed(),
                    false => self.shower.sent(Timestamp::now(), kind, message),
                }
            }
            Ok(Said::Ping(payload)) => {
                outbox.ping(payload);
                self.shower.control(Direction::Sent, &frame("ping", payload));
            }
            Ok(Said::Pong(payload)) => {
                outbox.unsolicited_pong(payload);
                self.shower.control(Direction::Sent, &frame("pong", payload));
            }
            Ok(Said::Close(_)) => return Some(End::Leave),
            Err(why) => tell(&why),
        }
        None
    }

    /// # Errors
    /// There was no connection in all the time.
    fn stopped(&mut self, why: Stop) -> Result<Option<End>> {
        let url = self.driver.url();
        match (why, self.up_since, &self.last_failure) {
            (Stop::Time(_), None, Some(failure)) => Err(advice::of_failure(failure, url)),
            (Stop::Time(limit), None, None) => {
                let what = format!("WebSocket {url}: no connection within {}", time(limit));
                Err(Error::new(ErrorKind::Timeout, what).with_phase("connect"))
            }
            _ => Ok(Some(End::Leave)),
        }
    }

    fn note(&mut self, event: Event) -> Result<Option<End>> {
        match event {
            Event::Up { again } => self.connected(again),
            Event::Messages => self.received(),
            Event::Acked { upto, .. } => {
                if let Some(took) = self.pinger.ponged(upto, Instant::now().into_std()) {
                    self.shower.tally.round(took);
                    let words = format!("pong, {} after its ping", time(took));
                    self.shower.control(Direction::Received, &words);
                }
            }
            Event::Ping(payload) => {
                self.shower.control(Direction::Received, &frame("ping", &payload));
                self.shower.control(Direction::Sent, &frame("pong", &payload));
            }
            Event::Pong(payload) => {
                let name = match self.slash.asked_for(&payload) {
                    true => "pong",
                    false => "pong that nobody asked for",
                };
                self.shower.control(Direction::Received, &frame(name, &payload));
            }
            Event::Due => return Ok(self.tick()),
            Event::Discarded(why, messages) => {
                tracing::warn!("lost on the way ({}): {messages}", why.as_str());
            }
            Event::Lost { failure, wait, .. } => {
                self.pinger.lost();
                tell(&format!("{failure}; the next attempt is in {}", time(wait)));
                self.last_failure = Some(failure);
            }
            Event::Over(over) => return self.over(&over).map(Some),
            Event::Unmatched(_)
            | Event::HandOver { .. }
            | Event::Note(_)
            | Event::Waiting
            | Event::Idle => {}
        }
        Ok(None)
    }

    fn over(&self, over: &Over) -> Result<End> {
        match over {
            Over::Failed(failed) => return Err(advice::of_run(failed, self.driver.url())),
            Over::Closed(failure) => tell(&failure.to_string()),
            Over::Left(_) => {}
        }
        Ok(End::Gone)
    }

    fn connected(&mut self, again: bool) {
        if let Some(made) = self.driver.made() {
            tell(&connected_words(made, again));
        }
        let now = Timestamp::now();
        for text in &self.subscribe {
            self.shower.sent(now, MessageKind::Text, text.as_bytes());
        }
        self.pinger.connected(Instant::now().into_std());
        if self.up_since.is_some() {
            return;
        }
        self.up_since = Some(Instant::now());
        if let Some(outbox) = self.driver.outbox() {
            for text in &self.execute {
                outbox.message(MessageKind::Text, text.as_bytes());
                self.shower.sent(now, MessageKind::Text, text.as_bytes());
            }
        }
    }

    fn received(&mut self) {
        self.shower.measure();
        let mut spans: Vec<Span> = Vec::new();
        let Some(Received { bytes, stamp, .. }) = self.driver.take(&mut spans) else { return };
        let bytes: &[u8] = match &bytes {
            Taken::Shared(bytes) => bytes,
            Taken::Small(bytes) => bytes,
        };
        for span in &spans {
            self.shower.received(stamp.timestamp, span.kind, &bytes[span.range()]);
        }
        self.driver.progressed();
    }

    fn tick(&mut self) -> Option<End> {
        let now = Instant::now().into_std();
        if self.last_word.is_over(now) {
            return Some(End::Leave);
        }
        match self.pinger.tick(now) {
            Tick::Ping(mark) => {
                self.driver.barrier(mark);
                self.shower.control(Direction::Sent, "ping");
            }
            Tick::Dead(limit) => self.driver.abandon(GaveUp::NoPong(limit)),
            Tick::Nothing => {}
        }
        None
    }

    /// Writes what is still to be shown and recorded.
    async fn write_rest(&mut self) -> Result<()> {
        loop {
            poll_fn(|cx| self.outlet.poll(cx)).await?;
            let batch = self.shower.take();
            if batch.is_empty() {
                return Ok(());
            }
            self.outlet.write(batch);
        }
    }

    /// Performs the close handshake.
    ///
    /// # Errors
    /// The peer refused the client by its Close. Its answer to a Close that was typed has the code of
    /// that one.
    async fn leave(&mut self) -> Result<()> {
        let farewell = self.slash.farewell();
        let is_typed = farewell.is_some();
        match farewell {
            Some(Farewell { code, reason }) => self.driver.leave_with(code, &reason),
            None => self.driver.leave(),
        }
        loop {
            match poll_fn(|cx| self.driver.poll_event(cx, None)).await {
                Event::Messages => drop(self.driver.take(&mut Vec::new())),
                Event::Over(Over::Left(_)) if is_typed => return Ok(()),
                Event::Over(Over::Left(Some(failure))) if failure.refuses_client() => {
                    return Err(advice::of_failure(&failure, self.driver.url()));
                }
                Event::Over(Over::Failed(failed)) if failed.refuses_client() => {
                    return Err(advice::of_run(&failed, self.driver.url()));
                }
                Event::Over(_) => return Ok(()),
                _ => {}
            }
        }
    }
}

/// `connected in 82 ms (TLS 1.3, v1.json)`.
fn connected_words(made: &Made, again: bool) -> String {
    let again = if again { " again" } else { "" };
    let took = match made.took.as_millis() {
        millis @ 10..1000 => format!("{millis} ms"),
        _ => time(made.took),
    };
    let parts: Vec<String> = [
        made.tls.map(|version| version.to_string()),
        made.subprotocol.clone(),
        made.compressed.then(|| "deflate".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    match parts.is_empty() {
        true => format!("connected{again} in {took}"),
        false => format!("connected{again} in {took} ({})", parts.join(", ")),
    }
}

/// The name of a control frame and its payload, if it has one.
fn frame(name: &str, payload: &[u8]) -> String {
    match payload.is_empty() {
        true => name.to_owned(),
        false => format!("{name} \"{}\"", payload.escape_ascii()),
    }
}
