//! The state that all connections of the server share.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::serve::board::Board;
use crate::serve::gate::Gate;
use crate::serve::life::Life;

/// The body of an answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// The most pages that look at a time: room must be left for metrics.
const MOST_WATCHERS: usize = 16;
/// How often the page gets the state.
const EVERY: Duration = Duration::from_secs(1);

/// The state that all connections of the server share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) board: Board,
    pub(crate) gate: Gate,
    /// The last state, made once for all pages. A page that does not read gets the next one it reads.
    latest: watch::Sender<Bytes>,
    room: Arc<Semaphore>,
}

/// A page that looks.
struct Watcher {
    /// The first event, until it was sent.
    first: Option<Bytes>,
    latest: watch::Receiver<Bytes>,
    life: Life,
    _place: OwnedSemaphorePermit,
}

impl Desk {
    pub(crate) fn new(board: Board, gate: Gate) -> Self {
        let latest = watch::Sender::new(Bytes::new());
        Self { board, gate, latest, room: Arc::new(Semaphore::new(MOST_WATCHERS)) }
    }

    /// Notes the numbers of each second, and tells them to the pages.
    pub(crate) async fn keep(&self) -> Infallible {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.board.note();
            if self.latest.receiver_count() > 0 {
                self.latest.send_replace(event(&self.board.state(false)));
            }
        }
    }

    /// The events for a page: first all that is kept, then each second. `None`: too many pages look.
    pub(crate) fn watch(&self, life: Life) -> Option<Body> {
        let place = Arc::clone(&self.room).try_acquire_owned().ok()?;
        let first = Some(event(&self.board.state(true)));
        let watcher = Watcher { first, latest: self.latest.subscribe(), life, _place: place };
        let frames = stream::unfold(watcher, |mut watcher| async move {
            // The connection asks for the next event only when the client has taken those before.
            watcher.life.extend();
            if let Some(first) = watcher.first.take() {
                return Some((Ok(Frame::data(first)), watcher));
            }
            watcher.latest.changed().await.ok()?;
            let latest = watcher.latest.borrow_and_update().clone();
            Some((Ok(Frame::data(latest)), watcher))
        });
        Some(StreamBody::new(frames).boxed_unsync())
    }
}

/// A server-sent event. JSON has no line break of its own.
fn event(state: &Value) -> Bytes {
    format!("data: {state}\n\n").into()
}
