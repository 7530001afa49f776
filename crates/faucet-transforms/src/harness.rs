//! Runs a transform over pages and collects what comes out.

use faucet_core::{
    Carry, Emitted, JsonText, Out, PageStage, Payload, Record, Rejected, Scope, StreamPage,
    Timestamp, Transform,
};
use futures_util::FutureExt;

const AT: Timestamp = Timestamp::from_unix_millis(1_700_000_000_123);

pub(crate) fn json(text: &str) -> Record {
    let text = JsonText::new(text.to_owned().into()).unwrap();
    Record::new(Payload::Json(text), AT)
}

pub(crate) fn text(text: &str) -> Record {
    Record::new(Payload::Text(text.into()), AT)
}

pub(crate) fn binary(bytes: &[u8]) -> Record {
    Record::new(Payload::Binary(bytes.to_vec().into()), AT)
}

/// The payloads of records as text.
pub(crate) fn payloads(records: &[Record]) -> Vec<String> {
    let one = |r: &Record| String::from_utf8_lossy(r.payload().as_bytes()).into_owned();
    records.iter().map(one).collect()
}

/// What came out of a run.
pub(crate) struct Run {
    pub(crate) scope: Scope,
    pub(crate) records: Vec<Record>,
    pub(crate) rejected: Vec<Rejected>,
    /// The snapshot at the end.
    pub(crate) carry: Carry,
}

impl Run {
    /// A run without an earlier one.
    pub(crate) fn of(transform: &dyn Transform, pages: Vec<Vec<Record>>) -> Self {
        Self::within(Scope::new("t"), transform, pages.into_iter().map(StreamPage::new).collect())
    }

    /// Opens the transform, pushes all pages, and finishes.
    pub(crate) fn within(scope: Scope, transform: &dyn Transform, pages: Vec<StreamPage>) -> Self {
        let mut stage = open(transform, &scope).unwrap();
        let mut out = Out::default();
        for page in pages.into_iter().filter(|page| !page.is_empty()) {
            stage.push(0, page, &mut out).now_or_never().expect("does not wait").unwrap();
        }
        let Emitted { pages, rejected, .. } = out.take();
        let carry = stage.snapshot().unwrap();
        stage.finish(&mut out).now_or_never().expect("does not wait").unwrap();
        let last = out.take();
        assert!(last.pages.is_empty() && last.rejected.is_empty(), "all was emitted by push");
        let records = pages.into_iter().flatten().collect();
        Self { scope, records, rejected, carry }
    }

    pub(crate) fn payloads(&self) -> Vec<String> {
        payloads(&self.records)
    }

    pub(crate) fn reasons(&self) -> Vec<&str> {
        self.rejected.iter().map(|rejected| rejected.reason.as_str()).collect()
    }
}

pub(crate) fn open(
    transform: &dyn Transform,
    scope: &Scope,
) -> faucet_core::Result<Box<dyn PageStage>> {
    transform.open(scope).now_or_never().expect("does not wait")
}
