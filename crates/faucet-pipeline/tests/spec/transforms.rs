//! What a transform says about its inputs and about `state`, from a pipeline file and from a program.
#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::sync::{Arc, Mutex};

use crate::connectors::{line, registry, yaml};
use faucet_core::{
    Carry, CheckReport, Delivery, Ended, Error, ErrorKind, Flushed, Info, KeyPath, Next, Out,
    PageReader, PageStage, PageWriter, Problem, Problems, Registry, Result, Scope, Sink, Source,
    StreamPage, Transform, async_trait,
};
use faucet_pipeline::{Component, Pipeline};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JoinConfig {
    streams: Vec<String>,
}

/// Holds records that it cannot save, and knows its inputs by name.
#[derive(Debug, Clone, Default)]
struct Join {
    streams: Vec<String>,
    opened_with: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Transform for Join {
    fn info(&self) -> Info {
        Info::new("join", "", Delivery::AtMostOnce).with_unsaved()
    }

    fn inputs(&self, from: &[&str]) -> Result<(), Problems> {
        assert!(!from.contains(&"boom"), "boom");
        let mut problems = Problems::new();
        for (n, stream) in self.streams.iter().enumerate() {
            problems.push_if(!from.contains(&stream.as_str()), || {
                Problem::invalid(KeyPath::key("streams").at(n), "is no input")
            });
        }
        problems.into_result()
    }

    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        let mut opened_with = self.opened_with.lock().unwrap();
        *opened_with = scope.inputs().iter().map(ToString::to_string).collect();
        Ok(Box::new(Joining))
    }
}

struct Joining;

#[async_trait]
impl PageStage for Joining {
    async fn push(&mut self, _: usize, _: StreamPage, _: &mut Out) -> Result<()> {
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        Ok(Carry::Unsaved)
    }

    async fn finish(&mut self, _: &mut Out) -> Result<()> {
        Ok(())
    }
}

/// Has nothing.
#[derive(Debug)]
struct Empty;

#[async_trait]
impl Source for Empty {
    fn info(&self) -> Info {
        Info::new("empty", "nowhere", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageReader>> {
        Ok(Box::new(Self))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("nowhere")
    }
}

#[async_trait]
impl PageReader for Empty {
    async fn next_page(&mut self) -> Result<Next> {
        Ok(Next::End(Ended::Exhausted))
    }

    async fn drain(&mut self) -> Result<Option<StreamPage>> {
        Ok(None)
    }

    async fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Takes nothing.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Sink for Nowhere {
    fn info(&self) -> Info {
        Info::new("nowhere", "", Delivery::AtMostOnce)
    }

    async fn open(&self, _: &Scope) -> Result<Box<dyn PageWriter>> {
        Ok(Box::new(Self))
    }

    async fn check(&self, _: &Scope) -> CheckReport {
        CheckReport::new("")
    }
}

#[async_trait]
impl PageWriter for Nowhere {
    async fn write_page(&mut self, page: StreamPage) -> Result<()> {
        Err(Error::new(ErrorKind::Sink, format!("{} records", page.len())))
    }

    async fn flush(&mut self) -> Result<Flushed> {
        Ok(Flushed::default())
    }

    async fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

fn with_join() -> Registry {
    let mut registry = registry();
    let join = |of: JoinConfig| Ok(Join { streams: of.streams, ..Join::default() });
    registry.add_transform_with("join", join).unwrap();
    registry
}

fn refused(text: &str) -> Vec<String> {
    let errors = yaml(text).unwrap().build(&with_join()).unwrap_err();
    errors.diagnostics().iter().map(line).collect()
}

const ENDS: &str = "\
sources:
  Trades: {type: feed, url: 'ws://h'}
  boom: {type: feed, url: 'ws://h'}
sinks:
  out: {type: file, path: x, from: [j, boom]}
";

#[test]
fn a_state_beside_records_that_cannot_be_saved_is_refused_at_the_state() {
    let file = |streams, state| {
        format!(
            "{ENDS}transforms:\n  j: {{type: join, from: Trades, streams: [{streams}]}}\n{state}"
        )
    };
    let unsaved = "state: the transform `j` holds records that it cannot save: no flush would \
                   commit a position (hint: leave `state` out, or the window of `j`) at line 8";
    assert_eq!(refused(&file("Trades", "state: {path: s.json}\n")), [unsaved]);
    assert!(yaml(&file("Trades", "")).unwrap().build(&with_join()).is_ok());
}

#[test]
fn a_transform_sees_the_names_of_its_inputs_and_refuses_them_at_its_place() {
    for (from, streams, expected) in [
        ("Trades", "Trades, quotes", vec!["transforms.j.streams[1]: is no input at line 7"]),
        ("boom", "Trades", vec!["transforms.j: plugin panicked: boom (in inputs) at line 7"]),
        // A name that is wrong itself is all that is told.
        (
            "trades",
            "quotes",
            vec![
                "transforms.j.from: unknown component \"trades\" (did you mean `Trades`?); known: \
                 Trades, boom at line 7",
            ],
        ),
    ] {
        let file = format!(
            "{ENDS}  both: {{type: file, path: y, from: Trades}}\n\
             transforms: {{j: {{type: join, from: {from}, streams: [{streams}]}}}}\n"
        );
        assert_eq!(refused(&file), expected, "{from} {streams}");
    }
}

#[tokio::test]
async fn a_builder_says_the_same_and_a_run_has_the_names_in_order() {
    let join = Join { streams: vec!["A".into()], ..Join::default() };
    let builder = |from: &[&str]| {
        Pipeline::builder()
            .source("A", Empty)
            .source("B", Empty)
            .transform("j", Arc::new(join.clone()), from)
            .sink("k", Nowhere, &["j", "A", "B"])
    };
    let refused = builder(&["B"]).state("s.json").build().unwrap_err();
    let refused: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert_eq!(refused[0], "transforms.j.streams[0]: is no input");
    assert!(refused[1].starts_with("state: the transform `j` holds records"), "{refused:?}");
    let pipeline = builder(&["B", "A"]).build().unwrap();
    assert!(pipeline.scope("A").inputs().is_empty());
    assert!(pipeline.run().await.error.is_none());
    assert_eq!(*join.opened_with.lock().unwrap(), ["B", "A"]);
}

#[test]
fn an_end_stands_outside_of_a_pipeline_too() {
    let end = Component::of_source("feed", Box::new(Empty)).unwrap();
    assert_eq!(
        (&**end.id(), end.kind().as_str(), end.info().connector),
        ("feed", "source", "empty")
    );
    let end = Component::of_sink("k", Box::new(Nowhere)).unwrap();
    assert_eq!((end.kind().as_str(), end.from().len()), ("sink", 0));
}
