//! The source.

use std::time::Instant;

use async_trait::async_trait;
use faucet_core::template::fill_path;
use faucet_core::{
    CheckReport, Delivery, Info, PageReader, Problem, Result, Resume, Scope, Source, SourceConfig,
    StepOutcome,
};

use crate::config::JsonlSourceConfig;
use crate::error::JsonlError;
use crate::files::Files;
use crate::line_format::OnParseError;
use crate::position::Place;
use crate::reader::{ReadOptions, Reader};

/// Reads a file; see [`JsonlSourceConfig`].
///
/// Its positions are texts such as `{"file":"trades.jsonl","offset":1234,"line":57}`: the file, the
/// bytes and the lines in front of the point behind the last page.
#[derive(Debug)]
pub struct JsonlSource {
    pub(crate) path: String,
    pub(crate) options: ReadOptions,
}

impl JsonlSource {
    async fn reader(&self, scope: &Scope) -> Result<Reader> {
        let path = fill_path("path", &self.path, scope)?;
        let ReadOptions { max_message_bytes: limit, follow, .. } = self.options;
        let resume = scope.position().map(Place::of).transpose();
        let resume =
            resume.map_err(|why| JsonlError::Position(why).about(&path.display().to_string()))?;
        let files = Files::open(&path, limit, follow, resume).await?;
        Ok(Reader::new(self.options, files, scope))
    }
}

#[async_trait]
impl Source for JsonlSource {
    fn info(&self) -> Info {
        Info::new(JsonlSourceConfig::NAME, self.path.clone(), Delivery::AtLeastOnce)
            .with_resume(Resume::Positions)
            .with_diverts(self.options.on_parse_error == OnParseError::Divert)
            .with_placeholders_of(&self.path)
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageReader>> {
        if self.options.on_parse_error == OnParseError::Divert && !scope.diverts() {
            let help =
                "name the sink that takes the lines, or set `on_parse_error` to fail or skip";
            return Err(Problem::missing("dead_letter").help(help).into());
        }
        Ok(Box::new(self.reader(scope).await?))
    }

    async fn check(&self, scope: &Scope) -> CheckReport {
        let mut report = CheckReport::new(self.path.clone());
        let started = Instant::now();
        let mut reader = match self.reader(scope).await {
            Ok(reader) => reader,
            Err(error) => {
                report.push("file", started.elapsed(), StepOutcome::Failed(error));
                return report;
            }
        };
        let found = StepOutcome::Passed(reader.file().to_owned());
        report.push("file", started.elapsed(), found);
        let outcome = match reader.first_record_size().await {
            Ok(Some(bytes)) => StepOutcome::Passed(format!("{bytes} bytes")),
            Ok(None) => StepOutcome::Skipped("there are no records".into()),
            Err(error) => StepOutcome::Failed(error),
        };
        report.push("first record", started.elapsed(), outcome);
        report
    }
}
