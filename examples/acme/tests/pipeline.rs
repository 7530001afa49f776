//! A feed without an end: its rows are committed while it runs.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use faucet_pipeline::{End, PipelineSpec};
use rusqlite::Connection;
use serde_json::json;

#[tokio::test]
async fn rows_are_committed_while_the_feed_runs() {
    let mut registry = faucet_stream::registry();
    acme::register(&mut registry).expect("the names are free");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("ticks.db");
    let pipeline = json!({
        "source": { "type": "ticker", "interval": "1ms" },
        "sink": { "type": "sqlite", "path": path, "table": "ticks" },
        "flush": { "interval": "20ms" },
    });
    let pipeline = PipelineSpec::from_value(pipeline).build(&registry).expect("it is valid");
    // Another connection sees what is committed, and nothing else.
    let committed = || -> u64 {
        let count = Connection::open(&path)
            .and_then(|c| c.query_row("SELECT count(*) FROM ticks", (), |row| row.get(0)));
        count.unwrap_or(0)
    };
    let enough = poll_fn(|cx| match committed() {
        0..20 => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        _ => Poll::Ready(()),
    });
    let report = pin!(pipeline.run_until(enough)).await;
    assert_eq!((report.ended, report.error.is_none()), (End::Shutdown, true));
    assert!(report.delivered >= 20 && committed() == report.delivered, "{report:?}");
}
