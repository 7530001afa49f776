//! A query as a transform of a pipeline file.

use std::collections::BTreeMap;

use faucet_core::duration::SecondsOrZero;
use faucet_core::select::Pointer;
use faucet_core::{KeyPath, Problem, ProblemKind, Problems, TransformConfig, duration, nearest};
use faucet_pipeline::diagnostic::Diagnostic;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

use crate::compile::{Question, StreamDecl, TimeDecl, prepare};
use crate::deep::on_deep_stack;
use crate::rows::Format;
use crate::schema::{Column, ColumnType};
use crate::script::{Places, Statement, parse, streams};
use crate::stage::{OnBadRow, TimeUnit};
use crate::transform::{NAME, SqlTransform};

/// Runs a SQL query over the records of its inputs. A row of the result becomes a record.
///
/// A query without `WINDOW` looks at each record by itself: `SELECT`, `WHERE`, expressions. A query with
/// `WINDOW TUMBLING(1 min)` or `WINDOW HOP(1 min, 10 sec)` groups and aggregates; a window closes by the
/// clock, so that an idle feed gives its result too. `docs/sql.md` teaches the language.
///
/// A query with a window cannot be saved: `state` is refused beside it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "sql transform")]
pub struct SqlConfig {
    /// The query: one `SELECT`, with or without `WINDOW`. Its streams are components: `FROM trades` reads the
    /// component `trades`, which stands in `from` too. A name of a column has its case.
    #[schemars(extend("examples" = [
        "SELECT symbol, price FROM trades WHERE price > 5.0",
        "SELECT symbol, AVG(price) AS price FROM trades WINDOW TUMBLING(1 min) GROUP BY symbol",
    ]))]
    pub query: String,

    /// The streams that the query reads, by the names that `from` has. Each has `columns`, and may have `format`,
    /// `on_parse_error`, `json.mapping` and `time`.
    #[schemars(extend("examples" = [{"trades": {"columns": {"symbol": "STRING", "price": "DOUBLE"}}}]))]
    pub streams: BTreeMap<String, StreamKeys>,

    /// How the rows become records: a JSON object each, or the text or the bytes of the only column.
    #[serde(default)]
    #[schemars(extend("default" = "json"))]
    pub format: RecordKind,
}

/// A stream that a query reads.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamKeys {
    /// The columns and their types: STRING, INT, LONG, FLOAT, DOUBLE, BOOL, OBJECT (any JSON, kept as it is) or
    /// BYTES (base64 in JSON). A column is the member of a JSON record that has exactly its name. Other members
    /// are passed over; a missing one is NULL.
    #[schemars(extend("examples" = [{"symbol": "STRING", "price": "DOUBLE"}]))]
    pub columns: BTreeMap<String, String>,

    /// How the records are read.
    #[serde(default)]
    #[schemars(extend("default" = "json"))]
    pub format: RecordKind,

    /// What happens to a record that does not fit the columns.
    #[serde(default)]
    #[schemars(extend("default" = "fail"))]
    pub on_parse_error: OnParseError,

    /// Columns that stand elsewhere in a record.
    #[serde(default)]
    pub json: JsonKeys,

    /// The time that rows bring. Without it rows have the time at which they arrived.
    #[serde(default)]
    pub time: Option<TimeKeys>,
}

/// Columns that stand elsewhere in a record.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonKeys {
    /// The place of a column in the record, as a JSON pointer. A column without one is a member of its name.
    #[serde(default)]
    #[schemars(extend("examples" = [{"price": "/data/p"}]))]
    pub mapping: BTreeMap<String, String>,
}

/// The time that rows bring.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeKeys {
    /// The column of the time: LONG or INT since 1970 in `unit`, or STRING as in RFC 3339.
    #[schemars(extend("examples" = ["T"]))]
    pub column: String,

    /// The unit of a number.
    #[serde(default)]
    #[schemars(extend("default" = "ms"))]
    pub unit: Unit,

    /// How long a window waits for rows that are late, in event time. Rows that come later are counted as
    /// `late_rows`, and left out of the windows that are closed.
    #[serde(default, with = "duration")]
    #[schemars(with = "SecondsOrZero", extend("default" = "0s"))]
    pub lateness: Duration,

    /// How long no row comes before event time goes on with the clock, and closes windows.
    #[serde(default = "idle", with = "duration")]
    #[schemars(with = "SecondsOrZero", extend("default" = "10s"))]
    pub idle: Duration,
}

fn idle() -> Duration {
    Duration::from_millis(TimeDecl::IDLE.unsigned_abs())
}

/// The form of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// JSON objects. Their members are the columns.
    #[default]
    Json,
    /// Text. It is the only column, a STRING.
    Text,
    /// Bytes. They are the only column, of BYTES.
    Bytes,
}

/// What happens to a record that does not fit the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnParseError {
    /// The record goes to the `dead_letter` of the transform. Without one the run ends with an error.
    #[default]
    Fail,
    /// The record is left out, and counted as `bad_row` under `skipped`.
    Skip,
}

/// The unit of a time in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[default]
    #[serde(rename = "ms")]
    Millis,
    /// Microseconds.
    #[serde(rename = "us")]
    Micros,
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Nanos,
}

impl From<RecordKind> for Format {
    fn from(kind: RecordKind) -> Self {
        match kind {
            RecordKind::Json => Self::Json,
            RecordKind::Text => Self::Text,
            RecordKind::Bytes => Self::Bytes,
        }
    }
}

impl From<OnParseError> for OnBadRow {
    fn from(word: OnParseError) -> Self {
        match word {
            OnParseError::Fail => Self::Fail,
            OnParseError::Skip => Self::Skip,
        }
    }
}

impl From<Unit> for TimeUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Seconds => Self::Seconds,
            Unit::Millis => Self::Millis,
            Unit::Micros => Self::Micros,
            Unit::Nanos => Self::Nanos,
        }
    }
}

impl TransformConfig for SqlConfig {
    const NAME: &'static str = NAME;
    type Transform = SqlTransform;

    fn build(self) -> Result<SqlTransform, Problems> {
        on_deep_stack(|| self.built())
    }
}

impl SqlConfig {
    fn built(self) -> Result<SqlTransform, Problems> {
        let mut problems = Problems::new();
        let mut declared = Vec::new();
        for (name, keys) in &self.streams {
            let mut found = Problems::new();
            declared.extend(keys.declared(name, &mut found));
            problems.extend_under(&KeyPath::key("streams").then(name.as_str()), found);
        }
        let query = KeyPath::key("query");
        let parsed = parse(&self.query);
        problems.extend(parsed.faults.into_iter().map(|fault| at_query(&fault, &self.query)));
        let statement = match &parsed.statements[..] {
            [Statement::Query(statement)] => Some(statement),
            _ if !problems.is_empty() => None,
            _ => {
                problems.push(Problem::invalid(query.clone(), "it has to be one SELECT"));
                None
            }
        };
        problems.into_result()?;
        let Some(statement) = statement else { return Err(Problem::missing(query).into()) };
        if statement.into.is_some() {
            let problem = Problem::invalid(query, "INSERT INTO has no meaning here");
            return Err(problem
                .help("leave it out: the components that name this one in `from` take the rows")
                .into());
        }
        let places = Places::new(&self.query);
        let (reads, _) = streams(&statement.query, &places);
        let mut problems = Problems::new();
        for read in &reads {
            problems.push_if(!self.streams.contains_key(&read.text), || {
                let known: Vec<String> = self.streams.keys().cloned().collect();
                let near = nearest(&read.text, known.iter().map(String::as_str)).map(str::to_owned);
                let name = Some(read.text.clone());
                Problem::new(
                    query.clone(),
                    ProblemKind::UnknownName { what: "stream", name, near, known },
                )
            });
        }
        for name in self.streams.keys().filter(|name| !reads.iter().any(|read| read.text == **name))
        {
            let place = KeyPath::key("streams").then(name.as_str());
            problems.push(Problem::custom(place, "the query does not read the stream"));
        }
        problems.into_result()?;
        let question = Question {
            label: "query".to_owned(),
            query: statement.query.clone(),
            window: statement.window,
            inputs: declared,
            target: None,
            format: self.format.into(),
            places: &places,
            span: statement.span,
        };
        prepare(question)
            .map_err(|faults| faults.iter().map(|fault| at_query(fault, &self.query)).collect())
    }
}

/// A fault of the query as a problem of the key, with its place in the query.
fn at_query(fault: &Diagnostic, query: &str) -> Problem {
    let text = faucet_pipeline::diagnostic::SourceText::new(query);
    let place = fault.span.map(|span| format!(" at {} of the query", text.position(span.start)));
    let label = fault.label().map(|label| format!(" ({label})"));
    let why =
        format!("{}{}{}", fault.message(), place.unwrap_or_default(), label.unwrap_or_default());
    let help = fault.help();
    let problem = Problem::invalid("query", why);
    match help.is_empty() {
        true => problem,
        false => problem.help(help.join("; ")),
    }
}

impl StreamKeys {
    /// The stream as a query sees it.
    fn declared(&self, name: &str, problems: &mut Problems) -> Option<StreamDecl> {
        let mut columns = Vec::new();
        for (column, kind) in &self.columns {
            let place = KeyPath::key("columns").then(column.as_str());
            let Some(kind) = ColumnType::of_name(kind) else {
                let known = ColumnType::ALL.map(|kind| kind.as_str().to_owned()).to_vec();
                let near = nearest(kind, known.iter().map(String::as_str)).map(str::to_owned);
                let (what, name) = ("type", Some(kind.clone()));
                problems.push(Problem::new(
                    place,
                    ProblemKind::UnknownName { what, name, near, known },
                ));
                continue;
            };
            columns.push(Column {
                name: column.clone(),
                kind,
                pointer: self.pointer(column, problems),
            });
        }
        for column in self.json.mapping.keys().filter(|column| !self.columns.contains_key(*column))
        {
            let place = KeyPath::key("json").then("mapping").then(column.as_str());
            problems.push(Problem::custom(place, "is no column of the stream"));
        }
        let time = self.time.as_ref().and_then(|time| time.declared(&columns, problems));
        let decl = StreamDecl {
            name: name.into(),
            columns,
            format: self.format.into(),
            on_bad_row: self.on_parse_error.into(),
            time,
        };
        if let Some(misfit) = decl.misfit() {
            problems.push(Problem::custom("columns", misfit));
        }
        Some(decl)
    }

    fn pointer(&self, column: &str, problems: &mut Problems) -> Option<Pointer> {
        let text = self.json.mapping.get(column)?;
        text.parse()
            .map_err(|error: faucet_core::select::PointerError| {
                let place = KeyPath::key("json").then("mapping").then(column);
                problems.push(Problem::invalid(place, error.to_string()));
            })
            .ok()
    }
}

impl TimeKeys {
    fn declared(&self, columns: &[Column], problems: &mut Problems) -> Option<TimeDecl> {
        let place = KeyPath::key("time").then("column");
        let Some(column) = columns.iter().position(|column| column.name == self.column) else {
            let known: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
            let near = nearest(&self.column, known.iter().map(String::as_str)).map(str::to_owned);
            let (what, name) = ("column", Some(self.column.clone()));
            problems
                .push(Problem::new(place, ProblemKind::UnknownName { what, name, near, known }));
            return None;
        };
        let kind = columns[column].kind;
        if !matches!(kind, ColumnType::Long | ColumnType::Int | ColumnType::String) {
            problems.push(Problem::invalid(
                place,
                format!("it is a {kind}, and has to be LONG, INT or STRING"),
            ));
        }
        let millis = |wait: Duration| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let (lateness, idle) = (millis(self.lateness), millis(self.idle));
        Some(TimeDecl { column, unit: self.unit.into(), lateness, idle })
    }
}
