//! What is wrong with pipeline files, and where.

use crate::connectors::{line, lookup, refused, registry, yaml};
use faucet_core::{KeyPath, ProblemKind};
use faucet_pipeline::diagnostic::Position;
use faucet_pipeline::{PipelineSpec, SpecFormat};
use serde_json::json;

#[test]
fn everything_that_is_wrong_is_told_at_once_with_key_and_place() {
    let lines = refused(
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
  token: ${NONE}
transform:
  - type: filter
    limit: 0
    buffer: {pages: 0, byts: 1}
  - type: filtr
    from: [transform_1, transform_3]
sinks: {}
sink:
  type: file
  path: [1]
  dead_letter: nowhere
context: {a: 1.5, b: x}
flush: {interval: 0, records: many}
state: {pth: x}
grace: 0
sinc: {}
",
    );
    assert_eq!(
        lines,
        [
            "source.max_mesages: unknown key (did you mean `max_messages`?) at line 4",
            "source.tls.cafile: unknown key (did you mean `ca_file`?) at line 5",
            "source.messages[1].date: unknown key (did you mean `data`?) at line 8",
            "source.messages[1].data: wrong type: a whole number, expected text at line 9",
            "source.token: the environment variable NONE is not set at line 10",
            "transform[0].limit: out of range, expected at least 1 at line 13",
            "transform[0].buffer.pages: out of range, expected at least 1 at line 14",
            "transform[0].buffer.byts: unknown key (did you mean `bytes`?) at line 14",
            "transform[1].type: unknown transform \"filtr\" (did you mean `filter`?); known: \
             filter, choice at line 15",
            "transform[1].from[1]: unknown component \"transform_3\" (did you mean \
             `transform_1`?); known: source, transform_1 at line 16",
            "sink: not together with sinks at line 18",
            "sink.path: wrong type: a list, expected text at line 20",
            "sink.dead_letter: unknown sink \"nowhere\"; no sink is registered at line 21",
            "context.a: wrong type: a number, expected text or a whole number at line 22",
            "flush.interval: out of range, expected a duration longer than zero at line 23",
            "flush.records: wrong type: text, expected a whole number of at least 1 at line 23",
            "state.pth: unknown key (did you mean `path`?) at line 24",
            "grace: out of range, expected a duration longer than zero at line 25",
            "sinc: unknown key (did you mean `sink`?) at line 26",
        ]
    );
}

#[test]
fn each_of_several_components_is_told_what_is_wrong_with_it() {
    let toml = "
[sources.a]
type = 'feed'
url = 'http://h'
[[transform]]
type = 'filter'
limit = 300
[[transform]]
type = 'filter'
limit = 0
from = 'b'
[sinks.k]
type = 'file'
path = '{x}'
from = ['transform_1', 'transform_2']
";
    let spec = PipelineSpec::parse(toml, SpecFormat::Toml, lookup).unwrap();
    let lines: Vec<String> = spec.check(&registry()).diagnostics.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "sources.a.url: must start with ws:// at line 4",
            "transform[0].limit: out of range, expected a whole number from 0 to 255 at line 7",
            "transform[1].limit: out of range, expected at least 1 at line 10",
            "transform[1].from: unknown component \"b\"; known: a, transform_1 \
             at line 11",
            "sinks.k.path: the placeholder {x} has no value in context (hint: add `x` under \
             `context`, or --context x=…) at line 14",
        ]
    );
}

const SOURCE: &str = "source: {type: feed, url: ws://h}\n";
const SINK: &str = "sink: {type: file, path: x}\n";

#[test]
fn problems_of_the_file_itself() {
    let known = "expected one of feed at line 1";
    for (text, expected) in [
        ("".to_owned(), vec!["missing at line 1".to_owned()]),
        ("[1]".into(), vec!["a pipeline file is a map with `source` and `sink` at line 1".into()]),
        ("{}".into(), vec!["source: missing".into(), "sink: missing".into()]),
        (
            "sources: {}\nsinks: {}\n".into(),
            vec![
                "sources: out of range, expected at least one component at line 1".into(),
                "sinks: out of range, expected at least one component at line 2".into(),
            ],
        ),
        (
            format!("source: x\n{SINK}"),
            vec!["source: wrong type: text, expected a map with a `type` at line 1".into()],
        ),
        (
            format!("source:\n{SINK}"),
            vec!["source: wrong type: nothing, expected a map with a `type` at line 1".into()],
        ),
        (
            format!("sources: [x]\n{SINK}"),
            vec!["sources: wrong type: a list, expected a map at line 1".into()],
        ),
        (
            format!("sources: {{a: 5}}\n{SINK}"),
            vec![
                "sources.a: wrong type: a whole number, expected a map with a `type` at line 1"
                    .into(),
            ],
        ),
        (
            format!("{SOURCE}transform: [x]\n{SINK}"),
            vec!["transform[0]: wrong type: text, expected a map with a `type` at line 2".into()],
        ),
        (
            format!("source: {{url: ws://h}}\n{SINK}"),
            vec![format!("source.type: missing, {known}")],
        ),
        (
            format!("source: {{type: 5}}\n{SINK}"),
            vec!["source.type: wrong type: a whole number, expected text at line 1".into()],
        ),
        (
            format!("source: {{type: fed, url: ws://h}}\n{SINK}"),
            vec![
                "source.type: unknown source \"fed\" (did you mean `feed`?); known: feed at line 1"
                    .into(),
            ],
        ),
        (
            format!("source: {{type: kafka}}\n{SINK}"),
            vec![
                "source.type: the source \"kafka\" is not part of this build; enable the cargo \
                 feature `source-kafka` at line 1"
                    .into(),
            ],
        ),
        (format!("source: {{type: feed}}\n{SINK}"), vec!["source.url: missing at line 1".into()]),
        (
            format!("{SOURCE}{SINK}context: [a]\n"),
            vec!["context: wrong type: a list, expected a map at line 3".into()],
        ),
        (
            format!(
                "{SOURCE}{SINK}parallel: 1\nstate: {{path: ''}}\n$schema: 1\ngrace: 1 parsec\n"
            ),
            vec![
                "parallel: wrong type: a whole number, expected true or false at line 3".into(),
                "state.path: out of range, expected the path of a file at line 4".into(),
                "$schema: wrong type: a whole number, expected text at line 5".into(),
                "grace: not understood, expected a duration: seconds as a number, or text such as \
                 \"250ms\", \"1 min\" or \"1h 30m\" at line 6"
                    .into(),
            ],
        ),
    ] {
        assert_eq!(refused(&text), expected, "{text}");
    }
}

#[test]
fn problems_of_edges() {
    let missing = "missing (hint: name one of";
    let file = "type: file, path: x";
    for (text, expected) in [
        // Two forms of one kind.
        (
            format!("{SOURCE}sources: {{a: {{type: feed, url: ws://h}}}}\n{SINK}"),
            vec!["sources: not together with source at line 2".to_owned()],
        ),
        (
            format!("transforms: {{a: {{type: filter}}}}\ntransform: []\n{SOURCE}{SINK}"),
            vec!["transform: not together with transforms at line 2".into()],
        ),
        // Near misses.
        (
            format!("{SOURCE}sink: {{form: source, bufer: {{}}, deadletter: x, {file}}}"),
            vec![
                "sink.form: unknown key (did you mean `from`?) at line 2".into(),
                "sink.bufer: unknown key (did you mean `buffer`?) at line 2".into(),
                "sink.deadletter: unknown key (did you mean `dead_letter`?) at line 2"
                    .into(),
            ],
        ),
        // A source has none.
        (
            format!("source: {{type: feed, url: ws://h, from: a, buffer: {{}}}}\n{SINK}"),
            ["from", "buffer"]
                .map(|key| {
                    format!("source.{key}: a source takes records from no component at line 1")
                })
                .to_vec(),
        ),
        // Which one is not clear.
        (
            format!("sources:\n  a: {{type: feed, url: ws://h}}\n  b: {{type: feed, url: ws://h}}\n{SINK}"),
            vec![
                format!("sink.from: {missing} a, b) at line 4"),
            ],
        ),
        (
            format!("{SOURCE}transforms: {{t: {{type: filter}}}}\nsinks: {{k: {{from: t, {file}}}, l: {{{file}}}}}"),
            vec![format!("sinks.l.from: {missing} source, t) at line 3")],
        ),
        // Names.
        (
            format!("{SOURCE}sink: {{from: sorce, {file}}}"),
            vec![
                "sink.from: unknown component \"sorce\" (did you mean `source`?); known: source at \
                 line 2"
                    .into(),
            ],
        ),
        (
            format!("{SOURCE}sinks: {{source: {{{file}}}, Bad-Id: {{{file}}}}}"),
            vec![
                "sinks.source: a source has this name too at line 2".into(),
                "sinks.Bad-Id: is not a name for a component, expected a letter, then letters, \
                 digits and `_` at line 2"
                    .into(),
            ],
        ),
        (
            format!("{SOURCE}sink: {{from: [source, source], {file}}}"),
            vec!["sink.from[1]: stands twice in the list at line 2".into()],
        ),
        (
            format!("{SOURCE}sink: {{from: [], {file}}}"),
            vec!["sink.from: out of range, expected at least one name at line 2".into()],
        ),
        (
            format!("{SOURCE}sink: {{from: [5, x], {file}}}"),
            vec![
                "sink.from[0]: wrong type: a whole number, expected text at line 2".into(),
                "sink.from[1]: unknown component \"x\"; known: source at line 2".into(),
            ],
        ),
        (
            format!("{SOURCE}sink: {{from: 5, {file}}}"),
            vec![
                "sink.from: wrong type: a whole number, expected the name of a component, or a list \
                 of names at line 2"
                    .into(),
            ],
        ),
        // Circles.
        (
            format!("{SOURCE}transform: [{{from: [source, transform_2], type: filter}}, {{type: filter}}]\n{SINK}"),
            vec![
                "transform[0].from[1]: its pages would come back to where they came from at line 2"
                    .into(),
            ],
        ),
        // Dead letters.
        (
            format!("source: {{type: feed, url: ws://h, divert: true}}\n{SINK}"),
            vec![
                "source.dead_letter: missing (hint: name the sink that takes what cannot be decoded, \
                 or do not divert it) at line 1"
                    .into(),
            ],
        ),
        (
            format!("{SOURCE}sinks: {{a: {{dead_letter: b, {file}}}, b: {{dead_letter: [a], {file}}}}}"),
            vec![
                "sinks.b.dead_letter: wrong type: a list, expected text at line 2".into(),
            ],
        ),
    ] {
        assert_eq!(refused(&text), expected, "{text}");
    }
}

#[test]
fn problems_of_buffers() {
    for (buffer, expected) in [
        ("5", "sink.buffer: wrong type: a whole number, expected a map"),
        ("{pages: 0}", "sink.buffer.pages: out of range, expected at least 1"),
        ("{bytes: 0}", "sink.buffer.bytes: out of range, expected at least 1"),
        (
            "{bytes: 1 parsec}",
            "sink.buffer.bytes: not understood, expected a size: bytes as a number",
        ),
        ("{pages: -1}", "sink.buffer.pages: out of range, expected a whole number of at least 1"),
        ("{spill: x}", "sink.buffer.spill: unknown key"),
        (
            "{when_full: conflat, key: /x}",
            "sink.buffer.when_full: unknown value (did you mean `conflate`?); known: block, \
             drop_oldest, drop_newest, conflate",
        ),
        (
            "{when_full: conflate}",
            "sink.buffer.key: missing (hint: name the place of the key in a record",
        ),
        (
            "{key: /x}",
            "sink.buffer.key: needs sink.buffer.when_full (hint: `key` belongs to when_full: \
             conflate)",
        ),
        (
            "{when_full: drop_oldest, key: /x}",
            "sink.buffer.key: needs sink.buffer.when_full (hint: `key` belongs",
        ),
        (
            "{when_full: conflate, key: x}",
            "sink.buffer.key: a JSON pointer begins with `/`, such as `/data/price`; `` is the whole",
        ),
        ("{when_full: conflate, key: /x~}", "sink.buffer.key: `~` at byte 2 needs `0`"),
        ("{when_full: '${NONE}', key: /x}", "sink.buffer.when_full: the environment variable NONE"),
    ] {
        let lines = refused(&format!("{SOURCE}sink: {{type: file, path: x, buffer: {buffer}}}\n"));
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{buffer}: {lines:?}");
    }
}

#[test]
fn a_placeholder_without_a_value_is_told_where_it_stands() {
    let lines = refused(
        "source: {type: feed, url: \"ws://h/{a}/{b}/{a}\"}\nsinks:\n  x: {type: file, path: \
         \"{c}\"}\n  y: {type: file, path: \"{b}\"}\ncontext: {b: 1}\n",
    );
    assert_eq!(
        lines,
        [
            "source.url: the placeholder {a} has no value in context (hint: add `a` under \
             `context`, or --context a=…) at line 1",
            "sinks.x.path: the placeholder {c} has no value in context (hint: add `c` under \
             `context`, or --context c=…) at line 3",
        ]
    );
}

#[test]
fn problems_can_be_had_one_by_one() {
    let spec =
        yaml("source: {type: feed, url: x}\nsnk: {}\nsink: {type: file, path: x}\n").unwrap();
    let problems = spec.check(&registry()).diagnostics;
    assert_eq!(problems[0].start, Some(Position { line: 1, column: 27 }));
    assert_eq!(problems[0].problem.path, KeyPath::key("source").then("url"));
    assert_eq!(problems[1].start, Some(Position { line: 2, column: 1 }));
    let near = Some("sink".to_owned());
    assert_eq!(problems[1].problem.kind, ProblemKind::UnknownKey { near });
    assert_eq!(problems.len(), 2);

    let spec = PipelineSpec::from_value(json!({"sources": {}, "source": {"type": "feed"}}));
    let lines: Vec<String> = spec.check(&registry()).diagnostics.iter().map(line).collect();
    assert_eq!(
        lines,
        ["sources: not together with source", "source.url: missing", "sink: missing"]
    );
}

#[test]
fn keys_in_the_wrong_place_are_told_once_and_read_where_they_belong() {
    let feed = "{type: feed, url: ws://h}";
    let file = "{type: file, path: x}";
    for (text, expected) in [
        (
            format!("{SOURCE}outputs: [{file}]\n"),
            vec!["outputs: stands in the wrong place (meant is `sink`) at line 2"],
        ),
        (
            format!("outputs: {{k: {file}}}\n{SOURCE}"),
            vec!["outputs: stands in the wrong place (meant is `sinks`) at line 1"],
        ),
        (
            format!("{SOURCE}outputs: [{file}, {file}]\n"),
            vec![
                "outputs: stands in the wrong place (meant is `sinks`) at line 2",
                "sinks: wrong type: a list, expected a map at line 2",
            ],
        ),
        (
            format!("spec: {{source: {feed}, sink: {file}}}\n"),
            vec!["spec: stands in the wrong place (meant is ``) at line 1"],
        ),
        (
            format!("source: {{source: {feed}}}\n{SINK}"),
            vec!["source.source: stands in the wrong place (meant is `source`) at line 1"],
        ),
        (
            format!("{SOURCE}sink: {{type: file, path: x, grace: 0, flush: {{interval: 1s}}}}\n"),
            vec![
                "sink.grace: stands in the wrong place (meant is `grace`) at line 2",
                "grace: out of range, expected a duration longer than zero at line 2",
                "sink.flush: stands in the wrong place (meant is `flush`) at line 2",
            ],
        ),
        (
            "source: {type: feed, url: \"ws://h/{a}{b}\", context: {a: 1}}\ncontext: {b: 1}\n"
                .to_owned()
                + SINK,
            vec!["source.context: stands in the wrong place (meant is `context`) at line 1"],
        ),
        (
            format!("source: {{Type: feed, url: ws://h}}\n{SINK}"),
            vec!["source.Type: unknown key (did you mean `type`?) at line 1"],
        ),
    ] {
        assert_eq!(refused(&text), expected, "{text}");
    }
}
