//! Acme's connectors keep every promise of the contract.

use std::time::Duration;

use acme::every::EveryConfig;
use acme::sqlite::SqliteConfig;
use acme::ticker::TickerConfig;
use faucet_core::{SinkConfig, SourceConfig, TransformConfig};
use faucet_testkit::config::{self, ConfigCase};
use faucet_testkit::sink::{self, SinkCase};
use faucet_testkit::source::{self, SourceCase};
use faucet_testkit::transform::{self, TransformCase};
use rusqlite::Connection;
use serde_json::json;

#[test]
fn the_configurations() {
    config::conforms(&ConfigCase::source::<TickerConfig>(json!({ "interval": "1s" })));
    config::conforms(&ConfigCase::transform::<EveryConfig>(json!({ "n": 2 })));
    config::conforms(&ConfigCase::sink::<SqliteConfig>(json!({ "path": "x.db", "table": "t" })));
}

#[tokio::test(start_paused = true)]
async fn the_ticker() {
    let ticker = async || {
        let config = TickerConfig { interval: Duration::from_secs(1), max_messages: Some(3) };
        config.build().expect("it builds")
    };
    let case = SourceCase::new(ticker)
        .payloads([r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#])
        .page_limit(1)
        .name("ticker");
    source::conforms(&case).await;
}

#[tokio::test(start_paused = true)]
async fn the_counting_transform() {
    let every =
        async || EveryConfig { n: 2.try_into().expect("not 0") }.build().expect("it builds");
    let case = TransformCase::new(every)
        .inputs(["1", "2", "3", "4", "5"])
        .expect(["2", "4"])
        .name("every");
    transform::conforms(&case).await;
}

#[tokio::test]
async fn the_database() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("test.db");
    let make = |path: std::path::PathBuf| {
        SqliteConfig { path, table: "t".into() }.build().expect("it builds")
    };
    let case = SinkCase::new(async || make(path.clone()), async || rows(&path))
        .unreachable(async || make("no such directory/x.db".into()))
        .name("sqlite");
    sink::conforms(&case).await;
}

/// The committed rows, in order.
fn rows(path: &std::path::Path) -> Vec<String> {
    let Ok(connection) = Connection::open(path) else { return Vec::new() };
    let Ok(mut select) = connection.prepare("SELECT data FROM t ORDER BY rowid") else {
        return Vec::new();
    };
    let rows = select.query_map((), |row| row.get(0)).expect("a query");
    rows.map(|row| row.expect("a row")).collect()
}
