//! Driving a transform under a rule.

use bytes::Bytes;
use faucet_core::{Carry, Mark, Out, PageStage, Record, Scope, StreamPage, Timestamp, Transform};

use crate::suites::rule::Rule;
use crate::suites::transform::case::TransformCase;

/// A case under one rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'c, 'a> {
    pub(crate) rule: Rule,
    pub(crate) case: &'c TransformCase<'a>,
}

/// One run of the transform, and what came out.
pub(crate) struct Stage {
    rule: Rule,
    pub(crate) stage: Box<dyn PageStage>,
    out: Out,
    pub(crate) records: Vec<Record>,
    pub(crate) rejected: usize,
    /// No record older than this may come out.
    watermark: Option<Timestamp>,
}

impl<'c, 'a> Run<'c, 'a> {
    pub(crate) fn new(rule: &'static str, case: &'c TransformCase<'a>) -> Self {
        let rule = Rule(rule);
        rule.check(!case.inputs.is_empty(), || "the case has no inputs".to_owned());
        Self { rule, case }
    }

    pub(crate) async fn transform(&self) -> Box<dyn Transform> {
        (self.case.make)().await.0
    }

    pub(crate) fn scope(&self) -> Scope {
        self.case.outside.scope().with_dead_letter().with_state()
    }

    /// A run from the beginning.
    pub(crate) async fn stage(&self) -> Stage {
        self.stage_of(&*self.transform().await, None).await
    }

    /// A run from saved bytes.
    pub(crate) async fn stage_from(&self, saved: Option<&Bytes>) -> Stage {
        self.stage_of(&*self.transform().await, saved).await
    }

    pub(crate) async fn stage_of(&self, of: &dyn Transform, saved: Option<&Bytes>) -> Stage {
        let scope = match saved {
            Some(saved) => self.scope().with_saved(saved.clone()),
            None => self.scope(),
        };
        Stage {
            rule: self.rule,
            stage: self.rule.ok(of.open(&scope).await, "open"),
            out: Out::default(),
            records: Vec::new(),
            rejected: 0,
            watermark: None,
        }
    }

    /// The inputs from `from` to `to`, in pages of at most `page` records of one input.
    pub(crate) fn pages(&self, from: usize, to: usize, page: usize) -> Vec<(usize, StreamPage)> {
        let mut pages: Vec<(usize, Vec<Record>)> = Vec::new();
        for (input, record) in &self.case.inputs[from..to] {
            match pages.last_mut() {
                Some((last, records)) if last == input && records.len() < page => {
                    records.push(record.clone());
                }
                _ => pages.push((*input, vec![record.clone()])),
            }
        }
        pages.into_iter().map(|(input, records)| (input, StreamPage::new(records))).collect()
    }

    /// How many inputs there are.
    pub(crate) fn len(&self) -> usize {
        self.case.inputs.len()
    }

    /// One run, with its end, over the inputs from `from` to `to`.
    pub(crate) async fn whole(&self, from: usize, to: usize, page: usize) -> Stage {
        let mut stage = self.stage().await;
        for (input, page) in self.pages(from, to, page) {
            stage.push(input, page).await;
        }
        stage.finish().await;
        stage
    }
}

impl Stage {
    /// The payloads that came out so far.
    pub(crate) fn payloads(&self) -> Vec<Vec<u8>> {
        self.records.iter().map(|record| record.payload().as_bytes().to_vec()).collect()
    }

    pub(crate) async fn push(&mut self, input: usize, page: StreamPage) {
        let pushed = self.stage.push(input, page, &mut self.out).await;
        self.rule.ok(pushed, "push");
        self.collect();
    }

    pub(crate) async fn mark(&mut self, mark: &Mark) {
        let marked = self.stage.mark(mark, &mut self.out).await;
        self.rule.ok(marked, "mark");
        self.collect();
        if let Mark::Watermark(at) = mark {
            self.watermark = Some(*at);
        }
    }

    pub(crate) async fn tick(&mut self, now: std::time::Instant) {
        let ticked = self.stage.tick(now, &mut self.out).await;
        self.rule.ok(ticked, "tick");
        self.collect();
    }

    pub(crate) async fn finish(&mut self) {
        let finished = self.stage.finish(&mut self.out).await;
        self.rule.ok(finished, "finish");
        self.collect();
    }

    pub(crate) fn snapshot(&mut self) -> Carry {
        let carry = self.stage.snapshot();
        self.rule.ok(carry, "snapshot")
    }

    fn collect(&mut self) {
        let emitted = self.out.take();
        self.rejected += emitted.rejected.len();
        for record in emitted.pages.into_iter().flat_map(StreamPage::into_records) {
            let (at, mark) = (record.received_at(), self.watermark);
            self.rule.check(mark.is_none_or(|mark| at >= mark), || {
                format!("a record of {at:?} comes out behind the watermark {mark:?}")
            });
            self.records.push(record);
        }
    }
}
