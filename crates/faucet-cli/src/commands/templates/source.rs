//! The source `the-name`.

use faucet_core::{
    CheckReport, Delivery, Ended, Error, ErrorKind, Info, Next, PageReader, Position, Problems,
    Record, Registry, Result, Resume, Scope, Source, SourceConfig, StreamPage, Timestamp,
    async_trait,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Counts to a number.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheType {
    /// The last number.
    pub last: u64,
}

impl SourceConfig for TheType {
    const NAME: &'static str = "the-name";
    type Source = Self;

    fn build(self) -> Result<Self, Problems> {
        Ok(self)
    }
}

#[async_trait]
impl Source for TheType {
    fn info(&self) -> Info {
        Info::new("the-name", "numbers", Delivery::AtLeastOnce).with_resume(Resume::Positions)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>> {
        let wrong = |e| Error::new(ErrorKind::Config, "the position is no number").with_source(e);
        let read = scope.position().map_or(Ok(0), |at| at.as_str().parse());
        let (read, last) = (read.map_err(wrong)?, self.last);
        Ok(Box::new(Reader { read, last }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("numbers")
    }
}

/// A run. `read` is the last number that was handed over.
struct Reader {
    read: u64,
    last: u64,
}

#[async_trait]
impl PageReader for Reader {
    async fn next_page(&mut self) -> Result<Next> {
        if self.read >= self.last {
            return Ok(Next::End(Ended::MaxRecords));
        }
        self.read += 1;
        let record = Record::from_serialize(&self.read, Timestamp::now())?;
        Ok(Next::Page(StreamPage::new(vec![record])))
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        Ok(None)
    }

    fn position(&self) -> Option<Position> {
        Some(Position::new(self.read.to_string()))
    }
}

/// Registers the source.
pub fn register(registry: &mut Registry) -> Result<(), Problems> {
    registry.add_source::<TheType>()
}
