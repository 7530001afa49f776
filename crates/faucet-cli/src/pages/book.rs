//! The texts that are committed, or written by `docs`.

use std::collections::BTreeMap;

use faucet_core::{ComponentKind, Registry, Result};
use faucet_pipeline::SpecFormat;
use serde_json::Value;

use crate::pages::connector::connectors;
use crate::pages::explain::{WIDTH, Writer};
use crate::pages::page::page;
use crate::pages::report::report_page;
use crate::pages::skeleton::{Named, Skeleton};
use crate::pages::template;
use crate::pages::topic::{Subject, Topic, Topics};
use crate::pages::words::to_text;
use crate::serve::metrics_page;

/// A line between two topics of a file.
const BETWEEN: &str = "\n\n----\n\n";

/// A build, as its texts describe it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Book<'a> {
    pub(crate) registry: &'a Registry,
    /// The name of the command.
    pub(crate) command: &'a str,
    /// The pipeline that `init` writes.
    pub(crate) template: Option<&'a Value>,
    /// The writer that the texts name.
    pub(crate) writer: &'a str,
}

/// A reference page, a schema and explanations of each component of `registry`; the schema,
/// explanations and templates of pipeline files; the explanations of codes; and pages of the report and
/// of the metrics: texts by file name
/// below `reference/`, `schema/`, `explain/` and `init/`. They name `writer` as their writer.
///
/// # Errors
/// None that a caller can cause.
pub fn documents(registry: &Registry, writer: &str) -> Result<BTreeMap<String, String>> {
    Book { registry, command: "faucet", template: None, writer }.documents()
}

impl Book<'_> {
    /// As [`documents`].
    ///
    /// # Errors
    /// A template that names a connector that is not registered.
    pub(crate) fn documents(self) -> Result<BTreeMap<String, String>> {
        let mut documents = BTreeMap::new();
        let file = faucet_pipeline::schema(self.registry);
        documents.insert("schema/pipeline.schema.json".to_owned(), to_text(&file));
        let report = faucet_pipeline::report_schema();
        documents.insert("schema/report.schema.json".to_owned(), to_text(&report));
        documents.insert("reference/report.md".to_owned(), report_page(&report, self.writer));
        documents.insert("reference/metrics.md".to_owned(), metrics_page(self.writer));
        for connector in connectors(self.registry) {
            let name = [connector.kind.as_str(), connector.name].join("-");
            let schema = connector.schema_for_editors(self.registry);
            documents.insert(format!("schema/{name}.schema.json"), to_text(&schema));
            documents.insert(format!("reference/{name}.md"), page(connector, self.writer));
        }
        let topics = Topics::new(self.registry, &file);
        documents.extend(self.explanations(&topics));
        let skeleton = Skeleton::of_init(self.registry, Named::default(), self.template)?;
        let endings =
            [(SpecFormat::Yaml, "yaml"), (SpecFormat::Json, "json"), (SpecFormat::Toml, "toml")];
        for (format, ending) in endings {
            let text = template::text(&skeleton, format, self.command);
            documents.insert(format!("init/pipeline.{ending}"), text);
        }
        Ok(documents)
    }

    /// The texts of `explain`: a file for each connector, for the pipeline file and for the codes.
    fn explanations(self, topics: &Topics<'_>) -> BTreeMap<String, String> {
        let writer = Writer { topics, command: self.command, width: WIDTH };
        let head =
            format!("Written by `{}`: the texts of `{} explain`.", self.writer, self.command);
        let mut files = BTreeMap::new();
        for topic in &topics.all {
            let text = files.entry(file_of(topic)).or_insert_with(|| head.clone());
            text.push_str(BETWEEN);
            text.push_str(&writer.text(topic));
        }
        files.values_mut().for_each(|text| text.push('\n'));
        files
    }
}

/// The file of a topic's text.
fn file_of(topic: &Topic<'_>) -> String {
    let connector = match &topic.subject {
        Subject::Code(_) => return "explain/codes.txt".to_owned(),
        Subject::File(_) => None,
        Subject::Connector(connector) => Some(*connector),
        Subject::Key(key) => key.connector,
    };
    let name = |kind: ComponentKind, name: &str| format!("explain/{kind}-{name}.txt");
    connector.map_or_else(
        || "explain/pipeline.txt".to_owned(),
        |connector| name(connector.kind, connector.name),
    )
}
