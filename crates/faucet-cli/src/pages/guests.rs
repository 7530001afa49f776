//! Connectors of somebody else: `explain` and `init` work for them alike.

use std::collections::BTreeMap;
use std::time::Duration;

use faucet_core::{
    Problem, Problems, Registry, Secret, SinkConfig, SourceConfig, TransformConfig, duration,
};
use faucet_pipeline::{PipelineSpec, SpecFormat};
use faucet_testkit::{MemorySink, PassTransform, VecSource};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::pages::connector::connectors;
use crate::pages::explain::{WIDTH, Writer};
use crate::pages::skeleton::{Named, Skeleton};
use crate::pages::template::text;
use crate::pages::topic::{Found, Topics};

/// A feed that needs much.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Feed {
    /// Where it is: `{market}` is filled.
    #[schemars(example = &"feed://{market}")]
    address: String,
    /// Who asks.
    login: Login,
    /// Time between two questions.
    #[serde(with = "duration")]
    #[schemars(with = "duration::Seconds")]
    pause: Duration,
    /// What is asked for.
    #[schemars(length(min = 1))]
    topics: Vec<Topic>,
    /// Names of their own.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// One of two.
    #[serde(default)]
    #[schemars(extend("x-only-with" = { "end": [5, 6] }))]
    begin: Option<u32>,
    /// The other. Default: none.
    #[serde(default)]
    #[schemars(range(min = 5))]
    end: Option<u32>,
}

/// Who.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Login {
    /// Nobody.
    Nobody {},
    /// Somebody.
    Somebody {
        /// The password.
        #[allow(dead_code, reason = "only its schema is read")]
        password: Secret,
    },
}

/// What.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Topic {
    /// What was sold.
    Trades,
    /// What is offered.
    Quotes,
}

impl SourceConfig for Feed {
    const NAME: &'static str = "acme-feed";
    type Source = VecSource;

    fn build(self) -> Result<VecSource, Problems> {
        let mut problems = Problems::new();
        let none = self.begin.is_none() && self.end.is_none();
        problems.push_if(none, || Problem::missing_one_of(["begin", "end"]));
        problems.push_if(self.end.is_some_and(|end| end < 5), || {
            Problem::out_of_range("end", "at least 5")
        });
        problems.push_if(self.topics.is_empty(), || Problem::missing("topics"));
        problems.push_if(self.address.is_empty() || self.pause.is_zero(), || {
            Problem::missing("address")
        });
        let odd = matches!(self.login, Login::Nobody {}) && self.tags.contains_key("odd");
        problems.push_if(odd, || Problem::conflict("tags", "login"));
        problems.into_result().map(|()| VecSource::new([]))
    }
}

/// Keeps everything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Keep {}

impl TransformConfig for Keep {
    const NAME: &'static str = "keep";
    type Transform = PassTransform;

    fn build(self) -> Result<PassTransform, Problems> {
        Ok(PassTransform::new())
    }
}

/// A shelf. Rules are its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Shelf {
    /// Its number.
    #[serde(default)]
    number: Option<u8>,
    /// Whether any will do.
    #[serde(default)]
    any: bool,
}

impl SinkConfig for Shelf {
    const NAME: &'static str = "shelf";
    type Sink = MemorySink;

    fn build(self) -> Result<MemorySink, Problems> {
        let needed = || Problem::custom("number", "is none of ours");
        let mut problems = Problems::new();
        problems.push_if(self.number == Some(1), needed);
        problems.push_if(!self.any && self.number.is_none(), || Problem::missing("any"));
        problems.into_result().map(|()| MemorySink::new())
    }
}

/// The connectors of faucet-stream and the guests.
fn registry() -> Registry {
    let mut registry = faucet_stream::registry();
    registry.add_source::<Feed>().unwrap();
    registry.add_transform::<Keep>().unwrap();
    registry.add_sink::<Shelf>().unwrap();
    registry
}

const FORMATS: [SpecFormat; 3] = [SpecFormat::Yaml, SpecFormat::Json, SpecFormat::Toml];

#[test]
fn every_pair_of_connectors_makes_a_valid_file_in_every_format() {
    let registry = registry();
    let transforms = [None].into_iter().chain(registry.transforms.names().map(Some));
    let mut made = 0;
    for transform in transforms {
        for (source, sink) in
            registry.sources.names().flat_map(|a| registry.sinks.names().map(move |b| (a, b)))
        {
            let named = Named { source: Some(source), transform, sink: Some(sink) };
            let skeleton = Skeleton::of_init(&registry, named, None).unwrap();
            assert!(skeleton.problems.is_empty(), "{named:?}: {}", skeleton.problems);
            for format in FORMATS {
                let text = text(&skeleton, format, "acme");
                let spec = PipelineSpec::parse(&text, format, |_| None).unwrap();
                let built = spec.build(&registry);
                assert!(built.is_ok(), "{named:?} {format:?}: {:?}\n{text}", built.err());
                made += 1;
            }
        }
    }
    assert_eq!(made, 6 * 3 * 4 * 3);
}

#[test]
fn the_file_of_a_guest_has_what_the_guest_needs() {
    let registry = registry();
    let named = Named { source: Some("acme-feed"), transform: None, sink: Some("shelf") };
    let skeleton = Skeleton::of_init(&registry, named, None).unwrap();
    let yaml = text(&skeleton, SpecFormat::Yaml, "acme");
    let set: Vec<&str> = yaml
        .lines()
        .filter(|line| !line.trim_start().starts_with('#') && !line.is_empty())
        .collect();
    assert_eq!(
        set.join("\n"),
        "\
source:
  type: acme-feed
  address: \"feed://{market}\"
  login: { type: somebody, password: \"${PASSWORD:-secret}\" }
  pause: 10
  topics: [trades]
  begin: 1
sink:
  type: shelf
  any: true
context:
  market: example"
    );
    for words in
        ["  # The other.\n  #end: 5\n", "Only with `end: 5` or `end: 6`.\n", "#number: 1\n"]
    {
        assert!(yaml.contains(words), "{words}: {yaml}");
    }
}

#[test]
fn what_a_connector_refuses_by_its_own_rules_is_told() {
    let mut registry = Registry::new();
    registry.add_source::<Feed>().unwrap();
    registry
        .add_sink_with("stubborn", |_: Keep| {
            Err::<MemorySink, _>(Problem::custom("mood", "is bad").into())
        })
        .unwrap();
    let skeleton = Skeleton::of_init(&registry, Named::default(), None).unwrap();
    assert_eq!(skeleton.problems.to_string(), "sink.mood: is bad");
    assert_eq!(skeleton.components.len(), 2);
}

#[test]
fn a_guest_is_explained_like_any_other() {
    let registry = registry();
    let file = faucet_pipeline::schema(&registry);
    let topics = Topics::new(&registry, &file);
    let text = |topic: &str, width| match topics.find(topic) {
        Found::One(topic) => Writer { topics: &topics, command: "acme", width }.text(topic),
        Found::Several(_) | Found::Nothing(_) => panic!("{topic} is not one topic"),
    };
    assert_eq!(
        text("acme-feed.begin", WIDTH),
        "\
source.acme-feed.begin

One of two.

Only with `end: 5` or `end: 6`.

type:        integer
default:     none
example:     begin: 1
option map:  acme-feed.begin"
    );
    let password = text("login.password", WIDTH);
    for words in ["source.acme-feed.login.password\n", "required:    yes", "secret:      yes"] {
        assert!(password.contains(words), "{words}: {password}");
    }
    let login = text("acme-feed.login", WIDTH);
    assert!(login.contains("  {type: nobody}                 Nobody.\n"), "{login}");
    assert!(text("acme-feed.topics", WIDTH).contains("  quotes  What is offered."));
    assert!(text("shelf", WIDTH).contains("Keys of every sink: acme explain pipeline.sink"));
    assert!(text("transform.keep", WIDTH).contains("It has no keys of its own."));
    assert!(!text("pipeline.transform", WIDTH).contains("option map"));
    for connector in connectors(&registry) {
        let text = text(&connector.topic(), 50);
        assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
    }
}
