//! A source that counts.

use std::time::Duration;

use faucet_core::{
    CheckReport, Delivery, Ended, Error, ErrorKind, Info, Next, PageReader, Position, Problem,
    Problems, Record, Result, Resume, Scope, Source, SourceConfig, StreamPage, Timestamp,
    async_trait, duration,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Interval, interval};

/// Counts: one record `{"n": 1}`, `{"n": 2}`, … for each interval.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TickerConfig {
    /// Time between two records.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Seconds")]
    pub interval: Duration,
    /// Stop at this number. Default: never.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_messages: Option<u64>,
}

impl SourceConfig for TickerConfig {
    const NAME: &'static str = "ticker";
    type Source = Ticker;

    fn build(self) -> Result<Ticker, Problems> {
        let mut problems = Problems::new();
        duration::check("interval", Some(self.interval), &mut problems);
        problems.push_if(self.max_messages == Some(0), || {
            Problem::out_of_range("max_messages", "at least 1")
        });
        problems.into_result().map(|()| Ticker(self))
    }
}

/// A configured ticker. It never changes: a run has a state of its own.
#[derive(Debug)]
pub struct Ticker(TickerConfig);

#[async_trait]
impl Source for Ticker {
    fn info(&self) -> Info {
        Info::new(TickerConfig::NAME, "clock", Delivery::AtLeastOnce).with_resume(Resume::Positions)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>> {
        let count = match scope.position() {
            None => 0,
            Some(position) => position.as_str().parse().map_err(|e| {
                Error::new(ErrorKind::Config, format!("the position {position} is no number"))
                    .with_source(e)
            })?,
        };
        let last = self.0.max_messages.unwrap_or(u64::MAX);
        Ok(Box::new(Ticks { count, last, ticks: interval(self.0.interval) }))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("clock")
    }
}

struct Ticks {
    count: u64,
    last: u64,
    /// The timer lives in the reader: a dropped `next_page` does not begin it anew.
    ticks: Interval,
}

#[async_trait]
impl PageReader for Ticks {
    async fn next_page(&mut self) -> Result<Next> {
        if self.count >= self.last {
            return Ok(Next::End(Ended::MaxRecords));
        }
        self.ticks.tick().await;
        // The state changes behind the last await: a future that is dropped before has changed nothing.
        self.count += 1;
        let record = Record::from_serialize(&json!({ "n": self.count }), Timestamp::now())?;
        Ok(Next::Page(StreamPage::new(vec![record])))
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        Ok(None)
    }

    fn position(&self) -> Option<Position> {
        Some(Position::new(self.count.to_string()))
    }
}
