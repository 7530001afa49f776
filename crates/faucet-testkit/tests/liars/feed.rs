//! A source with a timer, and the lies that it can tell.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use faucet_core::template::no_value;
use faucet_core::{
    CheckReport, Delivery, Ended, Error, ErrorKind, Gap, GapReason, Info, Next, PageReader,
    Payload, Position, Record, Result, Resume, Scope, Source, StepOutcome, StreamPage, Timestamp,
    async_trait,
};
use tokio::time::Instant;

pub(crate) const TOKEN: &str = "hunter2";
pub(crate) const RECORDS: usize = 7;
const LIMIT: usize = 3;
/// The message that is no record stands before this one.
const SKIPPED: usize = 4;
const EVERY: Duration = Duration::from_millis(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lies {
    Nothing,
    LosesOnDrop,
    RestartsItsTimer,
    PanicsInClose,
    DrainsTwice,
    SharesItsCursor,
    ResetsTheCursor,
    SecretInInfo,
    SecretInError,
    SecretInDebug,
    SecretInCheck,
    DropsBeforeAnError,
    IgnoresItsLimit,
    EndsEarly,
    OnePage,
    VoidPages,
    Blocks,
    CheckLeavesATrace,
    CheckPasses,
    CheckFails,
    LocksInOpen,
    HoldLoses,
    HoldReturns,
    DrainDrops,
    SkipsInSilence,
    Promises,
    WrongName,
    WrongEnd,
    OldStamps,
    HidesPlaceholders,
    PositionOfReceived,
    PositionOfThePageBefore,
    FirstPositionSkips,
    CommitMoves,
    Claims,
    AcksOnReceipt,
    AcksAllReceived,
    DrainCloses,
    CloseFails,
    LeaksItsConnection,
    EarlyWatermark,
    SilentOutage,
    EndlessGap,
}

use Lies as L;

/// The state of the far end.
#[derive(Debug, Default)]
pub(crate) struct Far {
    cursor: usize,
    eaten: usize,
    locked: bool,
    claimed: usize,
    pub(crate) sent: u64,
    pub(crate) acked: usize,
    pub(crate) connections: usize,
}

#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) lie: Lies,
    pub(crate) resume: Resume,
    pub(crate) live: bool,
    pub(crate) fails_after: Option<usize>,
    pub(crate) outage_at: Option<usize>,
    pub(crate) away: bool,
    pub(crate) far: Arc<Mutex<Far>>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = if self.lie == L::SecretInDebug { TOKEN } else { "***" };
        f.debug_struct("Feed").field("token", &token).finish_non_exhaustive()
    }
}

impl Feed {
    pub(crate) fn new(lie: Lies) -> Self {
        Self {
            lie,
            resume: if lie == L::Promises { Resume::No } else { Resume::Positions },
            live: false,
            fails_after: None,
            outage_at: None,
            away: false,
            far: Arc::default(),
        }
    }

    pub(crate) fn far(&self) -> MutexGuard<'_, Far> {
        self.far.lock().unwrap()
    }

    fn away(&self) -> Error {
        let secret = if self.lie == L::SecretInError { TOKEN } else { "***" };
        Error::new(ErrorKind::Connect, "cannot connect")
            .with_endpoint(format!("feed://{secret}@h/"))
    }
}

pub(crate) fn payload(n: usize) -> String {
    format!("{{\"n\":{n}}}")
}

#[async_trait]
impl Source for Feed {
    fn info(&self) -> Info {
        let name = if self.lie == L::WrongName { "other" } else { "feed2" };
        let secret = if self.lie == L::SecretInInfo { TOKEN } else { "***" };
        let delivery = match (self.resume, self.lie) {
            (Resume::No, lie) if lie != L::Promises => Delivery::AtMostOnce,
            _ => Delivery::AtLeastOnce,
        };
        let info = Info::new(name, format!("feed://{secret}@h/"), delivery);
        let info = info.with_resume(self.resume);
        let text = if self.lie == L::HidesPlaceholders { "" } else { "/{symbol}" };
        info.with_placeholders_of(text)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>> {
        scope.value("symbol").ok_or_else(|| no_value("url", "symbol"))?;
        if self.lie == L::LocksInOpen {
            let locked = std::mem::replace(&mut self.far().locked, true);
            if locked {
                return Err(self.away());
            }
        }
        tokio::task::yield_now().await;
        self.far().locked = false;
        if self.away {
            return Err(self.away());
        }
        let mut far = self.far();
        far.connections += 1;
        if self.lie == L::ResetsTheCursor {
            far.cursor = 0;
        }
        let at = match (self.resume, scope.position()) {
            (Resume::Acks, _) => far.acked,
            (_, Some(position)) => position.as_str().parse().unwrap(),
            _ => 0,
        };
        let next = at.max(far.eaten).max(far.claimed);
        Ok(Box::new(FeedReader {
            of: self.clone(),
            scope: scope.clone(),
            next,
            got: Vec::new(),
            handed: at,
            before: at,
            due: None,
            gap: None,
            void: false,
            over: false,
            failed: false,
        }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        let mut report = CheckReport::new("feed://***@h/");
        let detail = if self.lie == L::SecretInCheck { TOKEN } else { "ok" };
        let fails = self.away && self.lie != L::CheckPasses || self.lie == L::CheckFails;
        let outcome = match fails {
            true => StepOutcome::Failed(self.away()),
            false => StepOutcome::Passed(detail.to_owned()),
        };
        report.push("tcp", Duration::ZERO, outcome);
        if self.lie == L::CheckLeavesATrace {
            self.far().eaten += 1;
        }
        report
    }
}

struct FeedReader {
    of: Feed,
    scope: Scope,
    /// The next record to receive, and those received and not handed over.
    next: usize,
    got: Vec<Record>,
    handed: usize,
    /// The number of records in front of the last page.
    before: usize,
    due: Option<Instant>,
    gap: Option<Gap>,
    void: bool,
    over: bool,
    failed: bool,
}

impl Drop for FeedReader {
    fn drop(&mut self) {
        if self.of.lie != L::LeaksItsConnection {
            self.of.far().connections -= 1;
        }
    }
}

impl FeedReader {
    fn lies(&self, lie: Lies) -> bool {
        self.of.lie == lie
    }

    fn shares(&self) -> bool {
        self.lies(L::SharesItsCursor) || self.lies(L::ResetsTheCursor)
    }

    /// Receives one record; false at the end.
    async fn receive(&mut self) -> Result<bool> {
        if self.shares() {
            self.next = self.of.far().cursor;
        }
        let all = RECORDS + usize::from(self.lies(L::IgnoresItsLimit));
        if self.of.fails_after == Some(self.next) {
            self.failed = true;
            if self.lies(L::DropsBeforeAnError) {
                self.got.clear();
            }
            return Err(self.of.away());
        }
        if self.next >= all || (self.lies(L::EndsEarly) && self.next >= LIMIT) {
            // A live feed hands over a page that is not full, and then waits.
            if self.of.live && self.got.is_empty() {
                std::future::pending::<()>().await;
            }
            return Ok(false);
        }
        if self.lies(L::LosesOnDrop) {
            self.next += 1;
        }
        if self.lies(L::RestartsItsTimer) {
            self.due = None;
        }
        let due = *self.due.get_or_insert_with(|| Instant::now() + EVERY);
        tokio::time::sleep_until(due).await;
        self.due = None;
        if !self.lies(L::LosesOnDrop) {
            self.next += 1;
        }
        self.take(self.next - 1);
        Ok(true)
    }

    fn take(&mut self, n: usize) {
        if self.lies(L::Blocks) {
            #[expect(clippy::disallowed_methods, reason = "this double blocks")]
            std::thread::sleep(Duration::from_millis(60));
        }
        if n == SKIPPED && !self.lies(L::SkipsInSilence) {
            self.scope.counters().skip("not_json", 1);
        }
        let now = Timestamp::now();
        if self.of.outage_at == Some(n) && !self.lies(L::SilentOutage) {
            let mut gap = Gap::new(GapReason::Outage).between(now, now).with_attempts(1);
            if self.lies(L::EndlessGap) {
                gap.to = None;
            }
            self.gap = Some(gap);
        }
        let at = if self.lies(L::OldStamps) { Timestamp::from_unix_millis(5) } else { now };
        let json = faucet_core::JsonText::new(payload(n).into()).unwrap();
        self.got.push(Record::new(Payload::Json(json), at));
        let mut far = self.of.far();
        far.cursor = n + 1;
        far.sent += 1;
        if self.lies(L::AcksOnReceipt) {
            far.acked = n + 1;
        }
        if self.lies(L::Claims) {
            far.claimed = n + 1;
        }
    }

    fn is_full(&self) -> bool {
        // A gap stands before the first record of a page.
        let gap = self.of.outage_at == Some(self.next) && !self.got.is_empty();
        self.got.len() >= LIMIT && !self.lies(L::OnePage) || gap
    }

    fn page(&mut self) -> StreamPage {
        let mut at = self.got.last().map_or(Timestamp::now(), Record::received_at);
        if self.lies(L::EarlyWatermark) {
            at = Timestamp::from_unix_millis(at.as_unix_millis() + 10_000);
        }
        self.before = self.handed;
        self.handed += self.got.len();
        let page = StreamPage::new(std::mem::take(&mut self.got)).with_watermark(at);
        match self.gap.take() {
            Some(gap) => page.with_gap(gap),
            None => page,
        }
    }
}

#[async_trait]
impl PageReader for FeedReader {
    async fn next_page(&mut self) -> Result<Next> {
        if self.lies(L::VoidPages) && !std::mem::replace(&mut self.void, true) {
            return Ok(Next::Page(StreamPage::default()));
        }
        while !self.is_full() {
            match self.receive().await {
                Ok(true) => {}
                Err(error) if self.got.is_empty() => return Err(error),
                Ok(false) if self.got.is_empty() => {
                    self.over = true;
                    let lie = self.lies(L::WrongEnd);
                    return Ok(Next::End(if lie { Ended::Closed } else { Ended::Exhausted }));
                }
                _ => break,
            }
        }
        self.void = false;
        Ok(Next::Page(self.page()))
    }

    async fn hold(&mut self) {
        // Takes in what a page holds, and no gap.
        while !self.over && !self.failed && !self.is_full() && self.of.outage_at.is_none() {
            if self.lies(L::HoldReturns) && !self.got.is_empty() {
                return;
            }
            if !matches!(self.receive().await, Ok(true)) {
                break;
            }
            if self.lies(L::HoldLoses) {
                self.got.clear();
            }
        }
        std::future::pending::<()>().await;
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        self.over = true;
        if self.lies(L::DrainCloses) {
            self.failed = true;
        }
        if self.lies(L::DrainDrops) {
            self.got.clear();
        }
        let page = (!self.got.is_empty()).then(|| self.page());
        Ok(page.map(|page| match self.lies(L::DrainsTwice) {
            true => page.clone().into_iter().chain(page).collect(),
            false => page,
        }))
    }

    fn position(&self) -> Option<Position> {
        let at = match self.of.lie {
            L::Promises => return None,
            L::PositionOfReceived => self.next,
            L::PositionOfThePageBefore => self.before,
            L::FirstPositionSkips if self.handed == 0 => 1,
            _ => self.handed,
        };
        (self.of.resume != Resume::No).then(|| Position::new(at.to_string()))
    }

    async fn committed(&mut self, upto: &Position) -> Result<()> {
        tokio::task::yield_now().await;
        if self.lies(L::DrainCloses) && self.failed {
            return Err(Error::new(ErrorKind::Closed, "the connection is closed"));
        }
        let upto = upto.as_str().parse().unwrap();
        if self.lies(L::CommitMoves) {
            self.next = upto;
        }
        let received = self.next;
        self.of.far().acked = if self.lies(L::AcksAllReceived) { received + 1 } else { upto };
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        assert!(!(self.failed && self.lies(L::PanicsInClose)), "closed after an error");
        if self.lies(L::CloseFails) {
            return Err(Error::new(ErrorKind::Closed, "no answer to Close"));
        }
        Ok(())
    }
}
