//! Connectors that can be configured and do nothing.
#![allow(dead_code, reason = "each test file uses some of it")]
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Info, KeyPath, PageReader, PageStage, PageWriter,
    Problem, ProblemKind, Problems, Registry, Result, Scope, Secret, Sink, SinkConfig, Source,
    SourceConfig, Transform, TransformConfig, async_trait,
};
use faucet_pipeline::{Diagnostic, PipelineSpec, SpecErrors, SpecFormat};
use schemars::JsonSchema;
use serde::Deserialize;

/// A feed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedConfig {
    /// Where it is.
    url: String,
    #[serde(default)]
    max_messages: Option<u32>,
    #[serde(default)]
    unbounded: Option<bool>,
    #[serde(default)]
    token: Option<Secret>,
    #[serde(default)]
    tls: Option<Tls>,
    #[serde(default)]
    messages: Vec<Message>,
    #[serde(default)]
    divert: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tls {
    #[serde(default)]
    ca_file: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    data: String,
}

/// A filter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterConfig {
    #[serde(default)]
    limit: Option<u8>,
}

/// One of two things.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ChoiceConfig {
    /// The first.
    One {
        /// Its size.
        size: u8,
    },
    /// The second.
    Two,
}

/// A file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileConfig {
    path: String,
    #[serde(default)]
    tls: Option<FileTls>,
}

/// Named as the source's, with another shape.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "Tls")]
#[serde(deny_unknown_fields)]
struct FileTls {
    #[serde(default)]
    level: Option<u8>,
}

#[derive(Debug)]
pub(crate) struct Feed(FeedConfig);

#[derive(Debug)]
pub(crate) struct Filter;

#[derive(Debug)]
pub(crate) struct File(FileConfig);

impl SourceConfig for FeedConfig {
    const NAME: &'static str = "feed";
    type Source = Feed;

    fn build(self) -> Result<Feed, Problems> {
        let mut problems = Problems::new();
        problems.push_if(!self.url.starts_with("ws://"), || {
            Problem::invalid("url", "must start with ws://")
        });
        problems.push_if(self.max_messages == Some(0), || {
            Problem::out_of_range("max_messages", "at least 1")
        });
        // With a limit or without, a feed must say which.
        problems.push_if(self.max_messages.is_none() && self.unbounded == Some(false), || {
            let keys = vec!["max_messages".into()];
            Problem::new(
                KeyPath::root(),
                ProblemKind::MissingOneOf { keys, or: Some("unbounded".into()) },
            )
        });
        problems.into_result().map(|()| Feed(self))
    }
}

impl TransformConfig for FilterConfig {
    const NAME: &'static str = "filter";
    type Transform = Filter;

    fn build(self) -> Result<Filter, Problems> {
        match self.limit {
            Some(0) => Err(Problem::out_of_range("limit", "at least 1").into()),
            _ => Ok(Filter),
        }
    }
}

impl TransformConfig for ChoiceConfig {
    const NAME: &'static str = "choice";
    type Transform = Filter;

    fn build(self) -> Result<Filter, Problems> {
        Ok(Filter)
    }
}

impl SinkConfig for FileConfig {
    const NAME: &'static str = "file";
    type Sink = File;

    fn build(self) -> Result<File, Problems> {
        Ok(File(self))
    }
}

#[async_trait]
impl Source for Feed {
    fn info(&self) -> Info {
        let token = self.0.token.as_ref().map_or("none", |token| token.expose());
        let messages: Vec<&str> = self.0.messages.iter().map(|m| m.data.as_str()).collect();
        let ca = self.0.tls.as_ref().and_then(|tls| tls.ca_file.as_deref());
        let target =
            format!("{} {token} {:?} {messages:?} {ca:?}", self.0.url, self.0.max_messages);
        Info::new("feed", target, Delivery::AtMostOnce)
            .with_placeholders_of(&self.0.url)
            .with_diverts(self.0.divert)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        Err(Error::new(ErrorKind::Connect, "not here"))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("feed")
    }
}

#[async_trait]
impl Transform for Filter {
    fn info(&self) -> Info {
        Info::new("filter", "", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageStage>> {
        Err(Error::new(ErrorKind::Other, "not here"))
    }
}

#[async_trait]
impl Sink for File {
    fn info(&self) -> Info {
        let level = self.0.tls.as_ref().and_then(|tls| tls.level);
        Info::new("file", format!("{} {level:?}", self.0.path), Delivery::AtMostOnce)
            .with_placeholders_of(&self.0.path)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        Err(Error::new(ErrorKind::Sink, "not here"))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("file")
    }
}

pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.add_source::<FeedConfig>().unwrap();
    registry.add_transform::<FilterConfig>().unwrap();
    registry.add_transform::<ChoiceConfig>().unwrap();
    registry.add_sink::<FileConfig>().unwrap();
    registry.sources.leave_out("kafka", "source-kafka");
    registry
}

pub(crate) fn lookup(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("12345".into()),
        "HOST" => Some("hunter2.example".into()),
        "URL" => Some("ws://h/{hunter2}".into()),
        "KAFKA" => Some("kafka".into()),
        "N" => Some("7".into()),
        _ => None,
    }
}

pub(crate) fn yaml(text: &str) -> Result<PipelineSpec, SpecErrors> {
    PipelineSpec::parse(text, SpecFormat::Yaml, lookup)
}

/// All that is wrong with a file: each problem in a line, with the line of the file.
pub(crate) fn refused(text: &str) -> Vec<String> {
    let spec = match yaml(text) {
        Ok(spec) => spec,
        Err(errors) => return lines(&errors),
    };
    lines(&spec.build(&registry()).unwrap_err())
}

fn lines(errors: &SpecErrors) -> Vec<String> {
    errors.diagnostics().iter().map(line).collect()
}

/// A problem in a line, with the line of the file.
pub(crate) fn line(found: &Diagnostic) -> String {
    let place = found.start.map(|start| format!(" at line {}", start.line));
    format!("{:#}{}", found.problem, place.unwrap_or_default())
}
