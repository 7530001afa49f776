//! From the send of a slow feed to the sink of a pipeline, with the defaults of all keys.

use std::sync::{Arc, Mutex, PoisonError};

use faucet_stream::{
    CheckReport, Delivery, Flushed, Info, PageWriter, Scope, Sink, StreamPage, async_trait,
};
use serde_json::json;

use crate::payload::sent_at;
use crate::receivers::ours::source;
use crate::result::Result;
use crate::sample::{Latency, Meter, Sample, Seen};
use crate::servers::slow::nanos_now;
use crate::work::Work;

/// Measures it.
pub(crate) async fn measure(work: &Work) -> Result<Sample> {
    let source = source(&work.from, json!({}))?;
    let clock = Clock::default();
    let meter = Meter::start()?;
    let report = faucet_stream::run(source, clock.clone()).await.into_result()?;
    let seen = Seen { messages: report.records, bytes: report.bytes };
    let mut sample = meter.stop(seen.check(work.messages)?)?;
    sample.latency = Latency::of(clock.take());
    Ok(sample)
}

/// A sink that notes how old each record is when it arrives.
#[derive(Debug, Clone, Default)]
struct Clock(Arc<Mutex<Vec<f64>>>);

impl Clock {
    fn take(&self) -> Vec<f64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Sink for Clock {
    fn info(&self) -> Info {
        Info::new("clock", "", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> faucet_stream::Result<Box<dyn PageWriter>> {
        Ok(Box::new(self.clone()))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("")
    }
}

#[async_trait]
impl PageWriter for Clock {
    async fn write_page(&mut self, page: StreamPage) -> faucet_stream::Result<()> {
        let now = nanos_now().unwrap_or_default();
        let mut ages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for record in page.iter() {
            // A message without a time was sent in 1970, and no target is met.
            let age = now.saturating_sub(sent_at(record.as_bytes()).unwrap_or_default());
            ages.push(age as f64 / 1e3);
        }
        Ok(())
    }

    async fn flush(&mut self) -> faucet_stream::Result<Flushed> {
        Ok(Flushed::ALL)
    }
}
