//! A source whose far end is away.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use faucet_core::{
    CheckReport, Delivery, Error, Info, PageReader, Result, Scope, Source, StepOutcome, async_trait,
};

use crate::doubles::make_error::MakeError;

/// A source that cannot be opened.
#[derive(Clone)]
pub struct FailingSource(MakeError);

impl fmt::Debug for FailingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailingSource")
    }
}

impl FailingSource {
    /// Fails like this whenever it is opened or checked.
    pub fn new(error: impl Fn() -> Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }
}

#[async_trait]
impl Source for FailingSource {
    fn info(&self) -> Info {
        Info::new("failing", "nowhere", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        Err((self.0)())
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        let mut report = CheckReport::new("nowhere");
        report.push("open", Duration::ZERO, StepOutcome::Failed((self.0)()));
        report
    }
}
