//! A transform that holds records back, and the lies that it can tell.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use faucet_core::template::no_value;
use faucet_core::{
    Carry, Delivery, Error, ErrorKind, Info, Mark, Out, PageStage, Record, Result, Scope,
    StreamPage, Transform, async_trait,
};
use faucet_testkit::record;

pub(crate) const TOKEN: &str = "hunter2";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lies {
    Nothing,
    LeavesOut,
    MindsPageBorders,
    SharesItsState,
    SaysNothingIsInside,
    IgnoresWhatItSaved,
    SavesOnlyOnce,
    ForgetsAtGaps,
    CarriesOverGaps,
    EmitsLate,
    TicksForEver,
    KeepsTheRest,
    Grows,
    Blocks,
    LocksInOpen,
    SecretInDebug,
    SecretInSnapshot,
    WrongName,
    HidesPlaceholders,
}

use Lies as L;

/// State that runs must not share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    held: Vec<String>,
    locked: bool,
}

/// Emits numbers in pairs.
#[derive(Clone)]
pub(crate) struct Pairs {
    pub(crate) lie: Lies,
    pub(crate) shared: Arc<Mutex<Shared>>,
}

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = if self.lie == L::SecretInDebug { TOKEN } else { "***" };
        f.debug_struct("Pairs").field("token", &token).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transform for Pairs {
    fn info(&self) -> Info {
        let name = if self.lie == L::WrongName { "other" } else { "pairs-2" };
        let text = if self.lie == L::HidesPlaceholders { "" } else { "{unit}" };
        Info::new(name, "", Delivery::AtLeastOnce).with_placeholders_of(text)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        scope.value("unit").ok_or_else(|| no_value("unit", "unit"))?;
        if self.lie == L::LocksInOpen
            && std::mem::replace(&mut self.shared.lock().unwrap().locked, true)
        {
            return Err(Error::new(ErrorKind::Other, "locked"));
        }
        tokio::task::yield_now().await;
        self.shared.lock().unwrap().locked = false;
        let saved = scope.saved().filter(|_| self.lie != L::IgnoresWhatItSaved);
        let saved = saved.map(|saved| String::from_utf8_lossy(saved).into_owned());
        let text = saved.unwrap_or_default();
        let held = text.split(',').filter(|it| it.parse::<u64>().is_ok()).map(str::to_owned);
        Ok(Box::new(PairsStage {
            of: self.clone(),
            held: held.collect(),
            restored: scope.saved().is_some(),
            history: Vec::new(),
            last: None,
            since: None,
        }))
    }
}

struct PairsStage {
    of: Pairs,
    held: Vec<String>,
    restored: bool,
    history: Vec<String>,
    last: Option<Record>,
    since: Option<Instant>,
}

impl PairsStage {
    fn lies(&self, lie: Lies) -> bool {
        self.of.lie == lie
    }

    fn emit(&mut self, out: &mut Out) {
        let mut shared = self.of.shared.lock().unwrap();
        let held = if self.lies(L::SharesItsState) { &mut shared.held } else { &mut self.held };
        let at = self.last.as_ref().map(Record::received_at);
        let records = held.drain(..).map(|text| {
            let made = record(&text);
            let at = at.unwrap_or(made.received_at());
            Record::new(made.into_payload(), at)
        });
        out.emit(records.collect());
        self.since = None;
    }

    fn len(&self) -> usize {
        match self.lies(L::SharesItsState) {
            true => self.of.shared.lock().unwrap().held.len(),
            false => self.held.len(),
        }
    }
}

#[async_trait]
impl PageStage for PairsStage {
    async fn push(&mut self, _: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        if self.lies(L::Blocks) {
            #[expect(clippy::disallowed_methods, reason = "this double blocks")]
            std::thread::sleep(Duration::from_millis(60));
        }
        self.restored = false;
        for record in page.into_records() {
            let text = String::from_utf8_lossy(record.payload().as_bytes()).into_owned();
            if text.parse::<u64>().is_err() {
                out.reject(record, "no number");
                continue;
            }
            if self.lies(L::Grows) {
                self.history.push(text.repeat(20));
            }
            if self.lies(L::LeavesOut) && text == "3" {
                continue;
            }
            self.since.get_or_insert_with(Instant::now);
            self.last = Some(record);
            if self.lies(L::SharesItsState) {
                self.of.shared.lock().unwrap().held.push(text);
            } else {
                self.held.push(text);
            }
            if self.len() >= 2 {
                self.emit(out);
            }
        }
        if self.lies(L::MindsPageBorders) {
            self.held.clear();
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        if self.lies(L::SecretInSnapshot) {
            return Ok(Carry::Saved(TOKEN.into()));
        }
        let known =
            self.lies(L::SaysNothingIsInside) || (self.lies(L::SavesOnlyOnce) && self.restored);
        if known || (self.held.is_empty() && self.history.is_empty()) {
            return Ok(Carry::Nothing);
        }
        let history = self.history.iter().map(|it| format!("{it}x"));
        let all: Vec<String> = self.held.iter().cloned().chain(history).collect();
        Ok(Carry::Saved(all.join(",").into()))
    }

    async fn mark(&mut self, mark: &Mark, out: &mut Out) -> Result<()> {
        match (mark, self.of.lie) {
            (Mark::Gap(_), L::ForgetsAtGaps) => self.held.clear(),
            (Mark::Gap(_), L::CarriesOverGaps) | (Mark::Watermark(_), L::EmitsLate) => {}
            _ => self.emit(out),
        }
        if self.lies(L::EmitsLate) {
            self.last = None;
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.since? + Duration::from_secs(1))
    }

    async fn tick(&mut self, _: Instant, out: &mut Out) -> Result<()> {
        if !self.lies(L::TicksForEver) {
            self.emit(out);
        }
        Ok(())
    }

    async fn finish(&mut self, out: &mut Out) -> Result<()> {
        if !self.lies(L::KeepsTheRest) || self.restored {
            self.emit(out);
        }
        Ok(())
    }
}
