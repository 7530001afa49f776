//! Pipeline files, from their text to a pipeline.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::path::Path;

use crate::connectors::{lookup, registry, yaml};
use faucet_core::{Error, ErrorKind};
use faucet_pipeline::{Pipeline, PipelineSpec, SpecFormat, WhenFull};
use serde_json::json;

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

fn built(text: &str) -> Pipeline {
    yaml(text).and_then(|spec| spec.build(&registry())).unwrap()
}

fn target<'a>(pipeline: &'a Pipeline, id: &str) -> &'a str {
    &pipeline.component(id).unwrap().info().target
}

/// What flows where: `id(from,from)!dead_letter` for each component.
fn edges(pipeline: &Pipeline) -> String {
    let edges = pipeline.components().iter().map(|component| {
        let from: Vec<&str> = component.from().iter().map(|id| &**id).collect();
        let letters = component.dead_letter().map_or_else(String::new, |id| format!("!{id}"));
        format!("{}({}){letters}", component.id(), from.join(","))
    });
    edges.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_good_file_builds_a_pipeline() {
    let pipeline = built(GOOD);
    assert_eq!(
        target(&pipeline, "source"),
        r#"ws://hunter2.example/{symbol} 12345 None ["${plain}"] None"#
    );
    assert_eq!(target(&pipeline, "sink"), "out.jsonl None");
    let scope = pipeline.scope("source");
    assert_eq!((scope.value("symbol"), scope.value("depth")), (Some("btc"), Some("20")));
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
        assert!(target(&pipeline, "source").starts_with("ws://hunter2.example/"));
    }
}

/// Puts components together without their configurations: `S`, `T` and `K` stand for one each.
fn graph(text: &str) -> String {
    let text = text
        .replace("S}", "type: feed, url: ws://h}")
        .replace("T}", "type: filter}")
        .replace("K}", "type: file, path: x}");
    edges(&built(&text))
}

#[test]
fn the_short_form_and_the_long_one_mean_the_same() {
    for (short, long, expected) in [
        (
            "{source: {S}, sink: {K}}",
            "{sources: {source: {S}}, sinks: {sink: {K}}}",
            "source() sink(source)",
        ),
        (
            "{source: {S}, transform: {T}, sink: {K}}",
            "{sources: {source: {S}}, transforms: {transform: {T}}, sinks: {sink: {from: transform, K}}}",
            "source() transform(source) sink(transform)",
        ),
        (
            "{source: {S}, transform: [{T}, {T}], sink: {K}}",
            "{sources: {source: {S}}, sinks: {sink: {from: [transform_2], K}}, transforms: \
             {transform_1: {from: source, T}, transform_2: {from: transform_1, T}}}",
            "source() transform_1(source) transform_2(transform_1) sink(transform_2)",
        ),
        (
            "{source: {S}, transform: [], sink: {K}}",
            "{sources: {source: {S}}, transforms: {}, sinks: {sink: {K}}}",
            "source() sink(source)",
        ),
    ] {
        assert_eq!((graph(short), graph(long)), (expected.into(), expected.into()));
    }
}

#[test]
fn each_kind_may_have_the_form_that_suits_it() {
    for (text, expected) in [
        ("{source: {dead_letter: b, S}, sinks: {a: {K}, b: {K}}}", "source()!b a(source) b()"),
        (
            "{sources: {a: {S}, b: {S}}, transform: {from: [b, a], T}, sink: {K}}",
            "a() b() transform(b,a) sink(transform)",
        ),
        ("{sources: {a: {S}, b: {S}}, sink: {from: [a, b], K}}", "a() b() sink(a,b)"),
        (
            "{sources: {a: {S}, b: {S}}, transform: [{from: a, T}, {T}], sink: {from: [transform_2, b], K}}",
            "a() b() transform_1(a) transform_2(transform_1) sink(transform_2,b)",
        ),
        (
            "{source: {S}, transform: [{T}, {from: source, T}], sink: {from: [transform_1, transform_2], K}}",
            "source() transform_1(source) transform_2(source) sink(transform_1,transform_2)",
        ),
        (
            "{source: {S}, transforms: {t: {dead_letter: sink, T}}, sink: {from: t, K}}",
            "source() t(source)!sink sink(t)",
        ),
        (
            "{source: {S}, sink: {from: null, buffer: null, dead_letter: null, K}, transform: null, \
             flush: null, state: null, grace: null, parallel: null, context: null}",
            "source() sink(source)",
        ),
    ] {
        assert_eq!(graph(text), expected);
    }
}

#[test]
fn buffers_are_read_with_their_defaults() {
    let pipeline = built(
        "
source: {type: feed, url: ws://h}
sinks:
  plain: {type: file, path: a}
  newest:
    type: file
    path: b
    buffer: {pages: 4, bytes: 64KiB, when_full: conflate, key: /data/symbol}
  lossy: {type: file, path: c, buffer: {when_full: drop_oldest}}
  last: {type: file, path: d, buffer: {when_full: drop_newest, pages: 2}}
",
    );
    let buffer = |id| pipeline.component(id).unwrap().buffer().clone();
    assert_eq!(
        (buffer("plain").pages, buffer("plain").bytes, buffer("plain").when_full),
        (1, 8 << 20, WhenFull::Block)
    );
    let key = "/data/symbol".parse().unwrap();
    assert_eq!(
        (buffer("newest").pages, buffer("newest").bytes, buffer("newest").when_full),
        (4, 65_536, WhenFull::Conflate { key })
    );
    assert_eq!(buffer("lossy").when_full, WhenFull::DropOldest);
    assert_eq!((buffer("last").when_full, buffer("last").pages), (WhenFull::DropNewest, 2));
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
        "sink.buffer.pages=3",
        "context.HOST=x",
    ] {
        spec.set(assignment).unwrap();
    }
    spec.set_context("symbol=eth").unwrap();
    spec.set_context("n=007").unwrap();
    let pipeline = spec.build(&registry()).unwrap();
    assert_eq!(
        target(&pipeline, "source"),
        r#"ws://other/${HOST} 12345 Some(10) ["m"] Some("ca.pem")"#
    );
    assert_eq!(target(&pipeline, "sink"), "a=b Some(3)");
    assert_eq!(pipeline.component("sink").unwrap().buffer().pages, 3);
    let scope = pipeline.scope("sink");
    assert_eq!((scope.value("symbol"), scope.value("n")), (Some("eth"), Some("007")));

    let error = spec.set("source.url.host=hunter2").unwrap_err().to_string();
    assert_eq!(error, "source.url.host: source.url is not a map");
    let error = spec.set("hunter2").unwrap_err().to_string();
    assert_eq!(error, "an override is written KEY=VALUE");
    assert!(spec.set_context("a.b=c").is_err());
}

#[test]
fn a_variable_that_is_not_set_may_be_overridden() {
    let mut spec = yaml(&GOOD.replace("HOST", "NOWHERE")).unwrap();
    assert!(spec.build(&registry()).is_err());
    spec.set("source.url=ws://h/").unwrap();
    assert!(spec.build(&registry()).is_ok());
}

#[test]
fn files_are_read_by_their_ending_and_named_in_errors() {
    let error = PipelineSpec::load(Path::new("nowhere/feed.yaml"), lookup).unwrap_err();
    let error = Error::from(error);
    let words = "nowhere/feed.yaml: error[unreadable]: cannot be read: there is no such file";
    assert_eq!((error.to_string(), error.kind()), (words.into(), ErrorKind::Config));
    let error = PipelineSpec::load(Path::new("feed.conf"), lookup).unwrap_err().to_string();
    assert!(error.starts_with("feed.conf: error[refused]: the ending of"), "{error}");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("feed.yaml");
    let name = path.display();
    std::fs::write(&path, GOOD).unwrap();
    assert!(PipelineSpec::load(&path, lookup).unwrap().build(&registry()).is_ok());
    std::fs::write(&path, "source:\n  a: 1\n  a: 2\n").unwrap();
    let error = PipelineSpec::load(&path, lookup).unwrap().build(&registry()).unwrap_err();
    let what = format!("{name}:3:3: error[duplicate-key]: `a` is given twice");
    assert!(error.to_string().contains(&what), "{error}");
    assert_eq!(error.file(), Some(&*path));
    std::fs::write(&path, "source: {type: feed, url: x}\nsnk: {}\n").unwrap();
    let error = PipelineSpec::load(&path, lookup).unwrap().build(&registry()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "3 problems:
{name}:1:27: error[invalid-value]: `url`: must start with ws://
{name}:2:1: error[unknown-key]: `snk` is not a key of a pipeline file: did you mean `sink`?
{name}:2:1: error[missing-key]: `type` is missing: it belongs below this key"
        )
    );
}

#[test]
fn a_program_can_make_the_value_itself() {
    let spec = PipelineSpec::from_value(json!({
        "source": {"type": "feed", "url": "ws://h/${}"},
        "sink": {"type": "file", "path": "x"},
    }));
    let pipeline = spec.build(&registry()).unwrap();
    assert!(target(&pipeline, "source").starts_with("ws://h/${} "));
}
