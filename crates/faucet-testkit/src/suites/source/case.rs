//! The case of a source.

use std::any::Any;
use std::fmt;

use faucet_core::{Ended, Source};

use crate::suites::calls::{Make, make};
use crate::suites::outside::{Outside, outside_methods};

type Hook<T> = Box<dyn Fn() -> T>;

/// A source, and what its far end knows about it. A plain source becomes one by itself.
pub struct SourceSetup {
    pub(crate) source: Box<dyn Source>,
    pub(crate) acknowledged: Option<Hook<u64>>,
    pub(crate) sent: Option<Hook<u64>>,
    pub(crate) connected: Option<Hook<bool>>,
    kept: Vec<Box<dyn Any>>,
}

impl fmt::Debug for SourceSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceSetup").field("source", &self.source).finish_non_exhaustive()
    }
}

impl<S: Source + 'static> From<S> for SourceSetup {
    fn from(source: S) -> Self {
        Self::new(source)
    }
}

impl SourceSetup {
    /// A source whose far end nobody can look into.
    pub fn new(source: impl Source + 'static) -> Self {
        Self {
            source: Box::new(source),
            acknowledged: None,
            sent: None,
            connected: None,
            kept: Vec::new(),
        }
    }

    /// How many records the far end has seen acknowledged so far.
    #[must_use]
    pub fn acknowledged(mut self, count: impl Fn() -> u64 + 'static) -> Self {
        self.acknowledged = Some(Box::new(count));
        self
    }

    /// How many records the far end has sent and the source has received so far.
    #[must_use]
    pub fn sent(mut self, count: impl Fn() -> u64 + 'static) -> Self {
        self.sent = Some(Box::new(count));
        self
    }

    /// Whether the far end sees a connection at the moment.
    #[must_use]
    pub fn connected(mut self, connected: impl Fn() -> bool + 'static) -> Self {
        self.connected = Some(Box::new(connected));
        self
    }

    /// Keeps something, such as a scripted server, as long as the source.
    #[must_use]
    pub fn keep(mut self, kept: impl Any) -> Self {
        self.kept.push(Box::new(kept));
        self
    }
}

/// The records of one whole run.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) payloads: Option<Vec<Vec<u8>>>,
    pub(crate) records: Option<usize>,
    pub(crate) skipped: u64,
    pub(crate) page_limit: Option<usize>,
    pub(crate) ended: Option<Ended>,
    pub(crate) live: bool,
    pub(crate) replays: bool,
}

/// The source in other situations.
#[derive(Default)]
pub(crate) struct Situations<'a> {
    pub(crate) failing: Option<(usize, Make<'a, SourceSetup>)>,
    pub(crate) unreachable: Option<Make<'a, SourceSetup>>,
    pub(crate) reachable: Option<Make<'a, SourceSetup>>,
    pub(crate) outage: Option<Make<'a, SourceSetup>>,
}

/// A source under test. Only the constructor is required; each further fact makes rules apply.
///
/// The suite makes a source anew for each run that it tries, and opens some sources several times:
/// every run yields the same records. Where reading changes the far end (a queue), the closure makes
/// a far end of its own too. The closures are `async` so that they can start one.
pub struct SourceCase<'a> {
    pub(crate) make: Make<'a, SourceSetup>,
    pub(crate) expected: Expected,
    pub(crate) outside: Outside,
    pub(crate) situations: Situations<'a>,
}

impl fmt::Debug for SourceCase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceCase").field("expected", &self.expected).finish_non_exhaustive()
    }
}

impl<'a> SourceCase<'a> {
    /// `source` makes a source, or a [`SourceSetup`].
    pub fn new<S: Into<SourceSetup>>(source: impl AsyncFn() -> S + 'a) -> Self {
        Self {
            make: make(source),
            expected: Expected::default(),
            outside: Outside::default(),
            situations: Situations::default(),
        }
    }

    /// The payloads of all records of a run, in order.
    #[must_use]
    pub fn payloads<P: AsRef<[u8]>>(mut self, payloads: impl IntoIterator<Item = P>) -> Self {
        self.expected.payloads =
            Some(payloads.into_iter().map(|payload| payload.as_ref().to_vec()).collect());
        self
    }

    /// How many records a run yields, if the payloads are not known.
    #[must_use]
    pub fn records(mut self, records: usize) -> Self {
        self.expected.records = Some(records);
        self
    }

    /// How many messages of the far end become no record: the source counts them as skipped.
    #[must_use]
    pub fn skipped(mut self, messages: u64) -> Self {
        self.expected.skipped = messages;
        self
    }

    /// The most records that a page may have.
    #[must_use]
    pub fn page_limit(mut self, records: usize) -> Self {
        self.expected.page_limit = Some(records);
        self
    }

    /// Why a run ends.
    #[must_use]
    pub fn ends(mut self, ended: Ended) -> Self {
        self.expected.ended = Some(ended);
        self
    }

    /// The feed does not end: after its records it waits for more. Needs
    /// [`payloads`](Self::payloads) or [`records`](Self::records).
    #[must_use]
    pub fn live(mut self) -> Self {
        self.expected.live = true;
        self
    }

    /// The records were first received by somebody else, at an earlier time that they carry.
    #[must_use]
    pub fn replays(mut self) -> Self {
        self.expected.replays = true;
        self
    }

    outside_methods!("source");

    /// `source` makes a source that fails once its far end has sent `records` records of the run.
    #[must_use]
    pub fn fails_after<S: Into<SourceSetup>>(
        mut self,
        records: usize,
        source: impl AsyncFn() -> S + 'a,
    ) -> Self {
        self.situations.failing = Some((records, make(source)));
        self
    }

    /// `source` makes a source whose far end is away.
    #[must_use]
    pub fn unreachable<S: Into<SourceSetup>>(mut self, source: impl AsyncFn() -> S + 'a) -> Self {
        self.situations.unreachable = Some(make(source));
        self
    }

    /// `source` makes a source whose far end stays while it is checked. Needed where the far end of
    /// the case closes the connection behind its last record.
    #[must_use]
    pub fn reachable<S: Into<SourceSetup>>(mut self, source: impl AsyncFn() -> S + 'a) -> Self {
        self.situations.reachable = Some(make(source));
        self
    }

    /// `source` makes a source whose connection is lost once between two records of the run, and
    /// which connects again.
    #[must_use]
    pub fn outage<S: Into<SourceSetup>>(mut self, source: impl AsyncFn() -> S + 'a) -> Self {
        self.situations.outage = Some(make(source));
        self
    }
}
