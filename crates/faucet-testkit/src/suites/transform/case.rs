//! The case of a transform.

use std::fmt;

use faucet_core::{Payload, Record, Timestamp, Transform};

use crate::suites::calls::{Make, make};
use crate::suites::outside::{Outside, outside_methods};
use crate::suites::sample::record;

/// A transform of any type in a box.
pub(crate) struct Boxed(pub(crate) Box<dyn Transform>);

impl<T: Transform + 'static> From<T> for Boxed {
    fn from(transform: T) -> Self {
        Self(Box::new(transform))
    }
}

/// A transform under test.
pub struct TransformCase<'a> {
    pub(crate) make: Make<'a, Boxed>,
    /// Records and the inputs that they come by.
    pub(crate) inputs: Vec<(usize, Record)>,
    pub(crate) expected: Option<Vec<Vec<u8>>>,
    pub(crate) rejected: usize,
    pub(crate) bounded: bool,
    pub(crate) outside: Outside,
}

impl fmt::Debug for TransformCase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransformCase").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl<'a> TransformCase<'a> {
    /// `transform` makes a transform. Give it [`inputs`](Self::inputs).
    pub fn new<T: Transform + 'static>(transform: impl AsyncFn() -> T + 'a) -> Self {
        Self {
            make: make(transform),
            inputs: Vec::new(),
            expected: None,
            rejected: 0,
            bounded: false,
            outside: Outside::default(),
        }
    }

    /// Records of the first input: JSON where it is JSON, else text. Each is received a second after
    /// the one before.
    #[must_use]
    pub fn inputs<T: AsRef<str>>(self, texts: impl IntoIterator<Item = T>) -> Self {
        let records: Vec<Record> = texts.into_iter().map(|text| record(text.as_ref())).collect();
        self.records(0, records)
    }

    /// Records of any kind, of the input `input`. Each is received a second after the one before.
    #[must_use]
    pub fn records(mut self, input: usize, records: impl IntoIterator<Item = Record>) -> Self {
        for record in records {
            let at = 1_700_000_000_000 + 1000 * self.inputs.len() as u64;
            self.inputs.push((input, stamped(record, Timestamp::from_unix_millis(at))));
        }
        self
    }

    /// The payloads that come out, in order.
    #[must_use]
    pub fn expect<P: AsRef<[u8]>>(mut self, payloads: impl IntoIterator<Item = P>) -> Self {
        self.expected = Some(payloads.into_iter().map(|it| it.as_ref().to_vec()).collect());
        self
    }

    /// How many of the records the transform rejects.
    #[must_use]
    pub fn rejects(mut self, records: usize) -> Self {
        self.rejected = records;
        self
    }

    /// A key of the configuration, such as `records`, bounds what the transform holds.
    #[must_use]
    pub fn bounded_by(mut self, key: &str) -> Self {
        self.bounded = !key.is_empty();
        self
    }

    outside_methods!("transform");
}

/// Changes the time of a record.
fn stamped(record: Record, at: Timestamp) -> Record {
    let kind = record.message_kind();
    let payload: Payload = record.into_payload();
    let record = Record::new(payload, at);
    match kind {
        Some(kind) => record.with_message_kind(kind),
        None => record,
    }
}
