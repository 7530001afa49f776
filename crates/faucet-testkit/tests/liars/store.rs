//! A sink that delivers on flush, and the lies that it can tell.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use faucet_core::template::no_value;
use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Flushed, Info, Mark, PageWriter, Record, Rejected,
    Result, Scope, Sink, StepOutcome, StreamPage, async_trait,
};

pub(crate) const TOKEN: &str = "hunter2";
pub(crate) const BAD: &str = "\"bad\"";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lies {
    Nothing,
    FlushesEarly,
    Reverses,
    Twice,
    Swallows,
    HarmsWhenDropped,
    WritesAfterClose,
    NeverWrites,
    Blocks,
    CheckWrites,
    CountsWrong,
    Rewrites,
    LeavesOut,
    OpenTruncates,
    CloseWrites,
    EmptyFlushFails,
    LosesMoreThanItTook,
    MarksAreRecords,
    Overwrites,
    IgnoresWhatItSaved,
    TearsRecords,
    LocksInOpen,
    SecretInDebug,
    SecretInError,
    SecretInSaved,
    WrongName,
    HidesPlaceholders,
    CheckPasses,
    KeepsTheRejected,
}

use Lies as L;

/// The state of the far end.
#[derive(Debug, Default)]
pub(crate) struct Far {
    pub(crate) there: Vec<Vec<u8>>,
    pub(crate) locked: bool,
}

#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) lie: Lies,
    pub(crate) fails_at: Option<usize>,
    pub(crate) away: bool,
    pub(crate) far: Arc<Mutex<Far>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = if self.lie == L::SecretInDebug { TOKEN } else { "***" };
        f.debug_struct("Store").field("token", &token).finish_non_exhaustive()
    }
}

impl Store {
    pub(crate) fn new(lie: Lies, far: &Arc<Mutex<Far>>) -> Self {
        Self { lie, fails_at: None, away: false, far: Arc::clone(far) }
    }

    pub(crate) fn far(&self) -> MutexGuard<'_, Far> {
        self.far.lock().unwrap()
    }

    fn broken(&self) -> Error {
        let secret = if self.lie == L::SecretInError { TOKEN } else { "***" };
        Error::new(ErrorKind::Sink, "the far end is broken").with_source(format!("token {secret}"))
    }
}

#[async_trait]
impl Sink for Store {
    fn info(&self) -> Info {
        let name = if self.lie == L::WrongName { "other" } else { "s3" };
        let text = if self.lie == L::HidesPlaceholders { "" } else { "s3://{bucket}" };
        Info::new(name, text, Delivery::AtLeastOnce).with_placeholders_of(text)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>> {
        scope.value("bucket").ok_or_else(|| no_value("url", "bucket"))?;
        if self.lie == L::LocksInOpen && std::mem::replace(&mut self.far().locked, true) {
            return Err(self.broken());
        }
        tokio::task::yield_now().await;
        self.far().locked = false;
        if self.away {
            return Err(self.broken());
        }
        if self.lie == L::OpenTruncates {
            self.far().there.clear();
        }
        if let Some(saved) = scope.saved()
            && self.lie != L::IgnoresWhatItSaved
        {
            let length: usize = std::str::from_utf8(saved).unwrap().parse().unwrap();
            self.far().there.truncate(length);
        }
        let base = self.far().there.len();
        Ok(Box::new(StoreWriter {
            of: self.clone(),
            scope: scope.clone(),
            held: Vec::new(),
            rejected: Vec::new(),
            base,
            own: Vec::new(),
            taken: 0,
        }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        let mut report = CheckReport::new("s3://***");
        let outcome = match self.away && self.lie != L::CheckPasses {
            true => StepOutcome::Failed(self.broken()),
            false => StepOutcome::Passed("ok".to_owned()),
        };
        report.push("put", Duration::ZERO, outcome);
        if self.lie == L::CheckWrites {
            self.far().there.push(b"probe".to_vec());
        }
        report
    }
}

struct StoreWriter {
    of: Store,
    scope: Scope,
    held: Vec<Vec<u8>>,
    rejected: Vec<Rejected>,
    /// The records there at the beginning of the run, and those of the run.
    base: usize,
    own: Vec<Vec<u8>>,
    taken: usize,
}

impl StoreWriter {
    fn lies(&self, lie: Lies) -> bool {
        self.of.lie == lie
    }

    fn render(&self, record: &Record) -> Vec<u8> {
        match self.of.lie {
            L::Rewrites => record.to_value().unwrap().to_string().into_bytes(),
            _ => record.to_json(),
        }
    }

    fn take(&mut self, record: Record) {
        if record.payload().as_bytes() == BAD.as_bytes() && self.scope.diverts() {
            if !self.lies(L::KeepsTheRejected) {
                self.rejected.push(Rejected::new(record, "the far end takes no such record"));
            }
            return;
        }
        if self.lies(L::LeavesOut) && self.taken % 5 == 4 {
            self.taken += 1;
            return;
        }
        self.taken += 1;
        let line = self.render(&record);
        if self.lies(L::Twice) {
            self.held.push(line.clone());
        }
        self.held.push(line);
    }

    async fn deliver(&mut self) {
        for line in std::mem::take(&mut self.held) {
            if self.lies(L::TearsRecords) {
                let half = line.len() / 2;
                self.of.far().there.push(line[..half].to_vec());
                tokio::task::yield_now().await;
                self.of.far().there.pop();
            }
            self.own.push(line.clone());
            if self.lies(L::Overwrites) {
                let mut far = self.of.far();
                far.there.truncate(self.base);
                far.there.extend(self.own.iter().cloned());
            } else {
                self.of.far().there.push(line);
            }
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl PageWriter for StoreWriter {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        if self.lies(L::Blocks) {
            #[expect(clippy::disallowed_methods, reason = "this double blocks")]
            std::thread::sleep(Duration::from_millis(60));
        }
        if self.lies(L::HarmsWhenDropped) {
            let last = self.of.far().there.pop();
            tokio::task::yield_now().await;
            self.of.far().there.extend(last);
        }
        tokio::task::yield_now().await;
        if self.lies(L::Swallows) && page.len() == 3 {
            return Ok(());
        }
        let mut records = page.into_records();
        if self.lies(L::Reverses) {
            records.reverse();
        }
        for (n, record) in records.into_iter().enumerate() {
            if self.of.fails_at == Some(self.taken) {
                let wrong = u64::from(self.lies(L::CountsWrong));
                return Err(self.of.broken().with_written(n as u64 + wrong));
            }
            self.take(record);
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<Flushed> {
        if self.lies(L::EmptyFlushFails) && self.held.is_empty() {
            return Err(self.of.broken());
        }
        match self.of.lie {
            L::NeverWrites => self.held.clear(),
            L::CloseWrites => return Ok(Flushed::but_unconfirmed(self.held.len() as u64)),
            L::FlushesEarly => {
                let (far, held) = (Arc::clone(&self.of.far), std::mem::take(&mut self.held));
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    far.lock().unwrap().there.extend(held);
                });
            }
            _ => self.deliver().await,
        }
        let flushed = match self.of.lie {
            L::LosesMoreThanItTook => Flushed::but_unconfirmed(999),
            _ => Flushed::ALL,
        };
        let length = match self.of.lie {
            L::SecretInSaved => TOKEN.to_owned(),
            _ => self.of.far().there.len().to_string(),
        };
        let flushed = flushed.with_rejected(std::mem::take(&mut self.rejected));
        Ok(if self.scope.keeps_state() { flushed.with_saved(length) } else { flushed })
    }

    async fn mark(&mut self, _: &Mark) -> Result<()> {
        if self.lies(L::MarksAreRecords) {
            self.held.push(b"gap".to_vec());
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        if self.lies(L::CloseWrites) {
            self.deliver().await;
        }
        if self.lies(L::WritesAfterClose) {
            let far = Arc::clone(&self.of.far);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                far.lock().unwrap().there.push(b"late".to_vec());
            });
        }
        Ok(())
    }
}
