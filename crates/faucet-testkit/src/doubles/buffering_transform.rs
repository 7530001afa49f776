//! A transform that holds records back.

use faucet_core::{
    Carry, Delivery, Error, ErrorKind, Info, JsonText, Mark, Out, PageStage, Payload, Record,
    Result, Scope, StreamPage, Text, Timestamp, Transform, async_trait,
};
use serde_json::{Value, json};

use crate::Chaos;

/// A transform that emits records in pages of `n`, and what is left before a mark and at the end. It
/// saves what it holds, or says that it cannot.
#[derive(Debug, Clone)]
pub struct BufferingTransform {
    records: usize,
    saves: bool,
    chaos: Chaos,
}

impl BufferingTransform {
    /// Emits pages of `records` records.
    pub fn new(records: usize) -> Self {
        Self { records, saves: true, chaos: Chaos::none() }
    }

    /// Cannot save what it holds: its snapshot is [`Carry::Unsaved`] then.
    #[must_use]
    pub fn without_saving(mut self) -> Self {
        self.saves = false;
        self
    }

    /// Takes a step of `chaos` in each `open`, `push` and `finish`.
    #[must_use]
    pub fn with_chaos(mut self, chaos: Chaos) -> Self {
        self.chaos = chaos;
        self
    }
}

/// A record as saved: its kind, its bytes, its time.
fn save(record: &Record) -> Value {
    let at = record.received_at().as_unix_millis();
    match record.payload() {
        Payload::Json(json) => json!(["json", String::from_utf8_lossy(json.as_bytes()), at]),
        Payload::Text(text) => json!(["text", text.as_str(), at]),
        other => json!(["binary", other.as_bytes(), at]),
    }
}

fn load(saved: &Value) -> Option<Record> {
    let text = |value: &Value| value.as_str().map(Text::from);
    let payload = match saved[0].as_str()? {
        "json" => Payload::Json(JsonText::try_from_text(text(&saved[1])?).ok()?),
        "text" => Payload::Text(text(&saved[1])?),
        _ => Payload::Binary(serde_json::from_value::<Vec<u8>>(saved[1].clone()).ok()?.into()),
    };
    Some(Record::new(payload, Timestamp::from_unix_millis(saved[2].as_u64()?)))
}

#[async_trait]
impl Transform for BufferingTransform {
    fn info(&self) -> Info {
        Info::new("buffering", "", Delivery::AtLeastOnce)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        self.chaos.step().await;
        let mut held = Vec::new();
        if let Some(saved) = scope.saved() {
            let unreadable = || Error::new(ErrorKind::Other, "the saved bytes are not readable");
            let saved: Vec<Value> =
                serde_json::from_slice(saved).map_err(|error| unreadable().with_source(error))?;
            for record in &saved {
                held.push(load(record).ok_or_else(unreadable)?);
            }
        }
        Ok(Box::new(BufferingStage { of: self.clone(), held }))
    }
}

struct BufferingStage {
    of: BufferingTransform,
    held: Vec<Record>,
}

impl BufferingStage {
    fn emit(&mut self, out: &mut Out) {
        out.emit(StreamPage::new(std::mem::take(&mut self.held)));
    }
}

#[async_trait]
impl PageStage for BufferingStage {
    async fn push(&mut self, _: usize, page: StreamPage, out: &mut Out) -> Result<()> {
        self.of.chaos.step().await;
        for record in page.into_records() {
            self.held.push(record);
            if self.held.len() >= self.of.records {
                self.emit(out);
            }
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        if self.held.is_empty() {
            return Ok(Carry::Nothing);
        }
        if !self.of.saves {
            return Ok(Carry::Unsaved);
        }
        let saved: Vec<Value> = self.held.iter().map(save).collect();
        Ok(Carry::Saved(Value::from(saved).to_string().into()))
    }

    async fn mark(&mut self, _: &Mark, out: &mut Out) -> Result<()> {
        self.emit(out);
        Ok(())
    }

    async fn finish(&mut self, out: &mut Out) -> Result<()> {
        self.of.chaos.step().await;
        self.emit(out);
        Ok(())
    }
}
