//! The sink `jsonl`.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use faucet_core::{
    CheckReport, Delivery, Info, PageWriter, Result, Scope, Sink, SinkConfig, StepOutcome, template,
};

use crate::config::JsonlSinkConfig;
use crate::error::JsonlError;
use crate::files::{Committed, FileName, OWN, Series, SeriesPlan, committed_of, look};
use crate::fsync::Fsync;
use crate::rendering::Rendering;
use crate::sink_run::SinkRun;
use crate::writer::{Writer, off_thread};

/// How long `open` waits for an earlier run of this file to end. A run that was dropped ends as soon
/// as its last page is written.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes to a file; see [`JsonlSinkConfig`].
///
/// In a run that keeps a state, each flush saves a text such as `{"file":"out.jsonl","length":1234}`.
/// A run that gets it back cuts a longer file to that length in `open`: this is the one change that
/// the sink makes before its first page. Where the records behind that length do not come again
/// ([`Scope::is_live`]), it cuts off half a record only.
#[derive(Debug)]
pub struct JsonlSink {
    pub(crate) config: JsonlSinkConfig,
}

/// The files of one run.
struct RunFiles {
    /// The beginning of the run's errors.
    name: String,
    plan: SeriesPlan,
    committed: Option<Committed>,
}

impl JsonlSink {
    fn files(&self, scope: &Scope) -> Result<RunFiles> {
        let config = &self.config;
        let keeps_state = scope.keeps_state();
        let fsync = if keeps_state { Fsync::Flush } else { Fsync::Never };
        let plan = SeriesPlan {
            name: FileName::new(&config.path, scope)?,
            rotate: config.rotate,
            mode: config.mode,
            compress: config.compress,
            level: config.level(),
            rendering: if config.frames { Rendering::Frames } else { Rendering::Records },
            fsync: config.fsync.unwrap_or(fsync),
            keeps_state,
            is_live: scope.is_live(),
            goes_on: scope.saved().is_some(),
            patience: PATIENCE,
        };
        let name = format!("jsonl sink {}", plan.name.shown());
        match committed_of(scope.saved().map(|saved| &**saved), &plan) {
            Ok(committed) => Ok(RunFiles { name, plan, committed }),
            Err(why) => Err(JsonlError::Committed(why).about(&name)),
        }
    }

    async fn look(&self, scope: &Scope) -> Result<StepOutcome> {
        let RunFiles { name, plan, committed } = self.files(scope)?;
        let looked = off_thread(move || look(&plan, committed.as_ref())).await;
        looked.and_then(|outcome| outcome).map_err(|error| error.about(&name))
    }
}

#[async_trait]
impl Sink for JsonlSink {
    fn info(&self) -> Info {
        let path = &self.config.path;
        let mut names = template::placeholders(path);
        names.retain(|name| !OWN.contains(&name.as_str()));
        Info::new(JsonlSinkConfig::NAME, path.clone(), Delivery::AtLeastOnce)
            .with_placeholders(names)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageWriter>> {
        let RunFiles { name, plan, committed } = self.files(scope)?;
        let open =
            move |is_abandoned: &dyn Fn() -> bool| Series::begin(plan, committed, is_abandoned);
        let writer = Writer::start(name, open).await?;
        Ok(Box::new(SinkRun::new(writer, self.config.gap_records)))
    }

    async fn check(&self, scope: &Scope) -> CheckReport {
        let mut report = CheckReport::new(self.config.path.clone());
        let started = Instant::now();
        let outcome = self.look(scope).await.unwrap_or_else(StepOutcome::Failed);
        report.push("file", started.elapsed(), outcome);
        report
    }
}
