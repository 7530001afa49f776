//! A driver over streams that do what a test says.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use faucet_connect::{
    Credentials, Destination, Dial, DialFailure, Io, ProxySetting, Secrets, StepLog, TlsConfig,
};
use faucet_core::{ComponentKind, Problems, Scope, Span, async_trait};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::{consume_budget, coop};

use super::{Driver, Upgraded};
use crate::compression::Compression;
use crate::machine::story::settings;
use crate::machine::{Event, Settings, Taken};
use crate::site::Means;
use crate::target::{Offer, Target};
use crate::testing::raw_frame::{RawFrame, described, stream};
use crate::url_text::UrlText;

/// The result of a read.
#[derive(Debug, Clone)]
enum Read {
    Bytes(Vec<u8>),
    End,
}

/// The far end of a stream. A read that finds no step is pending for ever.
#[derive(Debug, Default)]
struct Far {
    reads: VecDeque<Read>,
    written: Vec<u8>,
    writes_fail: bool,
}

#[derive(Debug, Clone, Default)]
struct Near(Arc<Mutex<Far>>);

impl AsyncRead for Near {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !coop::has_budget_remaining() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.0.lock().unwrap().reads.pop_front() {
            Some(Read::Bytes(bytes)) => buf.put_slice(&bytes),
            Some(Read::End) => {}
            None => return Poll::Pending,
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Near {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut far = self.0.lock().unwrap();
        if far.writes_fail {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        far.written.extend(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Connects to nothing.
struct Never;

#[async_trait]
impl Dial for Never {
    async fn dial(&self, _: &Destination, _: &mut StepLog) -> Result<Box<dyn Io>, DialFailure> {
        std::future::pending().await
    }
}

fn driver(near: &Near, settings: Settings) -> Driver {
    let scope = Scope::new("feed");
    let mut problems = Problems::new();
    let means = Means {
        dial: Some(Arc::new(Never)),
        proxy: ProxySetting::default().check(&"proxy".into(), &mut problems),
        environment: None,
        tls: TlsConfig::default(),
    };
    let url = UrlText::from("ws://h/").check().unwrap().resolve(&scope).unwrap();
    let target = Target {
        place: None,
        shown: url.redacted().into(),
        site: Some(means.site(url).unwrap()),
        means,
        talk: None,
        offer: Arc::new(Offer {
            credentials: Credentials::default(),
            subprotocols: Vec::new(),
            compression: Compression::None,
            connect_timeout: Duration::from_secs(10),
        }),
    };
    let mut driver = Driver::new(Arc::new(settings), target, ComponentKind::Source, &scope);
    let upgraded = Upgraded {
        io: Box::new(near.clone()),
        leftover: Vec::new(),
        secrets: Secrets::default(),
        deflate: None,
        dialing: None,
        made: crate::made::Made {
            took: Duration::ZERO,
            tls: None,
            subprotocol: None,
            compressed: false,
        },
    };
    driver.connected(upgraded);
    driver
}

/// The events that have happened, with the messages.
fn events(driver: &mut Driver, cx: &mut Context<'_>) -> Vec<String> {
    let mut events = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    while let Poll::Ready(event) = driver.poll_event(cx, None) {
        events.push(match event {
            Event::Messages => {
                let taken = driver.take(&mut spans).unwrap().bytes;
                let bytes = match taken {
                    Taken::Shared(bytes) => bytes.to_vec(),
                    Taken::Small(bytes) => bytes.to_vec(),
                };
                let texts = spans.iter().map(|span| bytes[span.range()].escape_ascii().to_string());
                texts.collect::<Vec<_>>().join(",")
            }
            Event::Lost { failure, .. } => format!("lost {:?}", failure.class()),
            Event::Up { .. } => "up".into(),
            other => format!("{other:?}"),
        });
        if events.last().is_some_and(|event| event.starts_with("Over")) {
            break;
        }
    }
    events
}

async fn once(driver: &mut Driver) -> Vec<String> {
    poll_fn(|cx| Poll::Ready(events(driver, cx))).await
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_stream_comes_behind_the_messages_in_front_of_it() {
    let near = Near::default();
    let frames = stream(&[RawFrame::text("a"), RawFrame::text("b")]);
    near.0.lock().unwrap().reads = [Read::Bytes(frames), Read::End].into();
    assert_eq!(
        once(&mut driver(&near, settings())).await,
        ["up", "a,b", "lost Transient", "Waiting"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_close_is_answered_although_the_stream_ends_behind_it() {
    let near = Near::default();
    let close = RawFrame::close(1001, "").bytes();
    near.0.lock().unwrap().reads = [Read::Bytes(close), Read::End].into();
    let settings = Settings { pool: crate::machine::Pool::of(32 * 1024), ..settings() };
    assert_eq!(once(&mut driver(&near, settings)).await, ["up", "lost Transient", "Waiting"]);
    assert_eq!(described(&near.0.lock().unwrap().written), ["masked close 1001"]);
}

#[tokio::test(start_paused = true)]
async fn small_pieces_of_a_layer_below_are_collected() {
    let near = Near::default();
    let frames = stream(&[RawFrame::text("abc"), RawFrame::ping("p"), RawFrame::text("def")]);
    near.0.lock().unwrap().reads = frames.iter().map(|byte| Read::Bytes(vec![*byte])).collect();
    // Pieces of up to 16 KiB are collected while another one has room.
    let settings = Settings { pool: crate::machine::Pool::of(32 * 1024), ..settings() };
    assert_eq!(once(&mut driver(&near, settings)).await, ["up", "abc,def"]);
    let written = described(&near.0.lock().unwrap().written);
    assert_eq!(written, ["masked pong p"], "the answer leaves with the poll that read the Ping");
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_write_did_not_take_is_not_flushed() {
    let near = Near::default();
    near.0.lock().unwrap().writes_fail = true;
    near.0.lock().unwrap().reads = [Read::Bytes(RawFrame::text("a").bytes())].into();
    let mut driver = driver(&near, settings());
    poll_fn(|cx| {
        driver.outbox().unwrap().message(faucet_core::MessageKind::Text, b"lost");
        assert!(driver.poll_flush(cx).is_pending() && driver.poll_flush(cx).is_pending());
        assert!(driver.outbox().is_none());
        assert_eq!(events(&mut driver, cx), ["up", "a", "lost Transient", "Waiting"]);
        assert!(driver.poll_flush(cx).is_ready(), "there is no connection");
        Poll::Ready(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_task_without_budget_has_not_read_everything() {
    let near = Near::default();
    near.0.lock().unwrap().writes_fail = true;
    near.0.lock().unwrap().reads = [Read::Bytes(RawFrame::text("a").bytes())].into();
    let mut driver = driver(&near, settings());
    assert!(matches!(driver.next_event(), Some(Event::Up { .. })));
    poll_fn(|cx| {
        while coop::has_budget_remaining() {
            let _ = pin!(consume_budget()).poll(cx);
        }
        driver.barrier(1);
        assert_eq!(events(&mut driver, cx), [""; 0]);
        Poll::Ready(())
    })
    .await;
    // The task goes on with a new budget.
    tokio::task::yield_now().await;
    assert_eq!(once(&mut driver).await, ["a", "lost Transient", "Waiting"]);
}

#[tokio::test(start_paused = true)]
async fn with_the_last_event_the_connection_is_dropped() {
    let near = Near::default();
    near.0.lock().unwrap().reads =
        [Read::Bytes(RawFrame::close(1000, "").bytes()), Read::End].into();
    let mut settings = settings();
    Arc::make_mut(&mut settings.reconnect).reconnect = false;
    let mut driver = driver(&near, settings);
    let events = once(&mut driver).await;
    assert!(events[1].starts_with("Over(Closed("), "{events:?}");
    assert_eq!(Arc::strong_count(&near.0), 1, "{driver:?}");
}
