//! The case of a sink.

use std::fmt;

use faucet_core::{Record, Sink};

use crate::suites::calls::{Local, Make, make};
use crate::suites::outside::{Outside, outside_methods};
use crate::suites::sample::record;

/// Makes sinks whose far end fails at a record.
type Failing<'a> = Box<dyn Fn(usize) -> Local<'a, Box<dyn Sink>> + 'a>;

/// Renders a record as the far end shows it.
type Render<'a> = Box<dyn Fn(&Record) -> Vec<u8> + 'a>;

/// A sink of any type in a box.
pub(crate) struct Boxed(pub(crate) Box<dyn Sink>);

impl<S: Sink + 'static> From<S> for Boxed {
    fn from(sink: S) -> Self {
        Self(Box::new(sink))
    }
}

/// The payloads at the far end.
pub(crate) struct There(pub(crate) Vec<Vec<u8>>);

impl<P: Into<Vec<u8>>> From<Vec<P>> for There {
    fn from(payloads: Vec<P>) -> Self {
        Self(payloads.into_iter().map(Into::into).collect())
    }
}

/// The sink in other situations.
#[derive(Default)]
pub(crate) struct Situations<'a> {
    pub(crate) failing: Option<Failing<'a>>,
    pub(crate) unreachable: Option<Make<'a, Boxed>>,
    pub(crate) rejected: Option<Record>,
}

/// A sink under test: how to make it, and how to read what is at its far end.
pub struct SinkCase<'a> {
    pub(crate) make: Make<'a, Boxed>,
    pub(crate) read_back: Make<'a, There>,
    pub(crate) reset: Option<Make<'a, ()>>,
    pub(crate) records: Vec<Record>,
    pub(crate) render: Render<'a>,
    pub(crate) replaces: bool,
    pub(crate) is_exclusive: bool,
    pub(crate) outside: Outside,
    pub(crate) situations: Situations<'a>,
}

impl fmt::Debug for SinkCase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkCase").field("records", &self.records.len()).finish_non_exhaustive()
    }
}

/// Records whose bytes are easily changed by a sink that parses and prints them.
fn records() -> Vec<Record> {
    let texts = [
        r#"{"n":0}"#,
        r#"{"b":2.10,"a":1e3}"#,
        r#"{"big":101027219534255757415994639}"#,
        r#"[1, 2 ,3]"#,
        r#""\u00e9\n""#,
        r#"{"same":1,"same":2}"#,
        r#"{"π":"é"}"#,
        "null",
        r#"{"n":8}"#,
        r#"{"n":9}"#,
        r#"{"n":10}"#,
        r#"{"n":11}"#,
    ];
    texts.iter().map(|text| record(text)).collect()
}

impl<'a> SinkCase<'a> {
    /// `sink` makes a sink; `read_back` returns the payloads at its far end, in order. All sinks of
    /// the case write to the same far end.
    pub fn new<S, P>(
        sink: impl AsyncFn() -> S + 'a,
        read_back: impl AsyncFn() -> Vec<P> + 'a,
    ) -> Self
    where
        S: Sink + 'static,
        P: Into<Vec<u8>>,
    {
        Self {
            make: make(sink),
            read_back: make(read_back),
            reset: None,
            records: records(),
            render: Box::new(Record::to_json),
            replaces: false,
            is_exclusive: false,
            outside: Outside::default(),
            situations: Situations::default(),
        }
    }

    /// Empties the far end. Without it the far end must keep what it has, and `read_back` returns
    /// everything since the test began.
    #[must_use]
    pub fn reset(mut self, reset: impl AsyncFn() + 'a) -> Self {
        self.reset = Some(make(reset));
        self
    }

    /// The records to write: at least eight, no two alike. The default is JSON that is easily
    /// changed by a sink that parses and prints it.
    #[must_use]
    pub fn records(mut self, records: impl IntoIterator<Item = Record>) -> Self {
        self.records = records.into_iter().collect();
        assert!(self.records.len() >= 8, "a sink's case needs at least eight records");
        self
    }

    /// The bytes that `read_back` returns for a record. The default is [`Record::to_json`].
    #[must_use]
    pub fn reads_as(mut self, render: impl Fn(&Record) -> Vec<u8> + 'a) -> Self {
        self.render = Box::new(render);
        self
    }

    /// The first page of a run replaces what is at the far end.
    #[must_use]
    pub fn replaces(mut self) -> Self {
        self.replaces = true;
        self
    }

    /// The sink refuses a second run while one writes, perhaps after a wait that no virtual clock shortens.
    #[must_use]
    pub fn exclusive(mut self) -> Self {
        self.is_exclusive = true;
        self
    }

    /// `sink(k)` makes a sink whose far end takes `k` records of a run and then fails.
    #[must_use]
    pub fn fails_at<S: Sink + 'static>(mut self, sink: impl AsyncFn(usize) -> S + 'a) -> Self {
        let sink = std::rc::Rc::new(sink);
        self.situations.failing = Some(Box::new(move |k| {
            let sink = std::rc::Rc::clone(&sink);
            Box::pin(async move { Box::new(sink(k).await) as Box<dyn Sink> })
        }));
        self
    }

    /// `sink` makes a sink whose far end is away.
    #[must_use]
    pub fn unreachable<S: Sink + 'static>(mut self, sink: impl AsyncFn() -> S + 'a) -> Self {
        self.situations.unreachable = Some(make(sink));
        self
    }

    /// A record that the far end rejects while it takes others.
    #[must_use]
    pub fn rejects(mut self, record: Record) -> Self {
        self.situations.rejected = Some(record);
        self
    }

    outside_methods!("sink");
}
