//! Pipeline files, from their text to a pipeline or to all that is wrong with them.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::path::Path;

use async_trait::async_trait;
use faucet_core::{
    CheckReport, Delivery, Error, ErrorKind, Info, Kind, PageReader, PageWriter, Problems,
    Registry, Result, RunContext, Secret, Sink, SinkConfig, Source, SourceConfig,
};
use faucet_pipeline::{Location, PipelineSpec, SpecFormat, schema};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// A feed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FeedConfig {
    /// Where it is.
    url: String,
    #[serde(default)]
    max_messages: Option<u32>,
    #[serde(default)]
    token: Option<Secret>,
    #[serde(default)]
    tls: Option<Tls>,
    #[serde(default)]
    messages: Vec<Message>,
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

/// A file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FileConfig {
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
struct Feed(FeedConfig);

#[derive(Debug)]
struct File(FileConfig);

impl SourceConfig for FeedConfig {
    const NAME: &'static str = "feed";
    type Source = Feed;

    fn build(self) -> Result<Feed> {
        let mut problems = Problems::new();
        problems.push_if(
            !self.url.starts_with("ws://"),
            format!("url: must start with ws://, not {:?}", self.url),
        );
        problems.push_if(self.max_messages == Some(0), "max_messages: must not be zero");
        problems.into_result().map(|()| Feed(self))
    }
}

impl SinkConfig for FileConfig {
    const NAME: &'static str = "file";
    type Sink = File;

    fn build(self) -> Result<File> {
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
    }

    async fn open(&self, _: &RunContext) -> Result<Box<dyn PageReader>> {
        Err(Error::new(ErrorKind::Connect, "not here"))
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        CheckReport::new("feed")
    }
}

#[async_trait]
impl Sink for File {
    fn info(&self) -> Info {
        let level = self.0.tls.as_ref().and_then(|tls| tls.level);
        Info::new("file", format!("{} {level:?}", self.0.path), Delivery::AtMostOnce)
    }

    async fn open(&self, _: &RunContext) -> Result<Box<dyn PageWriter>> {
        Err(Error::new(ErrorKind::Sink, "not here"))
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        CheckReport::new("file")
    }
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.add_source::<FeedConfig>().unwrap();
    registry.add_sink::<FileConfig>().unwrap();
    registry.leave_out(Kind::Source, "kafka", "source-kafka");
    registry
}

fn lookup(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("12345".into()),
        "HOST" => Some("hunter2.example".into()),
        "N" => Some("7".into()),
        _ => None,
    }
}

fn yaml(text: &str) -> Result<PipelineSpec> {
    PipelineSpec::parse(text, SpecFormat::Yaml, lookup)
}

fn refused(text: &str) -> String {
    yaml(text).and_then(|spec| spec.build(&registry())).unwrap_err().to_string()
}

const GOOD: &str = "\
source:
  type: feed
  url: ws://${HOST}/{symbol}
  token: ${TOKEN}
  messages:
    - data: $${plain}
sink: {type: file, path: out.jsonl}
context: {symbol: btc, depth: 20}
";

#[test]
fn a_good_file_builds_a_pipeline() {
    let pipeline = yaml(GOOD).unwrap().build(&registry()).unwrap();
    assert_eq!(
        pipeline.source().info().target,
        r#"ws://hunter2.example/{symbol} 12345 None ["${plain}"] None"#
    );
    assert_eq!(pipeline.sink().info().target, "out.jsonl None");
    let context = pipeline.context();
    assert_eq!((context.value("symbol"), context.value("depth")), (Some("btc"), Some("20")));
}

#[test]
fn json_and_toml_say_the_same() {
    let json = r#"{"$schema": "pipeline.schema.json",
        "source": {"type": "feed", "url": "ws://${HOST}/"}, "sink": {"type": "file", "path": "x"}}"#;
    let toml =
        "[source]\ntype = 'feed'\nurl = 'ws://${HOST}/'\n[sink]\ntype = 'file'\npath = 'x'\n";
    for (text, format) in [(json, SpecFormat::Json), (toml, SpecFormat::Toml)] {
        let spec = PipelineSpec::parse(text, format, lookup).unwrap();
        let pipeline = spec.build(&registry()).unwrap();
        assert!(pipeline.source().info().target.starts_with("ws://hunter2.example/"));
    }
}

#[test]
fn overrides_win_and_are_not_searched_for_variables() {
    let mut spec = yaml(GOOD).unwrap();
    for assignment in [
        "source.max_messages=10",
        "source.url=ws://other/${HOST}",
        "source.tls.ca_file=ca.pem",
        "source.messages=[{\"data\": \"m\"}]",
        "sink.path=a=b",
        "sink.tls={\"level\": 3}",
    ] {
        spec.set(assignment).unwrap();
    }
    spec.set_context("symbol=eth").unwrap();
    spec.set_context("n=007").unwrap();
    let pipeline = spec.build(&registry()).unwrap();
    assert_eq!(
        pipeline.source().info().target,
        r#"ws://other/${HOST} 12345 Some(10) ["m"] Some("ca.pem")"#
    );
    assert_eq!(pipeline.sink().info().target, "a=b Some(3)");
    let context = pipeline.context();
    assert_eq!((context.value("symbol"), context.value("n")), (Some("eth"), Some("007")));

    let error = spec.set("source.url.host=hunter2").unwrap_err().to_string();
    assert_eq!(error, "source.url.host: source.url is not a map");
    let error = spec.set("hunter2").unwrap_err().to_string();
    assert_eq!(error, "an override is written KEY=VALUE");
    assert!(spec.set_context("a.b=c").is_err());
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_key_and_place() {
    let error = refused(
        "\
source:
  type: feed
  url: ws://h
  max_mesages: 3
  tls: {cafile: x}
  messages:
    - data: a
    - date: b
      data: 5
sinks: {}
sink:
  type: file
  path: [1]
context: {a: 1.5, b: x}
",
    );
    assert_eq!(
        error,
        "7 problems:
  - source.max_mesages: unknown key (did you mean `max_messages`?) at line 4, column 3
  - source.tls.cafile: unknown key (did you mean `ca_file`?) at line 5, column 9
  - source.messages[1].date: unknown key (did you mean `data`?) at line 8, column 7
  - source.messages[1].data: invalid type: integer, expected a string at line 9, column 7
  - sinks: unknown key (did you mean `sink`?) at line 10, column 1
  - sink.path: invalid type: sequence, expected a string at line 13, column 3
  - context.a: must be text or a whole number at line 14, column 11"
    );
}

#[test]
fn problems_of_the_file_itself() {
    for (text, expected) in [
        ("", "a pipeline file is a map with `source` and `sink`"),
        ("[1]", "a pipeline file is a map with `source` and `sink`"),
        ("{}", "2 problems:\n  - source: missing\n  - sink: missing"),
        (
            "source: x\nsink: {type: file, path: x}\n",
            "source: must be a map with a `type` at line 1",
        ),
        ("source: {url: x}\nsink: {type: file, path: x}\n", "source.type: missing; known: feed at"),
        ("source: {type: 5}\nsink: {type: file, path: x}\n", "source.type: must be text at line 1"),
        (
            "source: {type: fed}\nsink: {type: file, path: x}\n",
            "source.type: unknown source \"fed\" (did you mean `feed`?); known: feed at line 1",
        ),
        (
            "source: {type: kafka}\nsink: {type: file, path: x}\n",
            "source.type: the source \"kafka\" is not part of this build \
             (hint: enable the cargo feature `source-kafka`) at line 1, column 10",
        ),
        ("source: {type: feed}\nsink: {type: file, path: x}\n", "source: missing field `url`"),
        (
            "source: {type: feed, url: ws://h}\nsink: {type: file, path: x}\ncontext: [a]\n",
            "context: must be a map of text at line 3, column 1",
        ),
    ] {
        let error = refused(text);
        assert!(error.starts_with(expected), "{text:?}: {error}");
    }
}

#[test]
fn missing_variables_are_all_named_with_their_keys() {
    let error = refused("source: {type: feed, url: \"${URL}\", token: \"${T:?no token}\"}\n");
    assert_eq!(
        error,
        "2 problems:\n  - source.token: T: no token at line 1, column 37\n  \
         - source.url: the environment variable URL is not set at line 1, column 22"
    );
}

#[test]
fn what_comes_from_a_variable_is_never_printed() {
    for text in [
        "source: {type: feed, url: \"http://${HOST}\"}\nsink: {type: file, path: x}\n",
        "source: {type: \"${HOST}\"}\nsink: {type: \"${TOKEN}\"}\n",
        "source: {type: feed, url: ws://h, tls: \"${HOST}\"}\nsink: {type: file, path: x}\n",
        "source: \"${HOST}\"\nsink: \"${TOKEN}\"\ncontext: \"${TOKEN}\"\n",
    ] {
        let spec = yaml(text).unwrap();
        let error = spec.build(&registry()).unwrap_err();
        for shown in [error.to_string(), format!("{error:#} {error:?}"), format!("{spec:?}")] {
            assert!(!shown.contains("hunter2") && !shown.contains("12345"), "{shown}");
        }
    }
    let error = refused("source: {type: feed, url: \"http://${HOST}\"}\nsink: {type: x}\n");
    assert!(
        error.contains("source.url: must start with ws://, not \"http://${HOST}\" at line 1"),
        "{error}"
    );
}

#[test]
fn a_variable_where_a_number_belongs_is_text_and_the_error_says_what_to_do() {
    let text = "source: {type: feed, url: ws://h, max_messages: \"${N}\"}\n\
                sink: {type: file, path: x}\n";
    assert_eq!(
        refused(text),
        "source.max_messages: invalid type: string, expected a whole number that is not negative (hint: \
         `${…}` gives text; for another type use --set source.max_messages=…) at line 1, column 35"
    );
    let mut spec = yaml(text).unwrap();
    spec.set("source.max_messages=7").unwrap();
    assert!(spec.build(&registry()).is_ok());
    // What was set has no place in the file.
    spec.set("source.max_messages=0").unwrap();
    let problems = spec.problems(&registry());
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].to_string(), "source.max_messages: must not be zero");
    assert_eq!(problems[0].location, None);
}

#[test]
fn problems_can_be_had_one_by_one() {
    let spec =
        yaml("source: {type: feed, url: x}\nsnk: {}\nsink: {type: file, path: x}\n").unwrap();
    let problems = spec.problems(&registry());
    assert_eq!(problems[0].location, Some(Location { line: 1, column: 22 }));
    assert_eq!(problems[1].location, Some(Location { line: 2, column: 1 }));
    assert_eq!(problems[1].message, "snk: unknown key (did you mean `sink`?)");
    assert_eq!(problems.len(), 2);
}

#[test]
fn files_are_read_by_their_ending_and_named_in_errors() {
    let error = PipelineSpec::load(Path::new("nowhere/feed.yaml"), lookup).unwrap_err();
    assert!(format!("{error:#}").starts_with("nowhere/feed.yaml: cannot be read: No such file"));
    let dir = std::env::temp_dir().join(format!("faucet-spec-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("feed.yaml");
    std::fs::write(&path, GOOD).unwrap();
    let good = PipelineSpec::load(&path, lookup).and_then(|spec| spec.build(&registry()));
    std::fs::write(&path, "source:\n  a: 1\n  a: 2\n").unwrap();
    let error = PipelineSpec::load(&path, lookup).unwrap_err().to_string();
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(good.is_ok());
    assert!(error.contains("feed.yaml: ") && error.ends_with("at line 3, column 3"), "{error}");
}

#[test]
fn a_program_can_make_the_value_itself() {
    let spec = PipelineSpec::from_value(json!({
        "source": {"type": "feed", "url": "ws://h/${HOST}"},
        "sink": {"type": "file", "path": "x"},
    }));
    let pipeline = spec.build(&registry()).unwrap();
    assert!(pipeline.source().info().target.starts_with("ws://h/${HOST} "));
}

/// All references of a schema.
fn references<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn the_schema_has_every_connector_and_its_references_lead_somewhere() {
    let schema = schema(&registry());
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["required"], json!(["source", "sink"]));
    assert_eq!(schema["properties"]["source"]["oneOf"], json!([{"$ref": "#/$defs/source_feed"}]));
    let feed = &schema["$defs"]["source_feed"];
    assert_eq!(feed["description"], "A feed.");
    assert_eq!(feed["properties"]["type"], json!({"const": "feed"}));
    assert_eq!(feed["required"], json!(["type", "url"]));
    assert_eq!(feed["additionalProperties"], false);

    let mut found = Vec::new();
    references(&schema, &mut found);
    assert!(found.len() >= 5, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(schema.pointer(pointer).is_some(), "{reference}");
    }
    let tls = |connector: &str| &schema["$defs"][connector]["$defs"]["Tls"]["properties"];
    assert!(tls("source_feed")["ca_file"].is_object());
    assert!(tls("sink_file")["level"].is_object());
}
