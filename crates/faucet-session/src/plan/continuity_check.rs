//! Checks the keys of reading and of continuity.

use faucet_core::{KeyPath, Problem};

use crate::keys::{ResumeKeys, SequenceKeys};
use crate::plan::checker::Checker;
use crate::plan::known_names::{Allows, When};
use crate::plan::plan::{Continuity, CursorPlan, Reading, SequencePlan};
use crate::plan::watch_check;
use crate::template::Token;

/// Checks the keys of reading, `resume`, `dedup` and `sequence`.
pub(super) fn continuity(checker: &mut Checker<'_>) -> (Reading, Continuity) {
    let keys = checker.keys;
    let written = &keys.reading;
    if written.data_prefix.as_deref() == Some("") {
        checker
            .problems
            .push(Problem::out_of_range("data_prefix", "text of at least one character"));
    }
    let reading = Reading {
        decompress: written.decompress,
        // Nothing else than zstd reads the file.
        dictionary: written
            .decompress_dictionary
            .clone()
            .filter(|_| written.decompress.takes_dictionary()),
        framing: written.framing,
        data_prefix: written.data_prefix.clone(),
        split_arrays: written.split_arrays,
        unwrap: written.unwrap.clone(),
        explode: written.explode,
    };
    let dedup = keys.continuity.dedup.clone();
    if dedup.as_ref().is_some_and(|dedup| !(1..=10_000_000).contains(&dedup.records)) {
        let at = KeyPath::key("dedup").then("records");
        checker.problems.push(Problem::out_of_range(at, "from 1 to 10,000,000"));
    }
    let resume = keys.continuity.resume.as_ref();
    let keep = resume.map(|resume| &resume.keep[..]).unwrap_or_default();
    let continuity = Continuity {
        cursor: resume.and_then(cursor),
        keep: keep.iter().map(|name| name.as_str().into()).collect(),
        dedup,
        sequence: keys.continuity.sequence.as_ref().map(|written| sequence(checker, written)),
        has_resume: resume.is_some(),
        handover: keys.continuity.handover,
    };
    (reading, continuity)
}

fn cursor(resume: &ResumeKeys) -> Option<CursorPlan> {
    let start = resume.start.as_ref();
    Some(CursorPlan {
        place: resume.cursor.clone()?,
        order: resume.order,
        rewind: resume.rewind,
        start: start.and_then(|start| Token::of_json(start.0.to_string().as_bytes())),
    })
}

fn sequence(checker: &mut Checker<'_>, written: &SequenceKeys) -> SequencePlan {
    let at = |key: &'static str| KeyPath::key("sequence").then(key);
    let reset = written
        .reset
        .as_ref()
        .and_then(|reset| checker.matching(reset, &at("reset"), When::Later, Allows::default()));
    if reset.as_ref().is_some_and(|reset| reset.as_fixed().is_none()) {
        let why = "has placeholders, which are not filled here";
        checker.problems.push(Problem::invalid(at("reset"), why));
    }
    if written.first.is_some() && written.previous.is_some() {
        checker.problems.push(Problem::conflict(at("previous"), at("first")));
    }
    if written.on_gap == crate::keys::OnGap::Reconnect && !checker.around.reconnect {
        checker.problems.push(watch_check::needs_reconnect(at("on_gap")));
    }
    SequencePlan { reset, ..SequencePlan::of(written.clone()) }
}

/// A position that nothing uses would resume nothing.
pub(super) fn position_is_used(checker: &mut Checker<'_>) {
    let Some(resume) = &checker.keys.continuity.resume else { return };
    let path = KeyPath::key("resume");
    if resume.cursor.is_none() && resume.keep.is_empty() {
        checker.problems.push(Problem::missing_one_of(["cursor", "keep"]).under(&path));
    } else if !checker.names.uses_position && resume.url.is_none() {
        let why = "neither {cursor} nor a kept name stands in url, query, session or a message: nothing would be resumed";
        checker.problems.push(Problem::invalid(path.clone(), why));
    }
    if resume.cursor.is_none() && (resume.rewind > 0 || resume.start.is_some()) {
        let key = if resume.rewind > 0 { "rewind" } else { "start" };
        checker.problems.push(Problem::needs(path.clone().then(key), path.then("cursor")));
    }
}
