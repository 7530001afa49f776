//! The options of a stream: those of the language, and those of its connector.

use std::collections::HashMap;
use std::time::Duration;

use faucet_core::select::Pointer;
use faucet_core::{ComponentKind, duration, nearest};
use faucet_pipeline::diagnostic::{Diagnostic, Span};
use serde_json::Value;

use crate::compile::stream::{StreamDecl, TimeDecl};
use crate::rows::Format;
use crate::schema::{Column, ColumnType};
use crate::script::fault::{invalid, unknown};
use crate::script::{CreateStream, Named, OptionDef, With as _};
use crate::stage::{OnBadRow, TimeUnit};

/// The options of the language, for messages.
pub(crate) const OPTIONS: [&str; 10] = [
    "type",
    "extension",
    "format",
    "on_parse_error",
    "dead_letter",
    "json.mapping.<column>",
    "time.column",
    "time.unit",
    "time.lateness",
    "time.idle",
];

const MAPPING: &str = "json.mapping.";

/// A stream that a script declares.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) name: Named,
    /// `None`: an internal stream.
    pub(crate) end: Option<End>,
    /// Without columns it takes those of the query that writes it.
    pub(crate) decl: StreamDecl,
}

/// The connector behind a stream.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) kind: ComponentKind,
    pub(crate) extension: Named,
    /// The stream that takes the records that fit no row.
    pub(crate) dead_letter: Option<Named>,
    pub(crate) options: HashMap<String, Named>,
    /// The names of the options, with their places.
    pub(crate) names: Vec<Named>,
}

/// Reads the declaration of a stream.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn declared(stream: &CreateStream) -> Result<Declared, Vec<Diagnostic>> {
    let columns = stream.columns.iter().map(|column| Column {
        name: column.name.text.clone(),
        kind: column.kind,
        pointer: None,
    });
    let decl = StreamDecl::json(&stream.name.text, columns.collect());
    let Some(options) = &stream.options else {
        return Ok(Declared { name: stream.name.clone(), end: None, decl });
    };
    let mut reading = Reading {
        stream,
        decl,
        kind: None,
        extension: None,
        dead_letter: None,
        time: Times::default(),
        connector: Vec::new(),
        faults: Vec::new(),
    };
    options.iter().for_each(|option| reading.option(option));
    reading.finish()
}

/// The options of event time.
#[derive(Debug, Default)]
struct Times {
    column: Option<(usize, Span)>,
    unit: Option<(TimeUnit, Span)>,
    lateness: Option<(i64, Span)>,
    idle: Option<(i64, Span)>,
}

struct Reading<'a> {
    stream: &'a CreateStream,
    decl: StreamDecl,
    kind: Option<(ComponentKind, Span)>,
    extension: Option<Named>,
    dead_letter: Option<Named>,
    time: Times,
    connector: Vec<&'a OptionDef>,
    faults: Vec<Diagnostic>,
}

impl<'a> Reading<'a> {
    fn option(&mut self, option: &'a OptionDef) {
        let OptionDef { name, value } = option;
        match name.text.as_str() {
            "type" => {
                let word = self.word(name, value, &["source", "sink"]);
                let kinds = [ComponentKind::Source, ComponentKind::Sink];
                self.kind = word.map(|n| (kinds[n], value.span));
            }
            "dead_letter" => self.dead_letter = Some(value.clone()),
            "extension" => self.extension = Some(value.clone()),
            "format" => {
                let words = Format::ALL.map(Format::as_str);
                if let Some(n) = self.word(name, value, &words) {
                    self.decl.format = Format::ALL[n];
                }
            }
            "on_parse_error" => {
                if let Some(n) = self.word(name, value, &OnBadRow::WORDS) {
                    self.decl.on_bad_row = OnBadRow::ALL[n];
                }
            }
            "time.column" => {
                self.time.column = self.column(&value.text, value.span).map(|n| (n, value.span));
            }
            "time.unit" => {
                let word = self.word(name, value, &TimeUnit::WORDS);
                self.time.unit = word.map(|n| (TimeUnit::ALL[n], name.span));
            }
            "time.lateness" => self.time.lateness = self.millis(name, value),
            "time.idle" => self.time.idle = self.millis(name, value),
            other => match other.strip_prefix(MAPPING) {
                Some(column) => self.mapping(column, name, value),
                None => self.connector.push(option),
            },
        }
    }

    /// Which of the words the value is.
    fn word(&mut self, name: &Named, value: &Named, words: &[&str]) -> Option<usize> {
        let found = words.iter().position(|word| word.eq_ignore_ascii_case(&value.text));
        if found.is_none() {
            let near = nearest(&value.text, words.iter().copied());
            let fault = invalid(value.span, format!("`{}` cannot be `{}`", name.text, value.text));
            let help = format!("one of: {}", words.join(", "));
            self.faults.push(fault.with_help(match near {
                Some(near) => format!("did you mean `{near}`? {help}"),
                None => help,
            }));
        }
        found
    }

    /// The place of a column.
    fn column(&mut self, name: &str, span: Span) -> Option<usize> {
        let known: Vec<&str> =
            self.decl.columns.iter().map(|column| column.name.as_str()).collect();
        let found = known.iter().position(|known| *known == name);
        if found.is_none() {
            let near = nearest(name, known.iter().copied());
            self.faults.push(unknown(span, "column", name, near, &known));
        }
        found
    }

    fn millis(&mut self, name: &Named, value: &Named) -> Option<(i64, Span)> {
        let text = Value::String(value.text.clone());
        let wait = duration::deserialize(text).ok().map(|wait: Duration| wait.as_millis());
        let wait = wait.and_then(|wait| i64::try_from(wait).ok());
        if wait.is_none() {
            let why = format!("`{}` takes a duration, such as `5s` or `1 min`", name.text);
            self.faults.push(invalid(value.span, why));
        }
        wait.map(|wait| (wait, name.span))
    }

    fn mapping(&mut self, column: &str, name: &Named, value: &Named) {
        let Some(n) = self.column(column, name.span) else { return };
        match value.text.parse::<Pointer>() {
            Ok(pointer) => self.decl.columns[n].pointer = Some(pointer),
            Err(error) => {
                self.faults.push(invalid(value.span, format!("`{}`: {error}", name.text)));
            }
        }
    }

    fn finish(mut self) -> Result<Declared, Vec<Diagnostic>> {
        let at = self.stream.name.span;
        if let Some(fault) = self.misspelled("type").filter(|_| !self.says("type")) {
            self.faults.push(fault);
        } else if self.kind.is_none() && !self.says("type") {
            let fault =
                invalid(at, format!("the stream `{}` has no `type`", self.stream.name.text));
            self.faults.push(fault.with_help("add type = 'source' or type = 'sink' to WITH"));
        }
        if let Some(fault) = self.misspelled("extension").filter(|_| self.extension.is_none()) {
            self.faults.push(fault);
        } else if self.extension.is_none() {
            let why = format!("the stream `{}` has no `extension`", self.stream.name.text);
            let help = "add the name of a connector to WITH: extension = 'websocket'";
            self.faults.push(invalid(at, why).with_help(help));
        }
        self.decl.time = self.times();
        let is_sink = matches!(self.kind, Some((ComponentKind::Sink, _)));
        if is_sink {
            self.refuse_for_sinks();
        } else if self.decl.columns.is_empty() && self.kind.is_some() {
            let why = format!("the stream `{}` has no columns", self.stream.name.text);
            let help = "name them: CREATE STREAM name (symbol STRING, price DOUBLE) WITH (…)";
            self.faults.push(invalid(at, why).with_help(help));
        }
        if !(is_sink && self.decl.columns.is_empty())
            && let Some(misfit) = self.decl.misfit().filter(|_| !self.decl.columns.is_empty())
        {
            self.faults.push(invalid(at, misfit));
        }
        match (self.kind, self.extension) {
            (Some((kind, _)), Some(extension)) if self.faults.is_empty() => {
                let options = self.connector.iter();
                let options =
                    options.map(|option| (option.name.text.clone(), option.value.clone()));
                let names = self.connector.iter().map(|option| option.name.clone()).collect();
                let (options, dead_letter) = (options.collect(), self.dead_letter);
                let end = End { kind, extension, dead_letter, options, names };
                Ok(Declared { name: self.stream.name.clone(), end: Some(end), decl: self.decl })
            }
            _ => Err(self.faults),
        }
    }

    /// The fault of an option that was probably meant to be `option`.
    fn misspelled(&self, option: &str) -> Option<Diagnostic> {
        let is_meant = |given: &&&OptionDef| {
            let name = given.name.text.as_str();
            !name.contains('.') && nearest(name, OPTIONS) == Some(option)
        };
        let name = &self.connector.iter().find(is_meant)?.name;
        Some(unknown(name.span, "option", &name.text, Some(option), &OPTIONS))
    }

    fn says(&self, option: &str) -> bool {
        self.stream.options.iter().flatten().any(|given| given.name.text == option)
    }

    fn times(&mut self) -> Option<TimeDecl> {
        let Some((column, span)) = self.time.column else {
            if !self.says("time.column") {
                let others = [
                    ("time.unit", self.time.unit.map(|(_, at)| at)),
                    ("time.lateness", self.time.lateness.map(|(_, at)| at)),
                    ("time.idle", self.time.idle.map(|(_, at)| at)),
                ];
                for (name, at) in others.into_iter().filter_map(|(name, at)| Some((name, at?))) {
                    let why = format!("`{name}` changes nothing without `time.column`");
                    self.faults.push(invalid(at, why));
                }
            }
            return None;
        };
        let kind = self.decl.columns[column].kind;
        if !matches!(kind, ColumnType::Long | ColumnType::Int | ColumnType::String) {
            let why =
                format!("the column of the time is a {kind}; it has to be LONG, INT or STRING");
            self.faults.push(invalid(span, why));
        }
        if let (ColumnType::String, Some((_, at))) = (kind, self.time.unit) {
            let why = "`time.unit` is for numbers; a STRING holds a date as in RFC 3339";
            self.faults.push(invalid(at, why));
        }
        Some(TimeDecl {
            column,
            unit: self.time.unit.map(|(unit, _)| unit).unwrap_or_default(),
            lateness: self.time.lateness.map_or(0, |(wait, _)| wait),
            idle: self.time.idle.map_or(TimeDecl::IDLE, |(wait, _)| wait),
        })
    }

    /// Options that only reading has.
    fn refuse_for_sinks(&mut self) {
        for option in self.stream.options.iter().flatten() {
            let name = &option.name.text;
            let is_for_rows = name == "on_parse_error" || name == "dead_letter";
            if is_for_rows || name.starts_with("time.") || name.starts_with(MAPPING) {
                let why = format!("`{name}` is for sources: a sink reads no records");
                self.faults.push(invalid(option.name.span, why));
            }
        }
    }
}
