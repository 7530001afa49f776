//! A sink that writes rows and commits them when it is flushed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Flushed, Info, PageWriter, Problem, Problems, Result,
    Scope, Sink, SinkConfig, StepOutcome, StreamPage, async_trait,
};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use schemars::JsonSchema;
use serde::Deserialize;

/// Writes records as rows of a SQLite table `(received_at, data)`. Each flush commits.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqliteConfig {
    /// The database file; made when the first record comes.
    pub path: PathBuf,
    /// The table; made when the first record comes. Lower-case letters, digits and `_`.
    pub table: String,
}

impl SinkConfig for SqliteConfig {
    const NAME: &'static str = "sqlite";
    type Sink = Sqlite;

    fn build(self) -> Result<Sqlite, Problems> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let mut problems = Problems::new();
        // The name goes into SQL as it is.
        problems.push_if(self.table.is_empty() || !self.table.chars().all(good), || {
            Problem::invalid("table", "is no name for a table")
        });
        problems.into_result().map(|()| Sqlite(self))
    }
}

/// A configured sink.
#[derive(Debug)]
pub struct Sqlite(SqliteConfig);

#[async_trait]
impl Sink for Sqlite {
    fn info(&self) -> Info {
        let target = self.0.path.display().to_string();
        Info::new(SqliteConfig::NAME, target, Delivery::AtLeastOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        // Nothing is touched before the first record: an empty run leaves everything as it was.
        Ok(Box::new(Rows { config: self.0.clone(), pages: Vec::new() }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        let (path, started) = (self.0.path.clone(), Instant::now());
        let mut report = CheckReport::new(path.display().to_string());
        let looked = tokio::task::spawn_blocking(move || look(&path)).await;
        let outcome = looked.unwrap_or_else(|e| StepOutcome::Failed(failed("check", e)));
        report.push("file", started.elapsed(), outcome);
        report
    }
}

/// Whether rows could be written. Changes nothing.
fn look(path: &Path) -> StepOutcome {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match path.exists() {
        true => match Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|connection| connection.execute_batch("SELECT 1 FROM sqlite_schema"))
        {
            Ok(()) => StepOutcome::Passed("is a database".into()),
            Err(e) => StepOutcome::Failed(failed("cannot be opened", e)),
        },
        false if directory.is_none_or(Path::is_dir) => StepOutcome::Passed("would be made".into()),
        false => {
            let error = Error::new(ErrorKind::Sink, "sqlite: its directory does not exist");
            StepOutcome::Failed(error.with_hint("create the directory"))
        }
    }
}

fn failed(what: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Sink, format!("sqlite: {what}")).with_source(cause)
}

/// One run. Its pages wait for the next flush, so that a flush is one transaction: all or nothing.
struct Rows {
    config: SqliteConfig,
    pages: Vec<StreamPage>,
}

#[async_trait]
impl PageWriter for Rows {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        self.pages.push(page);
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        if self.pages.is_empty() {
            return Ok(Flushed::ALL);
        }
        let (config, pages) = (self.config.clone(), std::mem::take(&mut self.pages));
        // On the blocking pool: a commit waits for the disk.
        let committed = tokio::task::spawn_blocking(move || commit(&config, &pages)).await;
        committed.map_err(|e| failed("flush", e))?.map_err(|e| failed("cannot commit", e))?;
        Ok(Flushed::ALL)
    }
}

fn commit(config: &SqliteConfig, pages: &[StreamPage]) -> rusqlite::Result<()> {
    let table = &config.table;
    let mut connection = Connection::open(&config.path)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {table} (received_at INTEGER, data TEXT)"
    ))?;
    let mut insert = transaction.prepare(&format!("INSERT INTO {table} VALUES (?1, ?2)"))?;
    for record in pages.iter().flat_map(StreamPage::iter) {
        let at = i64::try_from(record.received_at().as_unix_millis()).unwrap_or(i64::MAX);
        let mut data = Vec::new();
        record.write_json(&mut data);
        insert.execute((at, String::from_utf8_lossy(&data)))?;
    }
    drop(insert);
    transaction.commit()
}
