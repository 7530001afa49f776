//! A sink that writes rows and commits them when it is flushed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Flushed, Info, PageWriter, Problem, Problems, Result,
    Scope, Sink, SinkConfig, StepOutcome, StreamPage, async_trait,
};
use rusqlite::{Connection, OpenFlags};
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
        // Opening makes the file, and an empty run leaves everything as it was: so `write_page` opens.
        Ok(Box::new(Rows { config: self.0.clone(), connection: None, open: false }))
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

struct Rows {
    config: SqliteConfig,
    connection: Option<Connection>,
    /// A transaction is open.
    open: bool,
}

impl Rows {
    /// Does something with the database on the blocking pool: a commit takes milliseconds.
    async fn work(
        &mut self,
        what: &'static str,
        job: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<()> {
        let (connection, path) = (self.connection.take(), self.config.path.clone());
        let worked = tokio::task::spawn_blocking(move || {
            let connection = connection.map_or_else(|| Connection::open(path), Ok)?;
            let done = job(&connection);
            Ok((connection, done))
        });
        let worked: rusqlite::Result<_> = worked.await.map_err(|e| failed(what, e))?;
        let (connection, done) = worked.map_err(|e| failed("cannot be opened", e))?;
        self.connection = Some(connection);
        done.map_err(|e| failed(what, e))
    }
}

#[async_trait]
impl PageWriter for Rows {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        let (table, begin) = (self.config.table.clone(), !self.open);
        let written = self.work("cannot write", move |connection| {
            if begin {
                connection.execute_batch(&format!(
                    "BEGIN; CREATE TABLE IF NOT EXISTS {table} (received_at INTEGER, data TEXT)"
                ))?;
            }
            connection.execute_batch("SAVEPOINT page")?;
            let insert = format!("INSERT INTO {table} VALUES (?1, ?2)");
            let mut insert = connection.prepare_cached(&insert)?;
            let all = page.iter().try_for_each(|record| {
                let at = i64::try_from(record.received_at().as_unix_millis()).unwrap_or(i64::MAX);
                let data = record.to_record().to_json();
                insert.execute((at, String::from_utf8_lossy(&data))).map(drop)
            });
            // Of a page that fails no row stays, so that the number of written records is known.
            let end = if all.is_ok() { "RELEASE page" } else { "ROLLBACK TO page; RELEASE page" };
            connection.execute_batch(end).and(all)
        });
        let written = written.await;
        self.open = self.connection.as_ref().is_some_and(|connection| !connection.is_autocommit());
        written.map_err(|error| if self.open { error.with_written(0) } else { error })
    }

    async fn flush(&mut self) -> Result<Flushed> {
        if std::mem::take(&mut self.open) {
            self.work("cannot commit", |connection| connection.execute_batch("COMMIT")).await?;
        }
        Ok(Flushed::ALL)
    }
}
